/** Keeps channels streaming, the inbox drained, the outbox moving, and picks up after a crash. */
import { ChannelFault } from "../core/channel-fault.ts";
import type { RunId } from "../core/ids.ts";
import { MINUTE_MS, SECOND_MS } from "../core/limits.ts";
import type { Connector } from "../core/ports.ts";
import { isRefusal } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import { seen } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import { Delivery, recoverOutbox } from "./deliver.ts";
import type { Drives } from "./drive.ts";
import { purge } from "./erase.ts";
import { finishForgets } from "./everybody.ts";
import { carryOutApproved } from "./execute.ts";
import { cutOffReads } from "./file-resume.ts";
import type { Followups } from "./followups.ts";
import type { Aftermath, Handlers } from "./handlers.ts";
import type { HookOutbox } from "./hooks.ts";
import { settleUnknown } from "./http-perform.ts";
import { drain, takeIn } from "./intake.ts";
import type { Powers } from "./powers.ts";
import type { Rejections } from "./rejections.ts";
import { transact } from "./transact.ts";

const BACKOFF_MS_MAX = 5 * MINUTE_MS;

type Line = {
  readonly connector: Connector;
  readonly abort: AbortController;
  readonly delivery: Delivery;
  readonly hooks: HookOutbox;
  done: Promise<void>;
};

export class Supervisor {
  readonly #powers: Powers;
  readonly #catalogue: Catalogue;
  readonly #drives: Drives;
  readonly #handlers: Handlers;
  readonly #rejections: Rejections;
  readonly #followups: Followups;
  readonly #lines = new Map<string, Line>();
  /** Web requests on their way, and what ends them. */
  readonly #away = new Set<Promise<void>>();
  readonly #leaving = new AbortController();
  #forgetting: Promise<void> = Promise.resolve();
  #draining: Promise<void> | null = null;
  #again = false;
  #stopping = false;

  constructor(
    powers: Powers,
    catalogue: Catalogue,
    drives: Drives,
    handlers: Handlers,
    rejections: Rejections,
    followups: Followups,
  ) {
    this.#followups = followups;
    this.#powers = powers;
    this.#catalogue = catalogue;
    this.#drives = drives;
    this.#handlers = handlers;
    this.#rejections = rejections;
    powers.bell.ring = () => this.kick();
    powers.bell.over = (run) => drives.stopped(run);
    powers.bell.rouse = (run) => drives.drive(run, "event");
  }

  /**
   * Begins a channel: what it left on the wire is settled first,
   * then its stream is opened again from the durable cursor.
   */
  async connect(connector: Connector, hooks: HookOutbox): Promise<void> {
    // One that is there already ends first: two would read as the same account.
    await this.disconnect(connector.channel);
    await recoverOutbox(this.#powers, connector);
    const abort = new AbortController();
    const delivery = new Delivery(this.#powers, connector);
    const line: Line = { connector, abort, delivery, hooks, done: Promise.resolve() };
    this.#powers.connectors.set(connector.channel, connector);
    this.#lines.set(connector.channel, line);
    line.done = this.#stream(line);
    this.kick(connector.channel);
  }

  async disconnect(channel: string): Promise<void> {
    const line = this.#lines.get(channel);
    if (line === undefined) return;
    line.abort.abort();
    await line.connector.close();
    await line.done;
    this.#lines.delete(channel);
    this.#powers.connectors.delete(channel);
  }

  async #stream(line: Line): Promise<void> {
    const { store, clock, log } = this.#powers;
    const { connector, abort } = line;
    for (let failures = 0; !abort.signal.aborted; failures++) {
      let stayAwayMs = 0;
      try {
        for await (const batch of connector.open({ cursor: store.cursor(connector.channel), stop: abort.signal })) {
          // Pulling the next batch acknowledges this one, so it is durable before the loop goes on.
          await takeIn(this.#powers, this.#rejections, connector.channel, batch);
          failures = 0;
          this.drainSoon();
        }
      } catch (error) {
        const fault = error instanceof ChannelFault ? error : null;
        stayAwayMs = fault?.retryAfterMs ?? 0;
        log("channel", { channel: connector.channel, code: fault?.code ?? seen(error).code, failures });
      }
      if (abort.signal.aborted) return;
      const backoff = Math.min(BACKOFF_MS_MAX, SECOND_MS * 2 ** Math.min(failures, 9));
      const pause = Math.max(stayAwayMs, backoff);
      await new Promise<void>((resolve) => {
        const forget = clock.at(clock.now() + pause, resolve);
        const stopped = (): void => {
          forget();
          resolve();
        };
        abort.signal.addEventListener("abort", stopped, { once: true });
      });
    }
  }

  /** The outbox of a channel, or of all, may have something due. */
  kick(channel?: string): void {
    for (const line of channel === undefined ? this.#lines.values() : [this.#lines.get(channel)]) {
      if (line === undefined || this.#stopping) continue;
      if (line.connector.kind === "webhook") line.hooks.wake();
      else line.delivery.kick(line.abort.signal);
    }
  }

  /** Somebody listens on the console now: what waited for that is due at once. */
  attached(channel: string): void {
    const rows = this.#powers.store.outbox({ channel, states: ["pending"] }, { limit: 1000 });
    const waiting = rows.filter((row) => row.code === "nobody_listens");
    void transact(this.#powers, (draft) => {
      for (const row of waiting) draft.moveOutbox("pending", { ...row, dueAt: draft.now });
    })
      .catch((error: unknown) => this.#powers.log("store", { what: "attached", code: seen(error).code }))
      .then(() => this.kick(channel));
  }

  drainSoon(): void {
    this.#again = true;
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = null;
      if (this.#again && !this.#stopping) this.drainSoon();
    });
  }

  async #drainAll(): Promise<void> {
    while (this.#again && !this.#stopping) {
      this.#again = false;
      try {
        const aftermath = await drain(this.#powers, this.#rejections, this.#handlers);
        if (aftermath.length > 0) this.#again = true;
        for (const what of aftermath) await this.follow(what);
        this.kick();
      } catch (error) {
        this.#powers.log("store", { what: "drain", code: seen(error).code });
        if (isRefusal(error) && error.retryable)
          this.#powers.clock.at(this.#powers.clock.now() + SECOND_MS, () => this.drainSoon());
      }
    }
  }

  async follow(what: Aftermath): Promise<void> {
    switch (what.do) {
      case "drive":
        this.#drives.drive(what.run, "addressed");
        break;
      case "consume":
        await this.consume(what.approval);
        break;
      case "stopped":
        this.#drives.sweep();
        for (const run of what.goOn) this.#drives.drive(run, "approval");
        break;
      case "forget":
        this.#inBackground(this.forget());
        break;
      case "nothing":
        break;
    }
  }

  /** Runs what was granted, then lets its run go on. */
  async consume(approval: Parameters<typeof carryOutApproved>[2]): Promise<void> {
    const run = this.#powers.store.get("approval", approval)?.value.run ?? null;
    const more = await carryOutApproved(this.#powers, this.#catalogue, approval);
    const goOn = (): void => {
      if (run !== null) this.#drives.drive(run, "approval");
      this.kick();
    };
    if (more === null) return goOn();
    // A web request takes its time; nothing else waits for it.
    this.#inBackground(more(this.#leaving.signal).then(goOn));
  }

  #inBackground(doing: Promise<void>): void {
    const work = doing.catch((error: unknown) => this.#powers.log("store", { what: "away", code: seen(error).code }));
    this.#away.add(work);
    void work.finally(() => this.#away.delete(work));
  }

  /** Erases what people asked to have forgotten. One at a time; what fails is tried again by housekeeping. */
  forget(): Promise<void> {
    this.#forgetting = this.#forgetting.then(() =>
      finishForgets(this.#powers, (principal) => purge(this.#powers, { by: "sender", principal })),
    );
    const done = this.#forgetting;
    this.#forgetting = done.catch(() => undefined);
    return done;
  }

  /**
   * After a start: granted approvals are carried out, calls that were cut off are given back,
   * open runs are driven again.
   */
  async recover(): Promise<void> {
    const { store } = this.#powers;
    for (const { value } of store.find("run", "open", "open", { limit: 10_000 }))
      if (value.status.state === "active")
        await transact(this.#powers, (draft) => void draft.run(value.id).apply({ type: "restarted" }));
    const open = store.find("call", "open", "open", { limit: 10_000 });
    for (const { value } of open.filter((it) => it.value.status === "open")) await this.#giveBack(value.id, value.run);
    await settleUnknown(this.#powers);
    const reading = cutOffReads(this.#powers);
    for (const { run, read } of reading) this.#inBackground(read().then(() => this.#drives.drive(run, "approval")));
    this.#inBackground(this.forget());
    for (const { value } of store.find("approval", "open", "open", { limit: 10_000 })) {
      if (value.status.state === "granted") await this.consume(value.id);
    }
    for (const { value } of store.find("run", "open", "open", { limit: 10_000 })) {
      if (reading.some(({ run }) => run === value.id)) continue;
      if (value.status.state === "active") this.#drives.drive(value.id, "started");
      else this.#drives.awaitTime(value.id);
    }
    for (const { value } of store.all("queued", { limit: 10_000 })) await this.#drives.ended(value.session);
    this.#followups.start();
    this.drainSoon();
  }

  /**
   * A call that was open when the process ended did nothing: what it does and that it is done are one commit.
   * It may be made again.
   */
  async #giveBack(call: `call_${string}` | string, run: RunId): Promise<void> {
    await transact(this.#powers, (draft) => {
      const record = draft.get("call", call);
      if (record === null) return;
      const runs = draft.run(run);
      if (!isTerminal(runs.run))
        runs.apply({ type: "settle", call: record.id, reserved: record.reserved, used: {} }, { code: "restarted" });
      draft.drop("call", call);
    });
  }

  /** Everything that was begun has come to rest: for tests and for a clean stop. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (this.#draining !== null || this.#drives.busy > 0 || this.#away.size > 0 || this.#followups.busy) quiet = 0;
      await this.#draining;
      await Promise.all(this.#away);
      for (const line of this.#lines.values()) await line.delivery.idle();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    this.#stopping = true;
    await this.#followups.stop();
    const lines = [...this.#lines.values()];
    for (const line of lines) line.abort.abort();
    await Promise.allSettled(lines.map(closed));
    await this.#draining;
    this.#leaving.abort();
    await Promise.all(this.#away);
    if (this.#powers.store.counts().entries > 0) await transact(this.#powers, (draft) => this.#rejections.flush(draft));
  }
}

async function closed({ connector, done, delivery }: Line): Promise<void> {
  await connector.close();
  await done;
  await delivery.idle();
}
