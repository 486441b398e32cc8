/** What goes through a wall: tunnels, of which only host, port and bytes are judged, and plain requests. */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HEADER_BYTES_MAX, HTTP_MS_MAX } from "../core/limits.ts";
import { isRefusal, REFUSALS, Refusal } from "../core/refusal.ts";
import type { Gate, Passage, WallPlace } from "../core/wall.ts";
import { Ending } from "./connect.ts";
import type { WallPowers } from "./wall.ts";

type Counted = { sent: number; received: number };

export class Passages {
  readonly #powers: WallPowers;
  readonly #gate: Gate;

  constructor(powers: WallPowers, gate: Gate) {
    this.#powers = powers;
    this.#gate = gate;
  }

  /** CONNECT: bytes as they are, both ways, until either end or the gateway ends it. */
  async tunnel(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on("error", () => {});
    const place = authorityOf(request.url ?? "");
    try {
      if (place === null) throw new Refusal("input.invalid", { hint: "CONNECT names a host and a port." });
      await this.#pass({ how: "connect", ...place }, async (passage, upstream, bytes) => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        if (head.length > 0) client.unshift(head);
        const over = cutter(passage, client, upstream);
        // A client that is gone waits for nothing more, whatever the other side still has in mind.
        client.once("close", () => upstream.destroy());
        if (!client.destroyed && !upstream.destroyed) {
          // Its end is in the other's: where that has said all, what a client would still say is for nobody.
          pipeline(client, paying(passage, bytes), upstream).catch(() => {});
          await pipeline(upstream, counting(bytes), client).catch(() => {});
        }
        over();
      });
      client.destroy();
    } catch (error) {
      const { head: line, body } = problemOf(error);
      client.end(`HTTP/1.1 ${line}\r\n${headerLines(error, body)}\r\n${body}`);
    }
  }

  /** `GET http://host/path`: one request, one answer, nothing of how the connection is framed passed on. */
  async plain(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = URL.canParse(request.url ?? "") ? new URL(request.url ?? "") : null;
      if (url?.protocol !== "http:" || url.username !== "" || url.password !== "")
        throw new Refusal("input.invalid", { hint: "This is a proxy: ask for http://host/path, or CONNECT." });
      const place = authorityOf(`${url.hostname}:${url.port === "" ? 80 : url.port}`);
      if (place === null) throw new Refusal("input.invalid", { hint: "That is no host." });
      await this.#pass({ how: "plain", ...place }, (passage, upstream, bytes) =>
        exchange(passage, upstream, bytes, url, request, response),
      );
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      const { status, body } = problemOf(error);
      response.writeHead(status, headersOfProblem(error, body)).end(body);
    }
  }

  /** Judged, looked up, connected; `use` has the connection. The gateway is told how it ended, once. */
  async #pass(place: WallPlace, use: (passage: Passage, upstream: Socket, bytes: Counted) => Promise<void>) {
    const passage = await this.#gate(place);
    const bytes: Counted = { sent: 0, received: 0 };
    let code: string | null = null;
    try {
      const upstream = await this.#connect(place, passage);
      try {
        await use(passage, upstream, bytes);
      } finally {
        upstream.destroy();
      }
    } catch (error) {
      code = isRefusal(error) ? error.code : "http.failed";
      throw error;
    } finally {
      passage.done({ ...bytes, code });
    }
  }

  async #connect({ host, port }: WallPlace, passage: Passage): Promise<Socket> {
    const { clock, connecting } = this.#powers;
    const end = new Ending(clock, { msMax: HTTP_MS_MAX, stop: passage.stop });
    try {
      const addresses = await end.race(connecting.addresses(host, passage));
      return (await connecting.connect(host, port, true, addresses, end)).socket;
    } catch (error) {
      throw isRefusal(error) ? error : new Refusal(end.code ?? "http.failed", { hint: "The host is not known." });
    } finally {
      end.finish();
    }
  }
}

/** `api.example.org:443`; null for what is no host and port. The host as URLs have it: one spelling. */
function authorityOf(text: string): Pick<WallPlace, "host" | "port"> | null {
  const [, name = "", digits = ""] = AUTHORITY.exec(text) ?? [];
  const port = Number(digits);
  if (name === "" || port < 1 || port > 65_535 || !URL.canParse(`http://${name}/`)) return null;
  return { host: new URL(`http://${name}/`).hostname.replace(/^\[(.*)\]$/, "$1"), port };
}
const AUTHORITY = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(\d{1,5})$/;

/** Paid before it leaves; what cannot be paid ends the stream. */
const paying = (passage: Passage, bytes: Counted) =>
  async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      await passage.pay(chunk.length);
      bytes.sent += chunk.length;
      yield chunk;
    }
  };

const counting = (bytes: Counted) =>
  async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      bytes.received += chunk.length;
      yield chunk;
    }
  };

function cutter({ stop }: Passage, ...ends: readonly Duplex[]): () => void {
  const cut = (): void => {
    for (const end of ends) end.destroy();
  };
  stop.addEventListener("abort", cut, { once: true });
  if (stop.aborted) cut();
  return () => stop.removeEventListener("abort", cut);
}

const OF_A_HOP: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "expect"],
  ...["proxy-authorization", "proxy-authenticate", "proxy-connection"],
]);

/** Pairs as they came, without those that are about one connection, or that `connection` names. */
function headersOf({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = new Set((headers.connection ?? "").toLowerCase().split(/\s*,\s*/));
  return rawHeaders.flatMap((name, at) => {
    if (at % 2 === 1) return [];
    const key = name.toLowerCase();
    return OF_A_HOP.has(key) || named.has(key) ? [] : [name, rawHeaders[at + 1] ?? ""];
  });
}

async function exchange(
  passage: Passage,
  upstream: Socket,
  bytes: Counted,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", headers: given } = request;
  const hasBody = given["content-length"] !== undefined || given["transfer-encoding"] !== undefined;
  const isChunked = hasBody && given["content-length"] === undefined;
  const path = `${url.pathname}${url.search}`;
  const headers = ["host", url.host, "connection", "close", ...headersOf(request)];
  if (isChunked) headers.push("transfer-encoding", "chunked");
  const first = method.length + path.length + headers.join("").length + 16;
  await passage.pay(first);
  bytes.sent += first;
  const asking = httpRequest({
    createConnection: () => upstream,
    method,
    path,
    headers,
    setDefaultHeaders: false,
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  const over = cutter(passage, upstream);
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asking.once("response", resolve).on("error", reject);
    asking.once("close", () => reject(new Refusal("http.failed")));
  });
  try {
    const [answer] = await Promise.all([answered, pipeline(request, paying(passage, bytes), asking)]);
    response.writeHead(answer.statusCode ?? 502, [...headersOf(answer), "connection", "close"]);
    await pipeline(answer, counting(bytes), response);
  } catch (error) {
    throw isRefusal(error) ? error : new Refusal("http.failed", { hint: "The answer broke off." });
  } finally {
    over();
  }
}

/** A server that could not be reached is the network's affair; all else is ours: 403, with the reason. */
const statusOf = (code: Refusal["code"]): number =>
  code === "http.failed" || code === "http.timeout" ? REFUSALS[code].status : code === "input.invalid" ? 400 : 403;

function problemOf(error: unknown): { readonly status: number; readonly head: string; readonly body: string } {
  const { code, message, hint } = isRefusal(error) ? error : new Refusal("internal");
  const status = statusOf(code);
  const body = JSON.stringify({ type: "about:blank", title: message, status, code, hint: hint ?? null });
  return { status, head: `${status} ${code}`, body: `${body}\n` };
}

const headersOfProblem = (error: unknown, body: string): Record<string, string> => ({
  "content-type": "application/problem+json",
  "content-length": String(Buffer.byteLength(body)),
  // For clients that show no body of a CONNECT.
  "x-lazaret-code": isRefusal(error) ? error.code : "internal",
  connection: "close",
});

const headerLines = (error: unknown, body: string): string =>
  Object.entries(headersOfProblem(error, body))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
