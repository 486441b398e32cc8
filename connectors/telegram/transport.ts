/**
 * The way to Telegram. Its addresses hold the token, so the client is built with a placeholder, and the real one is
 * put in here, for the length of one request. What goes wrong leaves as a code: no address, no cause.
 */
import { Api, type ApiClientOptions } from "grammy";
import { SECOND_MS } from "../../src/core/limits.ts";
import type { Clock, Stop } from "../../src/core/ports.ts";
import { type Request, readBytes } from "./wire.ts";

const TELEGRAM_ROOT = "https://api.telegram.org";
const PLACEHOLDER = "TOKEN_IN_VAULT";
/** Far more than a hundred updates with full texts. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const ANSWER_MS_MAX = 30 * SECOND_MS;
/** A poll waits so long at Telegram, and we a little longer. */
export const POLL_SECONDS = 25;
const POLL_MS_MAX = (POLL_SECONDS + 15) * SECOND_MS;
const FILE_MS_MAX = 60 * SECOND_MS;
/** The client's own timer, for a clock that stands still. */
const CLIENT_SECONDS_MAX = 90;
const FILE_PATH = /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_.-]{1,128}){1,4}$/;

export type TransportPowers = {
  readonly clock: Clock;
  readonly request: Request;
  /** The bot's token, wiped after. Refuses where there is none. */
  readonly withToken: <T>(use: (token: Uint8Array) => T | Promise<T>) => Promise<T>;
  /** Where the Bot API answers, without a slash at the end. */
  readonly root?: string;
};

/**
 * What broke a request. `sent` is false when it is proven that nothing left this machine. The code is the system's,
 * such as ECONNREFUSED, or one of ours: TIMEOUT, NO_TOKEN, NO_JSON, TOO_LARGE, ADDRESS.
 */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: string;
  readonly sent: boolean;

  constructor(code: string, sent: boolean) {
    super(code);
    this.code = code;
    this.sent = sent;
  }
}

/** Codes of what happens before anything is on the wire: no address, no connection, no trust in the other side. */
const BEFORE = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_\w+)$/;
const DISTRUST = /^(?:ERR_TLS_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_\w+)$/;

function codeOf(error: unknown): string {
  for (const place of [error instanceof Error ? error.cause : null, error]) {
    const code: unknown = typeof place === "object" && place !== null ? Reflect.get(place, "code") : null;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,48}$/.test(code)) return code;
  }
  return "FAILED";
}

type ClientFetch = NonNullable<ApiClientOptions["fetch"]>;
type Asked = { readonly method?: string; readonly body?: unknown; readonly signal?: Stop | null };

export class Transport {
  readonly #powers: TransportPowers;
  readonly #root: string;
  /** grammY's typed methods. Each call is one request; a failed one throws what `faultOf` reads. */
  readonly api: Api;

  constructor(powers: TransportPowers) {
    this.#powers = powers;
    this.#root = powers.root ?? TELEGRAM_ROOT;
    const call = (url: unknown, asked: Asked) => this.#call(String(url), asked);
    this.api = new Api(PLACEHOLDER, {
      apiRoot: this.#root,
      timeoutSeconds: CLIENT_SECONDS_MAX,
      // The client types fetch by the library it ships; all it does with the answer is to call json().
      fetch: call as unknown as ClientFetch,
    });
  }

  async #call(url: string, { method = "POST", body, signal }: Asked): Promise<{ json: () => Promise<unknown> }> {
    const ms = url.endsWith("/getUpdates") ? POLL_MS_MAX : ANSWER_MS_MAX;
    const bytes = await this.#ask(
      url,
      `/bot${PLACEHOLDER}/`,
      (token) => `/bot${token}/`,
      { method, body: String(body) },
      { stop: signal ?? null, ms, bytesMax: ANSWER_BYTES_MAX },
    );
    try {
      const answer: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return { json: async () => answer };
    } catch {
      // The parser's message quotes the answer.
      throw new TransportError("NO_JSON", true);
    }
  }

  /** The bytes of a file by the path that getFile gave. Throws `TransportError`, `TOO_LARGE` above the cap. */
  async file(path: string, bytesMax: number, stop: Stop): Promise<Uint8Array> {
    if (!FILE_PATH.test(path) || path.includes("..")) throw new TransportError("ADDRESS", false);
    const url = `${this.#root}/file/bot${PLACEHOLDER}/${path}`;
    const limits = { stop, ms: FILE_MS_MAX, bytesMax };
    return this.#ask(url, `/file/bot${PLACEHOLDER}/`, (token) => `/file/bot${token}/`, { method: "GET" }, limits);
  }

  async #ask(
    url: string,
    before: string,
    after: (token: string) => string,
    asked: { readonly method: string; readonly body?: string },
    limits: { readonly stop: Stop | null; readonly ms: number; readonly bytesMax: number },
  ): Promise<Uint8Array> {
    const { clock, request, withToken } = this.#powers;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    let isLate = false;
    const forget = clock.at(clock.now() + limits.ms, () => {
      isLate = true;
      end();
    });
    if (limits.stop?.aborted === true) end();
    limits.stop?.addEventListener("abort", end, { once: true });
    let isAsked = false;
    try {
      const address = await withToken((token) => url.replace(before, after(new TextDecoder().decode(token))));
      isAsked = true;
      const response = await request(address, {
        ...asked,
        // A kept socket that the other side just gave up would make an outcome unknown for nothing.
        headers: { "content-type": "application/json", connection: "close" },
        signal: ending.signal,
        redirect: "error",
      });
      return await readBytes(response, limits.bytesMax);
    } catch (error) {
      if (error instanceof TransportError) throw error;
      const code = isAsked ? codeOf(error) : "NO_TOKEN";
      throw new TransportError(isLate ? "TIMEOUT" : code, isAsked && !BEFORE.test(code) && !DISTRUST.test(code));
    } finally {
      forget();
      limits.stop?.removeEventListener("abort", end);
    }
  }
}
