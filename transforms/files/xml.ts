/**
 * XML as a stream of tags and text, without what makes it dangerous: a document type is refused, the five named
 * entities and numbers are the only references, and depth is bounded. Linear. Pure.
 */
import { FILE_NESTING_MAX } from "../../src/core/limits.ts";
import { type Meter, Unreadable } from "./meter.ts";

export type Seen = {
  /** `name` as written, prefix included; attributes as written, undecoded. */
  readonly open?: (name: string, attributes: string) => void;
  readonly close?: (name: string) => void;
  readonly text?: (text: string) => void;
};

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const REFERENCE = /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));?|&/g;
const DEPTH_MAX = 2 * FILE_NESTING_MAX;

/** An entity that nobody declared here stands for nothing that is safe to guess. */
const decoded = (text: string): string =>
  text.replace(REFERENCE, (_, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) {
      const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
      if (known === undefined) throw new Unreadable("refused");
      return known;
    }
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (!(point <= 0x10ffff)) throw new Unreadable("broken");
    return String.fromCodePoint(point);
  });

/** The end of a tag that begins at `from`, over quoted values. */
function tagEnd(source: string, from: number): number {
  let quote = "";
  for (let at = from; at < source.length; at++) {
    const char = source[at] ?? "";
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return at;
  }
  throw new Unreadable("broken");
}

const NAME = /^[A-Za-z_][\w.:-]{0,127}/;

/** After a `<`: what it is, where the next text begins. */
function markup(source: string, at: number, seen: Seen, path: string[]): number {
  if (source.startsWith("<!--", at)) return after(source, "-->", at + 4);
  if (source.startsWith("<![CDATA[", at)) {
    const end = after(source, "]]>", at + 9);
    seen.text?.(source.slice(at + 9, end - 3));
    return end;
  }
  if (source.startsWith("<!", at)) throw new Unreadable("refused");
  if (source.startsWith("<?", at)) return after(source, "?>", at + 2);
  const end = tagEnd(source, at + 1);
  if (source[at + 1] === "/") {
    const name = source.slice(at + 2, end).trimEnd();
    if (path.pop() !== name) throw new Unreadable("broken");
    seen.close?.(name);
    return end + 1;
  }
  const name = NAME.exec(source.slice(at + 1, Math.min(end, at + 130)))?.[0];
  if (name === undefined) throw new Unreadable("broken");
  const isEmpty = source[end - 1] === "/";
  seen.open?.(name, source.slice(at + 1 + name.length, isEmpty ? end - 1 : end));
  if (isEmpty) seen.close?.(name);
  else if (path.push(name) > DEPTH_MAX) throw new Unreadable("refused");
  return end + 1;
}

function after(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from);
  if (at < 0) throw new Unreadable("broken");
  return at + mark.length;
}

/** Throws `Unreadable`. */
export function readXml(source: string, seen: Seen, meter: Meter): void {
  const path: string[] = [];
  let at = 0;
  while (at < source.length) {
    meter.step();
    const next = source.indexOf("<", at);
    const end = next < 0 ? source.length : next;
    if (end > at) seen.text?.(decoded(source.slice(at, end)));
    if (next < 0) break;
    at = markup(source, next, seen, path);
  }
  if (path.length > 0) throw new Unreadable("broken");
}
