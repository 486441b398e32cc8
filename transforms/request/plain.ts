/**
 * The request as rules read it: the asker's own words, in small letters without accents, without address and
 * courtesy.
 */

/** What is asked stands at the beginning; a pasted book is no request. */
const REQUEST_CHARS_MAX = 1000;
const FENCED = /```[^`]{0,4000}(?:```|$)/g;
const QUOTED_LINE = /^\s*>.*$/gm;

export type Plain = {
  /** Own words as written, for names and capitals. */
  readonly written: string;
  /** Small letters, accents and curled apostrophes folded, spaces single. */
  readonly folded: string;
  /** `folded` without the address and the courtesy before what is asked. */
  readonly asked: string;
};

export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[\u2018\u2019\u00b4`]/g, "'")
    .replace(/[\u2010-\u2015]/g, "-")
    .replaceAll("ß", "ss")
    .replace(/\s+/g, " ")
    .trim();
}

const ADDRESS = /^(?:[@/!][\p{L}\p{N}_.:-]{1,64}|(?:lazaret|bot|butler|assistant))(?=[\s,:;.!?-]|$)[\s,:;.!?-]*/u;
const COURTESY = new RegExp(
  `^(?:${[
    "please|pls|plz|kindly|bitte|s'il te plait|s'il vous plait|stp|svp|por favor",
    "ok|okay|so|now|then|also|and|well|hey|hi|hello|hallo|hola|salut|bonjour|servus|moin|thanks|danke|merci|gracias",
    "(?:can|could|would|will) you(?: please)?|i(?:'d| would) like(?: you)? to|i (?:want|need)(?: you)? to",
    "let's|let us|go ahead and|just|quickly|mal|kurz|schnell|vite|rapidement",
    "(?:kannst|konntest|wurdest) du(?: bitte)?|(?:konnen|konnten|wurden) sie(?: bitte)?|ich (?:mochte|" +
      "will),?(?: dass du)?",
    "(?:peux|pourrais|veux)[- ]tu|(?:pouvez|pourriez)[- ]vous|tu (?:peux|pourrais)|je (?:veux|voudrais)",
    "(?:me )?(?:puedes|podrias|puede|podria)|quiero(?: que)?|quisiera|there|zusammen|all|everyone|everybody|team|" +
      "todos|tous",
  ].join("|")})(?=[\\s,:;.!?-]|$)[\\s,:;.!-]*`,
);
/** Words of courtesy before a request: more of them than this is something else. */
const COURTESY_MAX = 6;

export function plain(text: string): Plain {
  const written = text.replace(FENCED, " ").replace(QUOTED_LINE, " ").trim().slice(0, REQUEST_CHARS_MAX);
  const folded = fold(written);
  // `/summarize` is a command of its own: its slash goes, its word stays; `/summarize@a_bot` is the same.
  let asked = folded.replace(/^[/!]([a-z][a-z0-9_]{0,31})(?:@[a-z0-9_]{1,64})?(?![a-z0-9_@])/, "$1");
  if (folded.startsWith("@")) asked = folded.replace(ADDRESS, "");
  for (let round = 0; round < COURTESY_MAX; round++) {
    const shorter = asked.replace(round === 0 ? ADDRESS : COURTESY, "").replace(COURTESY, "");
    if (shorter === asked && round > 0) break;
    if (shorter === "") break;
    asked = shorter;
  }
  return { written, folded, asked };
}
