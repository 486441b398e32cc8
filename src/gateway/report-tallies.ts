/** Counts what a report says, entry by entry. Entries before the period are looked at for what was still open then. */
import { UNITS } from "../core/budget.ts";
import type { Entry } from "../core/entry.ts";
import type { Run, RunEvent } from "../core/run.ts";
import { isTerminal } from "../core/run.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import { Fold } from "./fold.ts";

type Report = VerbOutput<"report">;
type Tables = Omit<Report, "id" | "from" | "to" | "made_at" | "version" | "ledger" | "models" | "limits" | "verify">;
type Asked = Tables["approvals"]["questions"][number];

const text = (value: unknown): string => (typeof value === "string" ? value : "");

class Counter {
  readonly #counts = new Map<string, number>();

  add(key: readonly string[], by = 1): void {
    const name = JSON.stringify(key);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  /** Most first, then by name, so that the same entries give the same report. */
  rows(): readonly { readonly key: readonly string[]; readonly count: number }[] {
    const rows = [...this.#counts].map(([name, count]) => ({ name, key: JSON.parse(name) as string[], count }));
    return rows.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  }
}

export class Tallies {
  first: number | null = null;
  last: number | null = null;
  entries = 0;
  readonly #from: number;
  readonly #to: number;
  readonly #fold = new Fold();
  readonly #decisions = new Counter();
  readonly #refused = new Counter();
  readonly #accesses = new Counter();
  readonly #justified = new Counter();
  readonly #effects = new Counter();
  readonly #egress = new Counter();
  readonly #secrets = new Counter();
  readonly #transforms = new Counter();
  readonly #ended = new Map<string, Run>();
  readonly #asked = new Map<string, Asked>();
  readonly #open = new Map<string, number>();
  readonly #why = new Set<string>();
  readonly #policies: { -readonly [K in keyof Tables["policies"][number]]: Tables["policies"][number][K] }[] = [];
  readonly #keys: Tables["keys"][number][] = [];
  readonly #purges: Tables["purges"][number][] = [];
  readonly #incidents: Tables["incidents"][number][] = [];
  readonly #gaps: Tables["gaps"][number][] = [];
  #before: Entry | null = null;
  #hasStarted = false;

  /** `from` and `to` in milliseconds, `to` exclusive. */
  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  take(entry: Entry): void {
    if (entry.time >= this.#to) return;
    this.#fold.take(entry);
    this.#follow(entry);
    if (entry.time >= this.#from) {
      this.first ??= entry.seq;
      this.last = entry.seq;
      this.entries += 1;
      this.#count(entry);
    }
    this.#before = entry;
  }

  /** What has to be known from before the period: rules in force, effects that are open, questions that wait. */
  #follow({ seq, time, type, body, run }: Entry): void {
    // A capability that changed with an upgrade is no other set of rules.
    const isRules = type === "policy.loaded" && body["capability"] === undefined;
    if (type === "daemon.started" || isRules) this.#policy(seq, time, body);
    if (type === "daemon.started") this.#gap(time);
    if (type === "budget.reserved" && body["justification"] !== undefined) this.#why.add(this.#callOf(body));
    if (type.startsWith("effect.")) {
      const key = text(body["effect"]) || text(body["outbox"]) || text(body["call"]) || String(seq);
      if (type === "effect.intended") this.#open.set(key, seq);
      else this.#open.delete(key);
    }
    if (type === "approval.requested") {
      const asked = {
        approval: text(body["approval"]),
        capability: text(body["capability"]),
        digest: text(body["digest"]),
        assurance: text(body["assurance"]),
        by: null,
        state: "pending",
        asked_at: time,
        latency_ms: null,
      };
      this.#asked.set(asked.approval, asked);
    }
    const after = run === undefined ? undefined : this.#fold.runs.get(run);
    if (run !== undefined && after !== undefined && isTerminal(after) && time >= this.#from && !this.#ended.has(run))
      this.#ended.set(run, after);
  }

  #callOf(body: Entry["body"]): string {
    const event = body["event"] as unknown as Extract<RunEvent, { type: "reserve" }> | undefined;
    return event?.call ?? "";
  }

  #policy(seq: number, time: number, body: Entry["body"]): void {
    const digest = text(body["digest"]);
    const now = this.#policies.at(-1);
    if (digest === "" || now?.digest === digest) return;
    if (now !== undefined) now.to = time;
    const widens = typeof body["widens"] === "boolean" ? body["widens"] : null;
    const approval = text(body["approval"]) || null;
    this.#policies.push({ digest, from: time, to: null, seq, approval, widens, diff: text(body["diff"]) || null });
  }

  /** Between the last thing that was written and the next start nobody was there. */
  #gap(time: number): void {
    const last = this.#before;
    const isFirst = !this.#hasStarted;
    this.#hasStarted = true;
    if (isFirst || last === null || time < this.#from) return;
    this.#gaps.push({ from: last.time, to: time, orderly: last.type === "daemon.stopped" });
  }

  #count(entry: Entry): void {
    const { seq, time, type, body, actor } = entry;
    switch (type) {
      case "decision.made":
        if (body["effect"] === undefined) return;
        this.#decisions.add([text(body["effect"]), text(body["rule"]), text(body["capability"])]);
        return;
      case "quarantine.accessed":
        this.#accesses.add([text(body["capability"])]);
        if (this.#why.has(text(body["call"]))) this.#justified.add([text(body["capability"])]);
        return;
      case "transform.completed":
      case "transform.failed":
        this.#transforms.add([text(body["capability"]), type.slice("transform.".length)]);
        return;
      case "egress.checked":
        this.#egress.add([text(body["sink"]), text(body["recipient"]), String(body["cats"] ?? 0)]);
        return;
      case "secret.used":
        this.#secrets.add([text(body["name"])]);
        return;
      case "key.rotated":
      case "backup.restored":
        this.#keys.push({ seq, time, type, what: text(body["what"]) || text(body["reason"]) || text(body["origin"]) });
        return;
      case "purge.completed":
        this.#purges.push({ seq, time, receipt: text(body["receipt"]), by: text(body["by"]) });
        return;
      case "quarantine.integrity_failed":
      case "auth.denied":
      case "clock.stepped":
      case "channel.degraded":
      case "budget.exhausted":
      case "effect.unknown":
        this.#incidents.push({ seq, time, type, what: whatOf(body) });
    }
    if (type.startsWith("effect.")) this.#effects.add([type.slice("effect.".length)]);
    if (type === "budget.settled" && text(body["code"]) !== "") this.#refused.add([text(body["code"])]);
    if (type.startsWith("approval.") && type !== "approval.requested") this.#answered(time, body, actor);
  }

  #answered(time: number, body: Entry["body"], actor: string | undefined): void {
    const id = text(body["approval"]);
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    const state = text(body["state"]);
    const isAnswer = state === "granted" || state === "denied";
    const latency = isAnswer && asked.latency_ms === null ? time - asked.asked_at : asked.latency_ms;
    this.#asked.set(id, { ...asked, state, by: isAnswer ? (actor ?? null) : asked.by, latency_ms: latency });
  }

  tables(max: number): Tables {
    const asked = [...this.#asked.values()].filter(
      ({ asked_at, state }) => asked_at >= this.#from || state === "pending",
    );
    return {
      keys: this.#keys.slice(0, max),
      policies: this.#policies.filter(({ to }) => to === null || to >= this.#from).slice(0, max),
      runs: runRows([...this.#ended.values()]).slice(0, max),
      runs_open: [...this.#fold.runs.values()].filter((run) => !isTerminal(run)).length,
      decisions: this.#decisions
        .rows()
        .slice(0, max)
        .map(({ key: [effect = "", rule = "", capability = ""], count }) => ({ effect, rule, capability, count })),
      refusals: named(this.#refused, max),
      approvals: { ...summaryOf(asked), questions: asked.slice(0, max) },
      quarantine: this.#accesses
        .rows()
        .slice(0, max)
        .map(({ key, count }) => ({ capability: key[0] ?? "", count, justified: countOf(this.#justified, key) })),
      transforms: this.#transforms
        .rows()
        .slice(0, max)
        .map(({ key: [capability = "", outcome = ""], count }) => ({ capability, outcome, count })),
      effects: named(this.#effects, max),
      reveals: this.#egress
        .rows()
        .slice(0, max)
        .map(({ key: [sink = "", recipient = "", cats = "0"], count }) => ({
          sink,
          recipient,
          cats: Number(cats),
          count,
        })),
      secrets: named(this.#secrets, max),
      purges: this.#purges.slice(0, max),
      incidents: this.#incidents.slice(0, max),
      dangling: [...this.#open.values()].sort((a, b) => a - b).slice(0, max),
      gaps: this.#gaps.slice(0, max),
      contradictions: this.#fold.differences.slice(0, max).map(({ what }) => what.slice(0, 500)),
    };
  }
}

const named = (counter: Counter, max: number): { name: string; count: number }[] =>
  counter
    .rows()
    .slice(0, max)
    .map(({ key, count }) => ({ name: key[0] ?? "", count }));

const countOf = (counter: Counter, key: readonly string[]): number =>
  counter.rows().find((row) => row.key[0] === key[0])?.count ?? 0;

const whatOf = (body: Entry["body"]): string =>
  Object.entries(body)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ")
    .slice(0, 500);

function runRows(runs: readonly Run[]): Tables["runs"] {
  const rows = new Map<string, { count: number; used: Record<string, number> }>();
  for (const { status, budget } of runs) {
    const state = "reason" in status ? `${status.state}(${status.reason})` : status.state;
    const row = rows.get(state) ?? { count: 0, used: {} };
    row.count += 1;
    for (const unit of UNITS) row.used[unit] = (row.used[unit] ?? 0) + budget.used[unit];
    rows.set(state, row);
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([state, { count, used }]) => ({ state, count, used }));
}

function summaryOf(asked: readonly Asked[]): Omit<Tables["approvals"], "questions"> {
  const times = asked.flatMap(({ latency_ms }) => (latency_ms === null ? [] : [latency_ms])).sort((a, b) => a - b);
  const count = (...states: readonly string[]): number => asked.filter(({ state }) => states.includes(state)).length;
  return {
    asked: asked.length,
    granted: count("granted", "consumed"),
    denied: count("denied"),
    expired: count("expired"),
    void: count("void"),
    pending: count("pending"),
    latency_ms_median: times[Math.floor(times.length / 2)] ?? null,
  };
}
