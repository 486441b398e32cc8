/** Which messages an errand reads: the request's slots as the input of a capability that reads a range. */
import type { MessageId } from "../core/ids.ts";
import { DAY_MS, RANGE_MESSAGES_MAX } from "../core/limits.ts";
import type { Intent, Slots } from "../core/request.ts";
import { LAST_DEFAULT, type Scope } from "../core/scope.ts";
import { type Hands, Leave } from "./butler-hands.ts";
import { type Asked, isFields, listOf } from "./butler-request.ts";

/** Who has to do what goes back further than what was said. */
const TASKS_LAST = 200;
const REDACT_LAST = 20;
const LAST: Partial<Readonly<Record<Intent, number>>> = {
  tasks: TASKS_LAST,
  redact: REDACT_LAST,
  question: TASKS_LAST,
};

/** The alias of another conversation than the run's own. */
export const elsewhere = ({ slots, alias, intent }: Asked): string | null =>
  slots.conversation === null || slots.conversation === alias || intent === "send" ? null : slots.conversation;

type Wanted = Pick<Slots, "last" | "since" | "until">;

/** What the request names, or what a careful reader would take. */
function wantedBy(asked: Asked): Wanted {
  const { last, since, until } = asked.slots;
  if (last !== null || since !== null || until !== null) return { last, since, until };
  if (asked.intent !== "catch_up") return { last: LAST[asked.intent] ?? LAST_DEFAULT, since: null, until: null };
  const before = elsewhere(asked) === null ? asked.lastAsked : null;
  return { last: null, since: before ?? Math.max(0, asked.now - DAY_MS), until: null };
}

/**
 * In "tasks for Ana" the person is who has to do it, not who said it, and a question finds out by itself; a token of
 * here means nobody elsewhere.
 */
const speakerOf = (asked: Asked): string | null =>
  asked.intent === "tasks" || asked.intent === "question" || elsewhere(asked) !== null ? null : asked.slots.person;

function placeOf(asked: Asked): Pick<Scope, "conversation" | "scope" | "person"> {
  const other = elsewhere(asked);
  const person = speakerOf(asked);
  return {
    ...(other === null ? {} : { conversation: other }),
    ...(asked.slots.scope === null ? {} : { scope: asked.slots.scope }),
    ...(person === null ? {} : { person }),
  };
}

/** The scope, or null when no message lies in the time that the request names. */
export async function scopeFor(asked: Asked, hands: Hands): Promise<Scope | null> {
  const { last, since, until } = wantedBy(asked);
  const place = placeOf(asked);
  const from = { ...(last === null ? {} : { last }), ...(since === null ? {} : { since }) };
  return until === null ? { ...place, ...from } : endedScope(asked, until, since, last, hands);
}

/** A range that ends before now is a list of messages: capabilities know a beginning alone. */
async function endedScope(
  asked: Asked,
  until: number,
  since: number | null,
  last: number | null,
  hands: Hands,
): Promise<Scope | null> {
  const place = placeOf(asked);
  const input = { ...place, last: RANGE_MESSAGES_MAX, ...(since === null ? {} : { since }) };
  const { output } = await hands("message.list", input, "Find the messages of the time that was named.", "list");
  const messages = listOf(output, "messages");
  if (messages === null) throw new Leave();
  const ids: MessageId[] = [];
  for (const message of messages) {
    if (isFields(message) && typeof message["sent_at"] === "number" && message["sent_at"] < until) {
      ids.push(message["id"] as MessageId);
    }
  }
  const kept = ids.slice(-(last ?? (since === null ? LAST_DEFAULT : RANGE_MESSAGES_MAX)));
  const { conversation } = place;
  return kept.length === 0 ? null : { ...(conversation === undefined ? {} : { conversation }), messages: kept };
}
