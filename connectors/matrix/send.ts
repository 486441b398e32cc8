/** One operation as one request to the homeserver, encrypted where the room ever was. */
import type { MatrixClient, MatrixEvent, Room } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import type { Operation, Outcome, OutcomeCode } from "../../src/core/outbox.ts";
import { faultOf } from "./fault.ts";
import { htmlOf } from "./format.ts";
import { call } from "./http.ts";
import type { Rooms } from "./rooms.ts";

type Json = Readonly<Record<string, unknown>>;
type Wanted = { readonly type: string; readonly content: Json };

const HTML_UNITS_MAX = 6000;
const TYPING_MS = 20_000;
const SEND_MS_MAX = 30_000;

export type Sending = {
  readonly client: MatrixClient;
  readonly machine: CryptoBackend;
  readonly rooms: Rooms;
  readonly makeEvent: (event: Json) => MatrixEvent;
  /** A first sync has told which rooms we are in. */
  readonly isSynced: boolean;
};

const notSent = (code: OutcomeCode, retryAfterMs: number | null = null): Outcome => ({
  state: "not_sent",
  code,
  retryAfterMs,
});

/** Never throws for what the network did. The same operation twice is one event: the homeserver knows its id. */
export async function sendOperation(operation: Operation, sending: Sending): Promise<Outcome> {
  if (!sending.isSynced) return notSent("unreachable");
  const room = sending.rooms.joined(operation.conversation);
  if (room === null) return notSent("forbidden");
  try {
    if (operation.op === "typing") return await typing(sending, room);
    const ready = await readyToSend(operation, room, sending);
    if ("state" in ready) return ready;
    const asking = { method: "PUT", ...ready, timeoutMs: SEND_MS_MAX } as const;
    const { event_id } = await call<{ event_id: string }>(sending.client, asking);
    return { state: "sent", eventIds: [event_id] };
  } catch (error) {
    // Whoever reacted that way already has done so (M_DUPLICATE_ANNOTATION).
    if (Reflect.get(error as object, "errcode") === "M_DUPLICATE_ANNOTATION") return { state: "sent", eventIds: [] };
    const { code, retryAfterMs, isProven } = faultOf(error);
    return isProven ? notSent(code, retryAfterMs) : { state: "unknown", code };
  }
}

async function typing({ client }: Sending, { roomId }: Room): Promise<Outcome> {
  const path = `/rooms/${encodeURIComponent(roomId)}/typing/${encodeURIComponent(client.getUserId() ?? "")}`;
  const body = { typing: true, timeout: TYPING_MS };
  await call(client, { method: "PUT", path, body, timeoutMs: SEND_MS_MAX });
  return { state: "sent", eventIds: [] };
}

type Ready = { readonly path: string; readonly body: Json };

async function readyToSend(operation: Operation, room: Room, sending: Sending): Promise<Ready | Outcome> {
  const txn = `${operation.id}${operation.part === undefined || operation.part === 0 ? "" : `.${operation.part}`}`;
  const base = `/rooms/${encodeURIComponent(room.roomId)}`;
  if (operation.op === "redact")
    return { path: `${base}/redact/${encodeURIComponent(operation.target)}/${txn}`, body: {} };
  const wanted = contentOf(operation);
  if (wanted === null) return notSent("unsupported");
  const sealed = await sealedFor(wanted, room, sending);
  if (sealed === null) return notSent("unreachable");
  return { path: `${base}/send/${encodeURIComponent(sealed.type)}/${txn}`, body: sealed.content };
}

/** Null when it cannot be encrypted now: then nothing leaves, least of all in clear. */
async function sealedFor(wanted: Wanted, room: Room, { machine, rooms, makeEvent, client }: Sending) {
  // Reactions travel in clear on every Matrix client; the server groups by them.
  if (wanted.type === "m.reaction" || !rooms.isEncrypted(room.roomId)) return wanted;
  const event = makeEvent({ ...wanted, room_id: room.roomId, sender: client.getUserId(), event_id: "~pending" });
  try {
    await machine.encryptEvent(event, room);
  } catch {
    // Keys could not be asked for or shared, or the room's settings are not known yet: nothing was sent.
    return null;
  }
  const type = event.getWireType();
  return type === "m.room.encrypted" ? { type, content: event.getWireContent() as Json } : null;
}

function contentOf(operation: Operation): Wanted | null {
  switch (operation.op) {
    case "text":
      return { type: "m.room.message", content: textContent(operation) };
    case "edit": {
      const next = { msgtype: "m.text", body: operation.text, "m.mentions": {} };
      const relation = { rel_type: "m.replace", event_id: operation.target };
      const content = { ...next, body: `* ${operation.text}`, "m.new_content": next, "m.relates_to": relation };
      return { type: "m.room.message", content };
    }
    case "react": {
      const relation = { rel_type: "m.annotation", event_id: operation.target, key: operation.key };
      return { type: "m.reaction", content: { "m.relates_to": relation } };
    }
    default:
      return null;
  }
}

function textContent(operation: Extract<Operation, { op: "text" }>): Json {
  const { approval, replyTo, thread } = operation;
  const text = operation.text.toWellFormed();
  const code = approval === undefined || text.includes(approval.code) ? "" : `\napprove ${approval.code}`;
  const body = text + code;
  const html = body.length > HTML_UNITS_MAX ? null : htmlOf(body);
  const answered = replyTo ?? thread;
  const inReplyTo = answered === undefined ? {} : { "m.in_reply_to": { event_id: answered } };
  const inThread =
    thread === undefined ? {} : { rel_type: "m.thread", event_id: thread, is_falling_back: replyTo === undefined };
  return {
    msgtype: "m.text",
    body,
    ...(html === null ? {} : { format: "org.matrix.custom.html", formatted_body: html }),
    // Nobody is called by what we say, whatever names are in it.
    "m.mentions": {},
    ...(answered === undefined ? {} : { "m.relates_to": { ...inThread, ...inReplyTo } }),
  };
}
