/** YAML as data only: no anchors, aliases, tags, merge keys, directives, second documents or keys that occur twice. */
import { isMap, isScalar, isSeq, Lexer, LineCounter, type Node, parseDocument } from "yaml";
import { ERRORS_MAX, PACK_BYTES_MAX, PACK_DEPTH_MAX, PACK_TOKENS_MAX } from "./bounds.ts";

/**
 * Something the author of a pack can mend. `line` and `column` count from 1; `key` is a path such as `rules[3].when`.
 */
export type PackError = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly key: string;
  readonly message: string;
  readonly nearest?: string;
};

export type Path = readonly (string | number)[];

/** Where each value of a document stands. */
export type Places = {
  /** The error at the value of `path`, or at its key when `atKey`; falls back to the nearest ancestor that exists. */
  errorAt(
    path: Path,
    message: string,
    extra?: { readonly atKey?: boolean; readonly nearest?: string | undefined },
  ): PackError;
};

/** Places of a value whose text was not read: all at its beginning. */
export const nowhere = (file: string): Places => ({
  errorAt: (path, message) => ({ file, line: 1, column: 1, key: pathText(path), message }),
});

type YamlSource =
  | { readonly ok: true; readonly value: unknown; readonly places: Places }
  | { readonly ok: false; readonly errors: readonly PackError[] };

type Spot = { readonly key: number; readonly value: number };

class Reader implements Places {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #spots = new Map<string, Spot>();
  readonly errors: PackError[] = [];

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  errorAt(path: Path, message: string, extra: { atKey?: boolean; nearest?: string | undefined } = {}): PackError {
    let depth = path.length;
    while (depth > 0 && !this.#spots.has(pathKey(path.slice(0, depth)))) depth--;
    const spot = this.#spots.get(pathKey(path.slice(0, depth))) ?? { key: 0, value: 0 };
    return this.errorAtOffset(extra.atKey ? spot.key : spot.value, path, message, extra.nearest);
  }

  errorAtOffset(offset: number, path: Path, message: string, nearest?: string): PackError {
    const { line, col } = this.#lines.linePos(offset);
    const where = { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1), key: pathText(path) };
    return nearest === undefined ? { ...where, message } : { ...where, message, nearest };
  }

  #refuse(offset: number, path: Path, message: string): undefined {
    if (this.errors.length < ERRORS_MAX) this.errors.push(this.errorAtOffset(offset, path, message));
    return undefined;
  }

  /** The plain value of a node; what is not plain data is refused by name. */
  read(node: Node | null | undefined, path: Path, keyOffset: number): unknown {
    const offset = node?.range?.[0] ?? keyOffset;
    this.#spots.set(pathKey(path), { key: keyOffset, value: offset });
    if (!node) return null;
    if (isScalar(node)) return this.#scalar(node.value, offset, path);
    if (isSeq(node)) return node.items.map((item, i) => this.read(item as Node, [...path, i], offset));
    if (isMap(node)) return this.#map(node.items as readonly { key: unknown; value: unknown }[], offset, path);
    return this.#refuse(offset, path, "only maps, lists and plain values are allowed");
  }

  #scalar(value: unknown, offset: number, path: Path): unknown {
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return value;
    return this.#refuse(offset, path, "only text, numbers, true, false and lists are allowed");
  }

  #map(items: readonly { key: unknown; value: unknown }[], offset: number, path: Path): unknown {
    const entries = new Map<string, unknown>();
    for (const { key, value } of items) {
      const name = isScalar(key) ? key.value : undefined;
      const at = isScalar(key) ? (key.range?.[0] ?? offset) : offset;
      if (!isScalar(key) || typeof name !== "string") this.#refuse(at, path, "a key is one plain word");
      else if (name === "<<") this.#refuse(at, [...path, name], "merge keys (<<) are not allowed");
      else if (name === "__proto__") this.#refuse(at, [...path, name], "this key is not allowed");
      else if (entries.has(name)) this.#refuse(at, [...path, name], `the key ${name} occurs twice`);
      else entries.set(name, this.read(value as Node | null, [...path, name], at));
    }
    return Object.fromEntries(entries);
  }
}

/** Reads one document. Costs time linear in the text, at most 256 KB of it; never throws on any text. */
export function readYaml(file: string, text: string): YamlSource {
  const refused = (message: string): YamlSource => ({
    ok: false,
    errors: [{ file, line: 1, column: 1, key: "", message }],
  });
  if (utf8Bytes(text, PACK_BYTES_MAX) > PACK_BYTES_MAX) return refused("a file is at most 256 KB");
  // Control characters are also the lexer's own markers, so none may come from outside.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are exactly what is looked for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufeff]/.test(text))
    return refused("control characters are not allowed");
  const trap = firstTrap(text);
  if (trap) {
    const before = text.slice(0, trap.offset);
    const line = before.split("\n").length;
    const column = trap.offset - before.lastIndexOf("\n");
    return { ok: false, errors: [{ file, line, column, key: "", message: trap.message }] };
  }

  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: "1.2",
    schema: "core",
    merge: false,
    prettyErrors: false,
    // Quadratic in the library; the reader looks for duplicates itself.
    uniqueKeys: false,
    stringKeys: false,
    // "silent" would also pass over a second document without a word.
    logLevel: "error",
  });
  const reader = new Reader(file, lines);
  const problems = [...document.errors, ...document.warnings].slice(0, ERRORS_MAX);
  if (problems.length > 0)
    return { ok: false, errors: problems.map((p) => reader.errorAtOffset(p.pos[0], [], p.message)) };
  const value = reader.read(document.contents, [], 0);
  return reader.errors.length > 0 ? { ok: false, errors: reader.errors } : { ok: true, value, places: reader };
}

type Trap = { readonly offset: number; readonly message: string };

/** The lexer announces a plain scalar by a marker of no width, and so begins and ends of documents and flows. */
const SCALAR = "\u001f";
const MARKERS: readonly string[] = [SCALAR, "\u0002", "\u0018"];

function trapOf(token: string): string | undefined {
  if (token === "---" || token === "...") return "one document without --- and ... is expected";
  switch (token[0]) {
    case "&":
      return "anchors (&name) are not allowed: write the value out";
    case "*":
      return "aliases (*name) are not allowed: write the value out";
    case "!":
      return "tags (!name) are not allowed";
    case "%":
      return "directives (%NAME) are not allowed";
    default:
      return undefined;
  }
}

/** What the recursive parser must not see, found in the flat stream of tokens: one pass that stops at the first. */
function firstTrap(text: string): Trap | undefined {
  let offset = 0;
  let tokens = 0;
  let flow = 0;
  let inline = 0;
  let previous = "";
  for (const token of new Lexer().lex(text)) {
    const message = previous === SCALAR ? undefined : trapOf(token);
    if (message !== undefined) return { offset, message };
    if (token === "[" || token === "{") flow++;
    else if (token === "]" || token === "}") flow = Math.max(0, flow - 1);
    else if (token === "-" || token === "?") inline++;
    else if (token[0] === "\n" || token[0] === "\r") inline = 0;
    if (flow > PACK_DEPTH_MAX || inline > PACK_DEPTH_MAX)
      return { offset, message: `nested more than ${PACK_DEPTH_MAX} deep` };
    if (++tokens > PACK_TOKENS_MAX) return { offset, message: `more than ${PACK_TOKENS_MAX} words and signs` };
    if (!MARKERS.includes(token)) offset += token.length;
    previous = token;
  }
  return undefined;
}

function utf8Bytes(text: string, stopAbove: number): number {
  if (text.length > stopAbove) return text.length;
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function pathKey(path: Path): string {
  return JSON.stringify(path);
}

function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
}
