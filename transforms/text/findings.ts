/** What the detectors of one text have found so far: fixed stretches, and a kind for each token. */
import type { MaskKind, Span } from "../../src/core/transform.ts";
import type { Tokens } from "./tokens.ts";

/** Index 0 is nothing. */
const KINDS = [
  "PERSON",
  "ORG",
  "PLACE",
  "ADDRESS",
  "PHONE",
  "EMAIL",
  "HANDLE",
  "URL",
  "IP",
  "MAC",
  "CARD",
  "IBAN",
  "ID",
  "SECRET",
  "DATE",
  "GEO",
  "PLATE",
  "WORD",
] as const satisfies readonly MaskKind[];

/** The mark of a token that lies in a fixed stretch; added to the index of its kind. */
const FIXED = 64;
const INDEX: ReadonlyMap<MaskKind, number> = new Map(KINDS.map((kind, at) => [kind, at + 1]));

export class Findings {
  readonly tokens: Tokens;
  readonly #fixed: Span[] = [];
  #any = false;

  /** False when there was no word list: then a word of letters alone counts as ordinary. */
  readonly lexical: boolean;

  constructor(tokens: Tokens, lexical: boolean) {
    this.tokens = tokens;
    this.lexical = lexical;
  }

  /** The token in lower case; "" outside the text. */
  word(token: number): string {
    const { text, start, end, count } = this.tokens;
    return token < 0 || token >= count ? "" : text.slice(start[token], end[token]).toLowerCase();
  }

  /** What lies between a token and the next one; line feeds at the ends of the text. */
  gap(left: number): string {
    const { text, start, end, count } = this.tokens;
    return left < 0 || left + 1 >= count ? "\n\n" : text.slice(end[left], start[left + 1]);
  }

  /** True when one space parts a token from the next one. */
  spaced(left: number): boolean {
    const { text, start, end, count } = this.tokens;
    if (left < 0 || left + 1 >= count) return false;
    const from = end[left] ?? 0;
    return start[left + 1] === from + 1 && text.charCodeAt(from) === 32;
  }

  /** True when something masks the token. */
  masked(token: number): boolean {
    return token >= 0 && token < this.tokens.count && this.tokens.kind[token] !== 0;
  }

  /** True when a fixed stretch covers the token. */
  fixed(token: number): boolean {
    return token >= 0 && token < this.tokens.count && (this.tokens.kind[token] ?? 0) >= FIXED;
  }

  kindOf(token: number): MaskKind | undefined {
    return token < 0 || token >= this.tokens.count
      ? undefined
      : KINDS[((this.tokens.kind[token] ?? 0) & (FIXED - 1)) - 1];
  }

  /**
   * Masks a token as part of a name, an address, an unknown word; neighbours of one kind join later. A fixed
   * stretch stays.
   */
  mask(token: number, kind: MaskKind): void {
    if (token < 0 || token >= this.tokens.count || this.fixed(token)) return;
    this.#any = true;
    this.tokens.kind[token] = INDEX.get(kind) ?? 0;
  }

  /**
   * Fixes the stretch [start, end) and all tokens it touches; `near` is one of them. Returns the first token behind
   * it. What an earlier detector fixed is kept: a stretch that would overlap is cut to what is left, so the order
   * of detectors is their rank.
   */
  fix(near: number, start: number, end: number, kind: MaskKind): number {
    const { tokens } = this;
    let token = near;
    while (token > 0 && (tokens.end[token - 1] ?? 0) > start) token--;
    while (token < tokens.count && (tokens.end[token] ?? 0) <= start) token++;
    const mark = FIXED + (INDEX.get(kind) ?? 0);
    for (; token < tokens.count && (tokens.start[token] ?? 0) < end; token++)
      if (!this.fixed(token)) tokens.kind[token] = mark;
    this.#fixed.push({ start, end, type: kind });
    return token;
  }

  /** All spans, sorted, apart from each other. */
  spans(): Span[] {
    if (!this.#any) return this.#fixed.length === 0 ? [] : apart(this.#fixed.map((span, rank) => ({ ...span, rank })));
    const all = [...this.#fixed.map((span, rank) => ({ ...span, rank })), ...this.#wordSpans()];
    return apart(all);
  }

  #wordSpans(): (Span & { readonly rank: number })[] {
    const { count, start, end, kind, text } = this.tokens;
    const out: (Span & { rank: number })[] = [];
    let openKind = 0;
    let openStart = 0;
    let openEnd = 0;
    const close = () => {
      const type = KINDS[openKind - 1];
      if (type !== undefined) out.push({ start: openStart, end: openEnd, type, rank: Number.MAX_SAFE_INTEGER });
      openKind = 0;
    };
    for (let token = 0; token < count; token++) {
      const here = kind[token] ?? 0;
      if (here === 0 || here >= FIXED) {
        if (openKind !== 0) close();
        continue;
      }
      const from = start[token] ?? 0;
      if (openKind !== here || !joins(text, openEnd, from)) {
        if (openKind !== 0) close();
        openKind = here;
        openStart = from;
      }
      openEnd = withoutPossessive(text, from, end[token] ?? 0);
    }
    if (openKind !== 0) close();
    return out;
  }
}

/** Sorted by place, the earlier detector first; what overlaps an earlier span is cut. */
function apart(all: (Span & { readonly rank: number })[]): Span[] {
  all.sort((a, b) => a.start - b.start || a.rank - b.rank);
  const out: { start: number; end: number; type: MaskKind }[] = [];
  for (const { start, end, type } of all) {
    const last = out.at(-1);
    const from = last === undefined ? start : Math.max(start, last.end);
    if (from < end) out.push({ start: from, end, type });
  }
  return out;
}

const GAP_MAX = 3;
const JOINING = /^(?:[ \t]{0,2}|-|\. ?|['\u2019&]| & )$/;

/** True when nothing but what stands inside a name lies between two places. */
function joins(text: string, from: number, to: number): boolean {
  if (to - from === 1 && text.charCodeAt(from) === 32) return true;
  return to - from <= GAP_MAX && JOINING.test(text.slice(from, to));
}

/** The end of a name without its possessive s. */
function withoutPossessive(text: string, from: number, to: number): number {
  if (to - from < 3) return to;
  const s = text.charCodeAt(to - 1) | 32;
  const apostrophe = text.charCodeAt(to - 2);
  return s === 115 && (apostrophe === 39 || apostrophe === 0x2019) ? to - 2 : to;
}
