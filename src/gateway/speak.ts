/**
 * Handlers that speak: a template becomes the final bytes, the bytes are judged,
 * and only then does a row go into the outbox.
 */
import type { CapabilityId } from "../core/capability.ts";
import type { ConversationId, Handle } from "../core/ids.ts";
import { BOTTOM, joinAll, type Label } from "../core/label.ts";
import { HOUR_MS } from "../core/limits.ts";
import type { Conversation } from "../core/people.ts";
import { Refusal } from "../core/refusal.ts";
import type { Source, Value } from "../core/value.ts";
import { askedBy } from "./asked-by.ts";
import { type Asker, contextOf, refusalBy } from "./asker.ts";
import type { Asked, Doing, Handler, Made } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import { checkEgress, type Destination, destinationOf, isWithin, needsRelease } from "./egress.ts";
import { checkedText } from "./leaks.ts";
import { conversationByAlias } from "./people.ts";
import { grantPermit } from "./permit.ts";
import { plainText } from "./plain-text.ts";
import type { Powers } from "./powers.ts";
import { putBack, type Stretch } from "./pseudonyms.ts";
import { type Remade, remake } from "./readers.ts";
import { noteSaid } from "./said.ts";
import { post } from "./say.ts";
import { matterOf, standingFor, useStanding } from "./standing.ts";
import { fieldOf, handlesOf, parseTemplate, renderValue } from "./template.ts";

export type Rendered = {
  /** The final text: after put-back, as people will read it. */
  readonly text: string;
  readonly label: Label;
  readonly sources: readonly Source[];
  /** Puts values that were made anew in the place of the old ones. */
  readonly write: (draft: Draft) => void;
};

/** Values of this run that a template names. A handle of another run, or a made-up one, is `not_found`. */
export function valuesOf(powers: Powers, asker: Asker, handles: readonly Handle[]): readonly Value[] {
  const now = powers.clock.now();
  return handles.map((handle) => {
    const value = powers.store.get("value", handle)?.value;
    if (value === undefined || value.run !== asker.run.id || value.expiresAt <= now)
      throw new Refusal("not_found", { field: handle });
    return value;
  });
}

const isStale = (powers: Powers, sources: readonly Source[]): boolean =>
  sources.some(({ message, revision }) => powers.store.message(message)?.revision !== revision);

/**
 * Values as they may be said now: what rests on an edited message is made anew once,
 * what rests on a deleted one is gone.
 */
export async function freshOf(
  powers: Powers,
  catalogue: Catalogue,
  doing: Doing,
  values: readonly Value[],
): Promise<readonly Said[]> {
  const stale = values.filter(({ sources }) => isStale(powers, sources));
  const remade = new Map<Handle, Remade>();
  for (const value of stale) remade.set(value.handle, await remake(powers, catalogue, doing, value));
  const fresh = values.filter(({ handle }) => !remade.has(handle));
  const blobs = fresh.map(({ blob }) => blob);
  const grant = { by: "run", run: doing.asker.run.id, call: doing.call, reserved: true } as const;
  const outputs = await powers.store.open(grantPermit(grant, "render", doing.manifest.id, blobs), blobs, (opened) =>
    opened.map(({ bytes }) => JSON.parse(powers.hashing.text(bytes)) as unknown),
  );
  const said = fresh.map((value, index): Said => ({ value, output: outputs[index], write: () => {} }));
  return [...said, ...remade.values()];
}

type Said = Remade;

async function render(powers: Powers, catalogue: Catalogue, doing: Doing, template: string): Promise<Rendered> {
  const { asker } = doing;
  const pieces = parseTemplate(template);
  const said = await freshOf(powers, catalogue, doing, valuesOf(powers, asker, handlesOf(pieces)));
  const values = said.map(({ value }) => value);
  const byHandle = new Map(said.map(({ value, output }) => [value.handle, output]));
  const domains = powers.settings.linkDomains;
  // Tokens that the run was given come from here, from its values' conversations, and from what else it was shown.
  const { audience } = contextOf(asker);
  const known = audience === "*" ? [] : (audience as readonly ConversationId[]);
  const places = [...new Set([asker.conversation.id, ...values.map((value) => value.conversation), ...known])];
  const kinds = new Map(values.map((value) => [value.handle, value.kind]));
  let joined = "";
  const masked: Stretch[] = [];
  for (const piece of pieces) {
    const raw = "text" in piece ? piece.text : renderValue(fieldOf(byHandle.get(piece.handle), piece.field));
    // What somebody asked to have redacted stays redacted.
    const staysMasked = "handle" in piece && kinds.get(piece.handle) === "message.redact";
    const shown = staysMasked ? raw : plainText(raw, domains, "inside");
    if (staysMasked) masked.push({ from: joined.length, to: joined.length + shown.length });
    joined += shown;
  }
  // Names come last, into the whole: what a template puts before a value may make a link of the two.
  joined = await putBack(powers, asker.run.id, places, joined, masked);
  const text = checkedText(powers, plainText(joined, domains));
  if (text.length === 0) throw new Refusal("egress.text", { hint: "Nothing is left of this text." });
  const literal = pieces.some((piece) => "text" in piece) ? contextOf(asker) : BOTTOM;
  const label = joinAll([literal, ...values.map((value) => value.label)]);
  const write = (draft: Draft): void => said.forEach((it) => void it.write(draft));
  return { text, label, sources: values.flatMap((value) => value.sources), write };
}

/** Posts of an agent's own in the last hour; ten are free. */
const sendsId = (asker: Asker, now: number): string =>
  `sends/${asker.token?.id ?? asker.run.agent}/${Math.floor(now / HOUR_MS)}`;

function sendsOf(powers: Powers, asker: Asker): number {
  const value = powers.store.get("setting", sendsId(asker, powers.clock.now()))?.value.value;
  return typeof value === "number" ? value : 0;
}

/**
 * Counts in the commit that sends. Posts that were judged side by side each saw the same count: then the later one is
 * refused.
 */
function countSend(draft: Draft, asker: Asker, judged: number): void {
  if (asker.role !== "agent") return;
  const id = sendsId(asker, draft.now);
  const stored = draft.get("setting", id)?.value;
  const before = typeof stored === "number" ? stored : 0;
  if (before > judged) throw new Refusal("rate.limited", { hint: "Post one after the other." });
  draft.put("setting", id, { id, tenant: draft.tenant, value: before + 1 });
}

/** Writes the row and its intent: both before anything leaves, both in the commit that settles the call. */
function enqueue(
  powers: Powers,
  draft: Draft,
  doing: Doing,
  destination: Destination,
  rendered: Rendered,
  sends: number,
): string {
  const { asker } = doing;
  // Between rendering and this commit somebody may have edited or deleted what it rests on.
  if (isStale(powers, rendered.sources))
    throw new Refusal("not_found", { hint: "What it was made from changed just now." });
  rendered.write(draft);
  const isOwn = destination.relation === "own";
  const where = {
    conversation: destination.conversation,
    thread: isOwn ? asker.run.thread : null,
    replyTo: isOwn ? asker.run.request : null,
  };
  const message = post(draft, where, { op: "text", text: rendered.text }, rendered.label, asker.run.id, {
    call: doing.call,
  });
  const place = { channel: destination.conversation.channel, conversation: destination.conversation.id };
  const sources = rendered.sources.map((source) => source.message);
  noteSaid(draft, message, { ...place, run: asker.run.id }, sources);
  const run = draft.run(asker.run.id);
  if (isOwn) run.apply({ type: "replied" }, { call: doing.call });
  countSend(draft, asker, sends);
  return message;
}

function madeBy(
  powers: Powers,
  doing: Doing,
  destination: Destination,
  rendered: Rendered,
  sends: number,
  permitted: (draft: Draft) => void = () => {},
): Made {
  let message = "";
  return {
    get output() {
      return message === "" ? undefined : { delivered: "queued", message };
    },
    stripped: true,
    label: { ...BOTTOM, tenant: doing.asker.run.tenant },
    values: [],
    capacity: { bits: 0, chars: 0 },
    used: { steps: 1, egress_bytes: 2 * rendered.text.length },
    write: (draft) => {
      permitted(draft);
      message = enqueue(powers, draft, doing, destination, rendered, sends);
    },
  };
}

type Route = { readonly destination: Destination; readonly control: "given" | "configured" | "unvouched" };

async function speak(
  powers: Powers,
  catalogue: Catalogue,
  doing: Doing,
  template: string,
  route: (rendered: Rendered) => Route,
): Promise<Made | Asked> {
  const { asker, manifest } = doing;
  const prefix = asker.role === "agent" ? `[${asker.run.agent}] ` : "";
  const rendered = await render(powers, catalogue, doing, prefix + template);
  const { destination, control: vouched } = route(rendered);
  const isReleased = needsRelease(destination, rendered.label);
  const sends = sendsOf(powers, asker);
  const { decision } = checkEgress(powers, asker, destination, rendered.label, {
    action: "egress",
    capability: manifest.id as CapabilityId,
    effect: manifest.effect,
    // What nobody named may still be asked: the person who says yes is shown it (section 3).
    control: vouched === "unvouched" ? "shown" : vouched,
    released: isReleased,
    sends,
  });
  if (decision.effect === "deny") throw refusalBy(decision);
  const isUnvouched = vouched === "unvouched" && decision.effect === "allow";
  const isFree = decision.effect === "allow" && !isUnvouched && !isReleased;
  if (isFree && doing.planned !== true) return madeBy(powers, doing, destination, rendered, sends);
  // Content is released by its digest, and a second person is asked: neither can be said for good.
  const isAlike = !isReleased && decision.fourEyes !== true && !powers.settings.fourEyes;
  const control = { to: destination.conversation.id };
  const matter = matterOf(powers, doing, control, rendered.label);
  const standing = isAlike && doing.planned !== true ? standingFor(powers, matter) : null;
  if (standing !== null)
    return madeBy(powers, doing, destination, rendered, sends, (draft) =>
      useStanding(powers, draft, doing, standing, matter),
    );
  return {
    ask: {
      ...askedBy(powers, decision, isReleased ? "medium" : "low"),
      because: isUnvouched ? "The agent chose this destination itself." : decision.because,
      destination: destination.conversation.alias ?? destination.relation,
      label: rendered.label,
      rendered: rendered.text,
      what: `send this text to ${nameOf(destination.conversation)}`,
      sources: rendered.sources,
      ...(isAlike ? { standing: control } : {}),
      stored: {
        kind: "send",
        conversation: destination.conversation.id,
        relation: destination.relation,
        rendered: { text: rendered.text, label: rendered.label, sources: rendered.sources },
      },
    },
  };
}

const nameOf = (conversation: Conversation): string =>
  conversation.alias ?? (conversation.kind === "group" ? "another group" : "a direct chat");

/** Into the run's own conversation and thread. */
export const chatReply =
  (powers: Powers, catalogue: Catalogue): Handler =>
  (doing) =>
    speak(powers, catalogue, doing, (doing.input as { template: string }).template, (rendered) => {
      const { asker } = doing;
      const isForeign =
        rendered.label.audience !== "*" && rendered.label.audience.some((atom) => atom !== asker.conversation.id);
      // Content of another conversation came here because the asker was in it; that is asked again now, not remembered.
      if (isForeign && !isWithin(powers, asker, asker.conversation, rendered.label))
        throw new Refusal("label.flow", { field: "audience" });
      const control = asker.role === "agent" ? "configured" : "given";
      return { destination: destinationOf(powers, asker, asker.conversation, rendered.label), control };
    });

/** To another conversation by its alias, or to the asker's direct chat. */
export const chatSend =
  (powers: Powers, catalogue: Catalogue): Handler =>
  (doing) => {
    const { to, template } = doing.input as { to: string; template: string };
    const { asker } = doing;
    const target = to === "direct" ? directOf(powers, asker) : conversationByAlias(powers, to);
    // An agent of its own account learns of no conversation but its token's, not even that there is one.
    const isKnown = asker.principal !== null || (target !== null && asker.token?.conversations.includes(target.id));
    if (target === null || target.status !== "allowed" || target.closed || isKnown !== true)
      throw new Refusal("conversation.unknown");
    const isNamed = powers.store.get("issued", asker.run.id)?.value.named.includes(to) === true;
    return speak(powers, catalogue, doing, template, (rendered) => ({
      destination: destinationOf(powers, asker, target, rendered.label),
      control: isNamed ? "given" : "unvouched",
    }));
  };

function directOf(powers: Powers, asker: Asker): Conversation | null {
  const id = asker.principal?.direct ?? null;
  return id === null ? null : (powers.store.get("conversation", id)?.value ?? null);
}
