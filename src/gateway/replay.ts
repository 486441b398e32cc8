/**
 * Folds the ledger and compares with what is stored: runs with their budgets, approvals, calls, the day's caps (HOUSE
 * section 4).
 */
import type { Entry } from "../core/entry.ts";
import { hex, type SessionId } from "../core/ids.ts";
import { isTerminal } from "../core/run.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import { approvalDifference, type Difference, Fold, runDifference } from "./fold.ts";
import type { Powers } from "./powers.ts";
import { inherits } from "./restored.ts";

const PAGE = 1000;
const ROWS_MAX = 1_000_000;
const DIFFERENCES_MAX = 100;

/** Erased runs and approvals are in the ledger alone and are not compared. */
export function replay(powers: Powers): VerbOutput<"ledger.replay"> {
  const fold = foldWhere(powers, () => true);
  const found = [...fold.differences, ...storedDifferences(powers, fold, () => true)];
  return {
    ok: found.length === 0,
    entries: fold.entries,
    runs: fold.runs.size,
    approvals: fold.approvals.size,
    differences: found.slice(0, DIFFERENCES_MAX).map(sentenceOf),
  };
}

/** The same for one session. Its digest is that of the folded state: the same entries give the same anywhere. */
export function replaySession(powers: Powers, session: SessionId): VerbOutput<"trace.replay"> {
  const fold = foldWhere(powers, (entry) => entry.session === session);
  const [first] = [...fold.differences, ...storedDifferences(powers, fold, (of) => of === session)];
  return {
    session,
    ok: first === undefined,
    entries: fold.entries,
    runs: fold.runs.size,
    approvals: fold.approvals.size,
    calls: fold.calls.size,
    digest: hex(powers.hashing.sha256(powers.hashing.utf8(fold.canonical()))),
    difference: first === undefined ? null : { seq: first.seq, what: first.what },
  };
}

function foldWhere({ store }: Powers, wanted: (entry: Entry) => boolean): Fold {
  const fold = new Fold(inherits(store.ledger.entries(0, 1)[0]));
  for (let after = 0; ; ) {
    const page = store.ledger.entries(after, PAGE);
    if (page.length === 0) return fold;
    for (const entry of page) if (wanted(entry)) fold.take(entry);
    after = page.at(-1)?.seq ?? after;
  }
}

function storedDifferences({ store }: Powers, fold: Fold, wanted: (session: string | null) => boolean): Difference[] {
  const found: (string | null)[] = [];
  const page = { limit: ROWS_MAX };
  const sessions = new Map<string, string>();
  const isTold = (folded: unknown): boolean => folded !== undefined || !fold.inherits;
  for (const { value } of store.all("run", page)) {
    sessions.set(value.id, value.session);
    if (wanted(value.session) && isTold(fold.runs.get(value.id)))
      found.push(runDifference(fold.runs.get(value.id), value));
  }
  for (const { value } of store.all("approval", page))
    if (wanted(value.session) && isTold(fold.approvals.get(value.id)))
      found.push(approvalDifference(fold.approvals.get(value.id), value));
  for (const { value } of store.all("call", page)) {
    const state = fold.calls.get(value.id);
    if (!wanted(sessions.get(value.run) ?? null) || !isTold(state)) continue;
    const run = fold.runs.get(value.run);
    const isOpen = value.status === "open" || value.status === "waiting";
    if (state === undefined) found.push(`${value.id}: no entry reserves for it`);
    else if (run !== undefined && !isTerminal(run) && isOpen !== (state === "open"))
      found.push(`${value.id}: stored as ${value.status}, the ledger says ${state}`);
  }
  for (const { value } of store.all("pool", page)) {
    const shown = fold.shown.get(value.id) ?? { bits: 0, chars: 0 };
    const conversation = value.id.slice(0, value.id.lastIndexOf("/"));
    // A session is a part of its conversation's day, so pools are compared for the whole ledger alone; and a ledger
    // that goes on after another has not the whole day.
    if (!wanted(conversation) || !wanted(null) || fold.inherits) continue;
    if (shown.bits !== value.bits || shown.chars !== value.chars)
      found.push(`${value.id}: shown ${wordsOf(value)}, the ledger says ${wordsOf(shown)}`);
  }
  return found.flatMap((what) => (what === null ? [] : [{ seq: null, what }]));
}

const wordsOf = ({ bits, chars }: { readonly bits: number; readonly chars: number }): string =>
  `${bits} bits and ${chars} characters`;

const sentenceOf = ({ seq, what }: Difference): string => (seq === null ? what : `entry ${seq}: ${what}`);
