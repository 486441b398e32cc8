/**
 * Speed of redaction as ratios: `node bench/redact-speed.ts`. In each round every case runs beside one trivial rule
 * (`\d+`) over the same chat text; the median of the rounds' ratios counts. Hostile inputs are compared by cost a
 * character with ordinary chat.
 */

import { readLexicon } from "../src/word-lists.ts";
import { redact } from "../transforms/redact.ts";
import { detect } from "../transforms/text/detect.ts";

const ROUNDS = 9;
const SLICE_MS = 60;
const HOSTILE_CHARS = 65_536;

const surroundings = {
  ...readLexicon(),
  people: [{ names: ["Ana Silva", "ana"], token: "PERSON_1" }],
  tokenOf: (kind: string) => `${kind}_0000`,
};

/** The same texts on every run. */
let state = 1;
const random = (below: number) => {
  state = (state * 1103515245 + 12345) & 0x7fffffff;
  return state % below;
};
const WORDS = `
  the quick brown meeting tomorrow please send invoice about project deadline thanks for your help with account
  and we will call can you bring the cake on friday i think it's fine but don't forget to ask about dinner after
  work because they said yes
`
  .trim()
  .split(/\s+/);
const FINDINGS = [
  "alice.smith@example.org",
  "+33 6 12 34 56 78",
  "4111 1111 1111 1111",
  "FR7630006000011234567890189",
  "192.168.10.23",
  `sk${"-"}proj-abcdefghijklmnopqrstuvwxyz012345`,
  "https://example.org/reset?token=abcdef0123456789",
  "123-45-6789",
  "Marta",
  "@alice:example.org",
];
const pick = (list: readonly string[]) => list[random(list.length)] ?? "";
function texts(everyNth: number): string[] {
  return Array.from({ length: 2000 }, () => {
    const length = 100 + random(600);
    let text = "";
    while (text.length < length)
      text += (random(everyNth) === 0 ? pick(FINDINGS) : pick(WORDS)) + (random(9) === 0 ? ". " : " ");
    // Text from a store or a socket is one flat string, not a chain of pieces.
    return JSON.parse(JSON.stringify(text)) as string;
  });
}
export const chat = texts(60);
const dense = texts(14);

const repeat = (unit: string) =>
  JSON.parse(JSON.stringify(unit.repeat(Math.ceil(HOSTILE_CHARS / unit.length)).slice(0, HOSTILE_CHARS))) as string;
const HOSTILE: Readonly<Record<string, string>> = {
  "a@a@a@": repeat("a@"),
  "a.a.a.": repeat("a."),
  "a-a-a-": repeat("a-"),
  "@@@@": repeat("@"),
  "1 1 1 1": repeat("1 "),
  "1-1-1-1": repeat("1-"),
  "4111 4111": repeat("4111 "),
  digits: repeat("4"),
  letters: repeat("a"),
  aB1aB1: repeat("aB1"),
  a1_a1_: repeat("a1_"),
  "de89 de89": repeat("de89 "),
  "ab12 ab12": repeat("ab12 "),
  "password is is": repeat("password is "),
  "pin: pin: ": repeat("pin: "),
  "born born": repeat("born "),
  "a at a dot ": repeat("a at a dot "),
  "dot dot dot": repeat("dot "),
  "://://": repeat("://a"),
  "https://": repeat("https://"),
  ":::: hex": repeat("ab:"),
  "1.1.1.1": repeat("1.1."),
  "-----BEGIN ": repeat("-----BEGIN "),
  "eyJ-eyJ-": repeat("eyJ-"),
  "sk-sk-sk": repeat("sk-"),
  "street street": repeat("street "),
  "apt 1 apt 1": repeat("apt 1 "),
  "Mr Mr Mr": repeat("Mr "),
  "Unknown Names": repeat("Xqz Wvb "),
  "new new york": repeat("new york city "),
  "ana silva": repeat("Ana Silva "),
  "a'a'a'": repeat("a'"),
  backticks: repeat("`"),
  "` ` `\\n": repeat("`\n"),
  marks: repeat("a\u0316\u0301\u0316\u0301\u0316"),
  "zero width": repeat("a\u200b"),
  cyrillic: repeat("Привет "),
  emoji: repeat("😀"),
  "march 3 march": repeat("march 3 "),
  "1,1,1,1": repeat("1,1"),
  "48.2082": repeat("48.2082"),
  "°°°": repeat("1° 1' "),
};

export function charsPerMs(work: (text: string) => unknown, samples: readonly string[]): number {
  let chars = 0;
  const from = performance.now();
  for (let at = 0; ; at++) {
    const text = samples[at % samples.length] ?? "";
    work(text);
    chars += text.length;
    const spent = performance.now() - from;
    if (spent >= SLICE_MS) return chars / spent;
  }
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
export const rule = (text: string) => text.replace(/\d+/g, "#");
/** What any detector that reads words must do: look at every character once. */
const everyCharacter = (text: string) => {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum;
};
const emailRule = (text: string) => text.replace(/[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+/gu, "#");
const wordRule = (text: string) => text.replace(/[A-Za-z']+/g, "#");
export const doRedact = (text: string) => redact(text, surroundings);
const doDetect = (text: string) => detect(text, surroundings);

function main(): void {
  const cases: Readonly<Record<string, readonly [(text: string) => unknown, readonly string[]]>> = {
    "redact, chat": [doRedact, chat],
    "detect, chat": [doDetect, chat],
    "redact, dense": [doRedact, dense],
    "every character": [everyCharacter, chat],
    "one word rule": [wordRule, chat],
    "one e-mail rule": [emailRule, chat],
  };
  /** The compiler needs a second or two before the figures mean anything. */
  const WARM_UP_MS = 3_000;
  for (const from = performance.now(); performance.now() - from < WARM_UP_MS; )
    for (const [work, samples] of Object.values(cases)) charsPerMs(work, samples);

  const ratios = new Map<string, number[]>();
  const speeds = new Map<string, number[]>();
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, [work, samples]] of Object.entries(cases)) {
      const speed = charsPerMs(work, samples);
      const floor = charsPerMs(rule, samples);
      if (round === 0) continue;
      ratios.set(name, [...(ratios.get(name) ?? []), speed / floor]);
      speeds.set(name, [...(speeds.get(name) ?? []), speed]);
    }
  for (const [name, values] of ratios)
    console.log(
      `${name.padEnd(16)} ${(median(speeds.get(name) ?? []) / 1000).toFixed(1).padStart(7)} MB/s`,
      `  x ${median(values).toFixed(3)} of one \\d+ rule`,
    );

  console.log(
    `cost a character on hostile input of ${HOSTILE_CHARS} characters / on chat; growth from half the length`,
  );
  const worst: [string, number, number][] = [];
  for (const [name, text] of Object.entries(HOSTILE)) {
    const half = text.slice(0, HOSTILE_CHARS / 2);
    // The quickest of some slices each: what the work costs when nobody disturbs it.
    const quickest = (samples: readonly string[]) =>
      Math.max(...Array.from({ length: 5 }, () => charsPerMs(doRedact, samples)));
    const hostile = quickest([text]);
    worst.push([name, quickest(chat) / hostile, (2 * quickest([half])) / hostile]);
  }
  worst.sort((a, b) => b[1] - a[1]);
  for (const [name, cost, growth] of worst)
    console.log(`  ${name.padEnd(16)} x ${cost.toFixed(2).padStart(6)}   growth ${growth.toFixed(2)}`);
}

if (import.meta.main) main();
