/** Invitations: joined when one who may invites us to a room that is not open to the world. */
import type { MatrixClient } from "matrix-js-sdk";
import { eventsIn, membershipIn } from "./drain.ts";
import { faultOf } from "./fault.ts";
import { call } from "./http.ts";
import type { RawEvent, Row } from "./inbox.ts";

const JOIN_MS_MAX = 60_000;

const contentOf = (events: readonly RawEvent[], type: string, name: string): unknown => {
  const content = events.find((event) => event["type"] === type)?.["content"];
  return typeof content === "object" && content !== null ? Reflect.get(content, name) : undefined;
};

/** Who invites us, or null when the room is nobody's: public, or readable without being in it. */
export function inviterOf(raw: RawEvent, me: string): string | null {
  const events = eventsIn(raw);
  const invite = events.find(
    (event) =>
      event["type"] === "m.room.member" && event["state_key"] === me && membershipIn(event["content"]) === "invite",
  );
  const isOpen =
    contentOf(events, "m.room.join_rules", "join_rule") === "public" ||
    contentOf(events, "m.room.history_visibility", "history_visibility") === "world_readable";
  const inviter = invite?.["sender"];
  return isOpen || typeof inviter !== "string" ? null : inviter;
}

/** True when the invitation is dealt with: joined, or left alone. */
export async function answerInvite(
  client: MatrixClient,
  mayInvite: (person: string, room: string) => Promise<boolean>,
  { raw, room }: Row,
): Promise<boolean> {
  const inviter = inviterOf(raw, client.getUserId() ?? "");
  if (inviter === null || !(await mayInvite(inviter, room))) return true;
  if (client.getRoom(room)?.getMyMembership() === "join") return true;
  try {
    const path = `/join/${encodeURIComponent(room)}`;
    await call(client, { method: "POST", path, body: {}, timeoutMs: JOIN_MS_MAX });
    return true;
  } catch (error) {
    const { code, isProven } = faultOf(error);
    // Taken back, or not for us after all; whatever else it was may pass.
    return isProven && code !== "rate_limited" && code !== "unreachable";
  }
}
