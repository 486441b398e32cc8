/** Points and topics by a quarantined model: a map over batches, put together here without asking again. */
import { z } from "zod";
import type { ModelRequest, Surroundings, Turn } from "../../src/core/transform.ts";
import { POINT_CHARS_MAX } from "../summary/verify.ts";
import { answerIn, assertTold } from "./answer.ts";
import { batched, requestsOf } from "./requests.ts";

const POINTS_CHARS_MAX = 2000;
const POINTS_MAX = 12;
const TOPICS_MAX = 5;
const TOPIC_CHARS_MAX = 40;

const Told = z.strictObject({
  points: z.array(z.string().min(1).max(POINT_CHARS_MAX)).max(POINTS_MAX),
  topics: z.array(z.string().min(1).max(TOPIC_CHARS_MAX)).max(TOPICS_MAX),
});

const task = (points: number): string =>
  `You report what was said in a chat to somebody who missed it. Give at most ${points} points, the most ` +
  "important first: what was decided, asked, promised, planned and left open, with who, when and how much. " +
  "Each point is one plain sentence in the third person and the past tense, shorter than 200 characters. " +
  "Give at most 5 topics of one or two words.";

export function summaryRequests(
  turns: readonly Turn[],
  pointsMax: number,
  around: Surroundings,
): readonly ModelRequest[] | null {
  const given = batched(turns, around);
  return given === null ? null : requestsOf(given, task(pointsMax), Told);
}

/** Throws when there is not one sound answer for each batch. */
export function summaryTold(
  answers: readonly unknown[],
  turns: readonly Turn[],
  pointsMax: number,
  around: Surroundings,
): { readonly points: readonly string[]; readonly topics: readonly string[] } {
  const batches = batched(turns, around)?.batches ?? [];
  if (batches.length === 0 || answers.length !== batches.length) throw new Error("an answer for each question");
  const told = batches.map((batch, at) => {
    const { points, topics } = answerIn(Told, answers[at]);
    assertTold([...points, ...topics], batch, turns);
    return { points, topics };
  });
  if (told.every(({ points }) => points.length === 0)) throw new Error("nothing was told");
  return {
    points: fairly(
      told.map(({ points }) => points),
      pointsMax,
    ),
    topics: [...new Set(told.flatMap(({ topics }) => topics))].slice(0, TOPICS_MAX),
  };
}

/** The first of each batch, then the second of each, until there is no room; told in the order of the chat. */
function fairly(lists: readonly (readonly string[])[], pointsMax: number): readonly string[] {
  const taken = lists.map(() => 0);
  let count = 0;
  let chars = 0;
  for (let rank = 0; rank < POINTS_MAX; rank++)
    for (const [at, list] of lists.entries()) {
      const point = list[rank];
      if (point === undefined || taken[at] !== rank || count >= pointsMax) continue;
      if (chars + point.length > POINTS_CHARS_MAX) continue;
      taken[at] = rank + 1;
      count += 1;
      chars += point.length;
    }
  return [...new Set(lists.flatMap((list, at) => list.slice(0, taken[at])))];
}
