/** Statements as the points of a summary. */
import type { Candidate } from "./candidates.ts";
import { POINT_CHARS_MAX } from "./verify.ts";

const bare = (text: string): string => text.replace(/[\s,;:.!?-]+$/u, "");

/** "Ana says …" is "Ana tells Ben …" between two. */
function addressed({ text, speaker, roles }: Candidate): string {
  const says = `${speaker} says `;
  if (roles.addressee === null || !text.startsWith(says)) return bare(text);
  return bare(`${speaker} tells ${roles.addressee} ${text.slice(says.length)}`);
}

/** The two statements of a dialogue as one sentence; two when it would be too long. */
export function toldAsOne(pair: readonly Candidate[]): string[] {
  const [first, second] = pair;
  if (first === undefined) return [];
  const head = addressed(first);
  if (second === undefined) return [`${head}.`];
  const tail = addressed(second);
  const shared = second.speaker === first.speaker && tail.startsWith(`${second.speaker} `);
  const one = shared ? `${head} and ${tail.slice(second.speaker.length + 1)}.` : `${head}, and ${tail}.`;
  return one.length <= POINT_CHARS_MAX ? [one] : [`${head}.`, `${tail}.`];
}

/** What remains to be said when no statement could be made: who talked about what. */
export function toldByTopic(names: readonly string[], topics: readonly string[]): string[] {
  if (names.length === 0 || topics.length === 0) return [];
  const list = (words: readonly string[]): string =>
    words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
  const who = names.length <= 4 ? list(names) : `${names.length} people`;
  return [`${who} ${names.length === 1 ? "writes" : "write"} about ${list(topics.slice(0, 3))}.`];
}
