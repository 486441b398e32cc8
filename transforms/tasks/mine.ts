/** Reads a chat from the beginning to the end and keeps the board of what is to be done. */
import type { Turn } from "../../src/core/transform.ts";
import { type Clause, clausesOf } from "../summary/clauses.ts";
import { isPast } from "../summary/verbs.ts";
import { type Echoes, echoesOf } from "../summary/verify.ts";
import { plain, sentencesOf } from "../text/sentences.ts";
import { baseFirst, type Found, foreign, inClause, listOf, priorityOf } from "./asks.ts";
import { Board, type Draft, plainWords, taskWords } from "./board.ts";
import { People } from "./people.ts";
import { NO, type Phrase, TAKES, YES } from "./phrases.ts";
import { Referents } from "./referents.ts";
import { assigneeOf, dueOf, listenerOf, type Scene } from "./scene.ts";
import { ALL, ALL_DONE, INQUIRY, NOT_YET, READY, TAKES_IT } from "./signals.ts";
import { baseOf, titleOf, withoutCondition, withoutDates } from "./title.ts";
import { fateOf } from "./turns-of-fate.ts";

export class Miner {
  readonly #board = new Board();
  readonly #people: People;
  readonly #turns: readonly Turn[];
  readonly #echoes: Echoes;
  readonly #language: string;
  /** "Should I bring cake?", waiting for a yes. */
  readonly #referents = new Referents();
  #inquiry: { readonly what: string; readonly scene: Scene } | null = null;
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
    return this.#board.drafts.filter((draft) => !draft.tentative || draft.assignee !== null);
  }

  #turn(turn: Turn): void {
    const text = plain(turn.text);
    const written = { sentAt: turn.sentAt, offsetMinutes: turn.offsetMinutes, language: this.#language };
    const scene = { turn, text, written, called: this.#people.called(text, turn.sender), yes: YES.test(text) };
    this.#answer(scene);
    for (const { text: sentence, start } of sentencesOf(text).slice(0, 40)) {
      const listed = /(?:^|\n)\s*(?:[-*•]|\[ ?\]|\d{1,2}[.)])\s*$/u.test(text.slice(0, start));
      // "Seven if Elena comes. Elena, can you …?": whom a sentence calls counts before whom the message calls.
      const called = this.#people.vocative(sentence, turn.sender) ?? scene.called;
      this.#sentence(sentence, { ...scene, called }, listed);
      this.#referents.note(withoutDates(sentence, written), turn.index);
    }
  }

  #sentence(sentence: string, scene: Scene, listed: boolean): void {
    const due = dueOf(sentence, scene);
    const question = sentence.trimEnd().endsWith("?");
    const fate = fateOf(sentence, due !== null, question) ?? (this.#isReport(sentence, scene) ? "done" : null);
    if (fate !== null && this.#settle(fate, sentence, due, scene)) return;
    let found = false;
    const asked = INQUIRY.exec(sentence)?.[1];
    if (asked !== undefined && question) this.#inquiry = { what: asked, scene };
    for (const clause of clausesOf(sentence).flatMap((whole) => this.#parts(whole))) {
      const item = inClause(clause, scene.called, this.#people, listed);
      if (item === null) {
        this.#referents.note(withoutDates(clause.tokens.join(" "), scene.written), scene.turn.index);
        continue;
      }
      found = true;
      for (const what of listOf(item.what)) this.#take({ ...item, what }, clause.tokens.join(" "), sentence, scene);
    }
    if (found) return;
    if (!question && TAKES_IT.test(sentence) && this.#answering({ ...scene, yes: true }, due)) return;
    const [, name = "", job = ""] = /^(\p{L}[\p{L}\p{N}_]+): (.+?)[.!]?$/u.exec(sentence) ?? [];
    const holder = this.#people.find(name);
    const item =
      holder !== null && job !== "" && !question
        ? { what: job, who: "named" as const, name, asks: false }
        : foreign(sentence);
    if (item !== null) this.#take(item, sentence, sentence, scene);
    else this.#amend(sentence, due, scene);
  }

  /** "asked him", from whoever was to ask. */
  #isReport(sentence: string, scene: Scene): boolean {
    const first = /^(?:(?:i|i've|i have|we) )?(?:just |already )?(\p{L}+)/iu.exec(sentence)?.[1]?.toLowerCase() ?? "";
    const draft = this.#board.recent(scene.turn.index, scene.turn.sender, true);
    const verb = draft?.title.split(" ")[0]?.toLowerCase() ?? "";
    return (
      draft !== null &&
      (draft.assignee ?? scene.turn.sender) === scene.turn.sender &&
      draft.author !== scene.turn.sender &&
      first !== verb &&
      isPast(first) &&
      baseOf(first) === verb
    );
  }

  /** "Carla does this and Dirk does that" falls apart where somebody of the chat is named. */
  #parts(clause: Clause): Clause[] {
    const { tokens } = clause;
    const at = tokens.findIndex(
      (token, i) =>
        i > 2 &&
        /^(?:and|,)$/iu.test(tokens[i - 1] ?? "") &&
        this.#people.find(token) !== null &&
        !/^(?:at|on|in|to|from|with|for|by|and|,|\d.*)$/iu.test(tokens[i + 1] ?? "") &&
        tokens.length - i > 2,
    );
    if (at < 0) return [clause];
    return [
      { ...clause, tokens: tokens.slice(0, at - 1) },
      { ...clause, tokens: tokens.slice(at) },
    ];
  }

  /** "by friday please", "it's urgent" right after a request of the same turn belongs to it. */
  #amend(sentence: string, due: string | null, scene: Scene): void {
    const { turn } = scene;
    const recent = this.#board.recent(turn.index, null, true);
    const near =
      recent !== null &&
      turn.index - recent.touched <= 4 &&
      (recent.author === turn.sender || recent.assignee === turn.sender || READY.test(sentence))
        ? recent
        : null;
    const draft = this.#board.ofTurn(turn.index) ?? near;
    if (draft === null) return;
    const short = taskWords(withoutDates(sentence, scene.written)).size <= 2 && !sentence.endsWith("?");
    const said = /\b(?:by|until|till|before|due|deadline|need|bis|spätestens|avant|antes|fällig)\b/iu.test(sentence);
    for (const other of said ? this.#board.drafts.filter((one) => one.sources.has(turn.index)) : []) other.due ??= due;
    if (due !== null && draft.due === null && (said || short)) draft.due = due;
    const priority = priorityOf(sentence);
    if (priority !== "normal" && (said || short)) draft.priority = priority;
  }

  #take(found: Found, clause: string, sentence: string, scene: Scene): void {
    const item = { ...found, what: withoutCondition(found.what) };
    if (item.who === "named" && (item.name === null || this.#people.named(item.name) === null)) return;
    if (item.asks) {
      this.#offer = { what: item.what, scene };
      return;
    }
    const { who, guessed } = assigneeOf(item, scene, this.#people, this.#turns);
    const due = dueOf(clause, scene) ?? dueOf(sentence, scene);
    const pointing = /\b(?:it|that|this|one|them|mine|das|es|ça|lo|eso)\b/iu.test(item.what);
    if (pointing && item.who === "speaker" && this.#answering(scene, due)) return;
    const words = taskWords(withoutDates(item.what, scene.written));
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
    const what = pointing ? this.#referents.resolve(item.what, scene.turn.index) : item.what;
    const title = titleOf(what, scene.turn.sender, listenerOf(scene, this.#people), scene.written, this.#echoes);
    if (title === null) return;
    const { index, sender } = scene.turn;
    this.#board.add({
      title,
      assignee: who,
      due,
      priority: priorityOf(scene.text),
      status: "open",
      sources: new Set([index]),
      words: taskWords(what),
      author: sender,
      touched: index,
      guessed,
      tentative: item.tentative === true,
      shared: ALL.test(scene.text) || /\bwe (?:\p{L}+ )?(?:should|must|need|have|ought)\b/iu.test(clause),
    });
  }

  /** "Sure, I'll scan it tonight" right after a request is its answer, not a second task. */
  #answering(scene: Scene, due: string | null): boolean {
    const { turn } = scene;
    const asked = this.#board.recent(turn.index, turn.sender, true);
    if (asked === null || asked.author === turn.sender || turn.index - asked.touched > 2) return false;
    if (asked.assignee !== null && asked.assignee !== turn.sender) return false;
    if (!scene.yes && taskWords(scene.text).size > 1) return false;
    asked.assignee = turn.sender;
    asked.due ??= due;
    asked.sources.add(turn.index);
    asked.touched = turn.index;
    return true;
  }

  /** A task is spoken of again: somebody takes it, or says when. */
  #join(draft: Draft, who: string | null, due: string | null, scene: Scene, form: Phrase["who"]): void {
    draft.sources.add(scene.turn.index);
    draft.touched = scene.turn.index;
    if (who !== null && (draft.assignee === null || draft.guessed || form !== "open")) {
      draft.assignee = who;
      draft.guessed = false;
    }
    if (due !== null && (draft.due === null || form !== "speaker" || draft.author === scene.turn.sender))
      draft.due = due;
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
    this.#inquired(scene);
    const asked = this.#board.ofTurn(turn.replyTo) ?? this.#board.recent(turn.index, null, true);
    if (asked === null || asked.author === turn.sender || turn.index - asked.touched > 4) return;
    if ((asked.shared ? TAKES : YES).test(text) && asked.assignee === null) {
      asked.assignee = turn.sender;
      asked.sources.add(turn.index);
      asked.touched = turn.index;
    } else if (NO.test(text) && asked.assignee === turn.sender) {
      asked.assignee = null;
      asked.guessed = true;
      asked.sources.add(turn.index);
    }
  }

  /** The answer to "did you …?". */
  #inquired(scene: Scene): void {
    const inquiry = this.#inquiry;
    if (inquiry === null || scene.turn.sender === inquiry.scene.turn.sender) return;
    this.#inquiry = null;
    const open = NOT_YET.test(scene.text);
    if (!open && !ALL_DONE.test(scene.text)) return;
    const before = this.#board.drafts.length;
    const item = { what: baseFirst(inquiry.what), who: "speaker" as const, name: null, asks: false };
    this.#take(item, "", "", scene);
    const added = this.#board.drafts[before];
    if (added === undefined) return;
    added.sources.add(inquiry.scene.turn.index);
    if (open) added.due = dueOf(scene.text, scene);
    else added.status = "done";
  }

  /** Done, called off or moved: true when a task was meant. */
  #settle(
    fate: "done" | "cancelled" | "moved" | "reopened",
    sentence: string,
    due: string | null,
    scene: Scene,
  ): boolean {
    const { turn } = scene;
    const words = plainWords(sentence);
    const byWords = words.size === 0 ? null : this.#board.about(words, 0.34);
    const pointed =
      this.#board.ofTurn(turn.replyTo) ?? this.#board.recent(turn.index, fate === "done" ? turn.sender : null, true);
    const answered =
      fate === "done" &&
      pointed?.assignee === turn.sender &&
      turn.index - pointed.touched <= 2 &&
      /^(?:done|finished|sent|asked|told|called|\p{L}+ed)\b/iu.test(sentence);
    const plainly =
      answered ||
      (fate === "cancelled" &&
        /^(?:ok |actually )?(?:never ?mind|forget it|scrap that|vergiss es|laisse tomber|olvídalo)/iu.test(sentence));
    const reported = fate === "done" && this.#isReport(sentence, scene);
    const brief = fate === "done" && sentence.split(" ").length <= 3;
    const draft =
      byWords ?? (reported || brief || plainly || words.size <= (fate === "moved" ? 2 : 1) ? pointed : null);
    if (draft === null || (draft.sources.has(turn.index) && fate !== "cancelled")) return false;
    draft.sources.add(turn.index);
    draft.touched = turn.index;
    if (fate === "moved") {
      if (due !== null) draft.due = due;
    } else if (fate === "done") {
      // Done by one of many is not done by all.
      if (draft.shared && draft.author !== turn.sender && draft.assignee === null) return true;
      draft.status = "done";
      draft.assignee ??= turn.sender;
    } else {
      draft.status = "cancelled";
    }
    return true;
  }
}
