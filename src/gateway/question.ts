/** A question as people read it, and the code that answers it. Only what counts where it is put is named there. */
import type { Assurance } from "../core/approval.ts";
import { type ApprovalId, hex } from "../core/ids.ts";
import { MINUTE_MS } from "../core/limits.ts";
import type { BlindPair } from "./blind.ts";
import { type AskFor, labelWords } from "./call.ts";
import { visibly } from "./plain-text.ts";
import type { Powers } from "./powers.ts";
import { isEnough, type Ways } from "./route.ts";
import { CODE_ALPHABET, CODE_CHARS } from "./words.ts";

/**
 * Drawn by the home's own key from the question's random id, without bias: it can be shown again, and is nobody else's
 * to know.
 */
export function codeOf(powers: Powers, id: ApprovalId): string {
  let code = "";
  for (let round = 0; code.length < CODE_CHARS; round++) {
    const drawn = powers.store.mac("idempotency", id, powers.hashing.utf8(`lazaret.code.v1/${round}`));
    for (let at = 0; at < drawn.length && code.length < CODE_CHARS; at += 2) {
      const byte = Number.parseInt(drawn.slice(at, at + 2), 16);
      if (byte < CODE_ALPHABET.length * 8) code += CODE_ALPHABET[byte % CODE_ALPHABET.length];
    }
  }
  return code;
}

export const codeHash = (powers: Powers, code: string): string =>
  hex(powers.hashing.sha256(powers.hashing.utf8(`lazaret.code.v1\u0000${code}`)));

/** A stretch of time as people say it. */
export const minutes = (ms: number): string => {
  const whole = Math.max(1, Math.round(ms / MINUTE_MS));
  if (whole >= 120) return `${Math.round(whole / 60)} hours`;
  return whole === 1 ? "a minute" : `${whole} minutes`;
};

export type Prompt = {
  readonly ask: AskFor;
  /** Null where no word of a chat answers it. */
  readonly code: string | null;
  readonly agent: string;
  readonly ttlMs: number;
  readonly ways: Ways;
  readonly blind: BlindPair;
  readonly id: ApprovalId;
  readonly domains: readonly string[];
};

const noBy = (code: string | null, id: ApprovalId): string =>
  code === null ? `lazaret approvals deny ${id}` : `deny ${code}`;

function answerLines({ ask, code, ways, blind, id }: Prompt): string {
  const counts = (way: Assurance | null): boolean => isEnough(way, ask.assurance);
  if (counts(ways.code) && counts(ways.nod))
    return `To allow it: approve ${code}\nTo refuse: deny ${code}\nOn this message ✅ or ❌ counts too.`;
  if (counts(ways.blind))
    return (
      `To allow it: react with ${blind.yes} on this message, or approve ${code}\n` +
      `To refuse: react with ${blind.no} or ❌, or deny ${code}\n` +
      "Any other reaction ends the question: these two are known to you and me alone."
    );
  if (counts(ways.code))
    return `To allow it: approve ${code}\nTo refuse: deny ${code}, or ❌ on this message; ✅ does not suffice.`;
  if (counts(ways.button))
    return `To allow it: the button below; neither words nor reactions suffice.\nTo refuse: the other, or deny ${code}`;
  return `To allow it, the owner types on this machine: lazaret approvals approve ${id}\nTo refuse: ${noBy(code, id)}`;
}

const quoted = (text: string, domains: readonly string[]): readonly string[] =>
  visibly(text, domains)
    .split("\n")
    .map((line) => `> ${line}`);

const RISK = "whoever reads it there can keep it and pass it on; it cannot be called back.";
const ends = (ttlMs: number): string => `The question ends in ${minutes(ttlMs)}; without an answer nothing happens.`;

/**
 * The question as people read it: what, to whom, with what, why asked, what may go wrong, how to answer, until when.
 */
export function promptText(prompt: Prompt): string {
  const { ask, agent, ttlMs, domains } = prompt;
  if (ask.steps !== undefined)
    return planText(
      prompt,
      ask.steps.map(({ ask: step }) => step),
    );
  return [
    `May I ${ask.what}?`,
    "",
    ...quoted(ask.rendered, domains),
    "",
    `Asked by: ${agent}. It contains: ${labelWords(ask.label)}.`,
    `Why I ask: ${ask.because}`,
    `What may go wrong: ${ask.risk ?? RISK}`,
    answerLines(prompt),
    ends(ttlMs),
  ].join("\n");
}

/** Every step with its number: what, to whom, with what, why, and what a yes to it has to prove. */
function planText(prompt: Prompt, steps: readonly AskFor[]): string {
  const { agent, ttlMs, domains } = prompt;
  const parts = steps.map((step, at) =>
    [
      `${at + 1}. ${step.what} (needs a ${step.assurance} yes)`,
      ...quoted(step.rendered, [...domains, ...(step.domains ?? [])]),
      `It contains: ${labelWords(step.label)}. Why I ask: ${step.because}`,
    ].join("\n"),
  );
  const risks = [...new Set(steps.map(({ risk }) => risk ?? RISK))].join(" Or: ");
  return [
    `May I do ${steps.length === 1 ? "this" : `these ${steps.length} things`}?`,
    ...parts,
    [`Asked by: ${agent}.`, `What may go wrong: ${risks}`, planAnswers(prompt, steps), ends(ttlMs)].join("\n"),
  ].join("\n\n");
}

const KEYCAP = "\u{FE0F}\u{20E3}";
const listed = (numbers: readonly number[]): string => numbers.join(", ");

function planAnswers({ ask, code, ways, blind, id }: Prompt, steps: readonly AskFor[]): string {
  const by = (way: Assurance | null): readonly number[] =>
    steps.flatMap(({ assurance }, at) => (isEnough(way, assurance) ? [at + 1] : []));
  const [words, nods, blinds] = [by(ways.code), by(ways.nod), by(ways.blind)];
  // Where a button proves no more than a word there is none, or it need not be named.
  const buttons = ways.button === ways.code ? [] : by(ways.button);
  const all = steps.map((_, at) => at + 1);
  const here = all.filter((n) => [words, nods, buttons, blinds].some((way) => way.includes(n)));
  const elsewhere = all.filter((n) => !here.includes(n));
  const only = (numbers: readonly number[]): string =>
    numbers.length < all.length ? ` (counts for ${listed(numbers)})` : "";
  const isBlind = isEnough(ways.blind, ask.assurance) && !isEnough(ways.nod, ask.assurance);
  return [
    ...(words.length === 0
      ? []
      : [
          `To allow all: approve ${code}${only(words)}`,
          `To allow some: approve ${code} 1,3 or approve ${code} 1-2; the others are then refused.`,
        ]),
    ...(buttons.length === 0 ? [] : [`The buttons below allow one step, or all${only(buttons)}.`]),
    ...(isBlind
      ? [
          `Or react with ${blind.yes} for all${only(blinds)}, ${blind.no} or ❌ to refuse. ` +
            "Any other reaction ends the question: these two are known to you and me alone.",
        ]
      : nods.length === 0
        ? []
        : [
            `On this message ✅ allows all${only(nods)}, 1${KEYCAP} 2${KEYCAP} … one step each, ❌ refuses what is left.`,
          ]),
    ...(elsewhere.length === 0
      ? []
      : [
          `For ${listed(elsewhere)} the owner types on this machine: ` +
            `lazaret approvals approve ${id} --steps ${elsewhere.join(",")}`,
        ]),
    `To refuse all: ${noBy(code, id)}`,
  ].join("\n");
}
