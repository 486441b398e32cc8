/**
 * A clause of direct speech as a statement about its speaker: "Can you send the file?" → "Ana asks Ben to send the
 * file".
 */
import type { Clause } from "./clauses.ts";
import { AUXILIARIES, asGerund, type Roles, shift, uninverted } from "./shift.ts";
import { ADVERBS, agree, IMPERATIVES, MODALS } from "./verbs.ts";

export const ACTS = [
  "request",
  "wish",
  "suggest",
  "invite",
  "advice",
  "offer",
  "promise",
  "plan",
  "opinion",
  "like",
  "self",
  "other",
  "fact",
  "question",
  "recommend",
] as const;
export type Act = (typeof ACTS)[number];

/** A statement in the third person; `body` are its words without the frame ("Ana asks Ben to"). */
export type Statement = { readonly act: Act; readonly words: readonly string[]; readonly body: readonly string[] };

type Frame = (groups: readonly string[], roles: Roles) => Statement | null;

const split = (text: string | undefined): string[] => (text ?? "").split(" ").filter((word) => word !== "");

const to = (roles: Roles, fallback = "the others"): string => roles.addressee ?? fallback;

/** A frame before a verb phrase whose verb stays as it is. */
function framed(act: Act, frame: readonly string[], body: readonly string[], roles: Roles): Statement | null {
  if (body.length === 0) return null;
  const shifted = shift(body, roles);
  if (/^(?:not|never)$/u.test(body[0] ?? "") && body.length === 1) return null;
  return { act, words: [...frame, ...shifted], body: shifted };
}

const ADV =
  "(?:(?:just|really|also|actually|definitely|probably|still|only|certainly|kindly|possibly|maybe|please|" +
  "always|perhaps) )*";

const asks: Frame = (g, r) => framed("request", [r.speaker, "asks", to(r, "someone"), "to"], split(g[1]), r);
const suggestsOther: Frame = (g, r) => framed("advice", [r.speaker, "suggests", to(r)], split(g[1]), r);
const suggestsBoth: Frame = (g, r) => framed("suggest", [r.speaker, "suggests"], asGerund(split(g[1])), r);
const wishes =
  (verb: string): Frame =>
  (g, r) =>
    framed("wish", [r.speaker, verb, "to"], split(g[1]), r);

const PATTERNS: readonly (readonly [RegExp, Frame])[] = [
  [/^(?:can|may) i help you|^what can i do for you|^(?:is there )?anything (?:else )?i can do/u, () => null],
  [
    /^(?:can|could) you (?:tell|show) me (.+)$/u,
    (g, r) => framed("request", [r.speaker, "asks", to(r, "the others")], about(split(g[1])), r),
  ],
  [
    /^do you (?:know|remember) ((?:what|where|when|who|how|if|whether|which|why) .+)$/u,
    (g, r) => framed("question", [r.speaker, "asks", to(r, "the others")], split(g[1]), r),
  ],
  [
    new RegExp(`^(?:can|could|would|will) you (?!like|prefer|say|see|hear|believe|imagine|mind|be )${ADV}(.+)$`, "u"),
    asks,
  ],
  [
    /^(?:would|do) you mind (?!if)(.+)$/u,
    (g, r) => framed("request", [r.speaker, "asks if", to(r), "minds"], split(g[1]), r),
  ],
  [/^(?:would|do) you mind if (.+)$/u, (g, r) => framed("request", [r.speaker, "asks if"], split(g[1]), r)],
  [
    /^i (?:would like|want|need) you to (.+)$/u,
    (g, r) => framed("request", [r.speaker, "wants", to(r), "to"], split(g[1]), r),
  ],
  [
    /^(?:do not|never) forget to (.+)$|^remember to (.+)$/u,
    (g, r) => framed("advice", [r.speaker, "reminds", to(r), "to"], split(g[1] ?? g[2]), r),
  ],
  [
    /^(?:can|could|may) i (?:please )?(?:have|get) (.+)$/u,
    (g, r) => framed("request", [r.speaker, "asks", to(r), "for"], split(g[1]), r),
  ],
  [
    /^(?:can|could|may|shall|should) i (.+)$/u,
    (g, r) => framed("question", [r.speaker, "asks if", r.speaker, "can"], split(g[1]), r),
  ],
  [
    /^(?:would you like|do you want|care) to (.+)$/u,
    (g, r) => framed("invite", [r.speaker, "invites", to(r), "to"], split(g[1]), r),
  ],
  [
    /^(?:would you like|do you want|do you need) (.+)$/u,
    (g, r) => framed("invite", [r.speaker, "asks if", to(r), "wants"], split(g[1]), r),
  ],
  [/^let us not (.+)$/u, (g, r) => framed("suggest", [r.speaker, "suggests not"], asGerund(split(g[1])), r)],
  [
    new RegExp(
      `^(?:let us|shall we|maybe we (?:can|could|should)|we (?:should|could|can|might|had better)|why ` +
        `(?:do not|not) we) ${ADV}(.+)$`,
      "u",
    ),
    suggestsBoth,
  ],
  [
    new RegExp(
      "^(?:why do not you|why do you not|if i were you i would|you (?:should|could|had better" +
        "|ought to|might want to|may want to|can)) (?:just |also |really )?(.+)$",
      "u",
    ),
    suggestsOther,
  ],
  [/^why not (.+)$/u, suggestsBoth],
  [/^(?:how|what) about (.+)$/u, (g, r) => framed("suggest", [r.speaker, "suggests"], split(g[1]), r)],
  [
    /^i (?:would )?(suggest|recommend|advise|propose) (?:that )?(.+)$/u,
    (g, r) => framed("recommend", [r.speaker, `${g[1]}s`], split(g[2]), r),
  ],
  [
    /^you (?:must|have to|need to|have got to) (.+)$/u,
    (g, r) => framed("advice", [r.speaker, "tells", to(r), "to"], split(g[1]), r),
  ],
  [/^let me (.+)$/u, (g, r) => framed("offer", [r.speaker, "offers to"], split(g[1]), r)],
  [
    new RegExp(
      `^i ${ADV}(?:would like|would love|want|would rather|would prefer|wish|am looking forward) ${ADV}to (.+)$`,
      "u",
    ),
    wishes("wants"),
  ],
  [
    new RegExp(
      "^i would like (.+)$|^i will have (.+)$|^i will take ((?:the|a|an|some|one|two|this|that" +
        "|these|those|it) (?!look|walk|break|call|nap|picture|photo).+|it)$",
      "u",
    ),
    (g, r) => framed("wish", [r.speaker, g[1] ? "wants" : "orders"], split(g[1] ?? g[2] ?? g[3]), r),
  ],
  [/^i am looking for (.+)$/u, (g, r) => framed("wish", [r.speaker, "wants"], split(g[1]), r)],
  [
    /^i (?:am going|plan|am planning|intend) to (?!the |a |an |my |your |our |\p{Lu})(.+)$/u,
    (g, r) => framed("plan", [r.speaker, "plans to"], split(g[1]), r),
  ],
  [/^i (?:hope|am hoping) to (.+)$/u, wishes("hopes")],
  [/^i (?:need|have|have got) to (.+)$/u, (g, r) => framed("plan", [r.speaker, "has to"], split(g[1]), r)],
  [new RegExp(`^i (?:will|shall) ${ADV}(.+)$`, "u"), (g, r) => framed("promise", [r.speaker, "will"], split(g[1]), r)],
  [
    /^i (?:can|could) (?!not|see|hear|tell|understand|imagine|believe)(.+)$/u,
    (g, r) => framed("offer", [r.speaker, "can"], split(g[1]), r),
  ],
  [
    new RegExp(
      "^i (think|believe|guess|suppose|feel|hope|doubt|wonder|know|hear|heard|heard that|bet)" +
        "(?: that)? (?!of |about |like |to )(.+ .+)$",
      "u",
    ),
    (g, r) => framed("opinion", [r.speaker, agree((g[1] ?? "").replace(" that", ""))], split(g[2]), r),
  ],
  [
    /^i do not (think|believe|know|suppose)(?: that)? (?!of |about )(.+ .+)$/u,
    (g, r) => framed("opinion", [r.speaker, `doesn't ${g[1]}`], split(g[2]), r),
  ],
];

/** "the price of it" → "about the price of it"; an embedded question stays as it is. */
function about(words: string[]): string[] {
  if (/^(?:what|where|when|who|how|if|whether|which|why|about|the way)$/iu.test(words[0] ?? "")) return words;
  return ["about", ...words];
}

const WH = new Set("what where when who whom whose why how which".split(" "));

function question(tokens: readonly string[], roles: Roles): Statement | null {
  const first = (tokens[0] ?? "").toLowerCase();
  const frame = [roles.speaker, "asks", to(roles, "the others")];
  if (WH.has(first)) {
    const aux = tokens.findIndex((token, i) => i > 0 && i < 5 && AUXILIARIES.has(token.toLowerCase()));
    if (aux < 0) return framed("question", frame, tokens, roles);
    const after = (tokens[aux + 1] ?? "").toLowerCase();
    const subjectAsked =
      (first === "who" || first === "which" || first === "what") &&
      aux === 1 &&
      !/^(?:i|you|he|she|it|we|they|the|this|that|your|my)$/u.test(after);
    const statement = subjectAsked ? tokens.slice(aux) : uninverted(tokens, aux, true);
    return statement === null ? null : framed("question", frame, [...tokens.slice(0, aux), ...statement], roles);
  }
  if (!AUXILIARIES.has(first)) return null;
  const statement = uninverted(tokens, 0);
  return statement === null ? null : framed("question", [...frame, "if"], statement, roles);
}

const NO_SUBJECT = new RegExp(
  "^(?:was|were|is|are|am|been|be|has|have|had|will|would|can|could|should|do|did|does|not|to|and" +
    "|or|of|than|thank|thanks|welcome|sorry|good|great|nice|same|like|very|too|so)$",
  "u",
);

function plainStatement(tokens: readonly string[], roles: Roles): Statement | null {
  const first = (tokens[0] ?? "").toLowerCase();
  const second = (tokens[1] ?? "").toLowerCase();
  if (first === "i" && tokens.length >= 3) {
    const shifted = shift(tokens, roles);
    const act: Act = /^(?:like|love|enjoy|hate|prefer)$/u.test(second) ? "like" : "self";
    return { act, words: shifted, body: shifted.slice(1) };
  }
  if (
    first === "you" &&
    tokens.length >= 4 &&
    (MODALS.has(second) || ADVERBS.has(second) || /^(?:are|have|were|look|need)$/u.test(second))
  ) {
    return framed("other", [roles.speaker, "says"], tokens, roles);
  }
  // "Was at the gym": without a subject it is nobody's.
  if (tokens.length < 4 || NO_SUBJECT.test(first)) return null;
  return framed("fact", [roles.speaker, "says"], tokens, roles);
}

/** Lower-cases the first word unless it is a name or "I": what follows a frame is no sentence start. */
function uncapped(tokens: readonly string[], isOrdinary: (word: string) => boolean): string[] {
  const first = tokens[0] ?? "";
  const common = new RegExp(
    "^(?:I|A|The|My|Your|His|Her|Our|Their|It|This|That|There|These|Those|If|When|What|Where|Who" +
      "|Why|How|Which|We|You|He|She|They|Can|Could|Would|Will|Do|Does|Did|Is|Are|Was|Were|Have|Has" +
      "|Let|Please|Maybe|Shall|Should|May|Some|All|In|On|At|For|As|To|After|Before|Because|Never" +
      "|Any|Not|Most|Many|Every|One|Two|Three)$",
    "u",
  );
  const lower = first.toLowerCase();
  if (first === "I") return ["i", ...tokens.slice(1)];
  return common.test(first) || IMPERATIVES.has(lower) || (/^\p{Lu}\p{Ll}+$/u.test(first) && isOrdinary(lower))
    ? [lower, ...tokens.slice(1)]
    : [...tokens];
}

/** The statement a clause makes, or null when it makes none worth reporting. */
export function statementOf(clause: Clause, roles: Roles, isOrdinary: (word: string) => boolean): Statement | null {
  const tokens = uncapped(clause.tokens, isOrdinary);
  const lower = tokens.map((token) => (token === "I" ? "i" : token)).join(" ");
  const test = lower.replace(/^(?:please) /u, "");
  for (const [pattern, frame] of PATTERNS) {
    const match = pattern.exec(test) ?? pattern.exec(test.charAt(0).toLowerCase() + test.slice(1));
    if (match !== null) return frame(match, roles);
  }
  if (clause.question) {
    const asked = question(tokens, roles);
    if (asked !== null) return asked;
    if (clause.tokens.length < 3) return null;
    const stated = /^(?:i|you|he|she|it|we|they|there)$/iu.test(tokens[0] ?? "");
    return framed("question", [roles.speaker, stated ? "asks if" : "asks about"], tokens, roles);
  }
  const first = tokens[0]?.toLowerCase() ?? "";
  if ((first === "do" || first === "never") && (tokens[1] === "not" || first === "never")) {
    return framed(
      "advice",
      [roles.speaker, "tells", to(roles), "not to"],
      tokens.slice(first === "never" ? 1 : 2),
      roles,
    );
  }
  if (IMPERATIVES.has(first) && tokens.length >= 2) {
    return framed(
      clause.polite ? "request" : "advice",
      [roles.speaker, clause.polite ? "asks" : "tells", to(roles), "to"],
      tokens,
      roles,
    );
  }
  return plainStatement(tokens, roles);
}
