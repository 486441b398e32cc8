/**
 * Quality of redaction on a labelled file: `node bench/redact-quality.ts [FILE.jsonl] [--misses] [--half 0|1]`. A line
 * is `{"id", "text", "spans": [{"type", "start", "end"}]}`, or `{"id", "messages": [{"text"}], "personal": [{"type",
 * "text"}]}` as in bench/data/tasks.jsonl, which is read without FILE. Ruler: a token is a run of letters and digits;
 * it is personal when it overlaps a labelled span, masked when it overlaps a found one. Measured as written and
 * lower-cased (places kept).
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Span } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";
import { detect } from "../transforms/text/detect.ts";

type Gold = { readonly type: string; readonly start: number; readonly end: number };
type Line = { readonly id: string; readonly text: string; readonly spans: readonly Gold[] };
type Tally = { hits: number; total: number };

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { misses: { type: "boolean", default: false }, half: { type: "string" } },
});
const surroundings = { ...readLexicon(), people: [] };
const file = positionals[0] ?? new URL("./data/tasks.jsonl", import.meta.url);

type Snippet = {
  readonly id: string;
  readonly messages: readonly { readonly text: string }[];
  readonly personal: readonly { readonly type: string; readonly text: string }[];
};
const WORD = /[\p{L}\p{N}]/u;

/** Every place of a personal text as a whole word. */
function placesOf(text: string, { type, text: what }: Snippet["personal"][number]): Gold[] {
  const out: Gold[] = [];
  for (let start = text.indexOf(what); start >= 0; start = text.indexOf(what, start + 1)) {
    const end = start + what.length;
    if (!WORD.test(text[start - 1] ?? " ") && !WORD.test(text[end] ?? " ")) out.push({ type, start, end });
  }
  return out;
}

function linesOf(value: Line | Snippet): Line[] {
  if (!("messages" in value)) return [value];
  return value.messages.map(({ text }, at) => ({
    id: `${value.id}.${at}`,
    text,
    spans: value.personal.flatMap((each) => placesOf(text, each)),
  }));
}

const lines = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .flatMap((line) => linesOf(JSON.parse(line) as Line | Snippet))
  .filter((_, at) => options.half === undefined || at % 2 === Number(options.half));

/** Structured identifiers, by the names that label sets give them. */
const STRUCTURED =
  /CARD|IBAN|SSN|GEO|PHONE|EMAIL|IP_ADDRESS|^IP$|MAC|URL|DOMAIN|SECRET|PASSWORD|ID$|ID_|HANDLE|GEO|PLATE|CODE|TOKEN/;
/** Lower case without moving a single place. */
const lowered = (text: string) =>
  Array.from(text, (sign) => (sign.toLowerCase().length === sign.length ? sign.toLowerCase() : sign)).join("");
const overlaps = (a: { start: number; end: number }, b: { start: number; end: number }) =>
  a.start < b.end && a.end > b.start;

function measure(title: string, cases: readonly Line[]): void {
  const byType = new Map<string, Tally>();
  let hits = 0;
  let misses = 0;
  let extra = 0;
  const structured: Tally = { hits: 0, total: 0 };
  const missed = new Map<string, number>();
  const extras = new Map<string, number>();
  for (const { text, spans } of cases) {
    const found: readonly Span[] = detect(text, surroundings);
    for (const token of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
      const place = { start: token.index, end: token.index + token[0].length };
      const gold = spans.find((span) => overlaps(span, place));
      const masked = found.some((span) => overlaps(span, place));
      if (gold === undefined) {
        if (masked) {
          extra++;
          extras.set(token[0], (extras.get(token[0]) ?? 0) + 1);
        }
        continue;
      }
      const tally = byType.get(gold.type) ?? { hits: 0, total: 0 };
      byType.set(gold.type, tally);
      for (const each of STRUCTURED.test(gold.type) ? [tally, structured] : [tally]) {
        each.total++;
        if (masked) each.hits++;
      }
      if (masked) hits++;
      else {
        misses++;
        const label = `${gold.type}:${token[0]} <${text.slice(Math.max(0, place.start - 25), place.end + 25)}>`.replace(
          /\n/g,
          "|",
        );
        missed.set(label, (missed.get(label) ?? 0) + 1);
      }
    }
  }
  const precision = hits / (hits + extra || 1);
  const recall = hits / (hits + misses || 1);
  const f1 = (2 * precision * recall) / (precision + recall || 1);
  const tidy = (value: number) => value.toFixed(3);
  console.log(
    `${title.padEnd(12)} P ${tidy(precision)}  R ${tidy(recall)}  F1 ${tidy(f1)}`,
    ` structured R ${tidy(structured.hits / (structured.total || 1))}`,
  );
  const types = [...byType].sort(([a], [b]) => (a < b ? -1 : 1));
  console.log(
    `  ${types.map(([type, tally]) => `${type} ${tidy(tally.hits / tally.total)} (${tally.total})`).join("  ")}`,
  );
  if (!options.misses) return;
  console.log(`  missed:\n    ${[...missed].map(([label, count]) => `${count} ${label}`).join("\n    ")}`);
  const top = [...extras].sort((a, b) => b[1] - a[1]).slice(0, 150);
  console.log(`  masked without need: ${top.map(([word, count]) => `${word} ${count}`).join(", ")}`);
}

measure("as written", lines);
measure(
  "lower-cased",
  lines.map((line) => ({ ...line, text: lowered(line.text) })),
);
