/** What the sync store keeps of arrivals until they are dealt with: the part of it that the account reads. */

export type RawEvent = Readonly<Record<string, unknown>>;

export type Row = {
  readonly id: number;
  readonly room: string;
  /**
   * event: one event of a timeline, as the homeserver sent it. gap: a timeline began later than where we stopped; raw
   * is { prev_batch, since }. invite, left: raw is { events }.
   */
  readonly kind: "event" | "gap" | "invite" | "left";
  readonly raw: RawEvent;
  /** When it came, milliseconds. */
  readonly at: number;
  /** We were not known to be in the room before: its timeline may be older than our joining. */
  readonly fresh: boolean;
  /** keys: waits for a room key. */
  readonly state: "new" | "keys";
};

export type InboxStore = {
  onRows: () => void;
  /** Oldest first. */
  rows(state: Row["state"], limit: number): readonly Row[];
  waitForKeys(id: number): void;
  /** What they held is gone; that they came is remembered. */
  done(ids: readonly number[]): void;
  /** Puts events, the oldest first, where a gap was; `rest` is what is still missing. */
  fill(gap: number, events: readonly RawEvent[], rest: RawEvent | null): void;
  /** Everything that was said in a room, waiting or cached, out of every file. */
  forget(room: string): void;
  get(name: string): unknown;
  put(name: string, value: unknown): void;
};
