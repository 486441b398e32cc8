/**
 * A transform with a model in the middle: a question for each batch of sources, one more try, else the answer without a
 * model (CONTRACT section 5). What the model says is data that `finish` may refuse; nothing in it is ever carried out.
 */
import type { ModelAnswer } from "./model.ts";
import type { Found, TransformOutcome } from "./ports.ts";
import { isRefusal, type RefusalCode } from "./refusal.ts";
import type { ModelRequest } from "./transform.ts";

/** `fallback`: a model was asked and gave nothing usable, or could not be asked. */
export const ANSWERED_BY = ["built-in", "model", "fallback"] as const;
export type AnsweredBy = (typeof ANSWERED_BY)[number];

export type Quarantine = {
  readonly prepare: () => Promise<TransformOutcome>;
  /** Rejects with `transform.failed` when the answers break the schema or a check. */
  readonly finish: (answers: readonly unknown[]) => Promise<TransformOutcome>;
  readonly ask: (request: ModelRequest) => Promise<ModelAnswer>;
};

export type Answered = { readonly by: AnsweredBy; readonly value: unknown; readonly found: readonly Found[] };

const TRIES = 2;
const ANSWER_CHARS_MAX = 65_536;
/** Asking again may help. After anything else it cannot, or it would cost what is not there. */
const AGAIN: ReadonlySet<RefusalCode> = new Set(["model.failed", "transform.failed"]);
/** The run is over or waits: there is nobody to answer. */
const OVER: ReadonlySet<RefusalCode> = new Set(["run.ended", "run.waiting"]);

/** Rejects when the run is over, or the answer without a model cannot be had either. */
export async function quarantined({ prepare, finish, ask }: Quarantine): Promise<Answered> {
  const prepared = await prepare();
  const { found } = prepared;
  if (prepared.kind === "value") return { by: "built-in", value: prepared.value, found };
  const fallback: Answered = { by: "fallback", value: prepared.fallback, found };
  let answers: readonly unknown[] = prepared.requests.map(() => undefined);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      answers = await asked(prepared.requests, answers, ask);
      // Those that came are kept; the others are asked once more.
      if (answers.includes(undefined)) continue;
      const outcome = await finish(answers);
      if (outcome.kind === "value") return { by: "model", value: outcome.value, found: outcome.found };
    } catch (error) {
      if (!isRefusal(error) || OVER.has(error.code)) throw error;
      if (!AGAIN.has(error.code)) return fallback;
    }
    // Which of several broke the check is not known: all are asked again.
    answers = answers.map(() => undefined);
  }
  return fallback;
}

/** Asks what has no answer yet. A broken one stays `undefined`. */
async function asked(
  requests: readonly ModelRequest[],
  known: readonly unknown[],
  ask: Quarantine["ask"],
): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (const [at, request] of requests.entries()) {
    answers.push(known[at] === undefined ? readAnswer(await ask(request)) : known[at]);
  }
  return answers;
}

/** The JSON of an answer that is nothing but JSON; a model that calls tools which it does not have is broken. */
function readAnswer({ text, calls, isWhole }: ModelAnswer): unknown {
  if (calls.length > 0 || !isWhole || text.length > ANSWER_CHARS_MAX) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // the parser's words would quote the answer
  }
}

/** A question as the model gets it: nothing but what the transform wrote. */
export const questionOf = ({ instructions, material, answer, tokensMax }: ModelRequest) => ({
  instructions,
  messages: [{ from: "user" as const, text: material }],
  answer,
  tokensMax,
});
