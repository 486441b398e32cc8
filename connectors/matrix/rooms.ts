/** Rooms as the SDK knows them now, and what this machine remembers of them whatever the homeserver says. */
import type { MatrixClient, Room } from "matrix-js-sdk";
import type { RoomFacts } from "./normalize.ts";

/** What is remembered: small values by name, sealed on the disk. */
export type Memory = { get(name: string): unknown; put(name: string, value: unknown): void };

export class Rooms {
  readonly #client: MatrixClient;
  readonly #memory: Memory;
  readonly #encrypted = new Set<string>();

  constructor(client: MatrixClient, memory: Memory) {
    this.#client = client;
    this.#memory = memory;
  }

  /** Once encrypted, a room stays so for us, in both directions: a state that was taken back is no reason to speak. */
  isEncrypted(id: string): boolean {
    if (this.#encrypted.has(id)) return true;
    const isSo = this.#memory.get(`encrypted/${id}`) === true;
    if (isSo) this.#encrypted.add(id);
    else if (this.#client.getRoom(id)?.hasEncryptionStateEvent() === true) this.sawEncrypted(id);
    return this.#encrypted.has(id);
  }

  sawEncrypted(id: string): void {
    if (this.#encrypted.has(id)) return;
    this.#encrypted.add(id);
    if (this.#memory.get(`encrypted/${id}`) !== true) this.#memory.put(`encrypted/${id}`, true);
  }

  joined(id: string): Room | null {
    const room = this.#client.getRoom(id);
    return room?.getMyMembership() === "join" ? room : null;
  }

  members(id: string): readonly string[] | null {
    return (
      this.joined(id)
        ?.getJoinedMembers()
        .map(({ userId }) => userId) ?? null
    );
  }

  facts(id: string): RoomFacts {
    const room = this.#client.getRoom(id);
    const me = this.#client.getUserId();
    const members = (this.members(id) ?? []).filter((member) => member !== me);
    const invited = room?.getMembersWithMembership("invite").length ?? 0;
    const name: unknown = room?.currentState.getStateEvents("m.room.name", "")?.getContent()["name"];
    return {
      id,
      isDirect: room !== null && members.length + invited <= 1,
      name: typeof name === "string" && name !== "" ? name : null,
      isEncrypted: this.isEncrypted(id),
      members,
    };
  }

  nameOf(id: string, person: string): string | null {
    const name = this.#client.getRoom(id)?.getMember(person)?.rawDisplayName;
    return name === undefined || name === "" || name === person ? null : name;
  }
}
