/**
 * What a run is about when no message started it, and what a request wants done later or kept: the asker's own words,
 * sealed, behind a handle (CONTRACT sections 4 and 8).
 */
import type { RevealedValue } from "../core/agent.ts";
import { canonical } from "../core/canonical.ts";
import type { Brief, When } from "../core/followup.ts";
import { type BlobId, type Handle, MessageId, newId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import type { Message } from "../core/message.ts";
import { Refusal } from "../core/refusal.ts";
import type { ReadRequest, Slots } from "../core/request.ts";
import type { Run } from "../core/run.ts";
import type { Source } from "../core/value.ts";
import type { Doing } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { freshOf, valuesOf } from "./speak.ts";
import { fieldOf, renderValue } from "./template.ts";
import { type NewValue, viewOf, writeValue } from "./values.ts";

const ABOUT = "request.about";

/** A brief as the message that it stands for. It is kept nowhere: only its content is. */
export function messageOf({ id, tenant, conversation, thread, principal, createdAt, brief }: Run): Message | null {
  if (brief === undefined) return null;
  return {
    id: MessageId.parse(`msg_${(brief.followup ?? id).replace(/^[a-z]+_/, "")}`),
    tenant,
    channel: "-",
    conversation,
    thread,
    sender: principal,
    senderKind: "person",
    sentAt: createdAt,
    receivedAt: createdAt,
    replyTo: null,
    addressed: "none",
    trust: { transport: "local", verified: "none", flags: [] },
    media: [],
    label: brief.label,
    blob: brief.blob,
    attachments: [],
    revision: 1,
    bytes: 0,
    expiresAt: createdAt,
    own: false,
  };
}

const NO_SLOTS: Slots = {
  last: null,
  since: null,
  until: null,
  scope: null,
  person: null,
  conversation: null,
  to: null,
};

/**
 * What an agent may take from a brief: its principal's own words are a request; what an agent wrote is its own text and
 * no instruction; what a handle stood for stays behind one.
 */
export function readBrief({ by, does }: Brief, read: ReadRequest): ReadRequest {
  if (by === "person") return does === "remind" ? { ...read, intent: "remind" } : read;
  return { text: by === "agent" ? read.text : "", intent: "remind", slots: NO_SLOTS };
}

/** Control arguments of the request about later, as `issued` remembers them. */
export const namedLater = ({ when, does }: Slots): readonly string[] => [
  ...(when === undefined ? [] : [whenName(when)]),
  ...(does === undefined ? [] : [`does:${does}`]),
];
export const whenName = (when: When): string => `when:${canonical(when)}`;

export type Kept = { readonly values: readonly RevealedValue[]; readonly write: (draft: Draft) => void };
const NOTHING: Kept = { values: [], write: () => {} };

/** Text as a value of this run: by handle, under its label. */
export function keptText(
  powers: Powers,
  doing: Doing,
  kind: string,
  text: string,
  label: Label,
  sources: readonly Source[] = [],
): Kept & { readonly handle: Handle } {
  const { conversation, run } = doing.asker;
  const handle = newId("Handle", powers.random.bytes(16));
  const made: NewValue = {
    handle,
    conversation: conversation.id,
    tier: "C",
    kind,
    schema: `${kind}.v1`,
    label,
    sources,
  };
  const output = { text };
  return {
    handle,
    values: [viewOf(made, JSON.stringify(output).length)],
    write: (draft) => void writeValue(draft, run.id, made, output, draft.now + conversation.ttlMs),
  };
}

/** The words of a request about later, or the whole brief of a run, behind a handle. */
export async function aboutOf(powers: Powers, doing: Doing, request: Message, read: ReadRequest): Promise<Kept> {
  const { brief } = doing.asker.run;
  if (doing.asker.request === null && brief !== undefined) {
    const [text = ""] = await opened(powers, doing, [brief.blob]);
    return keptText(powers, doing, ABOUT, text, brief.label);
  }
  if (read.about === undefined) return NOTHING;
  const { id, blob, revision, label } = request;
  return keptText(powers, doing, ABOUT, read.about, label, [{ message: id, blob, revision }]);
}

/** Sealed `{text}`s. */
export function opened(powers: Powers, doing: Doing, blobs: readonly BlobId[]): Promise<readonly string[]> {
  const grant = { by: "run", run: doing.asker.run.id, call: doing.call, reserved: true } as const;
  const permit = grantPermit(grant, "transform", doing.manifest.id, blobs);
  return powers.store.open(permit, blobs, (all) =>
    all.map(({ bytes }) => (JSON.parse(powers.hashing.text(bytes)) as { readonly text: string }).text),
  );
}

export type Material = {
  readonly text: string;
  readonly label: Label;
  readonly by: Brief["by"];
  readonly source: Message["id"] | null;
};

/** What a handle of this run stands for, as text under its label; `text` is the agent's own. */
export async function materialOf(
  powers: Powers,
  catalogue: Catalogue,
  doing: Doing,
  { what, text }: { readonly what?: Handle | undefined; readonly text?: string | undefined },
  context: Label,
): Promise<Material> {
  const source = doing.asker.run.request;
  if (what === undefined) {
    if (text === undefined)
      throw new Refusal("input.invalid", { field: "what", hint: "Say what: a handle or a text." });
    return { text, label: context, by: "agent", source };
  }
  const [said] = await freshOf(powers, catalogue, doing, valuesOf(powers, doing.asker, [what]));
  if (said === undefined) throw new Refusal("not_found", { field: "what" });
  const isOwn = said.value.kind === ABOUT;
  const shown = renderValue(isOwn ? fieldOf(said.output, "text") : said.output);
  return { text: shown, label: said.value.label, by: isOwn ? "person" : "value", source };
}
