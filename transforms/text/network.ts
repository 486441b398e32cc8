/** IPv4, IPv6 (RFC 4291) and MAC addresses. */
import type { Findings } from "./findings.ts";

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`(?:${OCTET}\\.){3}${OCTET}(?:/\\d{1,2}|:\\d{1,5})?(?![\\w.]*\\d)`, "y");
const HEX_AND_COLONS = /[0-9a-f:]{2,45}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?:%[\w.-]{1,16})?(?:\/\d{1,3})?/iy;
const MAC =
  /[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?:[:-][0-9a-f]{2}){0,2}(?![\w:-])|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?![\w.])/iy;
const GROUPS = 8;

function isIpv6(found: string): boolean {
  const address = found.replace(/[%/].*$/s, "");
  const halves = address.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const quad = groups.at(-1)?.includes(".") === true ? 1 : 0;
  if (!groups.slice(0, groups.length - quad).every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  const size = groups.length + quad;
  return halves.length === 2 ? size < GROUPS && size >= 1 && (size > 1 || groups[0]?.length !== 1) : size === GROUPS;
}

/**
 * An address that begins at this token, which nothing of the kind precedes. Returns the first token behind it,
 * or 0.
 */
export function networkAt(findings: Findings, token: number): number {
  const { text, start } = findings.tokens;
  let from = start[token] ?? 0;
  if (from > 0 && /[\w.]/.test(text[from - 1] ?? "")) return 0;
  MAC.lastIndex = from;
  const mac = text[from - 1] === ":" ? null : MAC.exec(text);
  if (mac !== null) return findings.fix(token, from, from + mac[0].length, "MAC");
  IPV4.lastIndex = from;
  const four = IPV4.exec(text);
  if (four !== null) return findings.fix(token, from, from + four[0].length, "IP");
  if (text[from - 1] === ":") {
    if (text[from - 2] !== ":" || /[\w:]/.test(text[from - 3] ?? " ")) return 0;
    from -= 2;
  }
  HEX_AND_COLONS.lastIndex = from;
  const six = HEX_AND_COLONS.exec(text)?.[0].replace(/(?<!:):$/, "");
  if (six === undefined || !six.includes(":") || /\w/.test(text[from + six.length] ?? " ") || !isIpv6(six)) return 0;
  return findings.fix(token, from, from + six.length, "IP");
}
