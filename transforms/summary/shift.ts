/** Who is meant: the first and second person of direct speech become names, verbs follow. */
import { ADVERBS, agree, gerundOf, isBe, MODALS, pastOf, thirdPerson } from "./verbs.ts";

/** Speaker and addressee as they are to be named. `both` names "we" in a dialogue of two. */
export type Roles = { readonly speaker: string; readonly addressee: string | null };

export const possessive = (name: string): string => (/s$/u.test(name) && !/\d$/u.test(name) ? `${name}'` : `${name}'s`);

const OTHERS = "the others";

/** Does the token list at `at` continue a clause as its subject (a verb comes next)? Used for "you". */
const SUBJECT_NEXT = new Set(
  (
    "are were have had do did can could will would shall should may might must cannot need want like know " +
    "think see get go take feel look " +
    "mean say make come give use find tell love hope work live understand agree believe remember forget prefer"
  ).split(" "),
);

type Shifted = { readonly tokens: string[]; readonly agreeNext: boolean };

/** Words after which "you" is a subject. */
const CLAUSE_STARTS = new Set(
  (
    "if when while once after before because since as that what where how why who until till whether and but " +
    "so than though , then"
  ).split(" "),
);

function pronoun(word: string, next: string, first: boolean, roles: Roles): Shifted | null {
  const { speaker, addressee } = roles;
  const other = addressee ?? OTHERS;
  const plural = addressee === null;
  switch (word) {
    case "i":
      return { tokens: [speaker], agreeNext: true };
    case "me":
      return { tokens: [speaker], agreeNext: false };
    case "my":
      return { tokens: [possessive(speaker)], agreeNext: false };
    case "mine":
      return { tokens: [possessive(speaker)], agreeNext: false };
    case "myself":
    case "yourself":
    case "yourselves":
    case "ourselves":
      return { tokens: ["themselves"], agreeNext: false };
    case "you":
      return { tokens: [other], agreeNext: !plural && (first || SUBJECT_NEXT.has(next) || ADVERBS.has(next)) };
    case "your":
      return { tokens: [plural ? "their" : possessive(other)], agreeNext: false };
    case "yours":
      return { tokens: [plural ? "theirs" : possessive(other)], agreeNext: false };
    case "we":
      return { tokens: ["they"], agreeNext: false };
    case "us":
      return { tokens: ["them"], agreeNext: false };
    case "our":
      return { tokens: ["their"], agreeNext: false };
    case "ours":
      return { tokens: ["theirs"], agreeNext: false };
    default:
      return null;
  }
}

/** Agreement reaches over adverbs: "I really like" → "Ana really likes". */
function agreeAt(tokens: readonly string[], from: number): number {
  let at = from;
  while (at < tokens.length && at - from < 3 && ADVERBS.has((tokens[at] ?? "").toLowerCase())) at += 1;
  return at;
}

/** A clause in the third person. */
export function shift(tokens: readonly string[], roles: Roles): string[] {
  const out: string[] = [];
  let verbAt = -1;
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i] ?? "";
    const lower = token.toLowerCase();
    const next = (tokens[i + 1] ?? "").toLowerCase();
    if (i === verbAt) {
      out.push(/^\p{L}+$/u.test(token) ? agree(token) : token);
      continue;
    }
    const change =
      token === "US"
        ? null
        : pronoun(lower, next, i === 0 || CLAUSE_STARTS.has((tokens[i - 1] ?? "").toLowerCase()), roles);
    if (change === null) {
      out.push(token);
      continue;
    }
    out.push(...change.tokens);
    if (change.agreeNext) verbAt = agreeAt(tokens, i + 1);
  }
  return out;
}

const SUBJECTS = new Set("i you he she it we they there this that".split(" "));
export const AUXILIARIES = new Set(
  "do does did is are am was were have has had can could will would shall should may might must".split(" "),
);
const DETERMINERS = new Set(
  "the a an this that these those my your his her our their its any some all every each no".split(" "),
);

/** Where the subject that begins at `from` ends: a pronoun, or a determiner and what follows up to a verb-like word. */
function subjectEnd(tokens: readonly string[], from: number, copula: boolean): number {
  const first = (tokens[from] ?? "").toLowerCase();
  if (SUBJECTS.has(first) && !(DETERMINERS.has(first) && /^\p{L}+$/u.test(tokens[from + 1] ?? "") && copula))
    return from + 1;
  if (!DETERMINERS.has(first))
    return /^\p{Lu}/u.test(tokens[from] ?? "") ? from + 1 : Math.min(from + 1, tokens.length);
  return Math.min(from + 2, tokens.length);
}

/** After a question word the whole noun phrase up to a preposition is the subject: "how was your summer trip". */
function phraseEnd(tokens: readonly string[], from: number): number {
  const first = (tokens[from] ?? "").toLowerCase();
  if (!DETERMINERS.has(first) || SUBJECTS.has(first)) return subjectEnd(tokens, from, true);
  let end = from + 1;
  while (end < tokens.length && end - from < 5 && !AFTER_PHRASE.test(tokens[end] ?? "")) end += 1;
  return end;
}

const AFTER_PHRASE = new RegExp(
  "^(?:of|in|on|at|for|with|from|to|between|about|like|going|doing|coming|made|called|you|i|we|they" +
    "|he|she|that|,)$",
  "iu",
);
const BASES = new Set(["i", "you", "we", "they"]);

/**
 * The words of a question in the order of a statement, from its auxiliary on: "do you live here" → "you live here",
 * "is it far" → "it is far", "did he go" → "he went". Null when the form is not understood.
 */
export function uninverted(tokens: readonly string[], aux: number, wh = false): string[] | null {
  const auxiliary = (tokens[aux] ?? "").toLowerCase();
  if (!AUXILIARIES.has(auxiliary) || tokens.length < aux + 2) return null;
  const negative = (tokens[aux + 1] ?? "").toLowerCase() === "not";
  const from = aux + (negative ? 2 : 1);
  const end = wh && isBe(auxiliary) ? phraseEnd(tokens, from) : subjectEnd(tokens, from, isBe(auxiliary));
  const subject = tokens.slice(from, end);
  const rest = tokens.slice(end);
  if (subject.length === 0) return null;
  if (auxiliary === "do" || auxiliary === "does" || auxiliary === "did") {
    if (negative) return [...subject, auxiliary, "not", ...rest];
    return [...subject, ...inflected(auxiliary, subject[0] ?? "", rest)];
  }
  return [...subject, auxiliary, ...(negative ? ["not"] : []), ...rest];
}

function inflected(auxiliary: string, subject: string, rest: readonly string[]): string[] {
  const at = agreeAt(rest, 0);
  const verb = rest[at];
  if (verb === undefined || !/^\p{L}+$/u.test(verb)) return [...rest];
  const form = auxiliary === "did" ? pastOf(verb) : auxiliary === "does" ? thirdPerson(verb) : verb;
  const keep = auxiliary === "do" && !BASES.has(subject.toLowerCase()) ? verb : form;
  return [...rest.slice(0, at), keep, ...rest.slice(at + 1)];
}

/** "take the bus" → "taking the bus"; leaves what is not a plain verb alone. */
export function asGerund(tokens: readonly string[]): string[] {
  const verb = tokens[0] ?? "";
  if (verb === "not") return ["not", ...asGerund(tokens.slice(1))];
  return MODALS.has(verb.toLowerCase()) ? [...tokens] : [gerundOf(verb), ...tokens.slice(1)];
}
