/** A town whose account speaks through a proxy, with one encrypted room whose keys change with every message. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Between } from "./between.ts";
import type { Person } from "./person.ts";
import { until } from "./person.ts";
import { Town } from "./town.ts";

const IDLE = "Nothing of yours is running here.";

export type Device = { readonly device: string; readonly keys: Readonly<Record<string, string>> };

export class SoakTown implements AsyncDisposable {
  readonly town: Town;
  readonly proxy: Between;
  readonly alice: Person;
  readonly room: string;
  readonly direct: string;
  /** How often something was asked, and the ids of all that was said. */
  asked = 0;
  readonly said: string[] = [];

  private constructor(given: Pick<SoakTown, "town" | "proxy" | "alice" | "room" | "direct">) {
    this.town = given.town;
    this.proxy = given.proxy;
    this.alice = given.alice;
    this.room = given.room;
    this.direct = given.direct;
  }

  static async found(): Promise<SoakTown> {
    const town = await Town.found();
    const proxy = await Between.before(town.server.url);
    const alice = await town.arrive("alice");
    const settings = { homeserver: proxy.url, user: town.bot.user, owner: alice.id };
    await town.ask("channel.add", { name: "mx", kind: "matrix", secret: town.bot.password, settings });
    const direct = await alice.joinFrom(town.bot.user);
    await town.pair(alice, direct, "owner");
    const room = await alice.makeRoom([town.bot.user]);
    await alice.joined(room, town.bot.user);
    await town.ask("conversation.allow", { conversation: room, channel: "mx", alias: "soak", members_all: true });
    return new SoakTown({ town, proxy, alice, room, direct });
  }

  /** Something said to nobody, then a word to the bot, which answers each such word at once. */
  async ask(): Promise<void> {
    const { room, town, alice } = this;
    this.said.push(await alice.say(room, `canary-${this.said.length}-dolphin`));
    this.said.push(await alice.ask(room, town.bot.user, "status"));
    this.asked += 1;
  }

  /** How many answers came, and opened. */
  async answers(): Promise<number> {
    return (await this.alice.heard(this.room, this.town.bot.user)).filter(({ body }) => body === IDLE).length;
  }

  /** As many as were asked for. One that came twice shows when the next is counted. */
  async answered(): Promise<void> {
    try {
      await until(async () => (await this.answers()) >= this.asked);
    } catch {
      const answers = await this.answers();
      throw new Error(
        `${answers} of ${this.asked} answered: ${JSON.stringify(await this.town.ask("channel.list", {}))}`,
      );
    }
  }

  /** The bot's devices as the homeserver knows them. */
  async devices(): Promise<readonly Device[]> {
    type Found = { device_keys: Record<string, Record<string, { keys: Record<string, string> }>> };
    const { bot, server } = this.town;
    const body = { device_keys: { [bot.user]: [] } };
    const found = await server.api<Found>(
      "POST",
      "/_matrix/client/v3/keys/query",
      body,
      this.alice.client.getAccessToken() ?? "",
    );
    return Object.entries(found.device_keys[bot.user] ?? {}).map(([device, { keys }]) => ({ device, keys }));
  }

  /** The processes of accounts under the daemon. */
  accounts(): readonly number[] {
    const { pid } = this.town.daemon;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  }

  /** Every file of the home but the owner's configuration. */
  files(): readonly string[] {
    const { home } = this.town.home;
    const all = readdirSync(home, { recursive: true, encoding: "utf8" });
    return all.filter((file) => file !== "config.yaml").map((file) => join(home, file));
  }

  /** Those in which one of the values stands. */
  holding(values: readonly (string | Buffer)[]): readonly string[] {
    return this.files().filter((file) => {
      const bytes = readBytes(file);
      return values.some((value) => bytes.includes(value));
    });
  }

  /** Files of the home in which one of the words stands, in UTF-8 or UTF-16. */
  traces(words: readonly string[]): readonly string[] {
    return words.flatMap((word) =>
      this.holding([word, Buffer.from(word, "utf16le")]).map((file) => `${file}: ${word}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.town[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
  }
}

/** Nothing for what is no file. */
function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0); // a folder, a socket, or gone meanwhile
  }
}
