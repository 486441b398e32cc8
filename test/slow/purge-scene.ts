import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { Message } from "../../src/core/message.ts";
import type { HomeStore } from "../../src/store/store.ts";
import { HandClock } from "../store-home.ts";
import { Canaries } from "./canaries.ts";
import { filesBelow } from "./daemon-process.ts";
import { type Lazaret, lazaretOn, openLazaret, SECRET } from "./kill-home.ts";

const hexOf = (id: Buffer | string): string => (typeof id === "string" ? id : id.toString("hex"));

/** Two rooms in which people wrote, and one who asked about both of them. */
export class PurgeScene {
  readonly dir = mkdtempSync(join(tmpdir(), "lz-purge-"));
  readonly words = new Canaries();
  readonly clock = new HandClock();
  #here: Lazaret | null = null;

  get here(): Lazaret {
    if (this.#here === null) throw new Error("not set up");
    return this.#here;
  }

  get owner() {
    return this.here.daemon.surface.owner;
  }

  get store(): HomeStore {
    return this.here.store;
  }

  async setUp(): Promise<this> {
    this.#here = await openLazaret(this.dir, this.clock);
    await this.owner["secrets.set"]({ name: "hook-alerts", value: SECRET });
    this.here.attach(() => {});
    const text = (what: string): string => `Please bring the tent. ${this.words.in(what)}`;
    const sent_at = this.clock.now() - 60_000;
    await this.owner.import({
      conversation: "family",
      lines: ["Ana", "Ben", "Ana"].map((who, n) => ({
        id: `m${n}-${this.words.in("an id")}`,
        sender: `${who} ${this.words.in("a name")}`,
        text: text("family"),
        sent_at: sent_at + n,
      })),
    });
    await this.post({ id: "e0", sender: "ben", kind: "membership", members: ["ana", "ben", "zoe"] });
    await this.post({ id: "e1", sender: "zoe", text: text("zoe") });
    await this.post({ id: "e2", sender: "ben", text: text("ben") });
    const data = Buffer.from(this.words.in("zoe")).toString("base64");
    await this.post({
      id: "e3",
      sender: "zoe",
      text: text("zoe"),
      attachments: [{ name: "a", mime: "text/plain", data }],
    });
    await this.post({ id: "e4", text: "summarise the last 20 messages", addressed: true });
    await this.type("summarise family");
    await this.type("redact the last 2 messages of family");
    await this.here.rest();
    return this;
  }

  async post(body: Record<string, unknown>): Promise<void> {
    expect((await this.here.post(body)).status).toBe(202);
    await this.here.rest();
  }

  async type(text: string): Promise<void> {
    await this.owner["chat.say"]({ text });
    await this.here.rest();
  }

  /** Kept messages of people: the first word of the sender's own id for each, by room. */
  kept(alias: string): readonly Message[] {
    const id = this.store.find("conversation", "alias", `default/${alias}`, { limit: 1 })[0]?.value.id;
    if (id === undefined) throw new Error(`no ${alias}`);
    return this.store.messages({ conversation: id, last: 1000 });
  }

  people(alias: string): readonly string[] {
    const kept = this.kept(alias).filter(({ own }) => !own);
    return kept.map(({ id }) => this.store.platformOf("event", id)?.split("\n").at(-1)?.slice(0, 2) ?? "?").sort();
  }

  /** The session of somebody who asked in a room. */
  session(alias: string): string {
    const place = this.kept(alias)[0]?.conversation;
    const run = this.store.all("run", { limit: 100 }).find(({ value }) => value.conversation === place);
    if (run === undefined) throw new Error(`nobody asked in ${alias}`);
    return run.value.session;
  }

  async principal(platform: string): Promise<string> {
    const { principals } = await this.owner["principal.list"]({});
    const found = principals.find((it) => it.platform === platform);
    if (found === undefined) throw new Error(`no ${platform}`);
    return found.id;
  }

  /** Everything sealed there is: content, keys, references, as they lie in the database. */
  sealed(): Map<string, readonly Buffer[]> {
    this.store.clean();
    const copy = join(this.dir, "look.db");
    cpSync(join(this.dir, "data", "lazaret.db"), copy);
    const db = new Database(copy, { readonly: true });
    const rows = (sql: string) => db.prepare(sql).raw().all() as (readonly [Buffer | string, ...Buffer[]])[];
    const found = new Map<string, readonly Buffer[]>();
    const blobs = "SELECT b.id, b.sealed, k.wrapped FROM blob b JOIN blob_key k ON k.n = b.n";
    for (const [id, ...parts] of rows(blobs)) found.set(`blob ${hexOf(id)}`, parts);
    for (const [id, ...parts] of rows("SELECT mac, platform FROM ref")) found.set(`ref ${hexOf(id)}`, parts);
    db.close();
    rmSync(copy);
    return found;
  }

  files(): string {
    return ["data", "keys"].flatMap((part) => filesBelow(join(this.dir, part)).map(({ bytes }) => bytes)).join("\n");
  }

  async close(): Promise<void> {
    await this.here.daemon.close();
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  async reopen(store?: HomeStore): Promise<void> {
    this.#here =
      store === undefined ? await openLazaret(this.dir, this.clock) : await lazaretOn(store, this.dir, this.clock);
  }
}
