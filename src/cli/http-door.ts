/** The daemon's TCP door as an agent's own process sees it: POST with a token, to this machine alone. */
import { type IncomingMessage, request } from "node:http";
import { Refusal } from "../core/refusal.ts";
import { Trouble } from "./trouble.ts";

export type DoorAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
};
export type Headers = Readonly<Record<string, string>>;

const ANSWER_CHARS_MAX = 16 * 1024 * 1024;
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

export class HttpDoor {
  readonly #url: URL;
  readonly #token: string;

  /** `url` is the daemon's, such as http://127.0.0.1:7717. Refuses another machine's: a token would go there. */
  constructor(url: string, token: string) {
    const given = URL.canParse(url) ? new URL(url) : null;
    if (given?.protocol !== "http:" || !LOOPBACK.has(given.hostname))
      throw new Trouble("input.invalid", `${url} is not on this machine.`, "such as --url http://127.0.0.1:7717");
    this.#url = given;
    this.#token = token;
  }

  /** Throws `daemon.unreachable`, also when `stop` ends it. */
  post(path: string, body: string, headers: Headers, stop: AbortSignal): Promise<DoorAnswer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#url;
      const asking = request(
        {
          host: hostname.replace(/^\[|\]$/g, ""),
          port,
          path,
          method: "POST",
          agent: false,
          signal: stop,
          headers: {
            host: this.#url.host,
            authorization: `Bearer ${this.#token}`,
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
            ...headers,
          },
        },
        (response) => gather(response).then(resolve, reject),
      );
      asking.on("error", () => reject(this.#unreachable()));
      asking.end(body);
    });
  }

  #unreachable(): Refusal {
    return new Refusal("daemon.unreachable", {
      hint: `no daemon answers on ${this.#url.host}; its owner starts it with: lazaret up`,
    });
  }
}

function gather(response: IncomingMessage): Promise<DoorAnswer> {
  return new Promise((resolve, reject) => {
    let text = "";
    const cut = (): void => reject(new Refusal("daemon.unreachable", { hint: "the daemon hung up" }));
    response.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      if (text.length > ANSWER_CHARS_MAX) response.destroy();
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    response.on("error", cut);
    response.on("close", cut);
  });
}
