/**
 * `message.extract_tasks` without a model: requests and promises, who does them, until when (against the message's own
 * time and zone), and what became of them. Titles are tier B, everything else is typed (CONTRACT sections 3 and 5).
 */
import { z } from "zod";
import type { Transform } from "../src/core/transform.ts";
import { taskRequests, tasksTold } from "./model/tasks.ts";
import { maskedTurns } from "./summary/masked.ts";
import { POINT_CHARS_MAX } from "./summary/verify.ts";
import { Miner } from "./tasks/mine.ts";

const TASKS_MAX = 50;
const SOURCES_MAX = 20;
const INDEX_MAX = 1_000_000;
const NAME_CHARS_MAX = 64;
const DUE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2}))?$/;

const input = z.strictObject({ tasks_max: z.int().min(1).max(TASKS_MAX).default(TASKS_MAX) });
const task = z.strictObject({
  title: z.string().min(1).max(POINT_CHARS_MAX).meta({ tier: "B" }),
  assignee: z.string().max(NAME_CHARS_MAX).meta({ tier: "B" }).nullable(),
  due: z.string().max(32).regex(DUE).meta({ tier: "time" }).nullable(),
  priority: z.enum(["low", "normal", "high"]).meta({ tier: "A" }),
  status: z.enum(["open", "done", "cancelled"]).meta({ tier: "A" }),
  sources: z.array(z.int().min(0).max(INDEX_MAX).meta({ tier: "A" })).max(SOURCES_MAX),
});
const output = z.strictObject({ tasks: z.array(task).max(TASKS_MAX) });

export type Task = z.output<typeof task>;

export const extractTasks: Transform<typeof input, typeof output> = {
  id: "message.extract_tasks",
  version: 2,
  input,
  output,
  prepare: (turns, { tasks_max }, surroundings) => {
    const originals = turns.map((turn) => turn.text);
    const drafts = new Miner(maskedTurns(turns, surroundings), originals, surroundings.language).read();
    const tasks = drafts.slice(0, tasks_max).map(
      (draft): Task => ({
        title: draft.title,
        assignee: draft.assignee?.slice(0, NAME_CHARS_MAX) ?? null,
        due: draft.due,
        priority: draft.priority,
        status: draft.status,
        sources: [...draft.sources].sort((a, b) => a - b).slice(0, SOURCES_MAX),
      }),
    );
    const requests = taskRequests(turns, tasks_max, surroundings);
    return requests === null ? { kind: "value", value: { tasks } } : { kind: "model", requests, fallback: { tasks } };
  },
  finish: (answers, turns, { tasks_max }, surroundings) =>
    output.parse({ tasks: tasksTold(answers, turns, tasks_max, surroundings) }),
};
