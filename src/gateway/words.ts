/** Words that the gateway answers itself, before any run (CONTRACT sections 7, 8 and 12). Pure. */

export type Word =
  | { readonly word: "status" | "cancel" | "help" | "approvals" }
  | {
      readonly word: "approve";
      readonly code: string;
      readonly steps: readonly number[] | null;
      readonly always: boolean;
    }
  | { readonly word: "deny"; readonly code: string };

/** Approval codes: 8 letters and digits without those that look alike. */
export const CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
export const CODE_CHARS = 8;
const CODE = /^[23456789ABCDEFGHJKMNPQRSTUVWXYZ]{8}$/;

/** What anybody may say in an allowed conversation. */
export type EverybodyWord = "privacy" | "optout" | "optin" | "forget this" | "forget me";

const FOR_EVERYBODY: Readonly<Record<string, EverybodyWord>> = {
  privacy: "privacy",
  optout: "optout",
  "opt out": "optout",
  "opt-out": "optout",
  optin: "optin",
  "opt in": "optin",
  "opt-in": "optin",
  "forget this": "forget this",
  "forget me": "forget me",
};

/** As `parseWord`: the whole message must be the word. As a command `/forget_me`, where spaces end it. */
export function parseEverybodyWord(text: string, keywords: readonly string[]): EverybodyWord | null {
  if (text.length > 300) return null;
  const bare = text
    .trim()
    .replace(ADDRESS, "")
    .replace(/^([a-z_]+)@[a-z0-9_]{1,64}/i, "$1");
  const words = bare.toLowerCase().replaceAll("_", " ").split(/\s+/);
  const rest = keywords.includes(words[0]?.replace(/[,:]$/, "") ?? "") ? words.slice(1) : words;
  const word = rest.join(" ");
  return Object.hasOwn(FOR_EVERYBODY, word) ? (FOR_EVERYBODY[word] ?? null) : null;
}

const SIMPLE: Readonly<Record<string, "status" | "cancel" | "help" | "approvals">> = {
  status: "status",
  cancel: "cancel",
  stop: "cancel",
  abort: "cancel",
  help: "help",
  approvals: "approvals",
  // What Telegram's own button says when a chat begins.
  start: "help",
};

/** `/status`, `/status@a_bot`, `@a_bot status`: to whom it is said is no part of a word. Others check that. */
const ADDRESS = /^(?:@[A-Za-z0-9_]{1,64}[,:]?\s+|\/(?=[A-Za-z_]+(?:@[A-Za-z0-9_]{1,64})?(?:\s|$)))/;

/**
 * Reads a message as one of the gateway's words. The whole message must be the word: a sentence that contains one is
 * not. Zero-width characters, homoglyphs and extra text therefore make it an ordinary request.
 */
export function parseWord(text: string): Word | null {
  if (text.length > 300) return null;
  const parts = text.trim().replace(ADDRESS, "").split(/\s+/);
  const first = parts[0]?.toLowerCase().replace(/^([a-z]+)@[a-z0-9_]{1,64}$/, "$1") ?? "";
  const simple = Object.hasOwn(SIMPLE, first) ? SIMPLE[first] : undefined;
  if (simple !== undefined) return parts.length === 1 ? { word: simple } : null;
  if (first !== "approve" && first !== "deny") return null;
  const code = parts[1]?.toUpperCase() ?? "";
  if (!CODE.test(code)) return null;
  if (first === "deny") return { word: "deny", code };
  const rest = parts.slice(2).map((part) => part.toLowerCase());
  const always = rest.includes("always");
  const stepsText = rest.filter((part) => part !== "always");
  if (stepsText.length > 1) return null;
  const steps = stepsText[0] === undefined ? null : parseSteps(stepsText[0]);
  return steps === "bad" ? null : { word: "approve", code, steps, always };
}

/** `2`, `1-3`, `1,3`: step numbers from 1, at most 20 of them. */
function parseSteps(text: string): readonly number[] | "bad" {
  const steps = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part);
    if (match === null) return "bad";
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < 1 || to < from || to > 20) return "bad";
    for (let step = from; step <= to; step++) steps.add(step);
  }
  return [...steps].sort((a, b) => a - b);
}

export type Nod = "yes" | "no" | { readonly step: number };

const SKIN_TONES_AND_SELECTORS = /[\u{1F3FB}-\u{1F3FF}\u{FE0F}\u{FE0E}]/gu;
const YES = new Set(["✅", "👍"]);
const NO = new Set(["❌", "👎"]);

/** A reaction as an answer: ✅ 👍 yes (any skin tone), ❌ 👎 no, keycap digits a step; anything else is none. */
export function parseReaction(key: string): Nod | null {
  if (key.length > 32) return null;
  const bare = key.replace(SKIN_TONES_AND_SELECTORS, "");
  if (YES.has(bare)) return "yes";
  if (NO.has(bare)) return "no";
  const keycap = /^([1-9])\u{20E3}$/u.exec(bare);
  return keycap === null ? null : { step: Number(keycap[1]) };
}
