/** A Matrix account's harness: the connector and its process on one side, a real Synapse and its people on the other. */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MatrixConnector } from "../../connectors/matrix/matrix.ts";
import type { Account } from "../../connectors/matrix/questions.ts";
import type { Pipe } from "../../connectors/matrix/wire.ts";
import { unless } from "../../connectors/stop.ts";
import type { Connector, ConnectorBatch, Stop } from "../../src/core/ports.ts";
import { Homeserver, type Registered } from "../matrix/homeserver.ts";
import { Person, until } from "../matrix/person.ts";
import { mortal } from "../mortal.ts";
import { changed } from "./broken.ts";
import type { ConnectorHarness, Deed, Landed, Traits } from "./harness.ts";
import { type Done, MatrixDeeds } from "./matrix-deeds.ts";
import { MatrixProxy } from "./matrix-proxy.ts";
import { TurnedClock } from "./turned-clock.ts";

export const MATRIX_TRAITS: Traits = {
  delivery: "cursor",
  outward: "push",
  kinds: ["message", "edit", "delete", "reaction", "membership", "gap", "undecryptable"],
  ids: "network",
  senders: ["person", "bot"],
  names: true,
  clocks: true,
  files: true,
  members: "changes",
  faults: ["refused", "rate_limited", "lost_answer", "server_error", "hang"],
};

const CHILD = new URL("./matrix-child.ts", import.meta.url);
const SERVICE = "service-token-of-the-tests";
/** Of a whole homeserver on a machine that does other things as well; 250 messages are encrypted one by one. */
const PATIENCE_MS = 200_000;
const ENCRYPTED = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };

/** What a seeded bug changes: the connector, or what travels between it and its account. */
export type MatrixBug = {
  readonly between?: (sound: Connector) => Connector;
  readonly onPipe?: (pipe: Pipe) => Pipe;
};

function openChild(now: number): Pipe {
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

/** One homeserver, two people and one account for a whole file of checks; each check has rooms of its own. */
export class MatrixBench {
  readonly server: Homeserver;
  readonly bot: Registered;
  readonly actor: Person;
  readonly maker: Person;
  readonly dir = mkdtempSync(join(tmpdir(), "lazaret-matrix-"));
  readonly keys: Pick<Account, "cryptoKey" | "syncKey" | "recovery">;

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

  async end(): Promise<void> {
    for (const who of [this.actor, this.maker]) await who[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** One check's network: what is done waits in line, and what is read waits until it was done. */
class Running {
  readonly clock = new TurnedClock(Date.now());
  readonly #bench: MatrixBench;
  readonly #proxy: MatrixProxy;
  readonly #bug: MatrixBug;
  readonly #deeds: MatrixDeeds;
  readonly #events = new Map<string, string>();
  readonly #made: MatrixConnector[] = [];
  readonly #pipes: Pipe[] = [];
  #line: Promise<Done | null> = Promise.resolve(null);
  #heard = 0;
  #acted = 0;

  constructor(bench: MatrixBench, proxy: MatrixProxy, bug: MatrixBug, deeds: MatrixDeeds) {
    this.#bench = bench;
    this.#proxy = proxy;
    this.#bug = bug;
    this.#deeds = deeds;
  }

  make(): Connector {
    const made = this.#bench.connector(this.#proxy.url, this.clock, () => {
      const pipe = openChild(this.clock.now());
      this.#pipes.push(pipe);
      return this.#bug.onPipe?.(pipe) ?? pipe;
    });
    this.#made.push(made);
    const sound = this.#bug.between?.(made) ?? made;
    return changed(sound, {
      opened: (open) => (options) => this.#read(open(options), made, options.stop),
      sent: (send) => async (operation, stop) => {
        const outcome = await send(operation, stop);
        if (outcome.state === "sent" && "text" in operation) await this.#seen(outcome.eventIds);
        return outcome;
      },
    });
  }

  async *#read(batches: AsyncIterable<ConnectorBatch>, made: MatrixConnector, stop: Stop) {
    const stream = batches[Symbol.asyncIterator]();
    try {
      for (;;) {
        await this.#settled(made, stop);
        const { done, value } = await stream.next();
        if (done === true) return;
        this.#heard += value.events.length;
        yield value;
      }
    } finally {
      await stream.return?.();
    }
  }

  /** Everything that was done has arrived at the account. */
  async #settled(made: MatrixConnector, stop: Stop): Promise<void> {
    if (stop.aborted) return;
    const work = this.#line.then(async (last) => {
      if (last === null) return;
      await made.isMember(last.room, "", stop);
      await this.#proxy.has(last.id);
    });
    await unless(work, stop as AbortSignal);
  }

  act(deed: Deed): string {
    const name = `deed-${++this.#acted}`;
    const isRenaming = deed.title !== undefined || deed.sender?.name !== undefined;
    const before = this.#acted - 1;
    this.#line = this.#line.then(async () => {
      // Whoever is renamed while nobody has read what they said is read under the new name.
      if (isRenaming && deed.kind === undefined) await until(() => this.#heard >= before);
      if (deed.kind === "gap") {
        this.#proxy.keepsHistory = true;
        this.#proxy.hold();
      }
      const done = await this.#deeds.do(deed, this.#events);
      this.#proxy.release();
      this.#events.set(name, done.id);
      return done;
    });
    return name;
  }

  garble(target: string): readonly null[] {
    this.#line = this.#line.then(() => this.#deeds.garble(target));
    return [null];
  }

  /** Reads until an event has come, and says that everything is kept. */
  async drain(event: string): Promise<void> {
    const stopper = new AbortController();
    const made = this.make();
    const stream = made.open({ cursor: null, stop: stopper.signal })[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await stream.next();
      if (done === true) throw new TypeError("the stream ended early");
      if (value.events.some(({ envelope }: ConnectorBatch["events"][number]) => envelope.event_id === event)) break;
    }
    const next = stream.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    stopper.abort();
    await next;
    await made.close();
    this.#heard = 0;
  }

  #said() {
    const { maker, bot } = this.#bench;
    return maker.client
      .getRooms()
      .flatMap((room) => room.getLiveTimeline().getEvents())
      .filter((event) => event.getSender() === bot.user && event.getType() === "m.room.message");
  }

  async #seen(ids: readonly string[]): Promise<void> {
    await until(() => ids.every((id) => this.#said().some((event) => event.getId() === id)));
  }

  landed(room: string): readonly Landed[] {
    return this.#said()
      .filter((event) => event.getRoomId() === room)
      .map((event): Landed => {
        const content = event.getOriginalContent();
        const relation = content["m.relates_to"] as { rel_type?: string; event_id?: string } | undefined;
        const next = content["m.new_content"] as { body?: string } | undefined;
        if (relation?.rel_type === "m.replace")
          return { op: "edit", conversation: room, target: relation.event_id, text: next?.body };
        const thread = relation?.rel_type === "m.thread" ? relation.event_id : undefined;
        return { op: "text", conversation: room, text: String(content["body"]), thread };
      });
  }

  crash(): void {
    for (const pipe of this.#pipes.splice(0)) pipe.end();
  }

  async end(): Promise<void> {
    await this.#line.catch(() => null);
    await Promise.all(this.#made.map((made) => made.close()));
    this.crash();
    await this.#proxy.end();
  }
}

export async function matrixHarness(bench: MatrixBench, bug: MatrixBug = {}): Promise<ConnectorHarness> {
  const { actor, maker, bot, keys, server } = bench;
  const proxy = await MatrixProxy.before(server.url);
  const [own, other] = [await bench.room(), await bench.room()];
  const deeds = new MatrixDeeds({ server, actor, maker, rooms: { own, other }, service: SERVICE });
  const root = await maker.say(own, "Let us talk about this.");
  const sound = new Running(bench, proxy, {}, deeds);
  await sound.drain(root);
  const running = new Running(bench, proxy, bug, deeds);
  proxy.sends = 0;
  return {
    connector: running.make(),
    tenant: "default",
    now: () => running.clock.now(),
    restart: () => {
      running.crash();
      return running.make();
    },
    act: (deed) => ({ event: running.act(deed), told: null }),
    garble: () => running.garble(root),
    wire: {
      attempts: () => proxy.sends,
      landed: () => running.landed(own),
      fault: (fault) => proxy.fault(fault),
    },
    secrets: [bot.token, bot.password, ...Object.values(keys)],
    conversation: own,
    thread: root,
    patienceMs: PATIENCE_MS,
    end: () => running.end(),
  };
}
