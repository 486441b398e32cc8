/** What happened, as readers of events see it: the ledger's entries, and for an external agent the request it was woken for. */
import type { InvocationReply } from "../core/agent.ts";
import type { Entry } from "../core/entry.ts";
import type { RunId } from "../core/ids.ts";
import type { Stop } from "../core/ports.ts";
import type { Token } from "../core/records.ts";
import type { Run } from "../core/run.ts";
import { type Invoking, invoke } from "./invoke.ts";
import type { GatewayEvent } from "./surface.ts";

const PAGE = 200;
const LOOK_MS = 1000;

/** May a holder of this token see that entry? Agents see their own runs, operators and owners everything. */
function maySee(token: Token, entry: Entry, runs: (id: RunId) => Run | null): boolean {
  if (token.scopes.includes("owner") || token.scopes.includes("operator")) return true;
  if (!token.scopes.includes("agent") || entry.run === undefined) return false;
  const run = runs(entry.run);
  return run !== null && run.agent === token.name && token.conversations.includes(run.conversation);
}

/** Entries after `after`, then live ones as they are committed, until `stop`. */
export async function* eventsOf(
  invoking: Invoking,
  token: Token,
  after: number,
  stop: Stop,
): AsyncIterable<GatewayEvent> {
  const { store, clock } = invoking.powers;
  const runs = (id: RunId) => store.get("run", id)?.value ?? null;
  let at = after;
  while (!stop.aborted) {
    const page = store.ledger.entries(at, PAGE);
    for (const entry of page) {
      at = entry.seq;
      if (!maySee(token, entry, runs)) continue;
      yield eventOf(entry);
      const woken = await wokenBy(invoking, token, entry);
      if (woken !== null) yield woken;
    }
    if (page.length < PAGE) await pause(clock, stop);
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
  if (entry.type !== "run.started" || entry.run === undefined) return null;
  const run = invoking.powers.store.get("run", entry.run)?.value;
  if (run === undefined || run.agent !== token.name || run.request === null || run.status.state !== "active")
    return null;
  const reply: InvocationReply = await invoke(invoking, run.id, {
    capability: "request.read",
    input: {},
    justification: "The agent was woken for this request.",
    idempotency_key: "wake",
  });
  const { seq, time } = entry;
  return {
    seq,
    type: "message.addressed",
    time,
    run: run.id,
    body: { reason: "addressed", request: reply.output ?? null },
  };
}

function pause(clock: Invoking["powers"]["clock"], stop: Stop): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      forget();
      stop.removeEventListener("abort", done);
      resolve();
    };
    const forget = clock.at(clock.now() + LOOK_MS, done);
    stop.addEventListener("abort", done, { once: true });
    if (stop.aborted) done();
  });
}
