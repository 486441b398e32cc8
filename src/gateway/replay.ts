/** Folds the ledger: runs and approvals as they follow from their entries must be the stored rows (HOUSE section 4). */
import { type Canonical, canonical } from "../core/canonical.ts";
import type { Entry } from "../core/entry.ts";
import { type Run, type RunEvent, step } from "../core/run.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { Powers } from "./powers.ts";

const PAGE = 1000;
const DIFFERENCES_MAX = 100;

/**
 * Compares what the ledger says with what is stored.
 * Erased runs and approvals are in the ledger alone and are not compared.
 */
export function replay(powers: Powers): VerbOutput<"ledger.replay"> {
  const { store } = powers;
  const runs = new Map<string, Run>();
  const states = new Map<string, string>();
  let entries = 0;
  for (let after = 0; ; ) {
    const page = store.ledger.entries(after, PAGE);
    if (page.length === 0) break;
    for (const entry of page) {
      foldRun(runs, entry);
      foldApproval(states, entry);
    }
    entries += page.length;
    after = page.at(-1)?.seq ?? after;
  }
  const differences: string[] = [];
  for (const { value } of store.all("run", { limit: 1_000_000 })) {
    const folded = runs.get(value.id);
    if (folded === undefined) differences.push(`${value.id}: no entry begins it`);
    else if (text(folded) !== text(value)) differences.push(`${value.id}: ${firstDifference(folded, value)}`);
  }
  for (const { value } of store.all("approval", { limit: 1_000_000 })) {
    if (states.get(value.id) !== value.status.state)
      differences.push(`${value.id}: stored ${value.status.state}, ledger ${states.get(value.id) ?? "nothing"}`);
  }
  return {
    ok: differences.length === 0,
    entries,
    runs: runs.size,
    approvals: states.size,
    differences: differences.slice(0, DIFFERENCES_MAX),
  };
}

const text = (value: unknown): string => canonical(value as Canonical);

function foldRun(runs: Map<string, Run>, entry: Entry): void {
  const { body, type } = entry;
  if (type === "run.started" && body["run"] !== undefined) {
    const run = body["run"] as unknown as Run;
    runs.set(run.id, run);
    return;
  }
  if (entry.run === undefined || body["event"] === undefined || typeof body["at"] !== "number") return;
  const run = runs.get(entry.run);
  if (run !== undefined) runs.set(entry.run, step(run, body["event"] as unknown as RunEvent, body["at"]));
}

/** The state that each entry says, which the machine must allow from the one before. */
function foldApproval(states: Map<string, string>, entry: Entry): void {
  const id = entry.body["approval"];
  if (typeof id !== "string" || !entry.type.startsWith("approval.")) return;
  if (entry.type === "approval.requested") states.set(id, "pending");
  else if (typeof entry.body["state"] === "string") states.set(id, entry.body["state"]);
}

function firstDifference(a: Run, b: Run): string {
  const keys = Object.keys(b) as (keyof Run)[];
  const key = keys.find((it) => text(a[it]) !== text(b[it]));
  return key === undefined ? "another field" : `${key} differs`;
}
