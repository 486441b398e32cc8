/**
 * What happened, as readers of events see it: the ledger's entries,
 * and for an external agent the request it was woken for.
 */
import type { InvocationReply, WakeUp } from "../core/agent.ts";
import type { Entry } from "../core/entry.ts";
import type { RunId } from "../core/ids.ts";
import type { Clock, Stop } from "../core/ports.ts";
import type { Token } from "../core/records.ts";
import type { Run } from "../core/run.ts";
import { answerOf, type Invoking, invoke } from "./invoke.ts";
import { opensRun } from "./run-token.ts";
import type { GatewayEvent } from "./surface.ts";

const PAGE = 200;
/** Entries that no transaction of ours announced, such as an erasure's, are seen this much later. */
const LOOK_MS = 1000;

/** May a holder of this token see that entry? Agents see their own runs, operators and owners everything. */
function maySee(token: Token, entry: Entry, runs: (id: RunId) => Run | null): boolean {
  if (token.scopes.includes("owner") || token.scopes.includes("operator")) return true;
  if (!token.scopes.includes("agent") || entry.run === undefined) return false;
  const run = runs(entry.run);
  return (
    run !== null &&
    run.agent === token.name &&
    token.conversations.includes(run.conversation) &&
    opensRun(token, run.id)
  );
}

/** Entries after `after`, then live ones as they are committed, until `stop`. */
export async function* eventsOf(
  invoking: Invoking,
  token: Token,
  after: number,
  stop: Stop,
): AsyncIterable<GatewayEvent> {
  const { store, clock, news } = invoking.powers;
  const runs = (id: RunId) => store.get("run", id)?.value ?? null;
  const alarm = new Alarm();
  news.add(alarm.ring);
  try {
    for (let at = after; !stop.aborted; ) {
      alarm.set();
      const page = store.ledger.entries(at, PAGE);
      for (const entry of page) {
        at = entry.seq;
        if (!maySee(token, entry, runs)) continue;
        yield eventOf(entry);
        const woken = (await wokenBy(invoking, token, entry)) ?? (await completedBy(invoking, token, entry));
        if (woken !== null) yield woken;
      }
      if (page.length < PAGE) await alarm.rung(clock, stop);
    }
  } finally {
    news.delete(alarm.ring);
  }
}

/** Waits for news; what came since it was set does not let it wait at all. */
export class Alarm {
  #isRung = false;
  #wake: () => void = () => {};

  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake();
  };

  set(): void {
    this.#isRung = false;
  }

  /** Until it rings, `stop`, or a moment: entries that nobody announced must be seen as well. */
  rung(clock: Clock, stop: Stop, ms = LOOK_MS): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        forget();
        stop.removeEventListener("abort", done);
        this.#wake = () => {};
        resolve();
      };
      const forget = clock.at(clock.now() + Math.min(ms, LOOK_MS), done);
      stop.addEventListener("abort", done, { once: true });
      this.#wake = done;
      if (stop.aborted || this.#isRung) done();
    });
  }
}

const eventOf = ({ seq, type, time, run, body }: Entry): GatewayEvent => {
  const conversation = body["conversation"];
  return {
    seq,
    type,
    time,
    ...(typeof conversation === "string" ? { conversation } : {}),
    ...(run === undefined ? {} : { run }),
    body,
  };
};

/** A run of this agent began for somebody's request: the event carries the whole `request.read` output. */
async function wokenBy(invoking: Invoking, token: Token, entry: Entry): Promise<GatewayEvent | null> {
  const isWoken =
    entry.type === "run.resumed" && (entry.body["event"] as { type?: unknown } | undefined)?.type === "wake";
  if ((entry.type !== "run.started" && !isWoken) || entry.run === undefined) return null;
  const run = invoking.powers.store.get("run", entry.run)?.value;
  const isAsked = run !== undefined && (run.request !== null || run.brief !== undefined);
  if (!isAsked || !run.external || run.agent !== token.name || run.status.state !== "active") return null;
  return addressedEvent(invoking, run, entry.seq);
}

const reasonOf = ({ segment, request, parent }: Run): WakeUp["reason"] =>
  segment > 1 ? "event" : parent !== undefined ? "started" : request === null ? "schedule" : "addressed";

/** The wake-up event of a run with the whole request. Reading it is the run's first call: the agent has taken it. */
export async function addressedEvent(invoking: Invoking, run: Run, seq: number): Promise<GatewayEvent> {
  const { powers } = invoking;
  const reply: InvocationReply = await invoke(invoking, run.id, {
    capability: "request.read",
    input: {},
    justification: "The agent was woken for this request.",
    idempotency_key: run.segment === 1 ? "wake" : `wake-${run.segment}`,
  });
  const read = (reply.output ?? null) as { readonly asker?: string; readonly role?: string } | null;
  const addressed = run.request === null ? "none" : (powers.store.message(run.request)?.addressed ?? "none");
  const body = {
    reason: reasonOf(run),
    message: run.request,
    actor: read?.asker ?? null,
    role: read?.role ?? null,
    addressed,
    request: read,
    ...(reply.code === undefined ? {} : { code: reply.code }),
  };
  return { seq, type: "message.addressed", time: run.createdAt, run: run.id, body };
}

/** A run of this agent was cancelled: whatever it does for it is in vain. */
export function cancelledBy({ powers }: Invoking, token: Token, entry: Entry): GatewayEvent | null {
  if (entry.type !== "run.cancelled" || entry.run === undefined) return null;
  return maySee(token, entry, (id) => powers.store.get("run", id)?.value ?? null) ? eventOf(entry) : null;
}

/** With these an approval is over; a yes is told when it was carried out. */
const OVER: ReadonlySet<string> = new Set(["approval.consumed", "approval.expired", "approval.voided"]);

/** `invocation.completed` for the entry that ended an approval of this agent's run; null for every other entry. */
export async function completedBy(invoking: Invoking, token: Token, entry: Entry): Promise<GatewayEvent | null> {
  const { store } = invoking.powers;
  const { approval: id, state } = entry.body;
  const isOver = OVER.has(entry.type) || (entry.type === "approval.decided" && state === "denied");
  if (!isOver || entry.run === undefined || typeof id !== "string") return null;
  const run = store.get("run", entry.run)?.value;
  if (run?.external !== true || !maySee(token, entry, () => run)) return null;
  const call = store.get("approval", id)?.value.call ?? null;
  if (call === null || store.get("call", call) === null) return null;
  const reply = await answerOf(invoking, call);
  const body = { approval: id, capability: store.get("call", call)?.value.capability ?? null, reply };
  return { seq: entry.seq, type: "invocation.completed", time: entry.time, run: run.id, body };
}
