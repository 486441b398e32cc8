/** One errand for each thing that can be asked: which capabilities, and what is said of their answers. */
import type { CapabilityId } from "../core/capability.ts";
import { answerText, composed, countText, kindIn, questionIn } from "./butler-answer.ts";
import { fileErrand } from "./butler-files.ts";
import { Declined, type Got, type Hands } from "./butler-hands.ts";
import { LATER_ERRANDS } from "./butler-later.ts";
import { placeFor, strayPlace } from "./butler-place.ts";
import { type Asked, isFields, listOf, readOf, type SeenTask, tasksOf } from "./butler-request.ts";
import { elsewhere, scopeFor } from "./butler-scope.ts";
import { dueText, readLines, when } from "./butler-texts.ts";
import type { Words } from "./butler-words.ts";

/** Text with `{{v:HANDLE.field}}` where a value goes; `tells` when it says something of what was read. */
export type Answer = { readonly template: string; readonly tells: boolean };

const lines = (...parts: readonly (string | readonly string[])[]): string =>
  parts
    .flat()
    .filter((part) => part !== "")
    .join("\n");
const place = (got: Got, field: string): string => (got.handle === null ? "" : `{{v:${got.handle}.${field}}}`);

const PERSON = /\bPERSON_[0-9a-f]{4,64}\b/g;

type Errand = (asked: Asked, hands: Hands, words: Words) => Promise<Answer>;

const say = (template: string): Answer => ({ template, tells: false });
const tell = (template: string): Answer => ({ template, tells: true });
const withExamples = (words: Words, sentence: string): Answer =>
  say(
    lines(
      sentence,
      words.examples.map((example) => `• ${example}`),
    ),
  );

/** What is left to say when there was nothing to read. */
function nothing(asked: Asked, output: unknown, words: Words): Answer {
  const { last, since, until } = asked.slots;
  const isOfTime = last === null && (since !== null || until !== null);
  const read = readOf(output);
  return say(
    lines(
      isOfTime ? words.noMessagesThen : words.noMessages,
      read === null ? [] : readLines(read, asked, words, elsewhere(asked)),
    ),
  );
}

/** Reads the range with one capability; null when no message is in it. */
async function overRange(
  asked: Asked,
  hands: Hands,
  capability: CapabilityId,
  why: string,
  options: object = {},
): Promise<{ readonly got: Got; readonly isEmpty: boolean }> {
  const scope = await scopeFor(asked, hands);
  if (scope === null) return { got: { output: undefined, handle: null }, isEmpty: true };
  const got = await hands(capability, { ...scope, ...options }, why, "work-1");
  return { got, isEmpty: readOf(got.output)?.messages === 0 };
}

const summarize: Errand = async (asked, hands, words) => {
  const { got, isEmpty } = await overRange(asked, hands, "message.summarize", "Summarise what was asked for.");
  if (isEmpty && asked.intent === "catch_up" && asked.slots.until === null) return nothingNew(asked, hands, words, got);
  if (isEmpty) return nothing(asked, got.output, words);
  return tell(
    `${summaryText(asked, got, words)}${await ownTasks(asked, hands, words)}\n\n${footer(asked, got, words)}`,
  );
};

function summaryText({ intent }: Asked, got: Got, words: Words): string {
  if (!isShown(got, "points", 0)) {
    return lines(`${intent === "catch_up" ? words.missed : words.summary}:`, place(got, "points"));
  }
  return isShown(got, "topics", 0) ? words.noPoints : lines(words.noPoints, words.topics, place(got, "topics"));
}

/** Whose messages were read, and what was not. */
const footer = (asked: Asked, got: Got, words: Words): string =>
  lines(
    readLines(readOf(got.output), asked, words, elsewhere(asked)),
    ignoresSomebody(asked) ? words.personElsewhere : "",
  );

/** Somebody was named who cannot be picked out there. */
const ignoresSomebody = (asked: Asked): boolean =>
  elsewhere(asked) !== null && (asked.slots.person !== null || asked.text.match(PERSON) !== null);

/** Who catches up wants to know what is expected of them; without it the answer is whole too. */
async function ownTasks(asked: Asked, hands: Hands, words: Words): Promise<string> {
  if (asked.intent !== "catch_up" || asked.asker === null || elsewhere(asked) !== null) return "";
  const scope = await scopeFor(asked, hands);
  try {
    const got = await hands("message.extract_tasks", scope, "Find what the asker is expected to do.", "tasks-1");
    const own = (tasksOf(got.output) ?? []).filter((task) => task.assignee === asked.asker && task.status === "open");
    if (own.length === 0) return "";
    return `\n\n${lines(
      words.tasksOf("you", own.length),
      own.map((task) => taskLine(task, asked, words)),
    )}`;
  } catch (error) {
    if (error instanceof Declined) return "";
    throw error;
  }
}

/** Was the list shown, and has it just so many items? */
const isShown = (got: Got, field: string, count: number): boolean => listOf(got.output, field)?.length === count;

/** Nothing since the asker's last request, or in a day: the newest messages are better than silence. */
async function nothingNew(asked: Asked, hands: Hands, words: Words, got: Got): Promise<Answer> {
  const since = asked.slots.since ?? (elsewhere(asked) === null ? asked.lastAsked : null);
  if (since !== null) {
    const read = readLines(readOf(got.output), asked, words, elsewhere(asked));
    return say(lines(words.nothingNew(when(since, asked, words)), read));
  }
  const older = { ...asked, intent: "summarize" as const };
  const scope = await scopeFor(older, hands);
  const again = await hands("message.summarize", scope, "Nothing in the last day: take the newest messages.", "work-2");
  if (readOf(again.output)?.messages === 0) return nothing(asked, again.output, words);
  return tell(`${summaryText(older, again, words)}\n\n${footer(older, again, words)}`);
}

const BOX: Readonly<Record<string, string>> = { open: "☐", done: "☑", cancelled: "☒" };

function taskLine(task: SeenTask, asked: Asked, words: Words): string {
  const details = [
    ...(task.due === null ? [] : [words.due(dueText(task.due, asked, words))]),
    ...(task.isUrgent ? [words.urgent] : []),
  ];
  return `${BOX[task.status] ?? "☐"} ${task.title}${details.length === 0 ? "" : ` — ${details.join(", ")}`}`;
}

const tasks: Errand = async (asked, hands, words) => {
  const { got, isEmpty } = await overRange(
    asked,
    hands,
    "message.extract_tasks",
    "List the tasks that were asked for.",
  );
  if (isEmpty) return nothing(asked, got.output, words);
  return tell(`${tasksText(asked, got, words)}\n\n${footer(asked, got, words)}`);
};

/**
 * Who has to do it: somebody of this conversation, or the one name in the request, which has the same token wherever
 * it is written here.
 */
function doerIn({ slots, text }: Asked): string | null {
  const named = new Set(text.match(PERSON));
  return slots.person ?? (named.size === 1 ? ([...named][0] ?? null) : null);
}

function tasksText(asked: Asked, got: Got, words: Words): string {
  if (isShown(got, "tasks", 0)) return words.noTasks;
  // A token means somebody else in another conversation.
  const person = elsewhere(asked) === null ? doerIn(asked) : null;
  const seen = tasksOf(got.output);
  // Titles that may not be shown cannot be sorted by person: all of them go to the room.
  if (person === null || seen === null) return lines(`${words.tasks}:`, place(got, "tasks"));
  const own = seen.filter(({ assignee }) => assignee === person);
  const who = person === asked.asker ? "you" : person;
  if (own.length === 0) return words.noTasksOf(who, seen.length);
  return lines(
    words.tasksOf(who, own.length),
    own.map((task) => taskLine(task, asked, words)),
  );
}

const KINDS = ["people", "organisations", "places", "dates", "amounts", "links"] as const;

const entities: Errand = async (asked, hands, words) => {
  const { got, isEmpty } = await overRange(asked, hands, "message.extract_entities", "List who and what is mentioned.");
  if (isEmpty) return nothing(asked, got.output, words);
  const kinds = KINDS.filter((kind) => !isShown(got, kind, 0));
  const body = kinds.map((kind) => lines(`${words.entities[kind]}:`, place(got, kind)));
  return tell(`${body.length === 0 ? words.noEntities : body.join("\n")}\n\n${footer(asked, got, words)}`);
};

const redact: Errand = async (asked, hands, words) => {
  const { got, isEmpty } = await overRange(
    asked,
    hands,
    "message.redact",
    "Show the messages with everything personal masked.",
  );
  if (isEmpty) return nothing(asked, got.output, words);
  return tell(`${lines(words.redacted, place(got, "messages"))}\n\n${footer(asked, got, words)}`);
};

const conversations: Errand = async (_, hands, words) => {
  const { output } = await hands("conversation.list", {}, "List the conversations that the asker may name.", "list");
  const list = listOf(output, "conversations") ?? [];
  if (list.length === 0) return say(words.noConversations);
  const named = list.filter(isFields).map(({ alias, kind, messages }) => {
    return `• ${words.conversation(String(alias), String(kind), Number(messages))}`;
  });
  return say(lines(words.conversations, named));
};

const question: Errand = async (asked, hands, words) => {
  const kind = kindIn(asked);
  if (kind !== null) {
    const classes = { classes: [kind, "other"] };
    const { got, isEmpty } = await overRange(asked, hands, "message.classify", "Count what was asked for.", classes);
    return isEmpty
      ? nothing(asked, got.output, words)
      : tell(`${countText(kind, got, asked)}\n\n${footer(asked, got, words)}`);
  }
  const why = "Find what answers the question.";
  const { got, isEmpty } = await overRange(asked, hands, "message.answer", why, questionIn(asked));
  if (isEmpty) return nothing(asked, got.output, words);
  return tell(`${answerText(asked, got, words)}\n\n${footer(asked, got, words)}`);
};

const ERRANDS = {
  summarize,
  catch_up: summarize,
  tasks,
  entities,
  redact,
  conversations,
  file: fileErrand,
  question,
  compose: async (asked, hands) => tell(await composed(asked, hands)),
  ...LATER_ERRANDS,
  greeting: async (_, __, words) => withExamples(words, words.hello),
  thanks: async (_, __, words) => say(words.thanks),
  unknown: async (_, __, words) => withExamples(words, words.unknown),
} as const satisfies Readonly<Record<Exclude<Asked["intent"], "send">, Errand>>;

const READS: ReadonlySet<Asked["intent"]> = new Set([
  "summarize",
  "catch_up",
  "tasks",
  "entities",
  "redact",
  "question",
]);

export const readsRange = ({ intent }: Asked): boolean => READS.has(intent);

/** Runs the errand of an intent. Throws `Leave` and `Declined`. */
export async function answerTo(asked: Asked, hands: Hands, words: Words): Promise<Answer> {
  const { intent } = asked;
  if (intent === "send") return say(words.sendWhat);
  if (!readsRange(asked)) return ERRANDS[intent](asked, hands, words);
  const stray = strayPlace(asked);
  if (stray !== null) return say(words.unknownConversation(stray));
  const choice = await placeFor(asked, hands);
  if ("several" in choice)
    return say(
      lines(
        words.which,
        choice.several.map((alias) => `• ${alias}`),
      ),
    );
  return ERRANDS[intent](choice.asked, hands, words);
}

const SUMMARY_WORDS = /summar|recap|tl;?dr|overview|zusammenfass|überblick|résum|resum/iu;
const TASK_WORDS = /to-?dos?\b|tasks?\b|action items|aufgabe|tâche|tareas?\b/iu;

/** What a request to send something is about, when it is something that the butler makes. */
export function sendable({ text }: Asked): "summarize" | "tasks" | null {
  if (TASK_WORDS.test(text)) return "tasks";
  return SUMMARY_WORDS.test(text) ? "summarize" : null;
}
