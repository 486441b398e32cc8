/**
 * Chat text as it may leave: plain, links defanged, nobody mentioned in bulk, no markup, no invisible characters
 * (CONTRACT section 9). Pure.
 */
import { REPLY_CHARS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";

const MENTIONS = /@(?=(?:room|everyone|channel|here|all)\b)/giu;
const INVISIBLE = /\p{Variation_Selector}|\p{Default_Ignorable_Code_Point}|\p{Co}|[^\P{C}\n\t]/gu;
const HTML_TAG = /<\/?[a-z!][^<>]{0,2000}>/giu;
const IMAGE = /!\[([^[\]\n]{0,500})\]\([^()\s]{0,2000}\)/gu;
const LINK = /\[([^[\]\n]{0,500})\]\(([^()\s]{1,2000})\)/gu;
const URL = /\b([a-z][a-z0-9+.-]{1,20}):\/\/([^\s<>"'()[\]{}]{1,2000})/giu;
const WWW = /\bwww\.([^\s<>"'()[\]{}]{1,2000})/giu;

/** Zero-joiner emoji sequences fall apart: three people instead of a family is the price of nothing hidden. */
const visible = (text: string): string => text.normalize("NFC").replace(INVISIBLE, "");

const isListed = (host: string, domains: readonly string[]): boolean =>
  domains.some((domain) => host === domain || host.endsWith(`.${domain}`));

const dots = (text: string): string => text.replaceAll(".", "[.]");

/**
 * A link that nothing can follow by itself: `hxxps://example[.]org/path`. Web links to listed domains stay as they are.
 */
function defang(scheme: string, rest: string, domains: readonly string[]): string {
  const end = /[/?#]/.exec(rest)?.index ?? rest.length;
  const authority = rest.slice(0, end);
  const host = authority.toLowerCase().replace(/:\d{1,5}$/, "");
  const lower = scheme.toLowerCase();
  const isWeb = lower === "https" || lower === "http";
  // Userinfo in an authority makes a link read like another host, so such a link is never left alone.
  if (isWeb && !authority.includes("@") && isListed(host, domains)) return `${scheme}://${rest}`;
  const shown = lower === "https" ? "hxxps" : lower === "http" ? "hxxp" : `${lower}[:]`;
  return `${shown}://${dots(authority)}${rest.slice(end)}`;
}

function once(text: string, domains: readonly string[]): string {
  return visible(text)
    .replace(IMAGE, "$1")
    .replace(LINK, "$1 ($2)")
    .replace(HTML_TAG, "")
    .replace(URL, (_all, scheme: string, rest: string) => defang(scheme, rest, domains))
    .replace(WWW, (all: string, rest: string) =>
      isListed(rest.toLowerCase().split(/[/?#:]/)[0] ?? "", domains) ? all : dots(all),
    )
    .replace(MENTIONS, "");
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
