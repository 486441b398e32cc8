/**
 * How well tasks are found: node bench/task-quality.ts [FILE.jsonl] [--show]. A line: {id, messages, tasks: [{title,
 * assignee, due,
 * priority, status}]}. A found task counts when its title shares at least half of the words (stems, F1) with one that
 * was expected.
 */
import { readFileSync } from "node:fs";
import { extractTasks, type Task } from "../transforms/extract-tasks.ts";
import { contentWords } from "../transforms/summary/content.ts";
import { type Said, surroundings, turnsOf } from "./chats.ts";

type Expected = Pick<Task, "title" | "assignee" | "due" | "priority" | "status">;
type Line = { readonly id: string; readonly messages: readonly Said[]; readonly tasks: readonly Expected[] };

const SIMILAR = 0.5;

function similarity(a: string, b: string): number {
  const left = new Set(contentWords(a));
  const right = new Set(contentWords(b));
  if (left.size === 0 || right.size === 0) return a.toLowerCase() === b.toLowerCase() ? 1 : 0;
  let shared = 0;
  for (const word of left) if (right.has(word)) shared += 1;
  return (2 * shared) / (left.size + right.size);
}

const name = (text: string | null): string => (text ?? "").toLowerCase();
const file =
  process.argv[2]?.startsWith("--") === false ? process.argv[2] : new URL("./data/tasks.jsonl", import.meta.url);
const show = process.argv.includes("--show");
const lines = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);
const sum = { found: 0, expected: 0, hits: 0, assignee: 0, due: 0, priority: 0, status: 0 };
for (const line of lines) {
  const turns = turnsOf(line.messages);
  const prepared = extractTasks.prepare(turns, { tasks_max: 50 }, surroundings);
  const { tasks } = prepared.kind === "value" ? prepared.value : prepared.fallback;
  const left = [...tasks];
  const wrong: string[] = [];
  sum.found += tasks.length;
  sum.expected += line.tasks.length;
  for (const expected of line.tasks) {
    const ranked = left
      .map((task) => ({ task, score: similarity(task.title, expected.title) }))
      .sort((a, b) => b.score - a.score);
    const best = ranked[0];
    if (best === undefined || best.score < SIMILAR) {
      wrong.push(`missed  ${JSON.stringify(expected)}`);
      continue;
    }
    const { task } = best;
    left.splice(left.indexOf(task), 1);
    sum.hits += 1;
    const right = {
      assignee: name(task.assignee) === name(expected.assignee),
      due: task.due === expected.due,
      priority: task.priority === expected.priority,
      status: task.status === expected.status,
    };
    for (const key of ["assignee", "due", "priority", "status"] as const) if (right[key]) sum[key] += 1;
    if (Object.values(right).includes(false))
      wrong.push(`expected ${JSON.stringify(expected)}\n     got ${JSON.stringify(task)}`);
  }
  for (const task of left) wrong.push(`extra   ${JSON.stringify(task)}`);
  if (show && wrong.length > 0)
    console.log(
      `${line.id} ${line.messages.map((m) => `${m.sender}: ${m.text}`).join(" / ")}\n   ${wrong.join("\n   ")}`,
    );
}
const share = (part: number, whole: number): string => (whole === 0 ? "-" : (part / whole).toFixed(3));
const precision = sum.hits / Math.max(1, sum.found);
const recall = sum.hits / Math.max(1, sum.expected);
console.log(`snippets ${lines.length}, tasks ${sum.expected} expected, ${sum.found} found`);
console.log(
  `tasks    precision ${precision.toFixed(3)} recall ${recall.toFixed(3)} F1 ` +
    `${((2 * precision * recall) / (precision + recall)).toFixed(3)}`,
);
console.log(
  `of those assignee ${share(sum.assignee, sum.hits)} due ${share(sum.due, sum.hits)} priority ` +
    `${share(sum.priority, sum.hits)} status ${share(sum.status, sum.hits)}`,
);
