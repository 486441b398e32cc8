/**
 * `lazaret try TRANSFORM [--jsonl]`: the built-in transforms on what comes in, for the owner of the text who sits
 * before it. Names as given, text in full, nothing stored, no daemon (CONTRACT section 14).
 */
import { z } from "zod";
import { answer } from "../transforms/answer.ts";
import { classify } from "../transforms/classify.ts";
import { compose } from "../transforms/compose.ts";
import { extractEntities } from "../transforms/extract-entities.ts";
import { extractTasks } from "../transforms/extract-tasks.ts";
import { redact } from "../transforms/redact.ts";
import { summarize } from "../transforms/summarize.ts";
import { CHAT_MESSAGES_MAX, NOBODY, readChat, Said, turnsOf } from "./chat-text.ts";
import type { TransformName } from "./cli/offline.ts";
import { MIB } from "./core/limits.ts";
import { isRefusal, Refusal } from "./core/refusal.ts";
import type { MaskKind, Span, Surroundings, Turn } from "./core/transform.ts";

export type Lexicon = Pick<Surroundings, "isOrdinaryWord" | "isName">;

const Id = z.union([z.string().max(255), z.number()]);
const ASK_CHARS_MAX = 2_000;
/** What answer, classify and compose are asked, of this line alone. */
const Ask = z.string().max(ASK_CHARS_MAX).optional();
const Line = z.union([
  z.strictObject({ id: Id, ask: Ask, text: z.string().max(MIB) }),
  z.strictObject({ id: Id, ask: Ask, messages: z.array(Said).max(CHAT_MESSAGES_MAX) }),
]);
type Asks = { readonly ask?: string | undefined };
type Given = Asks & ({ readonly text: string } | { readonly messages: readonly Said[] });

export type Redacted = { readonly text: string; readonly spans: readonly Span[] };

/** `LINK_1`, `PERSON_1`: counted in one line of input, the same for the same thing. */
function counting(): Surroundings["tokenOf"] {
  const tokens = new Map<string, string>();
  const counts = new Map<MaskKind, number>();
  return (kind, text) => {
    const key = `${kind} ${text.toLowerCase()}`;
    const known = tokens.get(key);
    if (known !== undefined) return known;
    const next = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, next);
    tokens.set(key, `${kind}_${next}`);
    return `${kind}_${next}`;
  };
}

/** Redacts one text. `senders` are known to be persons. Spans are over the input, in UTF-16 units. */
export function tryRedact(text: string, senders: readonly string[], lexicon: Lexicon): Redacted {
  const tokenOf = counting();
  const names = [...new Set(senders)].filter((name) => name !== NOBODY);
  const people = names.map((name) => ({ names: [name], token: tokenOf("PERSON", name) }));
  const redacted = redact(text, { ...lexicon, people, tokenOf });
  return { text: redacted.text, spans: redacted.spans.map(({ start, end, type }) => ({ start, end, type })) };
}

export const around = (lexicon: Lexicon): Surroundings => ({
  ...lexicon,
  people: [],
  tokenOf: (_kind, text) => text,
  language: "en",
  now: 0,
  nowOffsetMinutes: 0,
});

type Reading = Exclude<TransformName, "redact">;

/** The input of a transform that has to be asked something. Refuses with `input.invalid` what does not fit it. */
function inputFor<Input extends z.ZodType>(type: Input, transform: string, value: object): z.output<Input> {
  const parsed = type.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal("input.invalid", { field: "--ask", hint: `try ${transform} --ask TEXT says what it is asked.` });
}

const classesIn = (ask: string | null): readonly string[] =>
  (ask ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

/** One transform over one chat, in the shape of the contract. */
export function tryChat(
  transform: Reading,
  turns: readonly Turn[],
  lexicon: Lexicon,
  ask: string | null = null,
): object {
  const surroundings = around(lexicon);
  switch (transform) {
    case "summarize": {
      const value = answerOf(summarize.prepare(turns, summarize.input.parse({}), surroundings));
      return { summary: value.points.join(" "), ...value };
    }
    case "extract_tasks":
      return answerOf(extractTasks.prepare(turns, extractTasks.input.parse({}), surroundings));
    case "extract_entities":
      return answerOf(extractEntities.prepare(turns, extractEntities.input.parse({}), surroundings));
    case "answer":
      return answerOf(answer.prepare(turns, inputFor(answer.input, "answer", { question: ask }), surroundings));
    case "classify": {
      const input = inputFor(classify.input, "classify", { classes: classesIn(ask) });
      const { classes, ...rest } = answerOf(classify.prepare(turns, input, surroundings));
      return { classes: classes.map((nth) => input.classes[nth - 1] ?? null), ...rest };
    }
    case "compose":
      return answerOf(compose.prepare(turns, inputFor(compose.input, "compose", { instruction: ask }), surroundings));
  }
}

/** Without a model there is no one to ask: the built-in answer is the answer. */
const answerOf = <Out>(prepared: { kind: "value"; value: Out } | { kind: "model"; fallback: Out }): Out =>
  prepared.kind === "value" ? prepared.value : prepared.fallback;

export const chatOf = (given: Given): readonly Said[] => ("messages" in given ? given.messages : readChat(given.text));

/** Texts of several messages are redacted as one, a line for each. */
function outputFor(transform: TransformName, given: Given, lexicon: Lexicon, ask: string | null): object {
  if (transform !== "redact") return tryChat(transform, turnsOf(chatOf(given)), lexicon, given.ask ?? ask);
  if ("text" in given) return tryRedact(given.text, [], lexicon);
  const text = given.messages.map((message) => message.text).join("\n");
  return tryRedact(
    text,
    given.messages.map(({ sender }) => sender),
    lexicon,
  );
}

const malformed = (number: number, why: string): Refusal =>
  new Refusal("input.invalid", { field: `line ${number}`, hint: `line ${number}: ${why}` });

/** What a line holds beside what is asked for (a reference, a topic, ids of messages) is left alone. */
function wanted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { id, text, messages, ask } = value as Record<string, unknown>;
  const head = ask === undefined ? { id } : { id, ask };
  if (messages === undefined) return { ...head, text };
  const said = Array.isArray(messages) ? messages.map(pick) : messages;
  return text === undefined ? { ...head, messages: said } : { ...head, text, messages: said };
}

function pick(message: unknown): unknown {
  if (typeof message !== "object" || message === null || Array.isArray(message)) return message;
  const { sender, text, sent_at } = message as Record<string, unknown>;
  return sent_at === undefined || sent_at === null ? { sender, text } : { sender, text, sent_at };
}

function parsed(line: string, number: number): z.output<typeof Line> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw malformed(number, "this is not JSON"); // the parser's own words quote the text
  }
  const result = Line.safeParse(wanted(value));
  if (result.success) return result.data;
  throw malformed(number, whyNot(value));
}

/** What is wrong in the shape that the line tries to have. */
function whyNot(value: unknown): string {
  const shapes = 'expected {"id", "text"} or {"id", "messages": [{"sender", "text", "sent_at"?}]}';
  if (typeof value !== "object" || value === null || Array.isArray(value)) return shapes;
  if ("messages" in value === "text" in value) return shapes;
  const shape = Line.options["messages" in value ? 1 : 0].safeParse(wanted(value));
  const issue = shape.error?.issues[0];
  const where = (issue?.path ?? [])
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("");
  return `${where.replace(/^\./, "")}: ${issue?.message ?? "not understood"}`;
}

/**
 * Every line of JSON in gives a line of JSON out, in order, as soon as it is read; empty lines give none. Throws
 * `input.invalid` with the number of the first line that cannot be read, `transform.failed` with the one that broke.
 */
export async function* tryJsonLines(
  transform: TransformName,
  lines: AsyncIterable<string> | Iterable<string>,
  lexicon: Lexicon,
  ask: string | null = null,
): AsyncGenerator<string> {
  for await (const { id, given, number } of linesOf(lines))
    yield JSON.stringify({ id, output: guarded(number, () => outputFor(transform, given, lexicon, ask)) });
}

type Numbered = { readonly id: string | number; readonly given: Given; readonly number: number };

/** What stands in each line that is not empty. Throws `input.invalid` as `tryJsonLines`. */
export async function* linesOf(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Numbered> {
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const given = parsed(number === 1 ? line.replace(/^\uFEFF/, "") : line, number);
    yield { id: given.id, given, number };
  }
}

function guarded<T>(number: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isRefusal(error)) throw error;
    // The error may quote the text.
    throw new Refusal("transform.failed", {
      field: `line ${number}`,
      hint: `line ${number} could not be worked through`,
    });
  }
}
