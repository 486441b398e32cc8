/** Matrix events as envelopes and contents. Pure: the same event in the same room gives the same thing. */
import { ATTACHMENT_BYTES_MAX, MEMBERS_MAX } from "../../src/core/limits.ts";
import type { Content, Envelope, EventKind, Media, Trust } from "../../src/core/message.ts";
import { platformId } from "../platform-id.ts";
import { MessageContent, RoomEvent } from "./event.ts";
import type { FileRef, Item } from "./questions.ts";
import type { Evidence } from "./trust.ts";

/** What is known of the room at this moment. */
export type RoomFacts = {
  readonly id: string;
  /** One person and us, or an invitation to one. */
  readonly isDirect: boolean;
  readonly name: string | null;
  /** Encrypted now or ever before. */
  readonly isEncrypted: boolean;
  /** Everybody else who is in it. */
  readonly members: readonly string[];
};

export type Seen = {
  readonly tenant: string;
  readonly channel: string;
  readonly room: RoomFacts;
  readonly me: { readonly id: string; readonly name: string };
  readonly senderName: string | null;
  readonly evidence: Evidence;
  /** From before we joined, or out of a backup: material at best. */
  readonly isBacklog: boolean;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
};

type Facts = {
  readonly kind: EventKind;
  readonly content: Content;
  readonly files?: readonly FileRef[];
  readonly media?: readonly Media[];
  readonly target?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly thread?: string | undefined;
  readonly how?: Envelope["addressed"]["how"];
  readonly sender?: Envelope["sender"];
};

const MEDIA: Readonly<Record<string, Media["kind"]>> = {
  "m.image": "image",
  "m.file": "file",
  "m.audio": "audio",
  "m.video": "video",
  "m.sticker": "sticker",
};
const FALLBACK_MIME: Readonly<Record<Media["kind"], string>> = {
  image: "image/jpeg",
  file: "application/octet-stream",
  audio: "audio/ogg",
  video: "video/mp4",
  sticker: "image/webp",
};

/** The one thing that an event is to us; null for what is malformed, our own, or of a kind that we do not take. */
export function normalize(raw: unknown, seen: Seen): Item | null {
  const parsed = RoomEvent.safeParse(raw);
  if (!parsed.success) return null;
  const event = parsed.data;
  if (event.sender === seen.me.id && event.type !== "m.room.member") return null;
  const facts = factsOf(event, seen);
  return facts === null ? null : itemOf(event, facts, seen);
}

function factsOf(event: RoomEvent, seen: Seen): Facts | null {
  // Of what was redacted only the fact is left, and that is an event of its own.
  if (event.unsigned?.["redacted_because"] !== undefined) return null;
  switch (event.type) {
    case "m.room.message":
    case "m.sticker":
      return messageFacts(event, seen);
    case "m.reaction":
      return reactionFacts(event);
    case "m.room.redaction":
      return redactionFacts(event);
    case "m.room.member":
      return memberFacts(event, seen);
    case "m.room.tombstone":
      return tombstoneFacts(event);
    case "m.poll.start":
    case "org.matrix.msc3381.poll.start":
      return pollFacts(event, seen);
    default:
      return null;
  }
}

function messageFacts(event: RoomEvent, seen: Seen): Facts | null {
  const parsed = MessageContent.safeParse(event.content);
  if (!parsed.success) return null;
  const content = parsed.data;
  const relation = content["m.relates_to"];
  if (relation?.rel_type === "m.replace") return editFacts(content);
  const msgtype = event.type === "m.sticker" ? "m.sticker" : content.msgtype;
  const isText = msgtype === "m.text" || msgtype === "m.notice" || msgtype === "m.emote" || msgtype === "m.location";
  const kind = MEDIA[msgtype];
  if (!isText && kind === undefined) return null;
  const isThread = relation?.rel_type === "m.thread" && relation.event_id !== undefined;
  const answered = relation?.["m.in_reply_to"]?.event_id;
  // In a thread every message answers the one before, for clients that know no threads.
  const replyTo = isThread && relation?.is_falling_back === true ? undefined : answered;
  const isMentioned = content["m.mentions"]?.user_ids.includes(seen.me.id) === true;
  const words = captionOf(content, kind !== undefined);
  const text = isMentioned ? withoutAddress(words ?? "", seen.me) : words;
  const file = kind === undefined ? null : fileOf(content, kind, seen.room.isEncrypted);
  if (text === undefined && file === null) return null;
  return {
    kind: "message",
    thread: isThread ? relation?.event_id : undefined,
    replyTo,
    how: isMentioned ? "mention" : replyTo === undefined ? "none" : "reply",
    content: text === undefined ? {} : { text: (answered === undefined ? text : withoutQuote(text)).toWellFormed() },
    ...(file === null ? {} : { files: [file.ref], media: [file.media] }),
    // Programs speak in notices, so that they do not answer each other for ever.
    ...(msgtype === "m.notice" ? { sender: { id: platformId(event.sender), kind: "bot" } } : {}),
  };
}

/** With a file name of its own beside it, a body is what somebody wrote under a file; else it is the file's name. */
function captionOf({ body, filename }: MessageContent, isFile: boolean): string | undefined {
  if (!isFile) return body;
  return filename === undefined || filename === body ? undefined : body;
}

/** Who answers in an old client quotes first; what they quote is theirs, not the one's who is quoted. */
function withoutQuote(text: string): string {
  if (!/^> (?:\* )?<[^>\n]{1,255}>/.test(text)) return text;
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("> ") && line !== ">");
  return end < 0 ? "" : lines.slice(end).join("\n").replace(/^\n/, "");
}

/** `Lazaret: status` to us is `status`; clients write the name of whom they mention. */
function withoutAddress(text: string, me: Seen["me"]): string {
  const bare = text.trimStart();
  const [local = ""] = me.id.slice(1).split(":");
  for (const name of [me.id, `@${local}`, me.name, local]) {
    if (name === "" || !bare.toLowerCase().startsWith(name.toLowerCase())) continue;
    const rest = bare.slice(name.length);
    if (/^[\s:,]/.test(rest)) return rest.replace(/^[:,]?\s*/, "");
  }
  return text;
}

/** The new words; whose they may be is the gateway's to say. An edit is never addressed to anybody. */
function editFacts(content: MessageContent): Facts | null {
  const target = content["m.relates_to"]?.event_id;
  const next = MessageContent.safeParse(content["m.new_content"]);
  if (target === undefined || !next.success || next.data.body === "") return null;
  return { kind: "edit", target, content: { text: next.data.body.toWellFormed() } };
}

function reactionFacts({ content }: RoomEvent): Facts | null {
  const relation = MessageContent.safeParse(content).data?.["m.relates_to"];
  const { rel_type, event_id, key } = relation ?? {};
  if (rel_type !== "m.annotation" || event_id === undefined || key === undefined || key === "") return null;
  return { kind: "reaction", target: event_id, content: { key: key.toWellFormed() } };
}

/** Since room version 11 the target is content. */
function redactionFacts({ redacts, content }: RoomEvent): Facts | null {
  const said = content["redacts"];
  const target = redacts ?? (typeof said === "string" && said.length <= 1024 ? said : undefined);
  return target === undefined ? null : { kind: "delete", target, content: {} };
}

const CHANGES: Readonly<Record<string, string>> = { join: "joined", leave: "left", ban: "banned" };

/** The sender is the member it is about; who is in now is stated whole where it is not too many. */
function memberFacts({ content, state_key, unsigned }: RoomEvent, { room }: Seen): Facts | null {
  const key = CHANGES[String(content["membership"])];
  if (key === undefined || state_key === undefined || state_key === "") return null;
  // Whoever changes their name or picture stays what they are.
  if (field(unsigned?.["prev_content"], "membership") === content["membership"]) return null;
  return {
    kind: "membership",
    sender: { id: platformId(state_key), kind: "person" },
    content: { key, ...membersOf(room) },
  };
}

export const membersOf = ({ members }: Pick<RoomFacts, "members">): Pick<Content, "members"> =>
  members.length > MEMBERS_MAX ? {} : { members: members.map(platformId) };

function tombstoneFacts({ content, state_key }: RoomEvent): Facts | null {
  const next = content["replacement_room"];
  if (state_key !== "" || typeof next !== "string" || next === "" || next.length > 1024) return null;
  return { kind: "membership", target: next, content: { key: "migrated" } };
}

function pollFacts({ content }: RoomEvent, _seen: Seen): Facts | null {
  const start = content["m.poll"] ?? content["org.matrix.msc3381.poll.start"];
  const question = textIn(field(start, "question"));
  const answers = field(start, "answers");
  if (question === null || !Array.isArray(answers)) return null;
  const options = answers.slice(0, 20).flatMap((it) => textIn(it) ?? []);
  return {
    kind: "message",
    content: { text: [question, ...options.map((it) => `• ${it}`)].join("\n").toWellFormed() },
  };
}

const field = (of: unknown, name: string): unknown =>
  typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;

function textIn(block: unknown): string | null {
  const said = field(block, "m.text") ?? field(block, "org.matrix.msc1767.text") ?? field(block, "body");
  const text = Array.isArray(said) ? field(said[0], "body") : said;
  return typeof text === "string" && text !== "" ? text.slice(0, 1000) : null;
}

/** In an encrypted room a file in clear is none: the homeserver would choose what we read. */
function fileOf(content: MessageContent, kind: Media["kind"], isEncrypted: boolean) {
  const { file, url, info, body, filename } = content;
  const where = file?.url ?? (isEncrypted ? undefined : url);
  if (where === undefined || !/^mxc:\/\/[^/]{1,255}\/[A-Za-z0-9_-]{1,255}$/.test(where)) return null;
  const said = info?.mimetype?.toLowerCase() ?? "";
  const mime = /^[a-z0-9.+-]{1,64}\/[a-z0-9.+-]{1,64}$/.test(said) ? said : FALLBACK_MIME[kind];
  const media: Media = { kind, mime, bytes: Math.min(info?.size ?? 0, ATTACHMENT_BYTES_MAX) };
  const name = (filename ?? body).slice(0, 1024).toWellFormed();
  return { media, ref: { url: where, name, mime, sealed: file === undefined ? null : JSON.stringify(file) } };
}

function itemOf(event: RoomEvent, facts: Facts, seen: Seen): Item {
  const { room, evidence } = seen;
  const how = facts.how ?? "none";
  return {
    files: facts.files ?? [],
    event: {
      envelope: {
        tenant: seen.tenant,
        channel: seen.channel,
        delivery_id: platformId(event.event_id),
        event_id: platformId(event.event_id),
        kind: facts.kind,
        conversation: platformId(room.id),
        conversation_kind: room.isDirect ? "direct" : "group",
        ...(facts.thread === undefined ? {} : { thread: platformId(facts.thread) }),
        sender: facts.sender ?? { id: platformId(event.sender), kind: "person" },
        sent_at: Math.min(event.origin_server_ts, seen.receivedAt),
        received_at: seen.receivedAt,
        ...(facts.replyTo === undefined ? {} : { reply_to: platformId(facts.replyTo) }),
        ...(facts.target === undefined ? {} : { target: platformId(facts.target) }),
        addressed: { how: facts.kind === "message" && room.isDirect && how === "none" ? "direct" : how },
        content: { bytes: Buffer.byteLength(facts.content.text ?? ""), media: [...(facts.media ?? [])] },
        trust: { ...evidence, flags: flagsOf(facts.kind, seen) },
      },
      content: { ...facts.content, ...namesOf(facts, seen) },
    },
  };
}

function flagsOf(kind: EventKind, { room, evidence, isBacklog }: Seen): Trust["flags"] {
  const isBare = room.isEncrypted && evidence.transport !== "e2ee" && (kind === "message" || kind === "edit");
  return [...(isBacklog ? ["backfill" as const] : []), ...(isBare ? ["room_unencrypted" as const] : [])];
}

function namesOf({ kind }: Facts, { senderName, room }: Seen): Content {
  if (kind !== "message" && kind !== "edit" && kind !== "reaction") return {};
  return {
    ...(senderName === null ? {} : { sender_name: senderName.slice(0, 512).toWellFormed() }),
    ...(room.name === null ? {} : { conversation_name: room.name.slice(0, 512).toWellFormed() }),
  };
}

/** Something that is no event of a room: a gap, a message whose key never came, who is in it. */
export function stated(
  kind: "gap" | "undecryptable" | "membership",
  id: string,
  sender: string,
  seen: Omit<Seen, "senderName" | "me">,
): Item {
  const event = {
    type: kind,
    event_id: `${kind}:${id}`,
    sender,
    origin_server_ts: seen.receivedAt,
    content: {},
  } as RoomEvent;
  const isPerson = kind === "undecryptable";
  const content = kind === "membership" ? { key: "stated", ...membersOf(seen.room) } : {};
  const facts: Facts = { kind, content, sender: { id: platformId(sender), kind: isPerson ? "person" : "service" } };
  return itemOf(event, facts, { ...seen, senderName: null, me: { id: "", name: "" } });
}
