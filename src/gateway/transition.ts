/**
 * Moves a run by one event and says so in the ledger: the entry carries the event,
 * so that replay arrives at the same row.
 */
import type { Batch, RecordPut } from "../core/batch.ts";
import { crossed } from "../core/budget.ts";
import type { Canonical } from "../core/canonical.ts";
import type { EntryDraft, EntryType } from "../core/entry.ts";
import type { Versioned } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal, type Run, type RunEvent, step } from "../core/run.ts";

/** A run as stored, and what is to be written about it. Events are folded one after the other before one commit. */
export class RunDraft {
  readonly #version: number | null;
  #run: Run;
  readonly #wasTerminal: boolean;
  readonly #wasWaiting: boolean;
  readonly #entries: EntryDraft[] = [];
  readonly #now: number;

  constructor(stored: Versioned<Run>, now: number) {
    this.#version = stored.version;
    this.#run = stored.value;
    this.#wasTerminal = isTerminal(stored.value);
    this.#wasWaiting = stored.value.status.state === "paused.event";
    this.#now = now;
  }

  /** Did it end by what was applied here? */
  get hasEnded(): boolean {
    return isTerminal(this.#run) && !this.#wasTerminal;
  }

  /** Did what it waited for come? */
  get wasWoken(): boolean {
    return this.#wasWaiting && this.#run.status.state === "active";
  }

  get run(): Run {
    return this.#run;
  }

  /** Applies an event. False when it made no sense in this state and nothing changed. */
  apply(event: RunEvent, details: EntryDraft["body"] = {}, commits?: EntryDraft["commits"]): boolean {
    const before = this.#run;
    const after = step(before, event, this.#now);
    if (after === before) return false;
    this.#run = after;
    const entry = entryOf(before, after, event);
    this.#entries.push({
      type: entry,
      tenant: after.tenant,
      session: after.session,
      run: after.id,
      actor: after.agent,
      body: { ...details, at: this.#now, event: event as unknown as Canonical, state: after.status.state },
      ...(commits === undefined ? {} : { commits }),
    });
    this.#warn(before, after);
    return true;
  }

  /** An event that must apply; otherwise the refusal that explains the state. */
  require(event: RunEvent, details: EntryDraft["body"] = {}, commits?: EntryDraft["commits"]): void {
    const before = this.#run;
    const applied = this.apply(event, details, commits);
    if (applied && (isTerminal(before) || !isTerminal(this.#run) || event.type === "fail" || event.type === "finish"))
      return;
    if (event.type === "finish" && this.#run.status.state === "active")
      throw new Refusal("run.not_done", { hint: notDone(this.#run) });
    throw refusalOf(this.#run);
  }

  /** A note in the run's trail that is no event of its machine. */
  note(type: EntryType, body: EntryDraft["body"], commits?: EntryDraft["commits"]): void {
    const { tenant, session, id, agent } = this.#run;
    this.#entries.push({
      type,
      tenant,
      session,
      run: id,
      actor: agent,
      body,
      ...(commits === undefined ? {} : { commits }),
    });
  }

  batch(): Required<Pick<Batch, "put" | "entries">> {
    const put: RecordPut = { kind: "run", id: this.#run.id, expect: this.#version, value: this.#run };
    return { put: [put], entries: this.#entries };
  }

  #warn(before: Run, after: Run): void {
    for (const { unit, percent } of crossed(before.budget, after.budget)) {
      this.note("budget.warned", { unit, percent });
    }
    const { status } = after;
    if (status.state === "failed" && status.reason.startsWith("budget.")) {
      this.note("budget.exhausted", { unit: status.reason.slice("budget.".length) });
    }
  }
}

const notDone = (run: Run): string =>
  run.facts.openCalls.length > 0
    ? "A call is still under way."
    : "What it declared does not hold yet; answer, or end it as failed.";

/** Why a run takes no calls now. */
export function refusalOf(run: Run): Refusal {
  const { status } = run;
  if (status.state === "failed" && status.reason.startsWith("budget.")) {
    return new Refusal("budget.exhausted", {
      field: status.reason.slice("budget.".length),
      hint: "The run has ended.",
    });
  }
  if (isTerminal(run)) return new Refusal("run.ended", { hint: `It is ${status.state}.` });
  if (status.state !== "active") return new Refusal("run.waiting", { hint: `It is ${status.state}.` });
  return new Refusal("budget.exhausted", { hint: "The owner may raise it." });
}

const BY_EVENT: Readonly<Record<RunEvent["type"], EntryType>> = {
  reserve: "budget.reserved",
  settle: "budget.settled",
  revealed: "value.revealed",
  valued: "run.stepped",
  replied: "run.stepped",
  ask: "run.paused",
  answered: "run.resumed",
  wait: "run.paused",
  wake: "run.resumed",
  restarted: "run.resumed",
  spawned: "run.stepped",
  child_over: "run.stepped",
  raise: "budget.reserved",
  finish: "run.done",
  tick: "run.stepped",
  fail: "run.failed",
  cancel: "run.cancelled",
};

/** The entry's type is what became of the run when it ended, otherwise what happened to it. */
function entryOf(before: Run, after: Run, event: RunEvent): EntryType {
  if (!isTerminal(after) || isTerminal(before)) return BY_EVENT[event.type];
  const { state } = after.status;
  return state === "failed" ? "run.failed" : state === "done" ? "run.done" : "run.cancelled";
}
