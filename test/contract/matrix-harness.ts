/** A Matrix account's harness: connector and process on one side, a real Synapse and its people on the other. */
import type { MatrixConnector } from "../../connectors/matrix/matrix.ts";
import type { Pipe } from "../../connectors/matrix/wire.ts";
import { unless } from "../../connectors/stop.ts";
import type { Connector, ConnectorBatch, Stop } from "../../src/core/ports.ts";
import { until } from "../matrix/person.ts";
import { changed } from "./broken.ts";
import type { ConnectorHarness, Deed, Landed, Traits } from "./harness.ts";
import { type MatrixBench, openChild, SERVICE } from "./matrix-bench.ts";
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

/** Of a whole homeserver on a machine that does other things as well; 250 messages are encrypted one by one. */
const PATIENCE_MS = 200_000;

/** What a seeded bug changes: the connector, or what travels between it and its account. */
export type MatrixBug = {
  readonly between?: (sound: Connector) => Connector;
  readonly onPipe?: (pipe: Pipe) => Pipe;
};

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
  async drain(made: Connector, event: string): Promise<void> {
    const stopper = new AbortController();
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
  const own = await bench.room();
  const rooms = { own, other: await bench.other() };
  const deeds = new MatrixDeeds({ server, actor, maker, rooms, service: SERVICE });
  const root = await maker.say(own, "Let us talk about this.");
  const running = new Running(bench, proxy, bug, deeds);
  const connector = running.make();
  await running.drain(connector, root);
  proxy.sends = 0;
  return {
    connector,
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
