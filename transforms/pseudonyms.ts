/**
 * Tokens for what a transform finds in text: keyed, the same for the same thing, the shortest that nobody else has
 * (CONTRACT section 5).
 */
import type { Found, TransformCall } from "../src/core/ports.ts";
import type { MaskKind, Turn } from "../src/core/transform.ts";
import { normalise } from "./text/unicode.ts";

/** Lower-case hexadecimal HMAC-SHA256 of the UTF-8 of `text`, 64 characters. */
export type Hmac = (key: Uint8Array, text: string) => string;

/** What looks like a token of ours, written by somebody: it must never be taken for one and given a name. */
const LOOK_ALIKE = /(?<![A-Za-z0-9_])([A-Z]{2,8})_(?=[0-9a-f]{4,64}(?![A-Za-z0-9_]))/g;

/** Turns in which no text looks like a token. Lengths stay, so that places in the text do. */
export const escaped = (turns: readonly Turn[]): readonly Turn[] =>
  turns.map((turn) => ({ ...turn, text: turn.text.replace(LOOK_ALIKE, "$1-") }));

const TOKEN_HEX_MIN = 4;
/** Written in many ways, meant as one: separators and case do not make another phone number or card. */
const COMPACT: ReadonlySet<MaskKind> = new Set(["PHONE", "CARD", "IBAN", "MAC", "PLATE"]);
/** Case means something in these. */
const EXACT: ReadonlySet<MaskKind> = new Set(["SECRET", "URL"]);

function sameForm(kind: MaskKind, text: string): string {
  const plain = normalise(text).text.trim().replace(/\s+/g, " ");
  if (EXACT.has(kind)) return plain;
  const lower = plain.toLowerCase();
  return COMPACT.has(kind) ? lower.replace(/[^\p{L}\p{N}+]/gu, "") : lower;
}

const NAMES: ReadonlySet<MaskKind> = new Set(["PERSON", "ORG", "PLACE"]);

/** `Ana` and `ana` are one key. */
const nameKey = (name: string): string => sameForm("PERSON", name);

export class Pseudonyms {
  readonly #key: Uint8Array;
  readonly #hmac: Hmac;
  /** Known keyed hashes, and the tokens that they already have. */
  readonly #tokens = new Map<string, string>();
  /** Every token in use, with the hash behind it where it is known. */
  readonly #taken: { readonly token: string; readonly mac: string }[] = [];
  readonly #people = new Map<string, string>();
  readonly #found = new Map<string, Found>();

  readonly #texts: readonly string[];

  constructor(call: Pick<TransformCall, "tokenKey" | "known" | "people" | "turns">, hmac: Hmac) {
    this.#texts = call.turns.map(({ text }) => text);
    this.#key = call.tokenKey;
    this.#hmac = hmac;
    for (const { token, mac } of call.known) {
      this.#tokens.set(`${kindOf(token)}/${mac}`, token);
      this.#taken.push({ token, mac });
    }
    for (const { names, token } of call.people) {
      this.#taken.push({ token, mac: "" });
      for (const name of names) if (!this.#people.has(nameKey(name))) this.#people.set(nameKey(name), token);
    }
  }

  /** Linear in what is known; once a different thing. */
  tokenOf(kind: MaskKind, text: string): string {
    const value = sameForm(kind, text);
    const person = kind === "PERSON" ? this.#people.get(value) : undefined;
    if (person !== undefined) return person;
    const mac = this.#hmac(this.#key, `${kind}\u0000${value}`);
    const key = `${kind}/${mac}`;
    const token = this.#tokens.get(key) ?? this.#fresh(kind, mac);
    this.#tokens.set(key, token);
    if (!this.#found.has(key)) this.#found.set(key, { token, mac, kind, original: text });
    return token;
  }

  /** What was found, each thing once, in order, names as somebody wrote them. */
  get found(): readonly Found[] {
    return [...this.#found.values()].map((one) =>
      NAMES.has(one.kind) ? { ...one, original: this.#asWritten(one.original) } : one,
    );
  }

  /** Detectors hand in small letters; a name that is put back has its capitals. */
  #asWritten(name: string): string {
    const small = name.toLowerCase();
    for (const text of this.#texts) {
      const at = text.toLowerCase().indexOf(small);
      const written = at < 0 ? "" : text.slice(at, at + small.length);
      if (written.toLowerCase() === small) return written;
    }
    return name;
  }

  /** May a value name this token? */
  isKnown(token: string): boolean {
    return this.#taken.some((other) => other.token === token);
  }

  /** Ways to write what stands behind a token, the first four. */
  namesOf(token: string): readonly string[] {
    const found = [...this.#found.values()].find((other) => other.token === token);
    if (found !== undefined) return [found.original];
    return [...this.#people]
      .filter(([, other]) => other === token)
      .map(([name]) => name)
      .slice(0, 4);
  }

  #fresh(kind: MaskKind, mac: string): string {
    const others = this.#taken.filter(({ token }) => kindOf(token) === kind);
    for (let length = TOKEN_HEX_MIN; length < mac.length; length++) {
      const prefix = mac.slice(0, length);
      const token = `${kind}_${prefix}`;
      // Neither the same token, nor the beginning of another: a token cut short must not become somebody else's.
      if (others.some((other) => other.token.startsWith(token) || other.mac.startsWith(prefix))) continue;
      this.#taken.push({ token, mac });
      return token;
    }
    this.#taken.push({ token: `${kind}_${mac}`, mac });
    return `${kind}_${mac}`;
  }
}

const kindOf = (token: string): string => token.slice(0, token.lastIndexOf("_"));
