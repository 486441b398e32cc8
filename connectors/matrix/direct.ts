/** The encrypted room with one person alone. */
import type { MatrixClient } from "matrix-js-sdk";
import type { Memory, Rooms } from "./rooms.ts";

/** The one there is, when both are in it or invited; else a new one to which they are invited. */
export async function directRoom(
  client: MatrixClient,
  rooms: Rooms,
  memory: Memory,
  person: string,
): Promise<{ readonly conversation: string }> {
  const known = memory.get(`direct/${person}`);
  const room = typeof known === "string" ? rooms.joined(known) : null;
  const standing = room?.getMember(person)?.membership;
  if (typeof known === "string" && (standing === "join" || standing === "invite")) return { conversation: known };
  const { room_id } = await client.createRoom({
    preset: "private_chat" as never,
    is_direct: true,
    invite: [person],
    initial_state: [
      { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
      { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "joined" } },
    ],
  });
  rooms.sawEncrypted(room_id);
  memory.put(`direct/${person}`, room_id);
  return { conversation: room_id };
}
