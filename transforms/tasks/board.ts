/** The tasks found so far, and which of them a later sentence means. */
import { contentWords, stem } from "../summary/content.ts";
import { lowerWords } from "../text/sentences.ts";
import { POINTING } from "./turns-of-fate.ts";

export type Priority = "low" | "normal" | "high";
export type Status = "open" | "done" | "cancelled";

export type Draft = {
  title: string;
  assignee: string | null;
  due: string | null;
  priority: Priority;
  status: Status;
  readonly sources: Set<number>;
  readonly words: Set<string>;
  /** Who wrote it, the turn it was last spoken of, and whether its holder was only guessed. */
  readonly author: string;
  touched: number;
  guessed: boolean;
  /** "Who brings the tent?": a task once somebody takes it. */
  readonly tentative: boolean;
  /** Asked of everybody: a yes or a done of one does not settle it. */
  readonly shared: boolean;
};

const RECENT_TURNS = 8;
const BOARD_MAX = 400;

/** Stems that tell one task from another. */
export const plainWords = (text: string): Set<string> =>
  new Set(contentWords(text).filter((word) => !POINTING.has(word) && !/^\d+$/u.test(word)));

/** Stems that tell one task from another; of a short text ("call you") whatever is more than a pointer. */
export function taskWords(text: string): Set<string> {
  const words = plainWords(text);
  if (words.size > 0) return words;
  const rest = lowerWords(text).filter((word) => word.length > 2 && !POINTING.has(word) && !SMALL.has(word));
  return new Set(rest.map(stem));
}

const SMALL = new Set(
  (
    "you the and for will can could would please yes sure not yet too also then now ok okay him her his all " +
    "what who when have has had get got are was were been"
  ).split(" "),
);

export class Board {
  readonly drafts: Draft[] = [];

  add(draft: Draft): void {
    if (this.drafts.length < BOARD_MAX) this.drafts.push(draft);
  }

  /** The task that these words are about; the latest one wins among equals. Null when none shares enough. */
  about(words: ReadonlySet<string>, least: number): Draft | null {
    let best: Draft | null = null;
    let bestScore = least;
    for (const draft of this.drafts.slice(-100)) {
      let shared = 0;
      for (const word of words) if (draft.words.has(word)) shared += 1;
      if (shared === 0) continue;
      const smaller = Math.min(words.size, draft.words.size);
      const score = shared / Math.max(1, smaller) + shared * 0.01;
      if (score >= bestScore) {
        best = draft;
        bestScore = score;
      }
    }
    return best;
  }

  /** The task last spoken of, not long before `turn`; of that holder if given one has any. */
  recent(turn: number, holder: string | null, open: boolean): Draft | null {
    const near = this.drafts.filter(
      (draft) => turn - draft.touched <= RECENT_TURNS && (!open || draft.status === "open"),
    );
    const own = holder === null ? [] : near.filter((draft) => draft.assignee === holder);
    return latest(own) ?? latest(near);
  }

  /** The task asked for in that very turn, if it is one. */
  ofTurn(turn: number | null): Draft | null {
    return turn === null ? null : latest(this.drafts.filter((draft) => draft.sources.has(turn)));
  }
}

const latest = (drafts: readonly Draft[]): Draft | null =>
  drafts.reduce<Draft | null>((best, draft) => (best === null || draft.touched >= best.touched ? draft : best), null);
