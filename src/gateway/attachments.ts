/**
 * `attachment.extract_text`: which file, who has to say yes, and its text as a value that carries the file's label. The
 * file itself is opened here for the sandboxed child alone.
 */
import { z } from "zod";
import { type AttachmentReader, FILE_TYPES, type FileText, type TextHint } from "../core/attachment.ts";
import type { Capacity, Manifest } from "../core/capability.ts";
import { type BlobId, type CallId, MessageId, Name, newId } from "../core/ids.ts";
import { CATEGORY, type Label } from "../core/label.ts";
import { ATTACHMENTS_MAX, FILE_MS_MAX, FILE_PAGES_MAX, FILE_TEXT_CHARS_MAX, KIB } from "../core/limits.ts";
import type { Media, Message } from "../core/message.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import type { Source } from "../core/value.ts";
import { askedBy } from "./asked-by.ts";
import { type Asker, askerOf, contextOf, judge, refusalBy, requestOf } from "./asker.ts";
import { type Asked, type Doing, type Handler, type Made, seen } from "./call.ts";
import { closeDone, closeFailed } from "./closing.ts";
import type { Draft } from "./draft.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { rangeOf } from "./range.ts";
import { sourceLabel } from "./readers.ts";
import { book, fits, labelAt, measured, noteSink } from "./reveal.ts";
import { transact } from "./transact.ts";
import { type NewValue, viewOf, writeValue } from "./values.ts";

const CAPABILITY = "attachment.extract_text";

const Input = z.strictObject({
  /** Alias of another conversation that the requester belongs to now. */
  conversation: Name.optional(),
  /** Absent: the request's own attachment, that of the message it replies to, or the newest one. */
  message: MessageId.optional(),
  index: z
    .number()
    .int()
    .min(0)
    .max(ATTACHMENTS_MAX - 1)
    .optional(),
});
type Input = z.infer<typeof Input>;

const Output = z.strictObject({
  message: MessageId.meta({ tier: "id" }),
  index: z
    .number()
    .int()
    .min(0)
    .max(ATTACHMENTS_MAX - 1),
  type: z.enum(FILE_TYPES),
  pages: z.number().int().min(0).max(FILE_PAGES_MAX).nullable(),
  chars: z.number().int().min(0).max(FILE_TEXT_CHARS_MAX),
  /** There is more in the file than was read. */
  cut: z.boolean(),
});
type Output = z.infer<typeof Output>;

export const EXTRACT_MANIFEST: Manifest = {
  id: CAPABILITY,
  version: 1,
  title: "Text of an attachment (txt, md, csv, json, pdf, docx), read in a sandbox; the text is a handle",
  effect: "none",
  input: Input,
  output: Output,
  tier: "A",
  cost: { steps: 1 },
  risk: "high",
  asks: true,
  off: true,
};

/** What a person says yes to, and what is read after it. */
export type FileCall = {
  readonly kind: "file";
  readonly message: MessageId;
  readonly index: number;
  readonly blob: BlobId;
  readonly label: Label;
  readonly sources: readonly Source[];
  /** The words of the question. */
  readonly text: string;
};

/** Kinds that have no text in them, whatever they claim. */
const OPAQUE: ReadonlySet<Media["kind"]> = new Set(["image", "audio", "video", "sticker"]);
const LOOK_BACK = 50;

const isFile = ({ kind }: Media): boolean => !OPAQUE.has(kind);

/** The message meant: named, or the nearest to the request that brought a file; where none did, anything else. */
function messageFor(powers: Powers, asker: Asker, { conversation, message }: Input): Message {
  const { request } = asker;
  const place = conversation === undefined ? {} : { conversation };
  if (message !== undefined) {
    if (message === request?.id) return request;
    const [named] = rangeOf(powers, asker, { ...place, messages: [message] }).messages;
    if (named === undefined) throw new Refusal("not_found", { field: message });
    return named;
  }
  const replied = request?.replyTo == null ? null : powers.store.message(request.replyTo);
  const recent = rangeOf(powers, asker, { ...place, last: LOOK_BACK }).messages.toReversed();
  const own = conversation === undefined ? [request, replied] : [];
  const near = [...own, ...recent].filter((it): it is Message => it !== null && !it.own && it.media.length > 0);
  const found = near.find((it) => it === request || it === replied) ?? near.find(({ media }) => media.some(isFile));
  if (found === undefined && near[0] === undefined)
    throw new Refusal("not_found", { hint: "There is no attachment in the last messages." });
  return found ?? (near[0] as Message);
}

type Chosen = {
  readonly message: Message;
  readonly index: number;
  readonly blob: BlobId;
  readonly media: Media | null;
};

/** Throws before anybody is asked where nothing can come of it: a picture, a file that was too large to be kept. */
function chosen(powers: Powers, asker: Asker, input: Input): Chosen {
  const message = messageFor(powers, asker, input);
  const { media, attachments } = message;
  if (media.length === 0) throw new Refusal("not_found", { hint: "This message came without an attachment." });
  const index = input.index ?? Math.max(0, media.findIndex(isFile));
  const kind = media[index];
  if (kind === undefined) throw new Refusal("not_found", { field: "index" });
  if (!isFile(kind))
    throw new Refusal("attachment.opaque", { hint: "It is a picture, sound or film: those stay closed." });
  const blob = attachments[index];
  // The network's connector keeps no file that is larger than it may be.
  if (blob === undefined) throw new Refusal("input.too_large", { hint: "The file was too large, so it was not kept." });
  return { message, index, blob, media: kind };
}

function callFor(powers: Powers, doing: Doing, { message, index, blob, media }: Chosen): FileCall {
  const conversation = powers.store.get("conversation", message.conversation)?.value ?? doing.asker.conversation;
  const shown = sourceLabel(powers, doing, { conversation, label: message.label });
  const label: Label = { ...shown, cats: CATEGORY["pii.attachment"], integrity: 2 };
  const sent = new Date(message.sentAt)
    .toISOString()
    .replace(/:\d\d\.\d+Z$/, " UTC")
    .replace("T", " ");
  const which =
    message.attachments.length > 1 ? `attachment ${index + 1} of ${message.attachments.length}` : "attachment";
  const size = `up to ${Math.max(1, Math.round((media?.bytes ?? 0) / KIB))} KiB`;
  const text = `The ${which} of the message of ${sent}: ${media?.mime ?? "a file"}, ${size}.\nIts text stays sealed.`;
  const sources = [{ message: message.id, blob: message.blob, revision: message.revision }];
  return { kind: "file", message: message.id, index, blob, label, sources, text };
}

export const extractText =
  (powers: Powers, files: AttachmentReader): Handler =>
  async (doing) => {
    const { asker, manifest } = doing;
    const call = callFor(powers, doing, chosen(powers, asker, doing.input as Input));
    const about = { action: "invoke", capability: manifest.id, effect: manifest.effect } as const;
    const decision = judge(powers, requestOf(powers, asker, about, contextOf(asker)));
    await transact(powers, (draft) => {
      const { rule, effect } = decision;
      const body = { call: doing.call, action: "invoke", capability: manifest.id, effect, rule };
      draft.run(asker.run.id).note("decision.made", body);
      if (effect === "allow") noteOpened(draft, asker, doing.call, call);
    });
    if (decision.effect === "deny") throw refusalBy(decision);
    if (decision.effect === "ask") return ask(powers, doing, decision, call);
    return readNow(powers, files, doing, call);
  };

function ask(powers: Powers, { asker }: Doing, decision: ReturnType<typeof judge>, call: FileCall): Asked {
  return {
    ask: {
      ...askedBy(powers, decision),
      destination: "sandbox",
      label: call.label,
      rendered: call.text,
      what: `open this attachment for the agent ${asker.run.agent}`,
      risk: "a file can be built to do harm; it is opened where it reaches nothing and is ended after a few seconds.",
      sources: call.sources,
      stored: call,
    },
  };
}

/** The intent: written before the file is opened. */
export function noteOpened(draft: Draft, { run }: Pick<Asker, "run">, call: CallId, { message }: FileCall): void {
  const place = run.conversation;
  const body = { call, capability: CAPABILITY, conversation: place, blobs: 1, first: message, last: message };
  draft.entry("quarantine.accessed", body, { session: run.session, run: run.id, actor: run.agent });
}

type Read = { readonly output: Output; readonly kept: object; readonly value: NewValue; readonly capacity: Capacity };

const HINTS: Readonly<Record<string, TextHint>> = { md: "md", markdown: "md", csv: "csv", tsv: "csv", json: "json" };
/** Only how text is laid out follows from a name; it goes no further than this. */
function hintOf({ name, mime }: { readonly name: string; readonly mime: string }): TextHint {
  const ending = /\.([a-z]{2,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return HINTS[ending] ?? HINTS[mime.replace(/^(?:text|application)\//, "")] ?? "txt";
}

/** Opens the file with a permit for exactly it and hands it to the child. */
async function readFile(
  powers: Powers,
  files: AttachmentReader,
  asker: Asker,
  id: CallId,
  call: FileCall,
): Promise<Read> {
  const grant = { by: "run", run: asker.run.id, call: id, reserved: true } as const;
  const permit = grantPermit(grant, "transform", CAPABILITY, [call.blob]);
  const { text, ...found }: FileText = await powers.store.open(permit, [call.blob], ([opened]) => {
    const sealed = powers.hashing.text(opened?.bytes ?? new Uint8Array());
    const file = JSON.parse(sealed) as { readonly name: string; readonly mime: string; readonly data: string };
    return files.read(file.data, hintOf(file), FILE_MS_MAX);
  });
  const output: Output = { message: call.message, index: call.index, ...found, chars: text.length };
  const conversation = powers.store.message(call.message)?.conversation ?? asker.run.conversation;
  const value: NewValue = {
    handle: newId("Handle", powers.random.bytes(16)),
    conversation,
    tier: "C",
    kind: CAPABILITY,
    schema: `${CAPABILITY}.v1`,
    label: labelAt("C", call.label),
    sources: call.sources,
  };
  const capacity = measured(Output, output);
  if (!fits(powers, asker, capacity).bits) throw new Refusal("tier.cap", { hint: "Go on tomorrow." });
  return { output, kept: { ...output, text }, value, capacity };
}

function noteRead(draft: Draft, asker: Asker, call: CallId, { value, output, capacity }: Read): void {
  book(draft, asker, capacity);
  const body = { call, capability: CAPABILITY, version: 1, handle: value.handle, messages: 1, media: output.type };
  draft.run(asker.run.id).note("transform.completed", body);
}

/** Where the rules let it go without a question. */
async function readNow(powers: Powers, files: AttachmentReader, doing: Doing, call: FileCall): Promise<Made> {
  const { asker } = doing;
  const read = await readFile(powers, files, asker, doing.call, call);
  const { output, kept, value, capacity } = read;
  return {
    output,
    stripped: false,
    label: labelAt("A", value.label),
    values: [viewOf(value, JSON.stringify(kept).length)],
    capacity,
    used: { steps: 1 },
    write: (draft) => {
      noteRead(draft, asker, doing.call, read);
      writeValue(draft, asker.run.id, value, kept, draft.now + asker.conversation.ttlMs);
      noteSink(draft, asker, doing.call, value.label);
    },
  };
}

/** After a yes was consumed and the intent is durable: reads, and closes the call with what came of it. */
export async function readApproved(powers: Powers, id: CallId, call: FileCall): Promise<void> {
  const record = powers.store.get("call", id)?.value;
  const stored = record === undefined ? undefined : powers.store.get("run", record.run)?.value;
  if (record === undefined || stored === undefined) return;
  const asker = askerOf(powers, stored);
  const isOpen = (draft: Draft): boolean => draft.need("call", id).status === "waiting";
  try {
    if (isTerminal(stored)) throw new Refusal("run.ended");
    if (powers.files === undefined) throw new Refusal("capability.disabled");
    const read = await readFile(powers, powers.files, asker, id, call);
    await transact(powers, (draft) => {
      if (!isOpen(draft)) return;
      noteRead(draft, asker, id, read);
      closeDone(draft, asker, draft.need("call", id), { ...read, used: { steps: 1 } });
    });
  } catch (error) {
    const refusal = seen(error);
    await transact(powers, (draft) => {
      if (!isOpen(draft)) return;
      draft.run(record.run).note("transform.failed", { call: id, capability: CAPABILITY, code: refusal.code });
      closeFailed(draft, draft.need("call", id), "failed", { steps: 1 }, refusal);
    });
  }
}
