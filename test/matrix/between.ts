/** What stands between an account and its homeserver in a test: it counts, and it breaks what it is told to. */
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** gone: connections are cut; slow: each answer waits so long; a number: every request is answered with it. */
export type Weather =
  | "fair"
  | "gone"
  | { readonly slowMs: number }
  | { readonly status: number; readonly body: object };
export type Passed = { readonly method: string; readonly path: string; readonly status: number; readonly body: string };

const BODY_BYTES_KEPT = 2000;

export class Between implements AsyncDisposable {
  weather: Weather = "fair";
  readonly passed: Passed[] = [];
  /** Every token that went by. */
  readonly tokens = new Set<string>();
  readonly #server: Server;
  #countdown = 0;
  #then = (): void => {};
  readonly #to: string;
  readonly #agent = new Agent({ keepAlive: false });

  private constructor(to: string) {
    this.#to = to;
    this.#server = createServer((asked, answer) => this.#take(asked, answer));
  }

  static async before(to: string): Promise<Between> {
    const made = new Between(to);
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that wait (a sync, say) end too, so that new weather is felt at once. */
  set(weather: Weather): void {
    this.weather = weather;
    this.#server.closeAllConnections();
  }

  /** Once, before the so-manieth request that changes something goes on. 0: never. */
  after(count: number, then: () => void): void {
    this.#countdown = count;
    this.#then = then;
  }

  with(path: RegExp, status: number): readonly Passed[] {
    return this.passed.filter((it) => path.test(it.path) && it.status === status);
  }

  #take(asked: IncomingMessage, answer: ServerResponse): void {
    const token = /^Bearer (.+)$/.exec(asked.headers.authorization ?? "")?.[1];
    if (token !== undefined) this.tokens.add(token);
    if (asked.method !== "GET" && this.#countdown > 0 && --this.#countdown === 0) this.#then();
    const { weather } = this;
    if (weather === "gone") {
      asked.socket.destroy();
      return;
    }
    if (weather !== "fair" && "status" in weather) {
      asked.resume();
      this.#note(asked, weather.status, "");
      answer.writeHead(weather.status, { "content-type": "application/json" }).end(JSON.stringify(weather.body));
      return;
    }
    if (weather === "fair") this.#forward(asked, answer);
    else setTimeout(() => this.#forward(asked, answer), weather.slowMs);
  }

  #note({ method = "", url = "" }: IncomingMessage, status: number, body: string): void {
    this.passed.push({ method, path: url, status, body });
  }

  #forward(asked: IncomingMessage, answer: ServerResponse): void {
    const { method = "GET", url = "/", headers } = asked;
    const on = request(new URL(url, this.#to), { method, headers, agent: this.#agent }, (got) => {
      let body = "";
      got.on("data", (piece: Buffer) => {
        if (body.length < BODY_BYTES_KEPT) body += piece.toString();
      });
      got.on("end", () => this.#note(asked, got.statusCode ?? 0, body));
      got.on("error", () => answer.destroy());
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    on.on("error", () => answer.destroy());
    // Whoever was killed takes no answer.
    answer.on("close", () => on.destroy());
    asked.on("error", () => on.destroy());
    asked.pipe(on);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
