/**
 * The way out: a host is resolved once, every address is checked, the checked one is connected to, its certificate is
 * verified, and only then is the request made (CONTRACT section 9). No redirect is followed and nothing is retried.
 */
import { lookup } from "node:dns/promises";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectPlain, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { type HttpAnswer, type HttpAsk, type HttpPort, type HttpRules, isHeader, isOurHeader } from "../core/http.ts";
import { HEADER_BYTES_MAX, HTTP_ADDRESSES_MAX, HTTP_CONNECTS_MAX } from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import { addressKind, isAddress, isSameAddress } from "./http-address.ts";

export type HttpPowers = {
  readonly clock: Clock;
  /** Every address of a host name, as the system says now; the system's own resolver when absent. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Certificates that are trusted in place of the system's, PEM. */
  readonly ca?: string;
};

/** An answer whose body is still on its way. */
export type Opened = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded. Ends with an error that is a Refusal when time or the connection ends. */
  readonly body: AsyncIterable<Uint8Array>;
  close(): void;
};

const systemResolve = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

export class CheckedHttp implements HttpPort {
  readonly #powers: HttpPowers;

  constructor(powers: HttpPowers) {
    this.#powers = powers;
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
      const addresses = await end.race(this.#addresses(host, rules));
      const { socket, address } = await this.#connect(host, port, isPlain, addresses, end);
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

  /** All of them, or a refusal when one of them is of a kind that is not asked: a mixed answer is an attack. */
  async #addresses(host: string, rules: HttpRules): Promise<readonly string[]> {
    const found = isAddress(host) ? [host] : await (this.#powers.resolve ?? systemResolve)(host);
    if (found.length === 0) throw new Refusal("http.failed", { hint: "The host has no address." });
    if (found.length > HTTP_ADDRESSES_MAX) throw new Refusal("http.address", { field: "url" });
    const bad = found.map(addressKind).find((kind) => !rules.addresses.includes(kind));
    if (bad === undefined) return found;
    throw new Refusal("http.address", { field: "url", hint: `It leads to a ${bad.replace("_", "-")} address.` });
  }

  async #connect(
    host: string,
    port: number,
    isPlain: boolean,
    addresses: readonly string[],
    end: Ending,
  ): Promise<{ readonly socket: Socket; readonly address: string }> {
    for (const address of addresses.slice(0, HTTP_CONNECTS_MAX)) {
      const socket = isPlain ? connectPlain({ host: address, port }) : this.#tls(host, port, address);
      const forget = end.onEnd(() => socket.destroy());
      try {
        await end.race(connected(socket, isPlain ? "connect" : "secureConnect"));
        if (!isSameAddress(socket.remoteAddress ?? "", address) || (!isPlain && !(socket as TLSSocket).authorized))
          throw new Error("somebody else answered");
        return { socket, address };
      } catch (error) {
        socket.destroy();
        if (isRefusal(error)) throw error;
      } finally {
        forget();
      }
    }
    throw new Refusal("http.failed", { hint: "No connection, or no certificate that fits." });
  }

  #tls(host: string, port: number, address: string): TLSSocket {
    const { ca } = this.#powers;
    return connectTls({
      host: address,
      port,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: true,
      ...(isAddress(host) ? {} : { servername: host }),
      ...(ca === undefined ? {} : { ca }),
    });
  }
}

/** Time, a stop, or the end of the answer: whichever comes first ends everything that was begun. */
class Ending {
  code: "http.timeout" | "http.failed" | null = null;
  readonly #ends = new Set<() => void>();
  readonly #over = Promise.withResolvers<never>();
  readonly #forget: () => void;
  readonly #rules: HttpRules;
  readonly #stopped = (): void => this.#finish("http.failed");

  constructor(clock: Clock, rules: HttpRules) {
    this.#rules = rules;
    // Nobody may be waiting when it ends.
    this.#over.promise.catch(() => undefined);
    this.#forget = clock.at(clock.now() + rules.msMax, () => this.#finish("http.timeout"));
    rules.stop?.addEventListener("abort", this.#stopped, { once: true });
    if (rules.stop?.aborted === true) this.#stopped();
  }

  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#over.promise]);
  }

  onEnd(end: () => void): () => void {
    if (this.code !== null) end();
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  finish(): void {
    this.#finish(null);
  }

  #finish(code: "http.timeout" | "http.failed" | null): void {
    this.#forget();
    this.#rules.stop?.removeEventListener("abort", this.#stopped);
    this.code ??= code;
    if (code !== null) this.#over.reject(new Refusal(code));
    for (const end of this.#ends) end();
    this.#ends.clear();
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

function connected(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    // Later faults are the request's to report.
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
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
