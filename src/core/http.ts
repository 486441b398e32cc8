/** One HTTP request to the outside and its answer, as the gateway and models see it (CONTRACT section 9). */
import type { Stop } from "./ports.ts";

export const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** What kind of place an IP address is. Whatever cannot be told apart for certain is `reserved`. */
export const ADDRESS_KINDS = ["public", "loopback", "private", "link_local", "metadata", "reserved"] as const;
export type AddressKind = (typeof ADDRESS_KINDS)[number];

export type HttpAsk = {
  readonly method: HttpMethod;
  readonly url: string;
  /** Names in lower case; none that says how the connection is framed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
};

/** Where the connection ends, after every check of it. */
export type HttpDestination = { readonly host: string; readonly port: number; readonly address: string };

export type HttpRules = {
  /** Kinds of address that may be connected to; `public` alone unless the owner listed more. */
  readonly addresses: readonly AddressKind[];
  /** `http:` is allowed too. */
  readonly plain: boolean;
  /** Of the decoded answer; what is beyond is not read. */
  readonly bytesMax: number;
  /** Nothing of this request goes on for longer, in milliseconds. */
  readonly msMax: number;
  readonly stop?: Stop;
  /**
   * Called once, after the address was checked, the connection stands and the certificate is verified: gives the
   * request as it goes out. Same host, port and method; nothing is sent when it throws.
   */
  readonly inject?: (destination: HttpDestination) => Promise<HttpAsk>;
};

export type HttpAnswer = {
  readonly status: number;
  /** Names in lower case; repeated ones joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded from gzip, deflate or br. */
  readonly bytes: Uint8Array;
  /** There was more than `bytesMax`. */
  readonly cut: boolean;
};

/**
 * Asks once, never follows a redirect, never retries. Rejects with `http.address`, `http.failed`, `http.timeout`;
 * no refusal says what was sent or answered. `sent` is called when the first byte may have left.
 */
export interface HttpPort {
  ask(request: HttpAsk, rules: HttpRules, sent?: () => void): Promise<HttpAnswer>;
}

/** Where in a request a secret may stand: `header:NAME`, `query:NAME`, `form:NAME`, or `body:` and a JSON pointer. */
export const SLOT = /^(?:header:[a-z0-9-]{1,64}|(?:query|form):[A-Za-z0-9_.-]{1,64}|body:(?:\/[^/\s]{1,64}){1,8})$/;

/** A place that the owner listed. */
export type HttpHost = {
  readonly host: string;
  readonly port: number;
  readonly plain: boolean;
  readonly methods: readonly HttpMethod[];
  readonly addresses: readonly AddressKind[];
  /** Paths that the owner vouches for; any other is shown to a person first. */
  readonly paths: readonly string[];
  readonly secrets: readonly { readonly name: string; readonly slot: string }[];
};

/** Headers that say how a connection is framed, or to whom it speaks, are ours. */
const OURS = new Set([
  ...["host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect", "keep-alive"],
  "accept-encoding",
]);
export const isOurHeader = (name: string): boolean => OURS.has(name) || name.startsWith("proxy-");
export const isHeader = (name: string, value: string): boolean =>
  /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(name) && /^[\t\x20-\x7e]*$/.test(value);
