/**
 * What is refused before anybody looks at the path, on requests and upgrades alike: foreign Hosts (DNS rebinding), web
 * pages (Origin, Sec-Fetch-Site), tokens in URLs, floods of headers. CONTRACT section 13, threats C01, C02, C04 and
 * C08.
 */

import { HEADERS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import { TOKEN_PREFIX } from "../core/token-text.ts";

/** The head of a request as it came over the wire: name, value, name, value. */
export type Head = { readonly url: string; readonly rawHeaders: readonly string[] };

/** Exact values of the Host header that this listener answers to. */
export const hostsOf = (port: number): ReadonlySet<string> =>
  new Set([`127.0.0.1:${port}`, `[::1]:${port}`, `localhost:${port}`]);
/** A client of the Unix socket has no port to name. */
export const SOCKET_HOSTS: ReadonlySet<string> = new Set(["localhost"]);

const ONCE: ReadonlySet<string> = new Set(["host", "origin", "authorization", "sec-fetch-site", "content-length"]);
const TOKEN_KEYS: ReadonlySet<string> = new Set([
  "access_token",
  "api_key",
  "apikey",
  "auth",
  "authorization",
  "bearer",
  "token",
]);

/** Values by lower-case name; null when a header that may come once comes twice, or there are too many. */
function headersOf(raw: readonly string[]): ReadonlyMap<string, string> | null {
  if (raw.length > 2 * HEADERS_MAX) return null;
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = String(raw[at]).toLowerCase();
    if (ONCE.has(name) && headers.has(name)) return null;
    headers.set(name, String(raw[at + 1]));
  }
  return headers;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // A broken escape stays as it is: what it hides cannot be a token that anybody would decode.
    return text;
  }
}

function holdsToken(url: string): boolean {
  if (url.includes(TOKEN_PREFIX) || decoded(url).includes(TOKEN_PREFIX)) return true;
  const query = /[?#](.*)$/s.exec(url)?.[1] ?? "";
  return query.split(/[&;?#]/).some((pair) => TOKEN_KEYS.has(decoded(pair.split("=")[0] ?? "").toLowerCase()));
}

/** Throws the refusal, or returns. Nothing that it says depends on the path. */
export function guard(head: Head, hosts: ReadonlySet<string>): void {
  const headers = headersOf(head.rawHeaders);
  if (headers === null) throw new Refusal("input.invalid", { hint: "a header is there twice, or there are too many" });
  if (!hosts.has(headers.get("host") ?? "")) throw new Refusal("request.host");
  // Pages are not served, so every Origin is foreign; `null` is the Origin of a sandboxed page.
  if (headers.has("origin")) throw new Refusal("request.origin");
  const site = headers.get("sec-fetch-site");
  if (site !== undefined && site !== "none" && site !== "same-origin") throw new Refusal("request.origin");
  if (!head.url.startsWith("/")) throw new Refusal("input.invalid", { hint: "ask for a path" });
  if (holdsToken(head.url) || holdsToken(headers.get("referer") ?? "")) {
    throw new Refusal("request.token_in_url", {
      hint: "send it as Authorization: Bearer, and revoke the one in the URL",
    });
  }
}
