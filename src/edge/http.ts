/**
 * The way out: a host is resolved once, every address is checked, the checked one is connected to, its certificate is
 * verified, and only then is the request made (CONTRACT section 9). No redirect is followed and nothing is retried.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { type HttpAnswer, type HttpAsk, type HttpPort, type HttpRules, isHeader, isOurHeader } from "../core/http.ts";
import { HEADER_BYTES_MAX } from "../core/limits.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import { Connecting, type ConnectPowers, Ending } from "./connect.ts";

/** An answer whose body is still on its way. */
export type Opened = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded. Ends with an error that is a Refusal when time or the connection ends. */
  readonly body: AsyncIterable<Uint8Array>;
  close(): void;
};

export class CheckedHttp implements HttpPort {
  readonly #powers: ConnectPowers;
  readonly #connecting: Connecting;

  constructor(powers: ConnectPowers) {
    this.#powers = powers;
    this.#connecting = new Connecting(powers);
  }

  /** The whole answer, cut at `bytesMax`. */
  async ask(request: HttpAsk, rules: HttpRules, sent: () => void = () => {}): Promise<HttpAnswer> {
    const opened = await this.open(request, rules, sent);
    const chunks: Uint8Array[] = [];
    let left = rules.bytesMax;
    let cut = false;
    try {
      for await (const chunk of opened.body) {
        chunks.push(chunk.subarray(0, left));
        left -= chunk.length;
        cut = left < 0;
        if (cut) break;
      }
    } finally {
      opened.close();
    }
    return { status: opened.status, headers: opened.headers, bytes: Buffer.concat(chunks), cut };
  }

  /** The answer as it comes, for what is streamed; whoever opens it closes it. `bytesMax` is the caller's. */
  async open(request: HttpAsk, rules: HttpRules, sent: () => void = () => {}): Promise<Opened> {
    const end = new Ending(this.#powers.clock, rules);
    try {
      const { host, port, isPlain } = placeOf(request, rules);
      const addresses = await end.race(this.#connecting.addresses(host, rules));
      const { socket, address } = await this.#connecting.connect(host, port, isPlain, addresses, end);
      end.onEnd(() => socket.destroy());
      const final = (await end.race(rules.inject?.({ host, port, address }) ?? Promise.resolve(request))) ?? request;
      assertSamePlace(request, final, rules);
      sent();
      return await opened(final, socket, end);
    } catch (error) {
      end.finish();
      throw isRefusal(error) ? error : new Refusal(end.code ?? "http.failed");
    }
  }
}

/** Scheme, host and port of a request, and whether it could be asked at all. */
function placeOf(request: HttpAsk, rules: HttpRules): { host: string; port: number; isPlain: boolean } {
  if (!URL.canParse(request.url)) throw new Refusal("input.invalid", { field: "url" });
  const url = new URL(request.url);
  const isPlain = url.protocol === "http:";
  if (url.protocol !== "https:" && !(isPlain && rules.plain))
    throw new Refusal("http.address", { field: "url", hint: "Only https is asked." });
  if (url.username !== "" || url.password !== "")
    throw new Refusal("input.invalid", { field: "url", hint: "A URL here holds no user and no password." });
  for (const [name, value] of Object.entries(request.headers)) {
    if (!isHeader(name, value) || isOurHeader(name))
      throw new Refusal("input.invalid", {
        field: "headers",
        hint: `${isOurHeader(name) ? name : "A header"} is not taken.`,
      });
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: url.port === "" ? (isPlain ? 80 : 443) : Number(url.port), isPlain };
}

/** What was checked is what is asked: whoever puts a secret in changes neither place nor method. */
function assertSamePlace(before: HttpAsk, after: HttpAsk, rules: HttpRules): void {
  const was = placeOf(before, rules);
  const is = placeOf(after, rules);
  const isSame = was.host === is.host && was.port === is.port && was.isPlain === is.isPlain;
  if (!isSame || before.method !== after.method) throw new Refusal("http.address", { field: "url" });
}

async function opened(ask: HttpAsk, socket: Socket, end: Ending): Promise<Opened> {
  const url = new URL(ask.url);
  const request = httpRequest({
    createConnection: () => socket,
    method: ask.method,
    path: `${url.pathname}${url.search}`,
    setDefaultHeaders: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    headers: {
      host: url.host,
      connection: "close",
      "accept-encoding": "gzip, deflate, br",
      ...ask.headers,
      ...(ask.body === null ? {} : { "content-length": String(ask.body.length) }),
    },
  });
  end.onEnd(() => request.destroy());
  const answer = await end.race(answered(request, ask.body));
  return {
    status: answer.statusCode ?? 0,
    headers: headersOf(answer),
    body: bodyOf(answer, end),
    close: () => end.finish(),
  };
}

function answered(request: ClientRequest, body: Uint8Array | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.on("error", reject);
    request.once("close", () => reject(new Error("closed")));
    request.end(body ?? undefined);
  });
}

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );

function decoded(answer: IncomingMessage): Readable {
  const encoding = (answer.headers["content-encoding"] ?? "identity").toLowerCase().trim();
  const decoder = { gzip: createGunzip, "x-gzip": createGunzip, deflate: createInflate, br: createBrotliDecompress };
  if (encoding === "identity" || encoding === "") return answer;
  if (!Object.hasOwn(decoder, encoding)) throw new Refusal("http.failed", { hint: "Its encoding is not understood." });
  const through = decoder[encoding as keyof typeof decoder]();
  answer.on("error", (error) => through.destroy(error));
  return answer.pipe(through);
}

async function* bodyOf(answer: IncomingMessage, end: Ending): AsyncGenerator<Uint8Array> {
  const stream = decoded(answer);
  end.onEnd(() => stream.destroy());
  try {
    for await (const chunk of stream) {
      yield chunk as Buffer;
      if (end.code !== null) throw new Refusal(end.code);
    }
    if (end.code !== null) throw new Refusal(end.code);
    if (!answer.complete) throw new Refusal("http.failed", { hint: "The answer broke off." });
  } catch (error) {
    throw isRefusal(error) ? error : new Refusal(end.code ?? "http.failed", { hint: "The answer broke off." });
  } finally {
    stream.destroy();
    answer.destroy();
    end.finish();
  }
}
