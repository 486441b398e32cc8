/**
 * ROUGE of the built-in summaries and the share of them that passes tier B as they stand.
 * node bench/summary-quality.ts FILE.jsonl [--show N]; a line: {id, messages: [{sender, text, sent_at?}], reference |
 * references}
 */
import { readFileSync } from "node:fs";
import { summarize } from "../transforms/summarize.ts";
import { type Said, surroundings, turnsOf } from "./chats.ts";

/** What is checked is what a model's answer would have to pass. */
const asking = { ...surroundings, model: { nonce: "0123456789abcdef", charsMax: 1_000_000 } };

import { bestRouge, rouge } from "./rouge.ts";

type Line = {
  readonly id: string;
  readonly messages: readonly Said[];
  readonly reference?: string;
  readonly references?: readonly string[];
};

const [file = "", flag, many = "0"] = process.argv.slice(2);
const lines = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);
const best = { one: 0, two: 0, l: 0 };
const mean = { one: 0, two: 0, l: 0 };
let words = 0;
let passed = 0;
let empty = 0;
lines.forEach((line, i) => {
  const turns = turnsOf(line.messages);
  const prepared = summarize.prepare(turns, { points_max: 12 }, surroundings);
  const value = prepared.kind === "value" ? prepared.value : prepared.fallback;
  const summary = value.points.join(" ");
  const references = line.references ?? [line.reference ?? ""];
  const top = bestRouge(summary, references);
  for (const key of ["one", "two", "l"] as const) {
    best[key] += top[key];
    mean[key] += references.reduce((sum, reference) => sum + rouge(summary, reference)[key], 0) / references.length;
  }
  words += summary.split(" ").length;
  if (value.points.length === 0) empty += 1;
  try {
    const { points, topics } = value;
    summarize.finish([{ points, topics }], turns, { points_max: 12 }, asking);
    if (value.points.length > 0) passed += 1;
  } catch (error) {
    if (flag === "--show") console.log(line.id, String(error));
  }
  if (flag === "--show" && i < Number(many)) console.log(`${line.id}\n  = ${references[0]}\n  > ${summary}`);
});
const percent = (sum: number): string => ((100 * sum) / lines.length).toFixed(1);
console.log(`summaries        ${lines.length} (${empty} empty), ${(words / lines.length).toFixed(1)} words`);
console.log(`ROUGE-1/2/L best ${percent(best.one)} / ${percent(best.two)} / ${percent(best.l)}`);
console.log(`ROUGE-1/2/L mean ${percent(mean.one)} / ${percent(mean.two)} / ${percent(mean.l)}`);
console.log(`tier B           ${percent(passed)} %`);
