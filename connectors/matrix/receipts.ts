/** How far we have read: told to the homeserver alone, for our own other clients, and to nobody in the room. */
import type { MatrixClient } from "matrix-js-sdk";
import { call } from "./http.ts";

const RECEIPT_MS_MAX = 30_000;

/** Private, for the whole room. Nothing rests on it: one that does not arrive is made good by the next. */
export function markRead(client: MatrixClient, room: string, event: string): void {
  const path = `/rooms/${encodeURIComponent(room)}/receipt/m.read.private/${encodeURIComponent(event)}`;
  call(client, { method: "POST", path, body: {}, timeoutMs: RECEIPT_MS_MAX }).catch(() => null);
}
