/** `lazaret attack`: every case of the corpus against a Lazaret of its own, and what came of it beside what must. */
import { readFileSync } from "node:fs";
import type { AttackResult } from "../cli/offline.ts";
import { Refusal } from "../core/refusal.ts";
import type { RunState } from "../core/run.ts";
import { packFile, placeOf } from "../rules.ts";
import { type AttackCase, type AttackChannel, type Expected, readCorpus } from "./case.ts";
import { Stage, type StagePowers } from "./stage.ts";

const SHIPPED = [
  new URL("../../policy/attacks/agent.yaml", import.meta.url),
  new URL("../../policy/attacks/approval.yaml", import.meta.url),
  new URL("../../policy/attacks/content.yaml", import.meta.url),
  new URL("../../policy/attacks/door.yaml", import.meta.url),
  new URL("../../policy/attacks/matrix.yaml", import.meta.url),
  new URL("../../policy/attacks/network.yaml", import.meta.url),
  new URL("../../policy/attacks/plan.yaml", import.meta.url),
];
const ROWS = { limit: 10_000 };

/** The shipped corpus, or these files. Refuses `input.invalid` with the place of every mistake. */
export function attackCases(files: readonly string[]): readonly AttackCase[] {
  const sources =
    files.length > 0
      ? files.map(packFile)
      : SHIPPED.map((url) => ({ name: url.pathname.split("/").at(-1) ?? "", text: readFileSync(url, "utf8") }));
  return sources.flatMap((source) => {
    const reading = readCorpus(source);
    if (reading.ok) return reading.cases;
    throw new Refusal("input.invalid", { field: source.name, hint: reading.errors.map(placeOf).join("\n  ") });
  });
}

/** One case on each of its channels, one after the other. */
export async function* runAttacks(cases: readonly AttackCase[], powers: StagePowers): AsyncIterable<AttackResult> {
  for (const given of cases) for (const on of given.on) yield runAttack(given, on, powers);
}

export async function runAttack(given: AttackCase, on: AttackChannel, powers: StagePowers): Promise<AttackResult> {
  const stage = new Stage(given, on, powers);
  try {
    await stage.open();
    for (const step of given.steps) await stage.play(step);
    const seen = await lookAt(stage);
    const wrong = differences(given.expect, seen, stage);
    const { id, attack, expected } = given;
    return { id, channel: on, attack, expected, seen: wordsOf(seen), passed: wrong.length === 0, wrong };
  } finally {
    await stage.close();
  }
}

type Seen = {
  readonly texts: readonly string[];
  readonly calls: readonly string[];
  readonly door: string;
  readonly runs: Readonly<Record<string, number>>;
  readonly approvals: Readonly<Record<string, number>>;
  readonly entries: Readonly<Record<string, number>>;
  /** Everything that the agent was given, as text. */
  readonly given: string;
};

const tally = (words: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
};

const stateOf = (status: RunState): string => ("reason" in status ? `${status.state}(${status.reason})` : status.state);

async function lookAt(stage: Stage): Promise<Seen> {
  const { store } = stage;
  const items = await stage.items();
  const entries = store.ledger.entries(stage.begun, 100_000).map(({ type }) => type);
  const byOwner = (id: string | null): boolean => id === null;
  return {
    texts: [...stage.lines, ...items.map(({ text }) => text)],
    calls: stage.replies.map(({ status, code }) => code ?? status),
    door: stage.door,
    runs: tally(store.all("run", ROWS).map(({ value }) => stateOf(value.status))),
    // The owner's own verbs that set the stage are approvals too; what is asked has a run.
    approvals: tally(
      store.all("approval", ROWS).flatMap(({ value }) => (byOwner(value.run) ? [] : [value.status.state])),
    ),
    entries: tally(entries),
    given: JSON.stringify(stage.replies),
  };
}

function differences(expect: Expected, seen: Seen, stage: Stage): string[] {
  const sent = seen.texts.join("\n");
  const found: (string | null)[] = [
    ...(expect.said ?? []).map((it) => (sent.includes(it) ? null : `nobody was told “${it}”`)),
    ...(expect.unsaid ?? []).map((it) => (sent.includes(it) ? `“${it}” was sent` : null)),
    ...(expect.unseen ?? []).map((it) => (seen.given.includes(it) ? `the agent was given “${it}”` : null)),
    ...(expect.unkept ?? []).map((it) => (stage.isKept(it) ? `“${it}” lies on the disk` : null)),
    expect.texts === undefined || expect.texts === seen.texts.length ? null : `${seen.texts.length} texts were sent`,
    ...(expect.calls ?? []).map((it, n) => {
      const got = seen.calls[seen.calls.length - (expect.calls?.length ?? 0) + n];
      return got === it ? null : `call ${n + 1} gave ${got ?? "nothing"}, not ${it}`;
    }),
    // Telegram is told nothing.
    expect.door === undefined || stage.door === "" || expect.door === seen.door ? null : `the door said ${seen.door}`,
    ...unlike("runs", expect.runs, seen.runs),
    ...unlike("approvals", expect.approvals, seen.approvals),
    ...Object.entries(expect.entries ?? {}).map(([type, wanted]) =>
      (seen.entries[type] ?? 0) === wanted ? null : `${seen.entries[type] ?? 0} entries ${type}, not ${wanted}`,
    ),
  ];
  return found.filter((it) => it !== null);
}

/** Exactly these states and no others. */
function unlike(what: string, wanted: Readonly<Record<string, number>> | undefined, got: Seen["runs"]): string[] {
  if (wanted === undefined) return [];
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(got)])];
  return names
    .filter((name) => (wanted[name] ?? 0) !== (got[name] ?? 0))
    .map((name) => `${got[name] ?? 0} ${what} ${name}, not ${wanted[name] ?? 0}`);
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([name, n]) => `${n} ${name}`)
    .join(", ") || "none";

function wordsOf({ texts, calls, door, runs, approvals }: Seen): string {
  return [
    `texts sent: ${texts.length}`,
    `runs: ${counts(runs)}`,
    `approvals: ${counts(approvals)}`,
    ...(calls.length === 0 ? [] : [`calls: ${calls.slice(-6).join(", ")}`]),
    ...(door === "" ? [] : [`door: ${door}`]),
  ].join("; ");
}
