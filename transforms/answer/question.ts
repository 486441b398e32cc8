/** What a question is after, by its words alone: English first, then German, French and Spanish. */
import { contentWords, stem } from "../summary/content.ts";
import { lowerWords, plain } from "../text/sentences.ts";

export type Wanted = "date" | "amount" | "person" | "choice" | "text";

export type Question = {
  readonly wants: Wanted;
  /** Only what these people said counts; empty is everybody. */
  readonly speakers: readonly string[];
  /** Whom it is about, by what they said or what was said of them. */
  readonly about: readonly string[];
  /** Stems of what it is about. */
  readonly words: ReadonlySet<string>;
  /** "How many" asks for a count, "how much" for a sum. */
  readonly counts: boolean;
  /** It asks for what was settled, or for what nobody answered. */
  readonly after: "decision" | "open" | null;
};

const any = (body: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])(?:${body})(?![\\p{L}\\p{N}])`, "iu");
const first = (body: string): RegExp =>
  new RegExp(
    `^(?:(?:hey|hi|so|and|ok|also|please|und|et|y|do you know|can you (?:tell|say)(?: me)?|remind me),? )*` +
      `[¿]?(?:${body})(?![\\p{L}\\p{N}])`,
    "iu",
  );

const DATE = any(
  "when|what (?:day|date|time)|which (?:day|date|time)|how late|how soon|deadline|due date|(?:a|the|any) " +
    "(?:date|day|time) (?:for|yet|set)|(?:on|for) (?:a|the) (?:date|day|time)|wann|um wie ?viel uhr|" +
    "an welchem tag|bis wann|quand|quelle heure|quel jour|quelle date|cuándo|cuando|qué hora|qué día|qué fecha",
);
const AMOUNT = any(
  "how (?:much|many)|(?:the|our|a) (?:price|cost|budget|amount|total|fee|rent|deposit|discount)|wie ?viele?|" +
    "was kostet|kosten|combien|le prix|cuánto|cuánta|cuántos|cuántas|el precio",
);
const COUNT = any("how many|wie viele|combien de|cuántos|cuántas");
const PERSON = first("who(?:m|se)?|who's|wer|wem|wen|qui|quién|quien|quiénes|which (?:person|one of (?:us|you|them))");
const CHOICE = first(
  "did|does|do|is|are|was|were|has|have|had|can|could|will|would|should|hat|haben|ist|sind|war|wird|werden|kann|" +
    "soll|kommt|est-ce que|est-ce qu|a-t-on|ha|han|está|están|hay|puede|va",
);
const DECISION = any(
  "decid(?:e|ed|ing)|decisions?|agree(?:d|ment)?|settled?|conclu(?:de|ded|sion)|entschieden|beschlossen|ausgemacht|" +
    "vereinbart|entscheidung(?:en)?|décidé|décision|convenu|decidido|decidimos|decisión|acordado|quedado|quedamos",
);
const OPEN = any(
  "open (?:questions?|points?|issues?)|unanswered|(?:still|left) open|not (?:been )?answered|nobody answered|" +
    "offene (?:fragen|punkte)|questions? (?:ouverte|sans réponse)s?|preguntas? (?:abiertas?|sin responder)",
);
const SAID =
  "(?:(?:say|said|says|write|wrote|writes|mention(?:ed|s)?|think|thinks|thought|tell|told|want|wants|wanted|ask|" +
  "asked|asks|suggest(?:ed|s)?|answer(?:ed|s)?|reply|replied|promise[ds]?|gesagt|geschrieben|gemeint|meint|sagt|" +
  "dit|écrit|pense|dijo|dice|escribió|piensa)(?![\\p{L}]))";

/** Words that ask and tell what nothing is about. */
const EMPTY: ReadonlySet<string> = new Set(
  (
    "say said write wrote mention mentioned think thought tell told ask asked answer answered reply replied decide " +
    "decided decision agree agreed settle settled conclusion anybody anyone somebody someone anything something " +
    "everything news chat conversation group thread message messages date day time much many amount who when whose " +
    "plan know question questions open unanswered summary happen happened discuss discussed talk talked suggest " +
    "suggested promise promised want wanted yesterday today tomorrow week month last morning tonight " +
    "wer wann wo wie viel was hat haben kümmert sich gibt um am der die das sagt gesagt geschrieben " +
    "gestern heute worden entschieden über wegen " +
    "qui quand combien quoi quel quelle est-ce occupe charge fait dit écrit hier a-t-il a-t-elle propos décidé " +
    "quién cuándo cuánto qué encarga hace dijo dice escribió sobre ayer hoy decidido"
  )
    .split(" ")
    .map(stem),
);

/** How a person may be called in a question: the token or name, and its first word. */
function spellings(sender: string): readonly string[] {
  const words = lowerWords(sender);
  return [...new Set([sender.toLowerCase(), words[0] ?? ""])].filter((word) => word.length >= 2);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
/** Does the text call this person, by token, name or first name? */
export const mentions = (text: string, sender: string): boolean =>
  spellings(sender).some((name) => any(escaped(name)).test(text));

/** Is the question after what this person said, rather than about them? */
function isSpeaker(text: string, sender: string): boolean {
  const who = spellings(sender).map(escaped).join("|");
  const says = new RegExp(`(?<![\\p{L}])(?:${who})(?:'s)?(?: \\p{L}+){0,2} ${SAID}`, "iu");
  const inverted = new RegExp(`${SAID} (?:-t-(?:il|elle) )?(?:${who})(?![\\p{L}])`, "iu");
  const by = new RegExp(`(?:according to|from|by|laut|von|selon|según) (?:${who})(?![\\p{L}])`, "iu");
  return says.test(text) || inverted.test(text) || by.test(text);
}

const TOKEN = /(?<![\p{L}\p{N}_])PERSON_[0-9a-f]{4,64}(?![\p{L}\p{N}_])/gu;

function wantedBy(text: string): Wanted {
  if (DATE.test(text)) return "date";
  if (AMOUNT.test(text)) return "amount";
  if (PERSON.test(text)) return "person";
  return CHOICE.test(text) && !DECISION.test(text) ? "choice" : "text";
}

export function questionOf(asked: string, senders: readonly string[]): Question {
  const text = plain(asked);
  const present = senders.filter((sender) => mentions(text, sender));
  const speakers = present.filter((sender) => isSpeaker(text, sender));
  const names = new Set(present.flatMap(spellings).map(stem));
  // A token that is nobody's here comes from another conversation and can match nothing.
  const words = contentWords(text.replace(TOKEN, " ")).filter((word) => !EMPTY.has(word) && !names.has(word));
  return {
    wants: wantedBy(text),
    speakers,
    about: present.filter((sender) => !speakers.includes(sender)),
    words: new Set(words),
    counts: COUNT.test(text),
    after: OPEN.test(text) ? "open" : DECISION.test(text) ? "decision" : null,
  };
}
