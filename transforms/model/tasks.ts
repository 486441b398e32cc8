/** Tasks by a quarantined model: typed fields are checked against the sources, titles as every told text. */
import { z } from "zod";
import type { ModelRequest, Surroundings, Turn } from "../../src/core/transform.ts";
import { contentWords } from "../summary/content.ts";
import { POINT_CHARS_MAX } from "../summary/verify.ts";
import { isCivil } from "../text/civil.ts";
import { answerIn, assertTold } from "./answer.ts";
import type { Batch } from "./material.ts";
import { batched, requestsOf } from "./requests.ts";

const TASKS_MAX = 50;
const SOURCES_MAX = 20;
const INDEX_MAX = 1_000_000;
const NAME_CHARS_MAX = 64;
const DUE = /^(\d{4})-(\d{2})-(\d{2})(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))?$/;
const YEARS = { least: 2000, most: 2100 } as const;

const Task = z.strictObject({
  title: z.string().min(1).max(POINT_CHARS_MAX),
  assignee: z.string().max(NAME_CHARS_MAX).nullable(),
  due: z.string().max(32).nullable(),
  priority: z.enum(["low", "normal", "high"]),
  status: z.enum(["open", "done", "cancelled"]),
  sources: z.array(z.int().min(0).max(INDEX_MAX)).max(SOURCES_MAX),
});
const Told = z.strictObject({ tasks: z.array(Task).max(TASKS_MAX) });
type Task = z.output<typeof Task>;

const INSTRUCTIONS =
  "You list the tasks in a chat: what somebody was asked to do, promised to do or took upon themselves. " +
  "title: what is to be done, beginning with a verb, at most ten words. assignee: the author who does it, " +
  "or null. due: the last day as YYYY-MM-DD, or with a time as RFC 3339, worked out from the time of the " +
  "message that says it, or null. status: open, done or cancelled, as it stands at the end. priority: high " +
  "when it is said to be urgent, low when it can wait, else normal. sources: the indexes of the messages " +
  "that say so. A task said twice is one task.";

export function taskRequests(
  turns: readonly Turn[],
  _tasksMax: number,
  around: Surroundings,
): readonly ModelRequest[] | null {
  const given = batched(turns, around);
  return given === null ? null : requestsOf(given, INSTRUCTIONS, Told);
}

/** Throws when there is not one sound answer for each batch. */
export function tasksTold(
  answers: readonly unknown[],
  turns: readonly Turn[],
  tasksMax: number,
  around: Surroundings,
): readonly Task[] {
  const batches = batched(turns, around)?.batches ?? [];
  if (batches.length === 0 || answers.length !== batches.length) throw new Error("an answer for each question");
  const all = batches.flatMap((batch, at) => soundTasks(answers[at], batch, turns));
  return merged(all).slice(0, tasksMax);
}

function soundTasks(answer: unknown, batch: Batch, turns: readonly Turn[]): readonly Task[] {
  const { tasks } = answerIn(Told, answer);
  assertTold(
    tasks.map(({ title }) => title),
    batch,
    turns,
  );
  const indexes = new Set(batch.turns.map(({ index }) => index));
  const byName = new Map(turns.map(({ sender }) => [sender.replace(/\s+/gu, "_").toLowerCase(), sender]));
  return tasks.map((task) => {
    if (task.sources.some((index) => !indexes.has(index))) throw new Error("a task names a source that is not there");
    if (task.due !== null && !isDue(task.due)) throw new Error("no such day");
    const assignee = task.assignee === null ? null : byName.get(task.assignee.replace(/\s+/gu, "_").toLowerCase());
    if (assignee === undefined) throw new Error("a person who said nothing");
    return { ...task, assignee, sources: [...new Set(task.sources)].sort((a, b) => a - b) };
  });
}

function isDue(text: string): boolean {
  const [, year = "", month = "", day = ""] = DUE.exec(text) ?? [];
  const isNear = Number(year) >= YEARS.least && Number(year) <= YEARS.most;
  return isNear && isCivil(Number(year), Number(month), Number(day));
}

/** The same words for the same person in two batches are one task: what was said last about it stands. */
function merged(tasks: readonly Task[]): readonly Task[] {
  const byKey = new Map<string, Task>();
  for (const task of tasks) {
    const key = `${task.assignee ?? ""}/${[...new Set(contentWords(task.title))].sort().join(" ")}`;
    const before = byKey.get(key);
    const sources = [...(before?.sources ?? []), ...task.sources].slice(0, SOURCES_MAX);
    byKey.set(key, before === undefined ? task : { ...task, due: task.due ?? before.due, sources });
  }
  return [...byKey.values()];
}
