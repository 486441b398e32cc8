/** Is this word, which is a name too, meant as a name? Decided by its neighbours, in text with and without capitals. */
import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import type { Sentence } from "./names.ts";
import { wordSet } from "./word-set.ts";

const SPEECH = wordSet(`
  said says asked asks wants wanted told tells thinks thought called calls texted texts replied wrote writes
  knows agreed promised offered suggested shouted paid booked lives works is was has
`);
const FIRM_VERBS = wordSet(`
  ask asked asking asks tell told telling tells text texted texting message messaged ping pinged email emailed
  meet met invite invited remind reminded thank thanked named call called calling marry married dating visit
  visited congratulate phoned phone cc contact notify facetime
`);
const AFTER_PERSON = wordSet(`
  to if about that whether for when and or at on in is was said again back now today tomorrow tonight yesterday
  please pls she he his her they so but because then too next this first later before after from with why what
  where how who i we the a not
`);
const INTRODUCING = /^(?:i'm|im|i’m|me|named|called|it's|its|name's|him|her|them|it|us|is|are|was)$/;
const INTRODUCES = /^(?:i'm|im|i’m|me|named|called|named|it's|its|name's)$/;
const AND = /^(?:and|or|und|et|y|e)$/;
const MONTH_BEFORE = wordSet(`
  in of by since until till last next this early late mid from to for during before after end im en anfang ende
  mitte and
`);

type Around = {
  readonly findings: Findings;
  readonly token: number;
  readonly sentence: Sentence;
};

/** Masked as a name of some sort or as an unknown word. */
function isNamed(findings: Findings, token: number): boolean {
  const kind = findings.kindOf(token);
  return kind === "PERSON" || ((kind === "WORD" || kind === "PLACE") && !findings.fixed(token));
}

/** True when nothing of the sentence, or a pause, follows. */
function endsHere({ findings, token, sentence }: Around): boolean {
  return token + 1 >= sentence.to || (!findings.spaced(token) && /^\s?[,.!?)\-\u2013\u2014]/.test(findings.gap(token)));
}

export function namedByNeighbours(findings: Findings, token: number, sentence: Sentence): boolean {
  const { flags, shape } = findings.tokens;
  const around: Around = { findings, token, sentence };
  const bits = flags[token] ?? 0;
  const shy = (bits & (FLAG.SHY_NAME | FLAG.FUNCTION)) !== 0;
  const given = (bits & FLAG.GIVEN) !== 0;
  const capital = ((shape[token] ?? 0) & SHAPE.CAPITAL) !== 0 && !sentence.caseless;
  if ((bits & (FLAG.ORDINARY | FLAG.CLOSED)) === 0) return true;
  if ((bits & FLAG.MONTH) !== 0 && isMonth(findings, token, sentence.from)) return false;
  if (capital && token > sentence.from && (bits & FLAG.CAPITAL_OK) === 0 && ((bits & FLAG.FUNCTION) === 0 || given))
    return true;
  if ((bits & FLAG.POSSESSIVE) !== 0) return given && findings.word(token) !== "may's" && !isPlainIs(around);
  if (afterTitle(around) || besideName(around, shy, capital)) return true;
  if (!given && !capital) return !shy && (asObject(around, true) || (introduced(around) && isNameIs(around)));
  return (
    greeted(around, shy) ||
    asObject(around, shy) ||
    asSubject(around, shy, capital) ||
    introduced(around) ||
    asked(around, shy) ||
    addressed(around, shy, capital)
  );
}

/** "in may", "may 5", "5 april" */
export function isMonth(findings: Findings, token: number, sentenceStart: number): boolean {
  const { shape, count } = findings.tokens;
  const digits = (other: number) => other >= 0 && other < count && ((shape[other] ?? 0) & SHAPE.DIGIT) !== 0;
  if (digits(token + 1) && /^[ .]{1,2}$/.test(findings.gap(token))) return true;
  if (digits(token - 1) && /^[ .]{1,2}$/.test(findings.gap(token - 1))) return true;
  return token > sentenceStart && MONTH_BEFORE.has(findings.word(token - 1));
}

/** "summer's here", "hope's gone": an "is" cut short. */
function isPlainIs({ findings, token, sentence }: Around): boolean {
  return (
    token + 1 < sentence.to &&
    /^(?:here|gone|over|a|the|not|been|coming|going|almost|nearly)$/.test(findings.word(token + 1)) &&
    ((findings.tokens.flags[token] ?? 0) & FLAG.SHY_NAME) !== 0
  );
}

function afterTitle({ findings, token, sentence }: Around): boolean {
  if (token === sentence.from || ((findings.tokens.flags[token - 1] ?? 0) & FLAG.TITLE) === 0) return false;
  return /^\.? $/.test(findings.gap(token - 1));
}

/** "jessica brown", "mark zielinski", "anna and mark" */
function besideName({ findings, token, sentence }: Around, shy: boolean, capital: boolean): boolean {
  const { shape, flags } = findings.tokens;
  const given = ((flags[token] ?? 0) & FLAG.GIVEN) !== 0;
  const sameCase = (other: number) =>
    sentence.caseless ||
    (((shape[other] ?? 0) & SHAPE.CAPITAL) !== 0) === (((shape[token] ?? 0) & SHAPE.CAPITAL) !== 0);
  const doing = ((flags[token] ?? 0) & (FLAG.DOES | FLAG.TAKES_PERSON | FLAG.GREETING | FLAG.MEASURE)) !== 0;
  if (
    !shy &&
    token > sentence.from &&
    findings.spaced(token - 1) &&
    findings.kindOf(token - 1) === "PERSON" &&
    sameCase(token - 1) &&
    !doing
  )
    return true;
  if (
    (!shy || capital) &&
    token + 1 < sentence.to &&
    findings.spaced(token) &&
    isNamed(findings, token + 1) &&
    sameCase(token + 1)
  )
    return given || capital || (sentence.caseless && findings.kindOf(token + 1) === "PERSON");
  if (!given || shy) return false;
  const left =
    token - 2 >= sentence.from && findings.kindOf(token - 2) === "PERSON" && AND.test(findings.word(token - 1));
  const listed =
    token - 1 >= sentence.from && findings.kindOf(token - 1) === "PERSON" && findings.gap(token - 1) === ", ";
  const right =
    token + 2 < sentence.to && findings.kindOf(token + 2) === "PERSON" && AND.test(findings.word(token + 1));
  return left || listed || right;
}

/** "hi mark", "thanks rose for the cake"; "hi hope you are well" is none. */
function greeted(around: Around, shy: boolean): boolean {
  const { findings, token, sentence } = around;
  if (token === sentence.from || ((findings.tokens.flags[token - 1] ?? 0) & FLAG.GREETING) === 0) return false;
  if (!/^,? $/.test(findings.gap(token - 1))) return false;
  return (
    endsHere(around) ||
    (!shy &&
      (token + 1 >= sentence.to ||
        AFTER_PERSON.has(findings.word(token + 1)) ||
        /^(?:can|could|you|u|are|do|did|will|would|just|have|it's|that's|i'm|i'll|i've)$/.test(
          findings.word(token + 1),
        )))
  );
}

/** "ask mark", "lunch with rose tomorrow" */
function asObject(around: Around, shy: boolean): boolean {
  const { findings, token, sentence } = around;
  if (token === sentence.from || !findings.spaced(token - 1)) return false;
  if (((findings.tokens.flags[token - 1] ?? 0) & FLAG.TAKES_PERSON) === 0) return false;
  const firm = FIRM_VERBS.has(findings.word(token - 1));
  if (firm && !shy) return true;
  return (firm || !shy) && (endsHere(around) || AFTER_PERSON.has(findings.word(token + 1)));
}

/** "mark said", "Rose is late", "because bill wants" */
function asSubject({ findings, token, sentence }: Around, shy: boolean, capital: boolean): boolean {
  if (token + 1 >= sentence.to || !findings.spaced(token)) return false;
  const does = ((findings.tokens.flags[token + 1] ?? 0) & FLAG.DOES) !== 0;
  if (!does && (!capital || shy)) return false;
  const opens =
    token === sentence.from ||
    /^(?:and|but|because|that|if|when|while|so|since|as|cause|cuz|coz|then|once|where|what|why|how|whether|,)$/.test(
      findings.word(token - 1),
    ) ||
    findings.gap(token - 1).includes(",");
  if (!opens) return false;
  const after = findings.word(token + 1);
  if (!does) return /^\p{L}{3,}ed$/u.test(after);
  return !shy || (SPEECH.has(after) && !/^(?:is|was|has)$/.test(after));
}

/** "did chase pay" */
function asked({ findings, token, sentence }: Around, shy: boolean): boolean {
  return (
    !shy && token === sentence.from + 1 && /^(?:did|does|has|doesn't|didn't|hasn't)$/.test(findings.word(token - 1))
  );
}

/** "i'm frank", "my name is mark", "this is rose" */
function introduced(around: Around): boolean {
  const { findings, token, sentence } = around;
  if (token === sentence.from || !findings.spaced(token - 1)) return false;
  const bits = findings.tokens.flags[token - 1] ?? 0;
  if ((bits & (FLAG.COPULA | FLAG.FUNCTION | FLAG.TAKES_PERSON)) === 0) return false;
  const before = findings.word(token - 1);
  if (!INTRODUCING.test(before)) return false;
  if (!endsHere(around) && !/^(?:from|and|here|but|your|the|speaking)$/.test(findings.word(token + 1))) return false;
  if (INTRODUCES.test(before)) return true;
  if (
    /^(?:him|her|me|them|it|us)$/.test(before) &&
    token - 2 >= sentence.from &&
    /^(?:named|name|naming|call|called|calls|calling)$/.test(findings.word(token - 2))
  )
    return true;
  return (
    /^(?:is|are|was)$/.test(before) &&
    token - 2 >= sentence.from &&
    /^(?:name|this|names|it|who)$/.test(findings.word(token - 2))
  );
}

/** "name is hale" */
function isNameIs({ findings, token, sentence }: Around): boolean {
  return token - 2 >= sentence.from && /^(?:name|surname|names|nachname|apellido)$/.test(findings.word(token - 2));
}

/** "mark, can you", "see you, mark", "Mark:" */
function addressed(around: Around, shy: boolean, capital: boolean): boolean {
  const { findings, token, sentence } = around;
  const { text, end } = findings.tokens;
  if (token === sentence.from) {
    const after = text[end[token] ?? 0];
    if (after === ":") return true;
    if (after === ",") return !shy || capital;
    return capital && !shy && token + 1 === sentence.to;
  }
  return !shy && token + 1 === sentence.to && text[end[token - 1] ?? 0] === ",";
}
