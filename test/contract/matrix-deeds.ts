/** What people do in one encrypted room of a real Synapse, one deed after the other. */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import type { MatrixEvent } from "matrix-js-sdk";
import * as sdk from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import type { Homeserver } from "../matrix/homeserver.ts";
import type { Person } from "../matrix/person.ts";
import { until } from "../matrix/person.ts";
import type { Deed } from "./harness.ts";

const v3 = "/_matrix/client/v3";
type Json = Readonly<Record<string, unknown>>;
/** An event: its id, and the room in which it is. */
export type Done = { readonly id: string; readonly room: string };
type NamedFile = NonNullable<Deed["files"]>[number];

export class MatrixDeeds {
  readonly #server: Homeserver;
  /** Whoever acts, and whoever made the room and stays in it. */
  readonly #actor: Person;
  readonly #maker: Person;
  readonly #rooms: { readonly own: string; readonly other: string };
  /** A token that sends as anybody, at any time. */
  readonly #service: string;
  #sent = 0;

  constructor(given: {
    readonly server: Homeserver;
    readonly actor: Person;
    readonly maker: Person;
    readonly rooms: { readonly own: string; readonly other: string };
    readonly service: string;
  }) {
    this.#server = given.server;
    this.#actor = given.actor;
    this.#maker = given.maker;
    this.#rooms = given.rooms;
    this.#service = given.service;
  }

  /** The last event of it. `events` are ids by what earlier deeds are called. */
  async do(deed: Deed, events: ReadonlyMap<string, string>): Promise<Done> {
    const room = deed.conversation === undefined ? this.#rooms.own : this.#rooms.other;
    const target = events.get(deed.target ?? "") ?? deed.target ?? "";
    if (deed.title !== undefined) await this.#maker.client.setRoomName(room, deed.title);
    if (deed.sender?.name !== undefined) await this.#call(room, deed.sender.name);
    const { client } = this.#actor;
    switch (deed.kind) {
      case "edit": {
        const next = { msgtype: "m.text", body: deed.text ?? "" };
        const relation = { rel_type: "m.replace", event_id: target };
        return this.#say(room, { ...next, "m.new_content": next, "m.relates_to": relation });
      }
      case "reaction": {
        const id = await this.#actor.react(room, target, deed.key ?? "");
        return { id, room };
      }
      case "delete":
        return { id: (await client.redactEvent(room, target)).event_id, room };
      case "membership":
        await client.leave(room);
        return { id: await this.#memberEvent(room), room };
      case "gap":
        return this.#gap(room);
      default:
        return this.#message(room, deed, events.get(deed.replyTo ?? "") ?? deed.replyTo);
    }
  }

  async #message(room: string, deed: Deed, replyTo: string | undefined): Promise<Done> {
    const answers = replyTo === undefined ? {} : { "m.in_reply_to": { event_id: replyTo } };
    const thread =
      deed.thread === undefined
        ? {}
        : {
            rel_type: "m.thread",
            event_id: deed.thread,
            is_falling_back: true,
            "m.in_reply_to": { event_id: deed.thread },
          };
    const relation = { ...thread, ...answers };
    const about = Object.keys(relation).length === 0 ? {} : { "m.relates_to": relation };
    const msgtype = deed.sender?.kind === "bot" ? "m.notice" : "m.text";
    if (deed.files === undefined) return this.#say(room, { msgtype, body: deed.text ?? "", ...about }, deed.sentAt);
    let last: Done = { id: "", room };
    for (const [at, file] of deed.files.entries())
      last = await this.#say(room, await this.#file(file, at === 0 ? deed.text : undefined));
    return last;
  }

  async #say(room: string, content: Json, sentAt?: number): Promise<Done> {
    const type = "m.room.message" as never;
    if (sentAt === undefined) {
      const { event_id } = await this.#actor.client.sendEvent(room, type, content as never);
      return { id: event_id, room };
    }
    const event = new sdk.MatrixEvent({ type, content, room_id: room, sender: this.#actor.id, event_id: "~" });
    const place = this.#actor.client.getRoom(room);
    if (place === null) throw new TypeError("not in the room");
    await (this.#actor.crypto as unknown as CryptoBackend).encryptEvent(event, place);
    const query = new URLSearchParams({ user_id: this.#actor.id, ts: String(sentAt) });
    const path = `${v3}/rooms/${encodeURIComponent(room)}/send/m.room.encrypted/dated-${++this.#sent}?${query}`;
    const { event_id } = await this.#server.api<{ event_id: string }>(
      "PUT",
      path,
      event.getWireContent(),
      this.#service,
    );
    return { id: event_id, room };
  }

  /** Encrypted as the specification has it (11.10), and described in the event. */
  async #file({ name, mime, bytes }: NamedFile, caption: string | undefined): Promise<Json> {
    const [key, iv] = [randomBytes(32), Buffer.concat([randomBytes(8), Buffer.alloc(8)])];
    const cipher = createCipheriv("aes-256-ctr", key, iv);
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
    const { content_uri: url } = await this.#actor.client.uploadContent(new Blob([sealed]));
    const bare = (data: Buffer): string => data.toString("base64").replace(/=+$/, "");
    const file = {
      v: "v2",
      url,
      key: { kty: "oct", alg: "A256CTR", ext: true, key_ops: ["encrypt", "decrypt"], k: key.toString("base64url") },
      iv: bare(iv),
      hashes: { sha256: bare(createHash("sha256").update(sealed).digest()) },
    };
    const msgtype = mime.startsWith("image/") ? "m.image" : "m.file";
    const info = { mimetype: mime, size: bytes.length };
    return { msgtype, body: caption ?? name, filename: name, info, file };
  }

  /** A name of one's own in a room. */
  async #call(room: string, displayname: string): Promise<void> {
    const content = { membership: "join", displayname };
    await this.#actor.client.sendStateEvent(room, "m.room.member" as never, content as never, this.#actor.id);
  }

  async #memberEvent(room: string): Promise<string> {
    const member = (): MatrixEvent | undefined =>
      this.#maker.client.getRoom(room)?.getMember(this.#actor.id)?.events.member;
    return until(() => (member()?.getContent()["membership"] === "leave" ? member()?.getId() : null));
  }

  /** More at once than a homeserver tells at once, none of which is anything to us. */
  async #gap(room: string): Promise<Done> {
    const sent = Array.from({ length: 40 }, (_, at) =>
      this.#server.api<{ event_id: string }>(
        "PUT",
        `${v3}/rooms/${encodeURIComponent(room)}/send/dev.lazaret.noise/gap-${++this.#sent}-${at}`,
        {},
        this.#maker.client.getAccessToken() ?? "",
      ),
    );
    const ids = await Promise.all(sent);
    return { id: ids.at(-1)?.event_id ?? "", room };
  }

  /** Things in clear and in cipher that are no events to anybody. */
  async garble(target: string): Promise<Done> {
    const room = this.#rooms.own;
    const replaces = { rel_type: "m.replace", event_id: target };
    const annotates = { rel_type: "m.annotation", event_id: target };
    await this.#say(room, { msgtype: 7, body: { c4nary: "c4nary-text" } });
    await this.#say(room, { msgtype: "m.c4nary-text", body: "c4nary-text" });
    await this.#say(room, { body: "c4nary-edit", "m.relates_to": replaces, "m.new_content": 1 });
    await this.#say(room, {
      msgtype: "m.image",
      body: "c4nary-file",
      filename: "c4nary-file",
      url: "mxc://hs.test/c4",
    });
    const react = (relation: unknown): Promise<{ event_id: string }> =>
      this.#actor.client.sendEvent(room, "m.reaction" as never, { "m.relates_to": relation } as never);
    await react({ ...annotates, key: "c4nary-key".repeat(20) });
    return { id: (await react("c4nary-key")).event_id, room };
  }
}
