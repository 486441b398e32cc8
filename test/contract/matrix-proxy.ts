/** Between an account under examination and its homeserver: knows what has arrived, counts sends, and breaks one. */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fault } from "./harness.ts";

type Sync = {
  readonly next_batch?: string;
  readonly rooms?: {
    readonly join?: Readonly<
      Record<string, { readonly timeline?: { readonly events?: readonly { readonly event_id: string }[] } }>
    >;
  };
};

const SEND = /\/rooms\/[^/]+\/(?:send|redact)\//;
const TOO_MANY = { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", retry_after_ms: 3000 };

export class MatrixProxy {
  sends = 0;
  /** What a gap lacks is not given out. */
  keepsHistory = false;
  #release: (() => void)[] | null = null;
  readonly #to: string;
  readonly #agent = new Agent({ keepAlive: false });
  readonly #server = createServer((asked, answer) => this.#take(asked, answer));
  readonly #durable = new Set<string>();
  readonly #answered = new Map<string, readonly string[]>();
  readonly #waiting = new Set<() => void>();
  #fault: Fault | null = null;
  #port = 0;

  private constructor(to: string) {
    this.#to = to;
  }

  static async before(to: string): Promise<MatrixProxy> {
    const made = new MatrixProxy(to);
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    made.#port = (made.#server.address() as AddressInfo).port;
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What the next send meets. Refused: until the next fault nobody listens; what is being answered goes on. */
  fault(fault: Fault): void {
    if (fault === "refused") {
      this.#server.close();
      this.#server.closeIdleConnections();
      return;
    }
    if (!this.#server.listening) this.#server.listen(this.#port, "127.0.0.1");
    this.#fault = fault;
  }

  /** What happens until the release is told at once, and not as it comes. */
  hold(): void {
    this.#release ??= [];
  }

  release(): void {
    const held = this.#release ?? [];
    this.#release = null;
    for (const go of held) go();
  }

  /** Resolves once the account has an event on its disk: it asks for what comes after. */
  async has(event: string): Promise<void> {
    while (!this.#durable.has(event)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #take(asked: IncomingMessage, answer: ServerResponse): void {
    const path = asked.url ?? "/";
    asked.on("error", () => answer.destroy());
    if (path.includes("/v3/sync")) this.#sync(asked, answer);
    else if (this.keepsHistory && path.includes("/messages?"))
      this.#say(asked, answer, 404, { errcode: "M_NOT_FOUND" });
    else if (SEND.test(path)) this.#send(asked, answer);
    else this.#forward(asked, answer);
  }

  #send(asked: IncomingMessage, answer: ServerResponse): void {
    this.sends += 1;
    const fault = this.#fault;
    this.#fault = null;
    if (fault === "rate_limited") this.#say(asked, answer, 429, TOO_MANY);
    else if (fault === "server_error") this.#say(asked, answer, 502, {});
    else if (fault === "hang") asked.resume();
    else if (fault === "lost_answer") this.#forward(asked, answer, () => answer.destroy());
    else this.#forward(asked, answer);
  }

  #say(asked: IncomingMessage, answer: ServerResponse, status: number, body: object): void {
    asked.resume();
    answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  #sync(asked: IncomingMessage, answer: ServerResponse): void {
    const since = new URL(asked.url ?? "/", this.#to).searchParams.get("since") ?? "";
    for (const event of this.#answered.get(since) ?? []) this.#durable.add(event);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    if (this.#release !== null) this.#release.push(() => this.#tell(asked, answer));
    else this.#tell(asked, answer);
  }

  #tell(asked: IncomingMessage, answer: ServerResponse): void {
    this.#forward(asked, answer, (got, pieces) => {
      answer.writeHead(got.statusCode ?? 502, got.headers).end(pieces);
      const { next_batch = "", rooms } = JSON.parse(pieces.toString()) as Sync;
      const events = Object.values(rooms?.join ?? {}).flatMap(({ timeline }) => timeline?.events ?? []);
      // An answer that brings nothing may carry the token of the one before it.
      this.#answered.set(next_batch, [...(this.#answered.get(next_batch) ?? []), ...events.map((it) => it.event_id)]);
    });
  }

  #forward(
    asked: IncomingMessage,
    answer: ServerResponse,
    whole?: (got: IncomingMessage, pieces: Buffer) => void,
  ): void {
    const { method = "GET", url = "/", headers } = asked;
    const on = request(new URL(url, this.#to), { method, headers, agent: this.#agent }, (got) => {
      got.on("error", () => answer.destroy());
      if (whole === undefined) {
        // A connection for each: when nobody listens any more, none is left over from before.
        answer.writeHead(got.statusCode ?? 502, { ...got.headers, connection: "close" });
        got.pipe(answer);
        return;
      }
      const pieces: Buffer[] = [];
      got.on("data", (piece: Buffer) => pieces.push(piece));
      got.on("end", () => whole(got, Buffer.concat(pieces)));
    });
    on.on("error", () => answer.destroy());
    answer.on("close", () => on.destroy());
    asked.pipe(on);
  }

  async end(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}
