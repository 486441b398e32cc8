/** One homeserver, two people and one account, for a file of checks; the account's process has the checks' clock. */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MatrixConnector } from "../../connectors/matrix/matrix.ts";
import type { Account } from "../../connectors/matrix/questions.ts";
import type { Pipe } from "../../connectors/matrix/wire.ts";
import { Homeserver, type Registered } from "../matrix/homeserver.ts";
import { Person } from "../matrix/person.ts";
import { mortal } from "../mortal.ts";
import { TurnedClock } from "./turned-clock.ts";

const CHILD = new URL("./matrix-child.ts", import.meta.url);
export const SERVICE = "service-token-of-the-tests";
const ENCRYPTED = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };

export function openChild(now: number): Pipe {
  const [program, ...args] = mortal([process.execPath, CHILD.pathname, String(now)]);
  const child = fork(args.at(-2) ?? "", args.slice(-1), {
    execPath: program,
    execArgv: args.slice(0, -2),
    env: { TZ: "UTC", NODE_ENV: "production" },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    send: (message) => void (child.connected && child.send(message as object, () => {})),
    onMessage: (listen) => void child.on("message", listen),
    onEnd: (listen) => void ended.then(listen),
    end: () => void child.kill("SIGKILL"),
  };
}

export class MatrixBench {
  readonly server: Homeserver;
  readonly bot: Registered;
  readonly actor: Person;
  readonly maker: Person;
  readonly dir = mkdtempSync(join(tmpdir(), "lazaret-matrix-"));
  readonly keys: Pick<Account, "cryptoKey" | "syncKey" | "recovery">;

  #other: Promise<string> | null = null;

  private constructor(server: Homeserver, bot: Registered, actor: Person, maker: Person) {
    this.server = server;
    this.bot = bot;
    this.actor = actor;
    this.maker = maker;
    const key = (): string => randomBytes(32).toString("base64");
    this.keys = { cryptoKey: key(), syncKey: key(), recovery: key() };
  }

  static async start(): Promise<MatrixBench> {
    const server = await Homeserver.start({ service: SERVICE });
    const bot = await server.register("bot");
    const [alice, ben] = [await server.register("alice"), await server.register("ben")];
    const people = [await Person.arrive(server, alice), await Person.arrive(server, ben)] as const;
    const bench = new MatrixBench(server, bot, ...people);
    // Its device is published before anybody shares a room with it.
    const clock = new TurnedClock(Date.now());
    const made = bench.connector(server.url, clock, () => openChild(clock.now()));
    await made.facts();
    await made.close();
    return bench;
  }

  connector(homeserver: string, clock: TurnedClock, openPipe: () => Pipe): MatrixConnector {
    const { user, token, device, password } = this.bot;
    const account: Account = { homeserver, user, token, device, password, ...this.keys };
    return new MatrixConnector(
      { tenant: "default", channel: "mx" },
      {
        clock,
        openPipe,
        files: { crypto: join(this.dir, "crypto.db"), sync: join(this.dir, "sync.db") },
        withAccount: async (use) => use(account),
        published: async () => {},
        mayInvite: () => false,
        keeps: () => true,
        wantingMembers: () => [],
      },
    );
  }

  /** A room in which the actor and the account are. */
  async room(): Promise<string> {
    const { maker, actor, bot, server } = this;
    const room = await maker.makeRoom([actor.id, bot.user], true, { initial_state: [ENCRYPTED] });
    await actor.client.joinRoom(room);
    await server.api("POST", `/_matrix/client/v3/join/${encodeURIComponent(room)}`, {}, bot.token);
    for (const who of [actor, maker]) await who.joined(room, bot.user);
    return room;
  }

  /** Another room, the same for every check. */
  other(): Promise<string> {
    this.#other ??= this.room();
    return this.#other;
  }

  async end(): Promise<void> {
    for (const who of [this.actor, this.maker]) await who[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
