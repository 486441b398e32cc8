/**
 * Chat text as it may leave: plain, links defanged, nobody mentioned in bulk, no markup, no invisible characters
 * (CONTRACT section 9). Pure.
 */
import { REPLY_CHARS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";

const MENTIONS = /@(?=(?:room|everyone|channel|here|all)(?![\p{L}\p{N}]))/giu;
const INVISIBLE = /\p{Variation_Selector}|\p{Default_Ignorable_Code_Point}|\p{Co}|[^\P{C}\n\t]/gu;
/**
 * Breaks that are no line end to us but are to whoever shows the text: a quoted prompt must not get a line of its
 * own.
 */
const BREAKS = /\r\n?|[\v\f\u0085\u2028\u2029]/gu;
const HTML_TAG = /<\/?[a-z!][^<>]*>/giu;
const IMAGE = /!\[([^[\]\n]{0,500})\]\([^()\s]{0,2000}\)/gu;
const LINK = /\[([^[\]\n]{0,500})\]\(([^()\s]{1,2000})\)/gu;
/** No word boundary before it: programs that make links find one behind an underscore or a long word too. */
const URL = /([a-z0-9+.-]{1,24}):\/\/([^\s<>"'()[\]{}]{0,2000})/giu;
/** Schemes that are followed without slashes. */
const BARE_SCHEME =
  /(mailto|javascript|\b(?:tel|sms|geo|xmpp|matrix|magnet|bitcoin|data|vbscript|tg|file|intent)):(?=\S)/giu;
/** A host by itself, which chat programs turn into a link: labels, and an end that could be a top-level domain. */
const LABEL = String.raw`[\p{L}\p{M}\p{N}\p{S}_-]`;
const END = String.raw`(\p{L}{2,24}|xn--[a-z0-9-]{2,59})(?![\p{L}\p{N}])`;
const HOST = new RegExp(`(?<!${LABEL})((?:${LABEL}{1,256}[.。．｡]){1,10})${END}`, "giu");
const WWW = /www\.([^\s<>"'()[\]{}]{1,2000})/giu;
/** A network address with a path or a port behind it. */
const ADDRESS = /(?<![\p{N}.])(\d{1,3}(?:\.\d{1,3}){3})(?=[/:]\S)/gu;
/** Ends of file names that are no top-level domain: they read better as they are. */
const FILE_ENDS = new Set(
  [
    "bmp bz csv doc docx epub exe flac gif gz htm html ics jpeg jpg js json jsonl jsx log mpeg odt ogg otf pdf png",
    "ppt pptx rar rtf svg tar toml ts tsx ttf txt wav webm webp xls xlsx xml yaml yml",
  ].flatMap((line) => line.split(" ")),
);

/** Zero-joiner emoji sequences fall apart: three people instead of a family is the price of nothing hidden. */
const visible = (text: string): string => text.replace(BREAKS, "\n").normalize("NFC").replace(INVISIBLE, "");

const isListed = (host: string, domains: readonly string[]): boolean =>
  domains.some((domain) => host === domain || host.endsWith(`.${domain}`));

const dots = (text: string): string => text.replace(/[.。．｡]/gu, "[.]");

/**
 * A link that nothing can follow by itself: `hxxps://example[.]org/path`. Web links to listed domains stay as they are.
 */
function defang(scheme: string, rest: string, domains: readonly string[]): string {
  const end = /[/?#\\]/.exec(rest)?.index ?? rest.length;
  const authority = rest.slice(0, end);
  const host = authority.toLowerCase().replace(/:\d{1,5}$/, "");
  const lower = scheme.toLowerCase();
  const isWeb = lower === "https" || lower === "http";
  // Userinfo in an authority makes a link read like another host, so such a link is never left alone.
  if (isWeb && !authority.includes("@") && isListed(host, domains)) return `${scheme}://${rest}`;
  const shown = lower.replace(/http(s?)$/, "hxxp$1");
  // A link in the path of a link would be found by itself.
  const more = `${dots(authority)}${rest.slice(end)}`.replaceAll("://", "[:]//");
  return `${shown}${/hxxps?$/.test(shown) ? ":" : "[:]"}//${more}`;
}

/** Hosts that stand alone, everywhere but inside the links that were left as they are. */
function defangHosts(text: string, domains: readonly string[]): string {
  const change = (part: string): string =>
    part
      .replace(BARE_SCHEME, "$1[:]")
      .replace(WWW, (all: string, rest: string) =>
        isListed(rest.toLowerCase().split(/[/?#:]/)[0] ?? "", domains) ? all : dots(all),
      )
      .replace(HOST, (all: string, _labels: string, end: string) =>
        FILE_ENDS.has(end.toLowerCase()) || isListed(all.toLowerCase(), domains) ? all : dots(all),
      )
      .replace(ADDRESS, (all: string) => (domains.includes(all) ? all : dots(all)));
  let out = "";
  let at = 0;
  for (const { 0: all, 1: scheme = "", 2: rest = "", index } of text.matchAll(URL)) {
    if (domains.length === 0 || !/^https?$/i.test(scheme) || defang(scheme, rest, domains) !== all) continue;
    out += change(text.slice(at, index)) + all;
    at = index + all.length;
  }
  return out + change(text.slice(at));
}

function once(text: string, domains: readonly string[]): string {
  const plain = visible(text)
    .replace(IMAGE, "$1")
    .replace(LINK, "$1 ($2)")
    .replace(HTML_TAG, "")
    .replace(URL, (_all, scheme: string, rest: string) => defang(scheme, rest, domains));
  return defangHosts(plain, domains).replace(MENTIONS, "");
}

const ROUNDS_MAX = 8;

/**
 * Text as it will be sent, trimmed when it is the whole of it. Taking something out can put something new together, so
 * it is repeated until nothing changes; what does not settle in a few rounds was built to slip through and is refused.
 */
export function plainText(text: string, domains: readonly string[], at: "whole" | "inside" = "whole"): string {
  if (text.length > 2 * REPLY_CHARS_MAX) throw new Refusal("input.too_large", { field: "text" });
  let current = text;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const next = once(current, domains);
    if (next === current) return at === "whole" ? current.trim() : current;
    current = next;
  }
  throw new Refusal("egress.text", { hint: "The text keeps changing as it is cleaned." });
}

const escaped = (text: string): string =>
  [...text].map((char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`).join("");
/** What a chat could act on: in a prompt it is spelled out, so that what is shown is all of it and does nothing. */
const ACTIVE = /@|<(?=[a-z/!])|\[(?=[^\]\n]{0,500}\]\()|:(?=\S)|[.。．｡](?=[\p{L}\p{N}])/giu;

/**
 * A text as a prompt shows it: itself when it is plain already, otherwise with everything hidden or active as `\u{…}`
 * (threats A11, B17).
 */
export function visibly(text: string, domains: readonly string[]): string {
  const shown = text.replace(INVISIBLE, escaped).replace(/[\u2028\u2029]/gu, escaped);
  if (shown.length > 2 * REPLY_CHARS_MAX) throw new Refusal("approval.unshowable");
  const isPlain = (part: string): boolean => once(part, domains) === part;
  if (isPlain(shown)) return shown;
  // A host in one line stays readable although another is not plain; what is active across lines is not missed.
  const lines = shown.normalize("NFC").split("\n");
  const mixed = lines.map((line) => (isPlain(line) ? line : line.replace(ACTIVE, escaped))).join("\n");
  return isPlain(mixed) ? mixed : lines.join("\n").replace(ACTIVE, escaped);
}

/** Splits at the network's limit in UTF-16 units, at line ends or spaces where it can, never inside a character. */
export function split(text: string, unitsMax: number): readonly string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > unitsMax) {
    const head = rest.slice(0, unitsMax);
    const line = head.lastIndexOf("\n");
    const space = head.lastIndexOf(" ");
    const soft = line > unitsMax / 2 ? line : space > unitsMax / 2 ? space : -1;
    const hard = /[\uD800-\uDBFF]$/.test(head) ? unitsMax - 1 : unitsMax;
    const at = soft === -1 ? hard : soft;
    parts.push(rest.slice(0, at));
    rest = soft === -1 ? rest.slice(at) : rest.slice(at + 1);
  }
  if (rest.length > 0) parts.push(rest);
  return parts;
}
