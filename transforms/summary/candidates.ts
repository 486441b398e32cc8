/** Everything that could be said about a conversation, with what is known of its weight. */
import type { Turn } from "../../src/core/transform.ts";
import { sentencesOf } from "../text/sentences.ts";
import { clausesOf } from "./clauses.ts";
import { contentWords } from "./content.ts";
import { Pending } from "./pending.ts";
import type { Roles } from "./shift.ts";
import { type Act, statementOf } from "./statements.ts";
import { joined } from "./verbs.ts";

export type Candidate = {
  readonly text: string;
  readonly act: Act;
  readonly turn: number;
  /** Place of its sentence among all sentences, from 0 to 1. */
  readonly place: number;
  readonly speaker: string;
  readonly roles: Roles;
  readonly words: number;
  readonly content: ReadonlySet<string>;
  readonly question: boolean;
  /** Index of its sentence in the conversation: two candidates of one sentence share it. */
  readonly sentence: number;
};

export type Cast = {
  readonly nameOf: (sender: string) => string;
  /** To whom a sentence of this turn speaks. */
  readonly addresseeOf: (turn: Turn, sentence: string) => string | null;
};

const SENTENCES_A_TURN_MAX = 12;
const CANDIDATES_MAX = 6000;
/** A longer statement is no point (280 characters). */
const WORDS_MAX = 60;

/** All statements of a conversation, in order. */
export function candidatesOf(turns: readonly Turn[], cast: Cast, isOrdinary: (word: string) => boolean): Candidate[] {
  const out: Candidate[] = [];
  const pending = new Pending();
  let sentence = 0;
  for (const turn of turns) {
    const speaker = cast.nameOf(turn.sender);
    for (const { text } of sentencesOf(turn.text).slice(0, SENTENCES_A_TURN_MAX)) {
      sentence += 1;
      // A masked secret takes its sentence with it.
      if (/\[[A-Z]+\]/u.test(text)) continue;
      const roles: Roles = { speaker, addressee: cast.addresseeOf(turn, text) };
      for (const raw of clausesOf(text)) {
        const clause = { ...raw, tokens: pending.fill(raw.tokens, turn.index, turn.sender) };
        pending.note(raw.tokens, turn.index, turn.sender);
        const statement = statementOf(clause, roles, isOrdinary);
        if (statement === null || out.length >= CANDIDATES_MAX || statement.words.length > WORDS_MAX) continue;
        out.push({
          text: joined(statement.words),
          act: statement.act,
          turn: turn.index,
          place: 0,
          speaker,
          roles,
          words: statement.words.length,
          content: new Set(contentWords(clause.tokens.join(" "))),
          question: clause.question,
          sentence,
        });
      }
    }
  }
  return out.map((candidate) => ({
    ...candidate,
    place: sentence <= 1 ? 0 : (candidate.sentence - 1) / (sentence - 1),
  }));
}
