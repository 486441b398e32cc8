/**
 * How many key facts of group chats the built-in summaries hold within a quarter of the length, and whether a secret
 * slipped in.
 * node bench/group-quality.ts [FILE.jsonl] [--show]
 * A line: {id, messages, facts: [[word, …], …], secrets: [text, …]}.
 * A fact counts when one point holds all its words.
 */
import { readFileSync } from "node:fs";
import type { Turn } from "../src/core/transform.ts";
import { summarize } from "../transforms/summarize.ts";
import { type Said, surroundings, turnsOf } from "./chats.ts";

type Line = {
  readonly id: string;
  readonly messages: readonly Said[];
  readonly facts: readonly (readonly string[])[];
  readonly secrets: readonly string[];
};

const file =
  process.argv[2]?.startsWith("--") === false ? process.argv[2] : new URL("./data/groups.jsonl", import.meta.url);
const show = process.argv.includes("--show");
const lines = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);
let held = 0;
let all = 0;
let leaked = 0;
for (const line of lines) {
  const turns: Turn[] = turnsOf(line.messages);
  const prepared = summarize.prepare(turns, { points_max: 12 }, surroundings);
  const { points } = prepared.kind === "value" ? prepared.value : prepared.fallback;
  const found = (fact: readonly string[]): boolean =>
    points.some((point) => fact.every((word) => point.toLowerCase().includes(word)));
  const hits = line.facts.filter(found).length;
  const length = turns.reduce((sum, turn) => sum + turn.text.length, 0);
  const said = points.join(" ");
  const leaks = line.secrets.filter((secret) => said.includes(secret)).length;
  held += hits;
  all += line.facts.length;
  leaked += leaks;
  console.log(
    `${line.id.padEnd(12)} ${hits}/${line.facts.length} facts, ${Math.round((100 * said.length) / length)} ` +
      `% of the length, ${leaks} secrets`,
  );
  if (show) for (const point of points) console.log(`    ${point}`);
  if (show)
    console.log(
      "    missed:",
      line.facts
        .filter((fact) => !found(fact))
        .map((fact) => fact.join("+"))
        .join(", "),
    );
}
console.log(`facts ${((100 * held) / all).toFixed(1)} %, secrets ${leaked}`);

const LONG = 1000;
const messages = lines.flatMap((line) => line.messages);
const long = turnsOf(Array.from({ length: LONG }, (_, at) => messages[at % messages.length] as (typeof messages)[0]));
const times = Array.from({ length: 5 }, () => {
  const from = performance.now();
  summarize.prepare(long, { points_max: 12 }, surroundings);
  return performance.now() - from;
});
console.log(
  `${LONG} messages: ${Math.round(Math.min(...times))} ms at best, ${Math.round(times[0] ?? 0)} ms the first time`,
);
