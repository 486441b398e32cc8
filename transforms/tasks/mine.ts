/** Reads a chat from the beginning to the end and keeps the board of what is to be done. */
import type { Turn } from "../../src/core/transform.ts";
import { type Clause, clausesOf } from "../summary/clauses.ts";
import { IMPERATIVES } from "../summary/verbs.ts";
import { type Echoes, echoesOf } from "../summary/verify.ts";
import { isoDay, localOf } from "../text/civil.ts";
import { findDates, type Written } from "../text/dates.ts";
import { plain, sentencesOf } from "../text/sentences.ts";
import { Board, type Draft, type Priority, taskWords } from "./board.ts";
import { People } from "./people.ts";
import { ENGLISH, IDLE, NO, OTHERS, type Phrase, YES } from "./phrases.ts";
import { baseOf, fromGerund, titleOf } from "./title.ts";
import { fateOf } from "./turns-of-fate.ts";

/** Something to do as one clause says it, before anything else of the chat is known. */
type Found = {
  readonly what: string;
  readonly who: Phrase["who"];
  readonly name: string | null;
  readonly asks: boolean;
};

const HIGH =
  /\b(?:urgent(?:ly)?|asap|a\.s\.a\.p|as soon as possible|immediately|right away|critical|top priority|high priority|very important|really important|important|emergency|crucial|dringend|sofort|wichtig|schnellstmöglich|urgente?|au plus vite|dès que possible|cuanto antes|importante)\b|!!/iu;
const LOW =
  /\b(?:no rush|no hurry|not urgent|isn't urgent|low priority|when(?:ever)? you (?:get (?:a|the) chance|have time|find time|can)|if you (?:have|find|get) (?:the )?time|some ?day|at some point|eventually|nice to have|not important|take your time|sometime|keine eile|nicht dringend|eilt nicht|wenn du zeit hast|pas urgent|pas pressé|quand tu peux|quand tu as le temps|sin prisa|no es urgente|cuando puedas)\b/iu;

export function priorityOf(text: string): Priority {
  if (LOW.test(text)) return "low";
  return HIGH.test(text) ? "high" : "normal";
}

function match(text: string, phrases: readonly Phrase[], strong: boolean): Found | null {
  for (const { pattern, who, asks, weak } of phrases) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const { what, thing, gerund, done, tail, name } = groups as Record<string, string | undefined>;
    if (thing !== undefined && done !== undefined)
      return { what: `${baseOf(done)} ${thing}${tail ?? ""}`, who, name: null, asks: false };
    const said =
      what ??
      (gerund === undefined ? undefined : fromGerund(gerund)) ??
      (thing === undefined ? undefined : `take care of ${thing}`);
    if (said === undefined || IDLE.test(said)) return null;
    if (weak === true && !strong && said.split(" ").length < 2) return null;
    return { what: said, who, name: name ?? null, asks: asks === true };
  }
  return null;
}

/** What an English clause puts on somebody's list. */
function inClause(clause: Clause, called: string | null, people: People): Found | null {
  // "ben can you …", "can you … ben": the one who is called is no word of the task.
  let { tokens } = clause;
  const first = people.find(tokens[0] ?? "");
  if (first !== null && first === called && /^(?:can|could|would|please|you|do|if)$/iu.test(tokens[1] ?? ""))
    tokens = tokens.slice(1);
  if (tokens.length > 2 && people.find(tokens.at(-1) ?? "") === called && called !== null) tokens = tokens.slice(0, -1);
  return inTokens(tokens, clause, called);
}

function inTokens(tokens: readonly string[], clause: Clause, called: string | null): Found | null {
  const text = tokens.join(" ");
  if (/^(?:if|when|unless|why|what|how|where)\b/iu.test(text) && !/^if you (?:could|can)/iu.test(text)) return null;
  const found = match(text, ENGLISH, clause.polite);
  if (found !== null) return found;
  const verb = (tokens[0] ?? "").toLowerCase();
  const known = IMPERATIVES.has(verb) || (clause.polite && !NO_VERB.test(verb));
  if (known && tokens.length >= 2 && !clause.question && (clause.polite || called !== null) && !IDLE.test(text)) {
    return { what: text, who: "addressee", name: null, asks: false };
  }
  return null;
}

/** After "please" anything may be a verb but these. */
const NO_VERB =
  /^(?:i|you|he|she|it|we|they|the|a|an|this|that|these|those|my|your|our|his|her|their|there|not|no|and|or|but|if|in|on|at|by|for|to|with|of|all|some|is|are|was|more|one|two|who|what|which|can|could|will|would|should|thanks?|\d.*)$/u;

type Scene = { readonly turn: Turn; readonly text: string; readonly written: Written; readonly called: string | null };

export class Miner {
  readonly #board = new Board();
  readonly #people: People;
  readonly #turns: readonly Turn[];
  readonly #echoes: Echoes;
  readonly #language: string;
  /** "Should I bring cake?", waiting for a yes. */
  #offer: { readonly what: string; readonly scene: Scene } | null = null;

  /** `turns` are redacted; `originals` are the texts as they were, which no title may repeat. */
  constructor(turns: readonly Turn[], originals: readonly string[], language: string) {
    this.#turns = turns;
    this.#people = new People(turns);
    this.#echoes = echoesOf([...originals, ...turns.map((turn) => turn.text)]);
    this.#language = language;
  }

  read(): readonly Draft[] {
    for (const turn of this.#turns) this.#turn(turn);
    return this.#board.drafts;
  }

  #turn(turn: Turn): void {
    const text = plain(turn.text);
    const written = { sentAt: turn.sentAt, offsetMinutes: turn.offsetMinutes, language: this.#language };
    const scene = { turn, text, written, called: this.#people.called(text, turn.sender) };
    this.#answer(scene);
    for (const sentence of sentencesOf(text).slice(0, 40)) this.#sentence(sentence.text, scene);
  }

  #sentence(sentence: string, scene: Scene): void {
    const due = this.#due(sentence, scene);
    const question = sentence.trimEnd().endsWith("?");
    const fate = fateOf(sentence, due !== null, question);
    if (fate !== null && this.#settle(fate, sentence, due, scene)) return;
    let found = false;
    for (const clause of clausesOf(sentence)) {
      const item = inClause(clause, scene.called, this.#people);
      if (item === null) continue;
      found = true;
      this.#take(item, clause.tokens.join(" "), sentence, scene);
    }
    if (found) return;
    const item = match(sentence.replace(/[.!?]+$/u, "").trim(), OTHERS, false);
    if (item !== null) this.#take(item, sentence, sentence, scene);
    else this.#amend(sentence, due, scene);
  }

  /** "by friday please", "it's urgent" right after a request of the same turn belongs to it. */
  #amend(sentence: string, due: string | null, scene: Scene): void {
    const draft = this.#board.ofTurn(scene.turn.index);
    if (draft === null) return;
    if (
      due !== null &&
      draft.due === null &&
      /\b(?:by|until|till|before|due|deadline|need|bis|spätestens|avant|antes|fällig)\b/iu.test(sentence)
    )
      draft.due = due;
    const priority = priorityOf(sentence);
    if (priority !== "normal") draft.priority = priority;
  }

  /** The first date to come that a text names. */
  #due(text: string, scene: Scene): string | null {
    const { sentAt, offsetMinutes } = scene.written;
    const today = sentAt === null ? "" : isoDay(localOf(sentAt, offsetMinutes).day);
    return findDates(text, scene.written).find(({ value }) => value.slice(0, 10) >= today)?.value ?? null;
  }

  #assignee(item: Found, scene: Scene): { readonly who: string | null; readonly guessed: boolean } {
    const { turn, called } = scene;
    if (item.who === "speaker") return { who: turn.sender, guessed: false };
    if (item.who === "named") return { who: item.name === null ? null : this.#people.named(item.name), guessed: false };
    if (item.who === "open") {
      const name = item.name === null ? null : this.#people.named(item.name);
      return { who: name ?? (called !== null && !/^we\b/iu.test(scene.text) ? called : null), guessed: true };
    }
    if (called !== null) return { who: called, guessed: false };
    const { senders } = this.#people;
    if (senders.length === 2) return { who: senders.find((sender) => sender !== turn.sender) ?? null, guessed: false };
    const replied = turn.replyTo === null ? undefined : this.#turns[turn.replyTo];
    if (replied !== undefined && replied.sender !== turn.sender) return { who: replied.sender, guessed: false };
    return { who: null, guessed: true };
  }

  #take(item: Found, clause: string, sentence: string, scene: Scene): void {
    if (item.who === "named" && (item.name === null || this.#people.named(item.name) === null)) return;
    if (item.asks) {
      this.#offer = { what: item.what, scene };
      return;
    }
    const { who, guessed } = this.#assignee(item, scene);
    const due = this.#due(clause, scene) ?? this.#due(sentence, scene);
    const words = taskWords(item.what);
    const pointing = /\b(?:it|that|this|one|them|das|es|ça|lo|eso)\b/iu.test(item.what);
    const known =
      words.size === 0
        ? pointing
          ? this.#board.recent(scene.turn.index, null, true)
          : null
        : this.#board.about(words, pointing ? 0.5 : 0.75);
    if (known !== null) {
      this.#join(known, who, due, scene, item.who);
      return;
    }
    if (words.size === 0) return;
    const title = titleOf(item.what, scene.turn.sender, scene.written, this.#echoes);
    if (title === null) return;
    const { index, sender } = scene.turn;
    this.#board.add({
      title,
      assignee: who,
      due,
      priority: priorityOf(scene.text),
      status: "open",
      sources: new Set([index]),
      words,
      author: sender,
      touched: index,
      guessed,
    });
  }

  /** A task is spoken of again: somebody takes it, or says when. */
  #join(draft: Draft, who: string | null, due: string | null, scene: Scene, form: Phrase["who"]): void {
    draft.sources.add(scene.turn.index);
    draft.touched = scene.turn.index;
    if (who !== null && (draft.assignee === null || draft.guessed || form !== "open")) {
      draft.assignee = who;
      draft.guessed = false;
    }
    if (due !== null) draft.due = due;
    const priority = priorityOf(scene.text);
    if (priority !== "normal") draft.priority = priority;
  }

  /** A yes or no to what was asked before. */
  #answer(scene: Scene): void {
    const { turn, text } = scene;
    const offer = this.#offer;
    if (offer !== null && turn.sender !== offer.scene.turn.sender) {
      this.#offer = null;
      if (YES.test(text))
        this.#take(
          { what: offer.what, who: "speaker", name: null, asks: false },
          offer.scene.text,
          offer.scene.text,
          offer.scene,
        );
    }
    const asked = this.#board.ofTurn(turn.replyTo) ?? this.#board.recent(turn.index, null, true);
    if (asked === null || asked.author === turn.sender || turn.index - asked.touched > 4) return;
    if (YES.test(text) && asked.assignee === null) {
      asked.assignee = turn.sender;
      asked.sources.add(turn.index);
      asked.touched = turn.index;
    } else if (NO.test(text) && asked.assignee === turn.sender) {
      asked.assignee = null;
      asked.guessed = true;
      asked.sources.add(turn.index);
    }
  }

  /** Done, called off or moved: true when a task was meant. */
  #settle(
    fate: "done" | "cancelled" | "moved" | "reopened",
    sentence: string,
    due: string | null,
    scene: Scene,
  ): boolean {
    const { turn } = scene;
    const words = taskWords(sentence);
    const byWords = words.size === 0 ? null : this.#board.about(words, 0.34);
    const pointed =
      this.#board.ofTurn(turn.replyTo) ?? this.#board.recent(turn.index, fate === "done" ? turn.sender : null, true);
    const draft = byWords ?? (words.size <= (fate === "moved" ? 2 : 1) ? pointed : null);
    if (draft === null || (draft.sources.has(turn.index) && fate !== "cancelled")) return false;
    draft.sources.add(turn.index);
    draft.touched = turn.index;
    if (fate === "moved") {
      if (due !== null) draft.due = due;
    } else if (fate === "done") {
      draft.status = "done";
      draft.assignee ??= turn.sender;
    } else {
      draft.status = "cancelled";
    }
    return true;
  }
}
