/**
 * Watches the ledger from outside: at the start it is held against every checkpoint that was kept elsewhere, and each
 * new one is kept there. What does not fit, and effects whose outcome nobody wrote down, are said in status and doctor.
 */
import type { CheckpointPlace, Head } from "./checkpoint-places.ts";
import { MINUTE_MS } from "./core/limits.ts";
import { verifyConsistency } from "./core/merkle.ts";
import type { Clock, Store } from "./core/ports.ts";
import type { Log } from "./gateway/powers.ts";
import { parseCheckpoint } from "./store/checkpoint.ts";
import { hashing } from "./store/hashing.ts";

const WAITING_MAX = 100_000;
/** Checkpoints of a place that are held against the ledger at a start. */
const HEADS_MAX = 2000;

const headsIn = async (place: CheckpointPlace): Promise<readonly Head[]> =>
  place.heads === undefined ? (await place.read()).flatMap((note) => parseCheckpoint(note) ?? []) : place.heads();

export type WatchPowers = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly places: readonly CheckpointPlace[];
};

export class Watch {
  readonly #powers: WatchPowers;
  readonly #alarms = new Map<string, string>();
  readonly #kept = new Map<string, string>();
  #dangling: readonly number[] = [];
  #forget: () => void = () => {};
  #working: Promise<void> = Promise.resolve();

  constructor(powers: WatchPowers) {
    this.#powers = powers;
  }

  /** Intents whose outcome nobody wrote down. */
  get dangling(): readonly number[] {
    return this.#dangling;
  }

  get places(): readonly string[] {
    return this.#powers.places.map(({ name }) => name);
  }

  /** One sentence a place whose checkpoints the ledger does not continue, or that cannot be read or written. */
  get outside(): readonly string[] {
    return [...this.#alarms.values()];
  }

  /** Everything that the owner must look at. */
  notes(): readonly string[] {
    const lost = this.#dangling.length;
    const said = `ALARM: ${lost} effects were begun, and nobody wrote down what came of them: entries`;
    return [
      ...this.outside.map((alarm) => `ALARM: ${alarm}`),
      ...(lost === 0 ? [] : [`${said} ${this.#dangling.slice(0, 20).join(", ")}`]),
    ];
  }

  /** Holds the ledger against what is kept outside. Before anything new is written or signed. */
  async begin(): Promise<void> {
    for (const place of this.#powers.places) await this.#compare(place);
  }

  /** After recovery: what has no outcome now never gets one. Then looks every minute for a new checkpoint. */
  async start(): Promise<void> {
    const { dangling } = await this.#powers.store.ledger.verify(null);
    this.#dangling = lostOf(this.#powers.store, dangling);
    const { clock, places } = this.#powers;
    // A home's beginning is kept outside as well, and a place that is away is said at once.
    if (places.length > 0 && this.#powers.store.ledger.checkpoints().length === 0)
      await this.#powers.store.ledger.checkpoint();
    const look = (): void => {
      this.#working = this.publish();
      this.#forget = clock.at(clock.now() + MINUTE_MS, look);
    };
    look();
    await this.#working;
  }

  /** Signs a last checkpoint and keeps it outside. */
  async stop(): Promise<void> {
    this.#forget();
    await this.#working;
    if (this.#powers.places.length === 0) return;
    await this.#powers.store.ledger.checkpoint();
    await this.publish();
  }

  /**
   * Keeps the newest checkpoint in every place that does not have it. Never rejects: a place may be away for a while.
   */
  async publish(): Promise<void> {
    const newest = this.#powers.store.ledger.checkpoints().at(-1);
    if (newest === undefined) return;
    for (const place of this.#powers.places) {
      if (this.#kept.get(place.name) === newest.text) continue;
      try {
        await place.add(newest.text);
        this.#kept.set(place.name, newest.text);
        this.#alarms.delete(`${place.name} away`);
      } catch (error) {
        const kind = error instanceof Error ? error.name : "unknown";
        this.#alarms.set(`${place.name} away`, `no checkpoint can be kept in ${place.name} (${kind})`);
        this.#powers.log("store", { what: "checkpoint.outside", kind });
      }
    }
  }

  #doesNotFit(place: CheckpointPlace, size: number, reason: string): void {
    const said = `the ledger does not go on from the checkpoint of ${size} entries that is kept in ${place.name}`;
    this.#alarms.set(`${place.name} ${size}`, `${said}: ${reason}`);
  }

  /**
   * Whoever has the home's keys can sign a newest checkpoint for another history, and add it to what is kept. The older
   * ones contradict it.
   */
  async #compareAll(place: CheckpointPlace): Promise<void> {
    const { ledger } = this.#powers.store;
    const entries = ledger.size();
    const [newest] = ledger.checkpoints().slice(-1);
    const origin = parseCheckpoint(newest?.text ?? "")?.origin;
    if (origin === undefined) return;
    const heads = await headsIn(place);
    const own = heads.filter((head) => head.origin === origin || head.origin === sha256Text(origin));
    const { root } = await ledger.verify(null);
    const now = { size: entries, root: Buffer.from(root, "base64") };
    for (const head of sampled(own.toSorted((a, b) => a.size - b.size))) {
      const path = head.size > entries ? [] : ledger.consistency(head.size, entries);
      const proof = path.map((hash) => Buffer.from(hash, "base64"));
      if (verifyConsistency(hashing.sha256, head, now, proof)) continue;
      const reason = head.size > entries ? "the ledger is shorter" : "its beginning is another one";
      return this.#doesNotFit(place, head.size, reason);
    }
  }

  async #compare(place: CheckpointPlace): Promise<void> {
    const { ledger } = this.#powers.store;
    try {
      const newest = new Map<string, { readonly size: number; readonly text: string }>();
      for (const text of await place.read()) {
        const note = parseCheckpoint(text);
        if (note === null || (newest.get(note.origin)?.size ?? -1) > note.size) continue;
        newest.set(note.origin, { size: note.size, text });
        this.#kept.set(place.name, text);
      }
      for (const { size, text } of newest.values()) {
        const { ok, reason } = await ledger.verify(text);
        if (!ok) this.#doesNotFit(place, size, reason ?? "reason unknown");
      }
      await this.#compareAll(place);
    } catch (error) {
      const kind = error instanceof Error ? error.name : "unknown";
      this.#alarms.set(`${place.name} unread`, `the checkpoints in ${place.name} cannot be read (${kind})`);
    }
  }
}

const sha256Text = (text: string): string => Buffer.from(hashing.sha256(hashing.utf8(text))).toString("hex");

/** All of them; of very many the newest, and others at even distances. */
function sampled(heads: readonly Head[]): readonly Head[] {
  if (heads.length <= HEADS_MAX) return heads;
  const half = HEADS_MAX / 2;
  const older = heads.slice(0, -half);
  const step = older.length / half;
  return [...Array.from({ length: half }, (_, at) => older[Math.floor(at * step)] as Head), ...heads.slice(-half)];
}

/** Intents without an outcome, but for what still waits in an outbox to be fetched or sent. */
function lostOf(store: Store, dangling: readonly number[]): readonly number[] {
  const channels = store.all("channel", { limit: 1000 }).map(({ value }) => value.id);
  const rows = channels.flatMap((channel) =>
    store.outbox({ channel, states: ["pending", "sending"] }, { limit: WAITING_MAX }),
  );
  const waiting = new Set<unknown>(rows.map(({ id, message }) => message ?? id));
  return dangling.filter((seq) => !waiting.has(store.ledger.entries(seq - 1, 1)[0]?.body["effect"]));
}
