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
  /** Milliseconds since 1970: nothing of this request goes on after it. */
  readonly deadline: number;
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
