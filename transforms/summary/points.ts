/** What was said, retold statement by statement in the third person, each fit to be shown (tier B). */
import type { Surroundings, Turn } from "../../src/core/transform.ts";
import { lowerWords } from "../text/sentences.ts";
import { type Candidate, type Cast, candidatesOf } from "./candidates.ts";
import { compacted } from "./compact.ts";
import { type Echoes, isUnfit, reworded } from "./verify.ts";

const NAME_CHARS_MAX = 64;

/** `person1` is written `Person1`, as in a sentence; a name stays as it was given. */
const written = (sender: string): string =>
  /^\p{Ll}/u.test(sender) ? sender.charAt(0).toUpperCase() + sender.slice(1) : sender;

/** Who speaks to whom: the other one of two, the author replied to, or the one named at the beginning. */
export function castOf(turns: readonly Turn[], senders: readonly string[]): Cast {
  const byFirstWord = new Map(senders.map((sender) => [(lowerWords(sender)[0] ?? sender).toLowerCase(), sender]));
  return {
    nameOf: (sender) => written(sender).slice(0, NAME_CHARS_MAX),
    addresseeOf: (turn, sentence) => {
      const vocative = byFirstWord.get(/^@?([\p{L}\p{N}_]+),\s/u.exec(sentence)?.[1]?.toLowerCase() ?? "");
      if (vocative !== undefined && vocative !== turn.sender) return written(vocative);
      const named = lowerWords(turn.text.slice(0, 60))
        .slice(0, 3)
        .find((word) => byFirstWord.has(word));
      const called = named === undefined ? undefined : byFirstWord.get(named);
      if (called !== undefined && called !== turn.sender) return written(called);
      if (senders.length === 2) return written((senders[0] === turn.sender ? senders[1] : senders[0]) ?? "");
      const replied = turn.replyTo === null ? undefined : turns[turn.replyTo];
      return replied === undefined || replied.sender === turn.sender ? null : written(replied.sender);
    },
  };
}

/** Words seen in small letters are ordinary; so is what the word list knows and no person is called. */
function ordinary(turns: readonly Turn[], surroundings: Surroundings): (word: string) => boolean {
  const small = new Set<string>();
  for (const { text } of turns) for (const word of text.match(/(?<=[\p{Ll},] )\p{Ll}+/gu) ?? []) small.add(word);
  return (word) => small.has(word) || (surroundings.isOrdinaryWord(word) && !surroundings.isName(word));
}

/** A point as it may be shown, or null. */
function pointOf(said: string, seen: Echoes, reported: boolean): string | null {
  if (isUnfit(said)) return null;
  const text = reworded(said, seen, reported);
  if (text === null || isUnfit(text)) return null;
  const bare = text.replace(/[\s,;:.!?-]+$/u, "");
  return `${bare.charAt(0).toUpperCase()}${bare.slice(1)}.`;
}

/** Every statement that may be shown, in order. `pairwise`: a dialogue of two, told at length. */
export function statementsOf(
  turns: readonly Turn[],
  cast: Cast,
  seen: Echoes,
  pairwise: boolean,
  surroundings: Surroundings,
): Candidate[] {
  const fit: Candidate[] = [];
  for (const candidate of candidatesOf(turns, cast, ordinary(turns, surroundings))) {
    const text = pointOf(pairwise ? candidate.text : compacted(candidate, turns, cast.nameOf), seen, pairwise);
    if (text !== null) fit.push({ ...candidate, text });
  }
  return fit;
}
