/** What was asked for a moment ago, so that "I'll do it", "me" and "I'll book it today" say what they mean. */
import { fromGerund } from "../tasks/title.ts";
import { stem } from "./content.ts";

/** A verb phrase without its subject, and the turn that asked for it. */
type Asked = { readonly words: readonly string[]; readonly turn: number; readonly author: string };

const TURNS_MAX = 4;
const WHO = new RegExp(
  "^(?:(?:so|and|ok|but) )*(?:who (?:else )?(?:can|could|will|would|wants to|is going to" +
    "|would like to|has time to)|(?:can|could|will|would) (?:someone|somebody|anyone|anybody" +
    "|one of you)|(?:someone|somebody|one of us) (?:should|must|has to|needs to|could)) (?:please " +
    "|also |maybe )?(.+)$",
  "iu",
);
const WHO_DOES = /^(?:(?:so|and|ok|but) )*who (is )?(\p{L}+?)(ing|es|s) (.+)$/iu;
const SHORT = new RegExp(
  "^(?:(?:yes|ok|okay|sure|fine|well|oh) )*(?:i will|i can|i could|me|i will do (?:it|that|this)" +
    "|i can do (?:it|that|this)|i will take (?:it|that|this)|on it|i am on it|leave it to me" +
    String.raw`|let me do (?:it|that)|i would love to|i volunteer)\b(?: (?:do it |do that )?(.*))?$`,
  "iu",
);
const OBJECT = /\b(?:it|that|them|this|those)\b/iu;

const split = (text: string): string[] => text.split(" ").filter((word) => word !== "");

/** "bring" of "bring" + "ing", "take" of "tak" + "es". */
function baseOf(head: string, ending: string): string {
  if (ending === "ing") return fromGerund(`${head}ing`);
  return ending === "es" && !/(?:ch|sh|ss|x|o)$/u.test(head) ? `${head}e` : head;
}

export class Pending {
  #asked: Asked | null = null;

  /** Remembers a clause that looks for somebody. */
  note(tokens: readonly string[], turn: number, author: string): void {
    const text = tokens.join(" ");
    const phrase = WHO.exec(text)?.[1];
    if (phrase !== undefined) this.#asked = { words: split(phrase), turn, author };
    const does = WHO_DOES.exec(text);
    if (phrase !== undefined || does === null) return;
    const verb = baseOf(does[2] ?? "", does[3] ?? "");
    if (/^(?:i|wa|ha|doe)$/u.test(verb)) return;
    this.#asked = { words: [verb, ...split(does[4] ?? "")], turn, author };
  }

  /** The clause with what was asked put in where it only points back. */
  fill(tokens: readonly string[], turn: number, author: string): readonly string[] {
    const asked = this.#asked;
    if (asked === null || asked.author === author || turn - asked.turn > TURNS_MAX) return tokens;
    const text = tokens.join(" ");
    const short = SHORT.exec(text);
    const rest = short?.[1] ?? "";
    if (
      short !== null &&
      (rest === "" || /^(?:on|by|today|tomorrow|tonight|this|next|at|after|before|in|then)\b/iu.test(rest))
    ) {
      this.#asked = null;
      return ["I", "will", ...asked.words, ...split(rest)];
    }
    const at = tokens.findIndex((token) => OBJECT.test(token));
    const verb = stem((asked.words[0] ?? "").toLowerCase());
    if (at < 1 || at > 4 || !tokens.slice(0, at).some((token) => stem(token.toLowerCase()) === verb)) return tokens;
    this.#asked = null;
    return [...tokens.slice(0, at), ...asked.words.slice(1), ...tokens.slice(at + 1)];
  }
}
