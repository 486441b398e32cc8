/**
 * Gives runs to the agents that drive them, ends them at their deadline, and starts what waits behind them
 * (CONTRACT section 8).
 */
import type { AgentDriver, RunHandle, WakeUp } from "../core/agent.ts";
import { MessageId, type RunId, type SessionId } from "../core/ids.ts";
import { AGENT_YIELD_MS } from "../core/limits.ts";
import type { Stop } from "../core/ports.ts";
import { deadlineOf, isTerminal, type Run, type Wait } from "../core/run.ts";
import { BUTLER, fallbackOf } from "./answerer.ts";
import { askerOf } from "./asker.ts";
import { seen } from "./call.ts";
import { keepCompany } from "./company.ts";
import type { Draft } from "./draft.ts";
import { beginFollowup } from "./followups.ts";
import { type Invoking, invoke } from "./invoke.ts";
import { say } from "./say.ts";
import { finish, pause, wakeInTime } from "./segment.ts";
import { activeRun, newRun, runFor } from "./start.ts";
import { thinking } from "./thinking.ts";
import { transact } from "./transact.ts";

type Driving = {
  readonly abort: AbortController;
  readonly forget: () => void;
  readonly done: Promise<void>;
  readonly isOurs: boolean;
};

export class Drives {
  readonly #invoking: Invoking;
  readonly #driving = new Map<RunId, Driving>();
  /** Runs that became active again while their driver was still coming back. */
  readonly #again = new Map<RunId, WakeUp["reason"]>();
  readonly #over = new AbortController();
  #waking = 0;

  constructor(invoking: Invoking) {
    this.#invoking = invoking;
  }

  /** Runs that one of our own agents is driving now, or will as soon as they are awake. */
  get busy(): number {
    return this.#waking + [...this.#driving.values()].filter(({ isOurs }) => isOurs).length;
  }

  /**
   * Drives a segment of a run when one of our agents answers for it; an external agent is woken by its event instead.
   */
  drive(id: RunId, reason: WakeUp["reason"]): void {
    const { powers } = this.#invoking;
    const run = powers.store.get("run", id)?.value;
    if (this.#over.signal.aborted || run?.status.state !== "active") return;
    if (this.#driving.has(id)) {
      this.#again.set(id, reason);
      return;
    }
    const abort = new AbortController();
    const forget = powers.clock.at(deadlineOf(run), () => void this.#tick(id));
    const driver = run.external ? undefined : powers.drivers.find(({ name }) => name === run.agent);
    const done = driver === undefined ? Promise.resolve() : this.#segment(driver, run, reason, abort.signal);
    this.#driving.set(id, { abort, forget, done, isOurs: driver !== undefined });
    if (run.external && (run.request !== null || run.brief !== undefined)) {
      powers.clock.at(powers.clock.now() + AGENT_YIELD_MS, () => void this.#yield(id));
    }
    // After a restart the person has read it already.
    if (reason === "addressed" && run.request !== null) keepCompany(powers, run, this.#over.signal);
    if (driver !== undefined) void done.then(() => this.#after(id));
  }

  async #segment(driver: AgentDriver, run: Run, reason: WakeUp["reason"], stop: AbortSignal): Promise<void> {
    const { powers } = this.#invoking;
    powers.transforms.warm();
    try {
      const asker = askerOf(powers, run);
      const wake: WakeUp = {
        run: run.id,
        reason,
        message: run.request,
        actor: null,
        role: asker.role,
        addressed: asker.request?.addressed ?? "none",
        time: powers.clock.now(),
        segment: run.segment,
      };
      await driver.drive(wake, this.handle(run.id), stop);
    } catch (error) {
      powers.log("run", { run: run.id, code: seen(error).code });
      await this.#end(run.id, (draft) => void draft.run(run.id).apply({ type: "fail", reason: "agent" }));
    }
  }

  /**
   * A named agent that took no event in time yields to the butler: the same request, a new run, one line to the person.
   */
  async #yield(id: RunId): Promise<void> {
    if (this.#over.signal.aborted) return;
    const { powers } = this.#invoking;
    const next = await transact(powers, (draft): RunId | null => {
      const { run } = draft.run(id);
      const isTaken = powers.store.find("call", "run", id, { limit: 1 }).length > 0;
      const session = draft.get("session", run.session);
      const conversation = draft.get("conversation", run.conversation);
      if (
        run.status.state !== "active" ||
        isTaken ||
        session === null ||
        conversation === null ||
        this.#over.signal.aborted
      )
        return null;
      if (fallbackOf(powers, conversation) === "none") {
        draft.run(id).apply({ type: "fail", reason: "agent_silent" });
        return null;
      }
      draft.run(id).apply({ type: "cancel", reason: "superseded" });
      const where = { conversation, thread: run.thread, replyTo: run.request };
      say(draft, where, `${run.agent} does not answer, so I do what I can myself.`, id);
      const { principal, request, brief } = run;
      const { instead: _said, ...butler } = BUTLER;
      const about = brief === undefined ? {} : { brief };
      return newRun(powers, draft, { session, principal, request, ...about, ...butler }).id;
    }).catch((error: unknown) => {
      powers.log("run", { run: id, code: seen(error).code });
      return null;
    });
    if (next === null) return this.sweep();
    this.stopped(id);
    this.drive(next, "addressed");
  }

  /** The hands of a driver: everything it can do with a run. */
  handle(run: RunId): RunHandle {
    const { powers } = this.#invoking;
    return {
      run,
      invoke: (invocation) => invoke(this.#invoking, run, invocation),
      finish: (wait?: Wait) => (wait === undefined ? finish(powers, run) : this.#pause(run, wait)),
      fail: (reason) => transact(powers, (draft) => void draft.run(run).apply({ type: "fail", reason })),
      ...thinking(this.#invoking, run),
    };
  }

  async #pause(run: RunId, wait: Wait): Promise<void> {
    await pause(this.#invoking.powers, run, wait);
    // Ours comes back by itself; nobody else's deadline runs while it waits.
    if (this.#driving.get(run)?.isOurs === false) this.#release(run);
    this.awaitTime(run);
  }

  /** Wakes a run that waits, whatever it waits for, when its time has come. Called again for each after a restart. */
  awaitTime(id: RunId): void {
    const { powers } = this.#invoking;
    const run = powers.store.get("run", id)?.value;
    if (run?.status.state !== "paused.event") return;
    powers.clock.at(run.status.wait.until, () => void this.#wake(id));
  }

  async #wake(id: RunId): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#waking += 1;
    await this.#end(id, (draft) => wakeInTime(draft, id));
    this.#waking -= 1;
  }

  /** The driver came back: a run that is neither over nor waiting was left lying, which is a failure by name. */
  async #after(id: RunId): Promise<void> {
    this.#release(id);
    const run = this.#invoking.powers.store.get("run", id)?.value;
    if (run === undefined) return;
    const again = this.#again.get(id);
    if (this.#again.delete(id) && run.status.state === "active") return this.drive(id, again ?? "approval");
    if (run.status.state === "active" && !this.#over.signal.aborted) {
      await this.#end(id, (draft) => void draft.run(id).apply({ type: "fail", reason: "agent" }));
    }
    await this.ended(run.session);
  }

  /** The deadline of a run, or a look at whether it has one still. */
  async #tick(id: RunId): Promise<void> {
    const { powers } = this.#invoking;
    await this.#end(id, (draft) => void draft.run(id).apply({ type: "tick" }));
    const run = powers.store.get("run", id)?.value;
    const driving = this.#driving.get(id);
    if (run === undefined || driving === undefined) return;
    if (isTerminal(run)) {
      this.stopped(id);
      await this.ended(run.session);
      return;
    }
    driving.forget();
    this.#driving.set(id, { ...driving, forget: powers.clock.at(deadlineOf(run), () => void this.#tick(id)) });
  }

  async #end(id: RunId, build: (draft: Draft) => void): Promise<void> {
    const { powers } = this.#invoking;
    try {
      await transact(powers, build);
    } catch (error) {
      powers.log("run", { run: id, code: seen(error).code });
    }
  }

  /** A run ended elsewhere: its driver is told and its timers are gone. */
  stopped(id: RunId): void {
    this.#driving.get(id)?.abort.abort();
    this.#release(id);
  }

  /** Every run that ended while it was being driven. */
  sweep(): void {
    for (const id of [...this.#driving.keys()]) {
      const run = this.#invoking.powers.store.get("run", id)?.value;
      if (run === undefined || isTerminal(run)) {
        this.stopped(id);
        if (run !== undefined) void this.#next(run.session);
      }
    }
    // A run that waited was not being driven when it ended: what waits behind it must not wait for ever.
    const queued = this.#invoking.powers.store.all("queued", { limit: 1000 });
    for (const session of new Set(queued.map(({ value }) => value.session))) void this.#next(session);
  }

  /** As `ended`, for those who cannot wait for it. */
  async #next(session: SessionId): Promise<void> {
    try {
      await this.ended(session);
    } catch (error) {
      this.#invoking.powers.log("run", { session, code: seen(error).code });
    }
  }

  #release(id: RunId): void {
    this.#driving.get(id)?.forget();
    this.#driving.delete(id);
  }

  /** A session has no run now: the oldest request that waits gets one. */
  async ended(session: SessionId): Promise<void> {
    const { powers } = this.#invoking;
    if (this.#over.signal.aborted) return;
    const started = await transact(powers, (draft): RunId | null => {
      const next = powers.store.find("queued", "session", session, { limit: 1 })[0]?.value;
      const owner = draft.get("session", session);
      if (next === undefined || owner === null || activeRun(powers, session) !== null) return null;
      const conversation = draft.get("conversation", owner.conversation);
      draft.drop("queued", next.id);
      if (conversation === null) return null;
      // The session's row changes with it, so that two ends at once cannot start two runs.
      draft.put("session", session, { ...owner, lastAt: draft.now });
      const followup = draft.get("followup", next.id);
      if (followup !== null) return beginFollowup(powers, draft, followup, conversation).id;
      const request = MessageId.safeParse(next.id);
      if (!request.success || powers.store.message(request.data) === null) return null;
      return runFor(powers, draft, conversation, owner, request.data, owner.requester).id;
    });
    const isAsked = started !== null && powers.store.get("run", started)?.value.request !== null;
    if (started !== null) this.drive(started, isAsked ? "addressed" : "schedule");
  }

  async close(stop: Stop): Promise<void> {
    this.#over.abort();
    const open = [...this.#driving.values()];
    for (const { abort, forget } of open) {
      forget();
      abort.abort();
    }
    if (!stop.aborted) await Promise.allSettled(open.map(({ done }) => done));
    this.#driving.clear();
  }
}
