/**
 * Folds entries with the same machines that run live: runs with their budgets, approvals, calls and the day's caps
 * follow from the
 * ledger alone. What an entry says of a state must be what its machine says.
 */
import { type Approval, type ApprovalEvent, type ApprovalStatus, decideStep } from "../core/approval.ts";
import { type Canonical, canonical } from "../core/canonical.ts";
import type { Entry } from "../core/entry.ts";
import { BOTTOM } from "../core/label.ts";
import { DAY_MS } from "../core/limits.ts";
import { type Run, type RunEvent, step } from "../core/run.ts";

export type Difference = { readonly seq: number | null; readonly what: string };
/** What the ledger knows of an approval: enough for its machine. */
type Question = Pick<Approval, "status" | "digest" | "assurance" | "expiresAt" | "wrongCodes">;
type CallState = "open" | "settled";
type Shown = { readonly bits: number; readonly chars: number };

const text = (value: unknown): string => canonical(value as Canonical);

export class Fold {
  readonly runs = new Map<string, Run>();
  readonly approvals = new Map<string, Approval>();
  readonly calls = new Map<string, CallState>();
  /** What was shown in a conversation on a day, by the id of its pool. */
  readonly shown = new Map<string, Shown>();
  readonly differences: Difference[] = [];
  /** What an older ledger began goes on here: it is not this one's to tell. */
  readonly inherits: boolean;
  entries = 0;

  constructor(inherits = false) {
    this.inherits = inherits;
  }

  take(entry: Entry): void {
    this.entries++;
    if (entry.type.startsWith("approval.")) this.#approval(entry);
    else this.#run(entry);
  }

  /** Everything that was folded, as text: the same entries give the same on every machine. */
  canonical(): string {
    const of = <T>(map: ReadonlyMap<string, T>): Canonical => Object.fromEntries(map) as unknown as Canonical;
    const questions = new Map([...this.approvals].map(([id, approval]) => [id, questionOf(approval)]));
    return canonical({ runs: of(this.runs), approvals: of(questions), calls: of(this.calls), shown: of(this.shown) });
  }

  #differ(seq: number | null, what: string): void {
    this.differences.push({ seq, what });
  }

  #run({ seq, type, run: id, body }: Entry): void {
    if (type === "run.started" && body["run"] !== undefined) {
      const run = body["run"] as unknown as Run;
      if (this.runs.has(run.id)) this.#differ(seq, `${run.id} begins a second time`);
      this.runs.set(run.id, run);
      return;
    }
    const { event, at, state } = body;
    if (id === undefined || event === undefined || typeof at !== "number") return;
    const before = this.runs.get(id);
    if (before === undefined) {
      if (!this.inherits) this.#differ(seq, `${id} goes on, and no entry begins it`);
      return;
    }
    const what = event as unknown as RunEvent;
    const after = step(before, what, at);
    if (after === before)
      this.#differ(seq, `${id}: ${what.type} changes nothing in a run that is ${before.status.state}`);
    else if (after.status.state !== state)
      this.#differ(seq, `${id}: the entry says ${String(state)}, its machine ${after.status.state}`);
    this.runs.set(id, after);
    if (what.type === "reserve" && after.facts.openCalls.includes(what.call)) this.calls.set(what.call, "open");
    if (what.type === "settle") this.calls.set(what.call, "settled");
    if (what.type === "revealed") this.#show(after, what, at);
  }

  #show(run: Run, { bits, chars }: Extract<RunEvent, { type: "revealed" }>, at: number): void {
    if (bits === 0 && chars === 0) return;
    const pool = `${run.conversation}/${Math.floor(at / DAY_MS)}`;
    const before = this.shown.get(pool) ?? { bits: 0, chars: 0 };
    this.shown.set(pool, { bits: before.bits + bits, chars: before.chars + chars });
  }

  #approval(entry: Entry): void {
    const { seq, type, body } = entry;
    const id = body["approval"];
    if (typeof id !== "string") return;
    if (type === "approval.requested") {
      if (this.approvals.has(id)) this.#differ(seq, `${id} is asked a second time`);
      this.approvals.set(id, asked(id, entry));
      return;
    }
    const before = this.approvals.get(id);
    if (before === undefined) {
      if (!this.inherits) this.#differ(seq, `${id} goes on, and no entry asks it`);
      return;
    }
    const after = body["event"] === undefined ? byVerb(before, entry) : stepped(before, entry);
    if (after === before)
      this.#differ(seq, `${id}: this changes nothing in an approval that is ${before.status.state}`);
    else if (after.status.state !== body["state"])
      this.#differ(seq, `${id}: the entry says ${String(body["state"])}, its machine ${after.status.state}`);
    this.approvals.set(id, after);
  }
}

/** A question as its first entry says it. What its machine does not look at is not in the ledger. */
function asked(id: string, { body, run, session, actor, tenant }: Entry): Approval {
  const number = (name: string): number => (typeof body[name] === "number" ? body[name] : Number.MAX_SAFE_INTEGER);
  return {
    id: id as Approval["id"],
    tenant,
    session: session ?? null,
    run: run ?? null,
    call: null,
    capability: String(body["capability"]),
    version: 1,
    requester: (body["requester"] ?? (body["snapshot"] === "verb" ? actor : null) ?? null) as Approval["requester"],
    conversation: null,
    destination: "",
    label: BOTTOM,
    assurance: body["assurance"] as Approval["assurance"],
    fourEyes: body["four_eyes"] === true,
    approvers: [],
    answer: null,
    digest: String(body["digest"]),
    codeHash: "",
    wrongCodes: 0,
    sources: [],
    surfaces: [],
    prompt: null,
    stored: null,
    createdAt: 0,
    expiresAt: number("expires"),
    status: { state: "pending" },
  } as Approval;
}

function stepped(before: Approval, { body }: Entry): Approval {
  const at = typeof body["at"] === "number" ? body["at"] : 0;
  return decideStep(before, body["event"] as unknown as ApprovalEvent, at);
}

/** An owner's verb is its own answer: granted and consumed in the commit that asked, in this order and no other. */
function byVerb(before: Approval, { type, actor, body, time }: Entry): Approval {
  const by = { by: actor as Approval["requester"] & string, assurance: before.assurance, at: time };
  const to = (state: "granted" | "consumed"): Approval => ({ ...before, status: { state, ...by } as ApprovalStatus });
  if (before.status.state === "pending" && body["by"] === "verb") return to("granted");
  return before.status.state === "granted" && type === "approval.consumed" ? to("consumed") : before;
}

const questionOf = ({ status, digest, assurance, expiresAt, wrongCodes }: Approval): Question => ({
  status,
  digest,
  assurance,
  expiresAt,
  wrongCodes,
});

/** How a stored run differs from the folded one; null when it does not. */
export function runDifference(folded: Run | undefined, stored: Run): string | null {
  if (folded === undefined) return `${stored.id}: no entry begins it`;
  const keys = Object.keys(stored) as (keyof Run)[];
  const key = keys.find((it) => text(folded[it]) !== text(stored[it]));
  return key === undefined
    ? null
    : `${stored.id}: ${key} is stored as ${brief(stored[key])}, the ledger says ${brief(folded[key])}`;
}

/** The time of an owner's verb is the entry's, which the store gives: only states are compared there. */
export function approvalDifference(folded: Approval | undefined, stored: Approval): string | null {
  if (folded === undefined) return `${stored.id}: no entry asks it`;
  const isVerb = stored.surfaces.length === 0 && stored.stored === null;
  const [a, b] = isVerb
    ? [
        { state: folded.status.state, digest: folded.digest },
        { state: stored.status.state, digest: stored.digest },
      ]
    : [questionOf(folded), questionOf(stored)];
  const key = Object.keys(b).find((it) => text(a[it as never]) !== text(b[it as never]));
  return key === undefined
    ? null
    : `${stored.id}: ${key} is stored as ${brief(b[key as never])}, the ledger says ${brief(a[key as never])}`;
}

const BRIEF_CHARS = 200;
const brief = (value: unknown): string => text(value ?? null).slice(0, BRIEF_CHARS);
