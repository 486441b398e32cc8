/** From what the sync store keeps to what the daemon is handed: in order, each once, acknowledged by asking again. */
import { DAY_MS, SECOND_MS } from "../../src/core/limits.ts";
import type { Clock } from "../../src/core/ports.ts";
import type { InboxStore, RawEvent, Row } from "./inbox.ts";
import { normalize, type Seen, stated } from "./normalize.ts";
import type { Opener } from "./opened.ts";
import type { Batch, Item } from "./questions.ts";
import type { Rooms } from "./rooms.ts";

const ROWS_MAX = 512;
const WAITING_MAX = 1000;
/** How often what waits for keys is looked at without a sign that one came. */
const RETRY_MS = [3 * SECOND_MS, 25 * SECOND_MS, 10 * 60 * SECOND_MS] as const;
const GAP_AGE_MS_MAX = 30 * DAY_MS;

export type DrainPowers = {
  readonly store: InboxStore;
  readonly rooms: Rooms;
  readonly opener: Opener;
  readonly clock: Clock;
  readonly me: string;
  readonly selfName: () => string;
  /** Fetches what a gap lacks into the store. False when that is impossible now. */
  readonly fillGap: (row: Row) => Promise<"filled" | "truncated" | "later">;
  /** What is durable with the daemon up to this event of a room. */
  readonly read: (room: string, event: string) => void;
  /** Joins, or leaves the invitation alone. False when it has to be looked at again. */
  readonly invited: (row: Row) => Promise<boolean>;
};

type Place = { readonly tenant: string; readonly channel: string };
type Gathered = { readonly items: readonly Item[]; readonly ids: readonly number[] };
/** What was handed over last, kept on the disk: whoever comes back with its cursor has it, also after a crash. */
type Handed = {
  readonly cursor: string;
  readonly ids: readonly number[];
  readonly count: number;
  /** The newest event of each room. */
  readonly newest: Readonly<Record<string, string>>;
};
const HANDED = "handed";

export class Drain {
  readonly #powers: DrainPowers;
  /** Rooms in which we saw ourselves join: what comes after is not from before. */
  readonly #live = new Set<string>();
  #handed: Handed | null;
  #wake = (): void => {};
  #asked = 0;
  #count: number;

  constructor(powers: DrainPowers) {
    this.#powers = powers;
    this.#handed = powers.store.get(HANDED) as Handed | null;
    this.#count = this.#handed?.count ?? 0;
    powers.store.onRows = () => this.kick();
  }

  /** Something may be there. */
  kick(): void {
    this.#wake();
  }

  /** `ack` is the cursor of the batch that is durable now; of any other one everything comes again. */
  async next(place: Place, ack: string | null): Promise<Batch> {
    const asked = ++this.#asked;
    if (this.#handed !== null && this.#handed.cursor === ack) this.#kept(this.#handed);
    this.#handed = null;
    this.#wake();
    for (;;) {
      const woken = this.#wakening();
      const { items, ids } = await this.#gather(place);
      if (this.#asked !== asked) return { cursor: "", items: [] };
      if (items.length > 0) {
        this.#count += 1;
        const cursor = `${this.#powers.clock.now()}.${this.#count}`;
        this.#handed = { cursor, ids, count: this.#count, newest: newestIn(items) };
        this.#powers.store.put(HANDED, this.#handed);
        return { cursor, items };
      }
      if (ids.length > 0) this.#powers.store.done(ids);
      await woken.done;
      if (this.#asked !== asked) return { cursor: "", items: [] };
    }
  }

  #kept({ ids, newest }: Handed): void {
    this.#powers.store.done(ids);
    for (const [room, event] of Object.entries(newest)) this.#powers.read(room, event);
  }

  /** Resolves at the next kick, or when it is time to look again at what waits. */
  #wakening(): { readonly done: Promise<void> } {
    const { clock, store } = this.#powers;
    const done = new Promise<void>((resolve) => {
      const [oldest] = store.rows("keys", 1);
      const age = oldest === undefined ? 0 : clock.now() - oldest.at;
      const pause = RETRY_MS.find((ms) => ms > age) ?? RETRY_MS[2];
      const forget = clock.at(clock.now() + Math.min(pause, RETRY_MS[1]), () => resolve());
      this.#wake = () => {
        forget();
        resolve();
      };
    });
    return { done };
  }

  async #gather(place: Place): Promise<Gathered> {
    const { store } = this.#powers;
    const [items, ids]: [Item[], number[]] = [[], []];
    for (const row of store.rows("keys", WAITING_MAX)) await this.#take(row, place, items, ids);
    for (const row of store.rows("new", ROWS_MAX)) {
      if (row.kind !== "gap") {
        await this.#take(row, place, items, ids);
        continue;
      }
      // What comes after a gap waits for what was in it.
      const filled = await this.#gap(row, place, items, ids);
      if (!filled) break;
      return items.length > 0 ? { items, ids } : this.#gather(place);
    }
    return { items, ids };
  }

  async #gap(row: Row, place: Place, items: Item[], ids: number[]): Promise<boolean> {
    const { clock, fillGap } = this.#powers;
    const isOld = clock.now() - row.at > GAP_AGE_MS_MAX;
    const outcome = isOld ? "truncated" : await fillGap(row);
    if (outcome === "later") return false;
    if (outcome === "truncated") {
      items.push(stated("gap", `${row.id}.${row.at}`, this.#powers.me, this.#seen(row, place)));
      ids.push(row.id);
    }
    return true;
  }

  async #take(row: Row, place: Place, items: Item[], ids: number[]): Promise<void> {
    if (row.kind === "invite") {
      if (await this.#powers.invited(row)) ids.push(row.id);
      return;
    }
    if (row.kind === "left") {
      const seen = this.#seen(row, place);
      items.push(
        stated("membership", `${row.id}.${row.at}`, this.#powers.me, {
          ...seen,
          room: { ...seen.room, members: [] },
        }),
      );
      ids.push(row.id);
      return;
    }
    const item = await this.#event(row, place);
    if (item === "waiting") return;
    ids.push(row.id);
    if (item !== null) items.push(item);
  }

  async #event(row: Row, place: Place): Promise<Item | null | "waiting"> {
    const { rooms, opener, store, me, selfName } = this.#powers;
    const isBacklog = this.#isBacklog(row);
    if (row.raw["type"] === "m.room.encrypted" || row.raw["type"] === "m.room.encryption") rooms.sawEncrypted(row.room);
    if (row.raw["sender"] === me && row.raw["type"] !== "m.room.member") return null;
    const opened = await opener.open(row);
    const seen = this.#seen(row, place);
    if (opened.is === "open") {
      const sender = String(row.raw["sender"]);
      return normalize(opened.raw, {
        ...seen,
        me: { id: me, name: selfName() },
        senderName: rooms.nameOf(row.room, sender),
        evidence: opened.evidence,
        isBacklog: isBacklog || opened.isLate,
      });
    }
    // What was said before we came was never for us: nobody will send us its key.
    if (isBacklog) {
      opener.forget(row.id);
      return null;
    }
    if (opened.is === "hopeless") return this.#unread(row, seen, "given-up");
    if (row.state === "new") store.waitForKeys(row.id);
    return opened.notice ? this.#unread(row, seen, "late") : "waiting";
  }

  #unread(row: Row, seen: Omit<Seen, "senderName" | "me">, how: string): Item {
    return stated("undecryptable", `${String(row.raw["event_id"])}.${how}`, String(row.raw["sender"]), seen);
  }

  #isBacklog({ fresh, room, raw }: Row): boolean {
    if (!fresh || this.#live.has(room)) return false;
    const isOwnJoin =
      raw["type"] === "m.room.member" &&
      raw["state_key"] === this.#powers.me &&
      membershipIn(raw["content"]) === "join";
    if (isOwnJoin) this.#live.add(room);
    return !isOwnJoin;
  }

  #seen({ room, at }: Row, place: Place): Omit<Seen, "senderName" | "me"> {
    const evidence = { transport: "transport", verified: "platform" } as const;
    return { ...place, room: this.#powers.rooms.facts(room), evidence, isBacklog: false, receivedAt: at };
  }
}

function newestIn(items: readonly Item[]): Handed["newest"] {
  const newest: Record<string, string> = {};
  for (const { event } of items)
    if (event.envelope.kind === "message") newest[event.envelope.conversation] = event.envelope.event_id;
  return newest;
}

export const membershipIn = (content: unknown): unknown =>
  typeof content === "object" && content !== null ? Reflect.get(content, "membership") : undefined;

export const eventsIn = (raw: RawEvent): readonly RawEvent[] =>
  Array.isArray(raw["events"]) ? (raw["events"] as readonly RawEvent[]) : [];
