/**
 * `lazaret try TRANSFORM --model NAME`: as `try`, with a model of the configuration in the middle. The owner of the
 * text sits before it, so what the model may receive is theirs to say; a price is needed all the same (CONTRACT
 * section 14).
 */
import { extractTasks } from "../transforms/extract-tasks.ts";
import { summarize } from "../transforms/summarize.ts";
import { turnsOf } from "./chat-text.ts";
import type { TransformName } from "./cli/offline.ts";
import { profileOf } from "./config/models.ts";
import type { Config } from "./config.ts";
import { INTERACTIVE } from "./core/budget.ts";
import { hex } from "./core/ids.ts";
import { costOf, type ModelPort, type ModelProfile, tokensAtMost, unpriced } from "./core/model.ts";
import type { TransformOutcome } from "./core/ports.ts";
import { type Answered, quarantined, questionOf } from "./core/quarantined.ts";
import { Refusal } from "./core/refusal.ts";
import type { ModelRequest, Surroundings, Transform, Turn } from "./core/transform.ts";
import { CheckedHttp } from "./edge/http.ts";
import { HttpModels } from "./edge/models.ts";
import { grantPermit } from "./gateway/permit.ts";
import { systemRandom, wallClock } from "./powers.ts";
import { around, chatOf, type Lexicon, linesOf } from "./try.ts";

const BY_NAME = { summarize, extract_tasks: extractTasks } as const;
const NONCE_BYTES = 16;

type Asking = {
  readonly models: ModelPort;
  readonly profile: ModelProfile;
  /** What this call of the program has spent, in tokens and millionths of a dollar. */
  readonly spent: { tokens: number; micros: number };
};

/** Refuses a model that is not in the configuration, has no price, or has its key in a vault that nobody opened. */
export function modelNamed(name: string, { models }: Pick<Config, "models">): Asking {
  const entry = models.find((it) => it.name === name);
  const hint = `The configuration names ${models.map((it) => it.name).join(", ") || "no models"}.`;
  if (entry === undefined) throw new Refusal("model.unknown", { field: "--model", hint });
  const profile = profileOf(entry);
  if (unpriced(profile))
    throw new Refusal("budget.unpriced", { field: name, hint: "Give it a price in the configuration." });
  if (profile.secret !== null)
    throw new Refusal("auth.required", {
      field: name,
      hint: "try opens no home, so it has no key. Ask in a chat instead.",
    });
  const withKey = (): never => {
    throw new RangeError("there is no key");
  };
  const port = new HttpModels([profile], { http: new CheckedHttp({ clock: wallClock }), withKey });
  return { models: port, profile, spent: { tokens: 0, micros: 0 } };
}

/** One answer, with `by` beside what the transform says. */
export async function tryChatWith(
  asking: Asking,
  transform: TransformName,
  turns: readonly Turn[],
  lexicon: Lexicon,
): Promise<object> {
  if (transform !== "summarize" && transform !== "extract_tasks")
    throw new Refusal("input.invalid", { field: "--model", hint: `${transform} asks no model.` });
  const { profile } = asking;
  const model = { nonce: hex(systemRandom.bytes(NONCE_BYTES)), charsMax: Math.max(256, profile.tokensInMax - 2048) };
  const { by, value } = await asked(BY_NAME[transform], turns, { ...around(lexicon), model }, asking);
  if (transform !== "summarize") return { ...(value as object), by };
  return { summary: (value as { points: readonly string[] }).points.join(" "), ...(value as object), by };
}

function asked(transform: Transform, turns: readonly Turn[], around: Surroundings, asking: Asking): Promise<Answered> {
  const input = transform.input.parse({});
  return quarantined({
    prepare: async (): Promise<TransformOutcome> => ({ ...transform.prepare(turns, input, around), found: [] }),
    finish: async (answers) => {
      try {
        return { kind: "value", value: transform.finish(answers, turns, input, around), found: [] };
      } catch {
        throw new Refusal("transform.failed"); // the error may quote the answer
      }
    },
    ask: (request) => ask(asking, request),
  });
}

async function ask({ models, profile, spent }: Asking, request: ModelRequest) {
  const question = questionOf(request);
  const most = { in: tokensAtMost(question), out: Math.min(question.tokensMax, profile.tokensOutMax) };
  if (spent.tokens + most.in + most.out > INTERACTIVE.tokens * 100 || spent.micros > INTERACTIVE.cost_micros)
    throw new Refusal("budget.exhausted");
  const permit = grantPermit({ by: "gateway", why: "owner" }, "model", "try", []);
  const answer = await models.ask(
    permit,
    profile.name,
    { ...question, tokensMax: most.out },
    profile.timeoutMs,
    new AbortController().signal,
  );
  const used = answer.tokens ?? most;
  spent.tokens += used.in + used.out;
  spent.micros += costOf(profile.price, used);
  return answer;
}

/** As `tryJsonLines`, a question for each line. */
export async function* tryJsonLinesWith(
  asking: Asking,
  transform: TransformName,
  lines: AsyncIterable<string>,
  lexicon: Lexicon,
): AsyncGenerator<string> {
  for await (const { id, given } of linesOf(lines)) {
    const output = await tryChatWith(asking, transform, turnsOf(chatOf(given)), lexicon);
    yield JSON.stringify({ id, output });
  }
}
