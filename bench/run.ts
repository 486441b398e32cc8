/**
 * `npm run bench [-- --json] [--smoke] [--only NAME] [--rounds N] [--dir DIR]`: the product beside its ceilings and
 * floors, all
 * cases in every round, medians of the rounds' ratios. Ends with 1 when a gate fails: the median and at least four of
 * five rounds beyond it, in a short run (--smoke) beyond twice the gate, and only on a machine that is ours alone.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Case, median, type Place, type Round, type Running, type Verdict, verdict } from "./case.ts";
import { api } from "./case-api.ts";
import { ingest, latency } from "./case-ingest.ts";
import { install } from "./case-install.ts";
import { ledger } from "./case-ledger.ts";
import { purge } from "./case-purge.ts";
import { reads } from "./case-reads.ts";
import { redaction } from "./case-redaction.ts";
import { start } from "./case-start.ts";

const CASES: readonly Case[] = [ingest, latency, start, api, reads, ledger, purge, redaction, install];
const ROUNDS = 5;
const ROUNDS_SMOKE = 3;
/** A short run has not many rounds to forget a disturbance in: its gates stand this much farther off. */
const SLACK_SMOKE = 2;
/** Processes that wait for each processor; above this a short run measures its neighbours. */
const BUSY = 2;

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    rounds: { type: "string" },
    dir: { type: "string", default: tmpdir() },
  },
});
const say = (line: string): void => console.error(line);

function chosen(): readonly Case[] {
  const { only } = options;
  const unknown = only?.find((name) => !CASES.some((it) => it.name === name));
  if (unknown !== undefined) {
    say(`bench: no case called ${unknown}; there are ${CASES.map(({ name }) => name).join(", ")}`);
    process.exit(2);
  }
  return only === undefined ? CASES : CASES.filter(({ name }) => only.includes(name));
}

/** What the figures depend on. */
function machine(): Readonly<Record<string, string>> {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const load = loadavg().map((value) => value.toFixed(1));
  const processors = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`;
  return { commit, node: process.version, processors, platform: process.platform, load: load.join(" ") };
}

async function rounds(place: Place, cases: readonly Case[], count: number): Promise<ReadonlyMap<Case, Round[]>> {
  const results = new Map<Case, Round[]>(cases.map((it) => [it, []]));
  const running = new Map<Case, Running>();
  try {
    for (const it of cases) {
      say(`preparing ${it.name}`);
      running.set(it, await it.begin(place));
    }
    for (let round = 1; round <= count; round++) {
      for (const [it, at] of running) {
        say(`round ${round} of ${count}: ${it.name}`);
        results.get(it)?.push(await at.round());
      }
    }
  } finally {
    for (const at of running.values()) await at.end();
  }
  return results;
}

const shown = (value: number): string =>
  Number.isInteger(value) ? String(value) : value < 10 ? value.toFixed(2) : value.toFixed(1);

function row({ bound, median: middle, isGoalMet, isFailed }: Verdict): string {
  const sign = bound.at === "most" ? "≤" : "≥";
  const gate = bound.gate === null ? "-" : `${sign} ${bound.gate}`;
  const state = isFailed ? "GATE FAILED" : isGoalMet ? "goal met" : "within the gate";
  return `| ${bound.ratio} | ${shown(middle)} | ${sign} ${bound.goal} | ${gate} | ${state} |`;
}

function report(results: ReadonlyMap<Case, readonly Round[]>, verdicts: ReadonlyMap<Case, readonly Verdict[]>): string {
  const lines = Object.entries(machine()).map(([name, value]) => `- ${name}: ${value}`);
  for (const [it, all] of results) {
    lines.push("", `## ${it.name}`, "", "| ratio | median | goal | gate | |", "|---|---:|---:|---:|---|");
    for (const one of verdicts.get(it) ?? []) lines.push(row(one));
    const ratios = new Set(it.bounds.map(({ ratio }) => ratio));
    const rest = Object.keys(all[0] ?? {}).filter((name) => !ratios.has(name));
    const figures = rest.map((name) => `${name} ${shown(median(all.map((round) => round[name] ?? Number.NaN)))}`);
    if (figures.length > 0) lines.push("", `Medians of ${all.length} rounds: ${figures.join(", ")}.`);
  }
  return lines.join("\n");
}

const busy = (): number => (loadavg()[0] ?? 0) / cpus().length;
const busyBefore = busy();
const place: Place = { dir: mkdtempSync(join(options.dir, "lazaret-bench-")), smoke: options.smoke };
try {
  const count = Number(options.rounds ?? (options.smoke ? ROUNDS_SMOKE : ROUNDS));
  const results = await rounds(place, chosen(), count);
  const slack = options.smoke ? SLACK_SMOKE : 1;
  const verdicts = new Map([...results].map(([it, all]) => [it, it.bounds.map((bound) => verdict(bound, all, slack))]));
  const failed = [...verdicts.values()].flat().filter(({ isFailed }) => isFailed);
  const isJudged = !options.smoke || Math.max(busyBefore, busy()) < BUSY;
  const plain = (it: Case): object => ({ name: it.name, rounds: results.get(it), verdicts: verdicts.get(it) });
  if (options.json) console.log(JSON.stringify({ machine: machine(), cases: [...results.keys()].map(plain) }, null, 2));
  else console.log(report(results, verdicts));
  if (!isJudged) say("bench: this machine is busy with other work, so gates are reported and not judged");
  process.exitCode = failed.length === 0 || !isJudged ? 0 : 1;
} finally {
  rmSync(place.dir, { recursive: true, force: true });
}
