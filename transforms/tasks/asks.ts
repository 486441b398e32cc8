/** What one clause asks for or promises, by its form alone. */
import type { Clause } from "../summary/clauses.ts";
import { IMPERATIVES } from "../summary/verbs.ts";
import type { Priority } from "./board.ts";
import { OTHERS } from "./foreign-phrases.ts";
import { germanLast, germanPresent, infinitive } from "./infinitive.ts";
import type { People } from "./people.ts";
import { ENGLISH, IDLE, type Phrase } from "./phrases.ts";
import { baseOf, fromGerund } from "./title.ts";

/** Something to do as one clause says it, before anything else of the chat is known. */
export type Found = {
  readonly what: string;
  readonly who: Phrase["who"];
  readonly name: string | null;
  readonly asks: boolean;
  readonly tentative?: boolean;
};

const HIGH = new RegExp(
  String.raw`\b(?:urgent(?:ly)?|asap|a\.s\.a\.p|as soon as possible|immediately|right away|critical` +
    "|top priority|high priority|very important|really important|important|emergency|crucial" +
    "|dringend|sofort|wichtig|schnellstmöglich|urgente?|au plus vite|dès que possible|cuanto antes" +
    String.raw`|importante)\b`,
  "iu",
);
const LOW = new RegExp(
  String.raw`\b(?:no rush|no hurry|not urgent|isn't urgent|low priority|when(?:ever)? you (?:get (?:a` +
    "|the) chance|have time|find time|can)|if you (?:have|find|get) (?:the )?time|some ?day" +
    "|at some point|eventually|nice to have|not important|take your time|sometime|keine eile" +
    "|nicht dringend|eilt nicht|wenn du zeit hast|pas urgent|pas pressé|quand tu peux" +
    String.raw`|quand tu as le temps|sin prisa|no es urgente|cuando puedas)\b`,
  "iu",
);

export function priorityOf(text: string): Priority {
  if (LOW.test(text)) return "low";
  return HIGH.test(text) ? "high" : "normal";
}

type Groups = Readonly<Record<string, string | undefined>>;

/** What is to be done, from the groups of a form. */
function saidIn(groups: Groups): string | undefined {
  const { what, thing, charge, gerund, done, ing, tail, present, object, conjugated } = groups;
  if (thing !== undefined && done !== undefined) return `${baseOf(done)} ${thing}${tail ?? ""}`;
  if (thing !== undefined && ing !== undefined) return `${fromGerund(ing)} ${thing}${tail ?? ""}`;
  if (gerund !== undefined) return fromGerund(gerund);
  if (thing !== undefined) return `take care of ${thing}`;
  if (present !== undefined && object !== undefined) return germanPresent(present, object);
  if (conjugated !== undefined) return infinitive(conjugated, !SPANISH.test(conjugated));
  return what ?? groups["else"] ?? charge;
}

const SPANISH =
  /(?:^|\s)(?:el|los|las|unos?|unas?|y|al|del)\s|^\p{L}+[oó]\s|^(?:trae|hace|recoge|pide|envía|manda|lleva)\s/iu;

function match(text: string, phrases: readonly Phrase[], strong: boolean): Found | null {
  for (const { pattern, who, asks, weak, tentative } of phrases) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const said = saidIn(groups as Groups);
    if (said === undefined || IDLE.test(said)) return null;
    const { name } = groups;
    if (weak === true && !strong && said.split(" ").length < 2) return null;
    return { what: said, who, name: name ?? null, asks: asks === true, tentative: tentative === true };
  }
  return null;
}

/** What an English clause puts on somebody's list. */
export function inClause(clause: Clause, called: string | null, people: People, listed: boolean): Found | null {
  // "ben can you …", "can you … ben": the one who is called is no word of the task.
  let { tokens } = clause;
  const first = people.find(tokens[0] ?? "");
  if (first !== null && first === called && /^(?:can|could|would|please|you|do|if)$/iu.test(tokens[1] ?? ""))
    tokens = tokens.slice(1);
  if (tokens.length > 2 && people.find(tokens.at(-1) ?? "") === called && called !== null) tokens = tokens.slice(0, -1);
  return inTokens(tokens, clause, called, people, listed);
}

function inTokens(
  tokens: readonly string[],
  clause: Clause,
  called: string | null,
  people: People,
  listed: boolean,
): Found | null {
  const text = tokens.join(" ");
  if (/^(?:if|when|unless|why|what|how|where)\b/iu.test(text) && !/^if you (?:could|can)/iu.test(text)) return null;
  const found = match(text, ENGLISH, clause.polite);
  if (found !== null) return found;
  const all = clause.polite && /^(?:all|everyone|everybody)$/iu.test(tokens[0] ?? "");
  if (all) return inTokens(tokens.slice(1), clause, called, people, listed);
  if (clause.polite && /^(?:someone|somebody|anyone|anybody)$/iu.test(tokens[0] ?? "")) {
    const one = inTokens(tokens.slice(1), clause, called, people, listed);
    return one === null ? null : { ...one, who: "open" };
  }
  const verb = (tokens[0] ?? "").toLowerCase();
  const known = IMPERATIVES.has(verb) || (clause.polite && !NO_VERB.test(verb));
  if (
    known &&
    tokens.length >= 2 &&
    !clause.question &&
    (clause.polite || called !== null || listed) &&
    !IDLE.test(text)
  ) {
    return { what: text, who: listed && called === null ? "open" : "addressee", name: null, asks: false };
  }
  if (
    BIDDING.has(verb) &&
    tokens.length >= 3 &&
    people.senders.length === 2 &&
    !clause.question &&
    !IDLE.test(text) &&
    !/ (?:this|it out)\b/iu.test(text) &&
    (!/ me\b/iu.test(text) || /^(?:send|bring|email|forward|text) me (?:the|your|my|a)\b/iu.test(text))
  ) {
    return { what: text, who: "addressee", name: null, asks: false };
  }
  return doing(tokens, people);
}

/** Imperatives that put something on a list even without "please", between two. */
const BIDDING = new Set(
  (
    "call buy send bring book order email ask print pay write update fix clean submit upload schedule " +
    "cancel return renew prepare review deploy invite " +
    "collect reserve confirm wash water feed post pick"
  ).split(" "),
);

/** "Dirk writes the invitation", of somebody who is in the chat. */
function doing(tokens: readonly string[], people: People): Found | null {
  const [name = "", verb = "", ...object] = tokens;
  if (object.length === 0 || people.find(name) === null || !/s$/u.test(verb)) return null;
  const base = [verb.slice(0, -1), verb.replace(/es$/u, ""), verb.replace(/ies$/u, "y")].find((form) =>
    IMPERATIVES.has(form.toLowerCase()),
  );
  return base === undefined ? null : { what: [base, ...object].join(" "), who: "named", name, asks: false };
}

/** After "please" anything may be a verb but these. */
const NO_VERB = new RegExp(
  "^(?:someone|somebody|anyone|anybody|i|you|he|she|it|we|they|the|a|an|this|that|these|those|my|your|our|his|" +
    "her|their|there|not" +
    "|no|and|or|but|if|in|on|at|by|for|to|with|of|all|some|is|are|was|more|one|two|who|what|which" +
    String.raw`|can|could|will|would|should|thanks?|\d.*)$`,
  "u",
);

/** "buy candles, order cake and call Ben": a list of imperatives is several tasks. */
export function listOf(what: string): string[] {
  const parts = what.split(/ ?[,;] (?:and )?| and (?=\p{L}+ (?:the|a|an|some|my|our|all)\b)/u);
  return parts.length > 1 && parts.every((part) => IMPERATIVES.has((part.split(" ")[0] ?? "").toLowerCase()))
    ? parts
    : [what];
}

export function foreign(sentence: string): Found | null {
  const found = match(sentence.replace(/[\s.!?]+$/u, ""), OTHERS, false);
  if (found === null) return null;
  const bare = found.what.replace(/^(?:(?:mir|uns|dir|euch|me|nous|nos)(?: bitte)? )+/iu, "");
  return { ...found, what: germanLast(bare) };
}

/** "booked the tickets" → "book the tickets"; "book the tickets" stays. */
export const baseFirst = (text: string): string =>
  text.replace(/^\p{L}+/u, (verb) => (IMPERATIVES.has(verb.toLowerCase()) ? verb : baseOf(verb)));
