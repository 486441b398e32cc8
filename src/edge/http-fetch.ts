/** `fetch` for libraries that want one: every request goes the checked way, and its answer is streamed. */
import { type AddressKind, HTTP_METHODS, type HttpMethod } from "../core/http.ts";
import { Refusal } from "../core/refusal.ts";
import type { CheckedHttp } from "./http.ts";

export type FetchRules = {
  /** Scheme, host and port that may be asked, such as `https://api.example.org`; nothing else is. */
  readonly origin: string;
  readonly addresses: readonly AddressKind[];
  /** The answer is cut with an error after so many decoded bytes. */
  readonly bytesMax: number;
  /** A request takes no longer than so many milliseconds. */
  readonly msMax: number;
};

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Throws a Refusal for every other origin. The body is a text or bytes; no redirect is followed. */
export function checkedFetch(http: CheckedHttp, rules: FetchRules): Fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin !== rules.origin) throw new Refusal("http.unlisted", { field: "url" });
    const method = HTTP_METHODS.find((it) => it === request.method);
    if (method === undefined) throw new Refusal("http.unlisted", { field: "method" });
    const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
    const ask = { method: method satisfies HttpMethod, url: url.href, headers: headersOf(request.headers), body };
    const opened = await http.open(ask, {
      addresses: rules.addresses,
      plain: url.protocol === "http:",
      bytesMax: rules.bytesMax,
      msMax: rules.msMax,
      stop: request.signal,
    });
    const bodyless = opened.status === 204 || opened.status === 304 || method === "HEAD";
    if (bodyless) opened.close();
    const { "content-encoding": _encoding, "content-length": _length, ...headers } = opened.headers;
    const stream = bodyless ? null : ReadableStream.from(capped(opened.body, rules.bytesMax));
    return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>> | null, { status: opened.status, headers });
  };
}

const DROPPED = new Set(["host", "connection", "content-length", "accept-encoding"]);

const headersOf = (headers: Headers): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => !DROPPED.has(name)));

async function* capped(body: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let left = bytesMax;
  for await (const chunk of body) {
    left -= chunk.length;
    if (left < 0) throw new Refusal("http.failed", { hint: "The answer is longer than allowed." });
    yield chunk;
  }
}
