/**
 * What has to happen as time passes: questions expire, runs end, content reaches its age, the clock is watched
 * (CONTRACT sections 4, 7, 8, 12).
 */
import type { RunId } from "../core/ids.ts";
import { CLOCK_LEAP_MS, CLOCK_STEP_MS, DAY_MS, HOUSEKEEPING_INTERVAL_MS } from "../core/limits.ts";
import { dayOf } from "../core/records.ts";
import { isTerminal } from "../core/run.ts";
import { step } from "./answer.ts";
import { seen } from "./call.ts";
import { conclude } from "./conclude.ts";
import type { Drives } from "./drive.ts";
import { finishPurges } from "./erase.ts";
import { repeatNotices } from "./everybody.ts";
import { sweepFollowups } from "./followups.ts";
import { isMessageHeld, released, settleDeferred } from "./holds.ts";
import { DELETED_SINCE, withdraw } from "./keep.ts";
import { sweepNotes } from "./notes.ts";
import type { Powers } from "./powers.ts";
import type { Rejections } from "./rejections.ts";
import { isDue, remind } from "./remind.ts";
import { transact } from "./transact.ts";

const SWEEP_MESSAGES = 500;
const SWEEP_DAYS = 3;
/** What was said so long ago rests on nothing that is still kept. */
const SAID_DAYS = 400;
const LAST_CLOCK = "clock/last";
const LEAP = "clock/leap";
const LAST_EPOCH_DAY = "retention/epoch-day";

/** The owner says that the clock is right: deletion goes on. */
export const confirmClock = (powers: Powers): Promise<void> => transact(powers, (draft) => draft.drop("setting", LEAP));

export class Housekeeping {
  readonly #powers: Powers;
  readonly #drives: Drives;
  readonly #rejections: Rejections;
  /** Goes on with what people asked to have forgotten. */
  readonly #forgetting: () => Promise<void>;
  #forget: () => void = () => {};
  #working: Promise<void> = Promise.resolve();
  #stopped = false;
  #hasLooked = false;

  constructor(powers: Powers, drives: Drives, rejections: Rejections, forget: () => Promise<void>) {
    this.#powers = powers;
    this.#forgetting = forget;
    this.#drives = drives;
    this.#rejections = rejections;
  }

  /** Looks now and then every minute. */
  start(): void {
    const { clock } = this.#powers;
    const look = (): void => {
      if (this.#stopped) return;
      this.#working = this.tidy().catch((error: unknown) => this.#powers.log("retention", { code: seen(error).code }));
      this.#forget = clock.at(clock.now() + HOUSEKEEPING_INTERVAL_MS, look);
    };
    look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#forget();
    await this.#working;
  }

  async tidy(): Promise<void> {
    const mayDelete = await this.#watchClock();
    await this.#expireApprovals();
    await this.#tickRuns();
    if (this.#rejections.isDue(this.#powers.clock.now()))
      await transact(this.#powers, (draft) => this.#rejections.flush(draft));
    await finishPurges(this.#powers);
    await repeatNotices(this.#powers);
    if (!mayDelete) return;
    await this.#forgetting();
    await this.#release();
    await this.#sweep();
    await this.#sweepDerived();
    await sweepFollowups(this.#powers);
    await sweepNotes(this.#powers);
  }

  /** Values past their age, and answers kept for repeats, go with the day they belong to. */
  async #sweepDerived(): Promise<void> {
    const { store, clock, settings } = this.#powers;
    const now = clock.now();
    for (let back = 1; back <= SWEEP_DAYS; back++) {
      const values = store.find("value", "day", dayOf(now - back * DAY_MS), { limit: SWEEP_MESSAGES });
      const calls = store.find("call", "day", dayOf(now - settings.ttlMs - back * DAY_MS), { limit: SWEEP_MESSAGES });
      const said = store.find("said", "day", dayOf(now - SAID_DAYS * DAY_MS - back * DAY_MS), {
        limit: SWEEP_MESSAGES,
      });
      if (values.length + calls.length + said.length === 0) continue;
      await transact(this.#powers, (draft) => {
        for (const { value } of said) draft.drop("said", value.id);
        for (const { value } of values) {
          draft.drop("value", value.handle);
          draft.dropBlob(value.blob);
        }
        for (const { value } of calls) {
          draft.drop("call", value.id);
          for (const blob of [value.why, value.input, value.answer]) if (blob !== null) draft.dropBlob(blob);
        }
      });
    }
  }

  /**
   * A step of more than five minutes is an entry;
   * after a leap of more than 48 hours nothing is deleted until the owner confirms.
   */
  async #watchClock(): Promise<boolean> {
    const { store, clock } = this.#powers;
    const now = clock.now();
    const last = store.get("setting", LAST_CLOCK)?.value.value;
    const leap = store.get("setting", LEAP)?.value.value === true;
    const before = typeof last === "number" ? last : now;
    const isBack = before - now > CLOCK_STEP_MS;
    const isLeap = now - before > CLOCK_LEAP_MS && last !== undefined;
    // Before the first look of this process it may just not have run.
    const isOn = this.#hasLooked && now - before > HOUSEKEEPING_INTERVAL_MS + CLOCK_STEP_MS;
    this.#hasLooked = true;
    await transact(this.#powers, (draft) => {
      const { tenant } = draft;
      const isStep = isBack || isLeap || isOn;
      if (isStep) draft.entry("clock.stepped", { from: before, to: now }, { actor: "daemon" });
      if (isLeap) draft.put("setting", LEAP, { id: LEAP, tenant, value: true });
      draft.put("setting", LAST_CLOCK, { id: LAST_CLOCK, tenant, value: isStep ? now : Math.max(now, before) });
    });
    return !(leap || isLeap);
  }

  /** Expiry uses the later of the wall clock and the last time that was committed. */
  async #expireApprovals(): Promise<void> {
    const { store } = this.#powers;
    const resumed = new Set<RunId>();
    for (const { value } of store.find("approval", "open", "open", { limit: 10_000 })) {
      if (isDue(value, this.#powers.clock.now())) await transact(this.#powers, (draft) => remind(draft, value.id));
      if (this.#powers.clock.now() < value.expiresAt) continue;
      await transact(this.#powers, (draft) => {
        const approval = draft.get("approval", value.id);
        if (approval === null) return;
        const after = step(draft, approval, { type: "tick" }, null);
        if (after.status.state !== "expired") return;
        conclude(draft, after);
        if (after.run !== null) resumed.add(after.run);
      });
    }
    for (const run of resumed) this.#drives.drive(run, "approval");
  }

  async #tickRuns(): Promise<void> {
    for (const { value } of this.#powers.store.find("run", "open", "open", { limit: 10_000 })) {
      if (isTerminal(value)) continue;
      await transact(this.#powers, (draft) => void draft.run(value.id).apply({ type: "tick" }));
    }
    this.#drives.sweep();
  }

  /** Content past its age loses keys and rows at once; once a day every key above it is drawn anew. */
  async #sweep(): Promise<void> {
    const { store, clock } = this.#powers;
    const now = clock.now();
    let swept = 0;
    for (let limit = SWEEP_MESSAGES; ; ) {
      const expired = store.messageIds({ expiredAt: now }, { limit });
      const ids = expired.filter((id) => !this.#isHeld(id));
      // What is held stays in front of the others: then more has to be looked at.
      if (ids.length === 0 && expired.length === limit) limit += SWEEP_MESSAGES;
      else if (ids.length === 0) break;
      await transact(this.#powers, (draft) => {
        for (const id of ids) {
          for (const { value } of store.find("value", "source", id, { limit: 1000 })) {
            draft.drop("value", value.handle);
            draft.dropBlob(value.blob);
          }
          draft.dropMessage(id);
        }
      });
      swept += ids.length;
    }
    if (swept > 0)
      await transact(this.#powers, (draft) => draft.entry("retention.swept", { messages: swept }, { actor: "daemon" }));
    const day = Math.floor(now / DAY_MS);
    const last = store.get("setting", LAST_EPOCH_DAY)?.value.value;
    const isDue = swept > 0 || store.get("setting", DELETED_SINCE) !== null;
    if (isDue || last === undefined) await this.#markEpoch(day, isDue && last !== day);
  }

  /** Deletes and sweeps share one epoch a day. */
  async #markEpoch(day: number, rotate: boolean): Promise<void> {
    const { store, settings } = this.#powers;
    if (rotate) {
      const nothing = { conversations: [], messages: [], blobs: [], drop: [], put: [], refs: [], entries: [] };
      await store.erase({ tenant: settings.tenant, ...nothing });
    }
    await transact(this.#powers, (draft) => {
      draft.put("setting", LAST_EPOCH_DAY, { id: LAST_EPOCH_DAY, tenant: draft.tenant, value: day });
      if (rotate && draft.get("setting", DELETED_SINCE) !== null) draft.drop("setting", DELETED_SINCE);
    });
  }

  /** What was taken back while somebody held it is done away with now that nobody does. */
  async #release(): Promise<void> {
    for (const { id, message } of released(this.#powers)) {
      await transact(this.#powers, (draft) => {
        if (!settleDeferred(draft, id) || message === null) return;
        withdraw(this.#powers, draft, draft.need("conversation", message.conversation), message);
      });
    }
  }

  #isHeld(id: Parameters<Powers["store"]["message"]>[0]): boolean {
    const message = this.#powers.store.message(id);
    return message !== null && isMessageHeld(this.#powers, message);
  }
}
