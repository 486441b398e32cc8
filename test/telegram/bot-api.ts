/**
 * A Bot API server of our own on loopback: long polling with offsets and lifetimes, faults to order, a clock that a
 * test turns. It cannot show what the live service does; it knows no media groups, no uploads, no rate limits of its
 * own, and not the penalties for polling too fast.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "../../src/core/ports.ts";
import { type Method, methodsOf } from "./methods.ts";
import { ApiError, type WireUser } from "./wire.ts";
import { World } from "./world.ts";

const BODY_BYTES_MAX = 1024 * 1024;

/** What the next call of a method meets. `drop_after` and `hang_after`: it takes effect, but no answer comes. */
export type ApiFault =
  | { readonly kind: "status"; readonly code: number; readonly description: string; readonly retryAfter?: number }
  | { readonly kind: "drop_before" | "drop_after" | "hang_after" | "no_json" };

export class BotApi {
  readonly token: string;
  readonly world: World;
  /** Every call of a method that existed, in order. */
  readonly calls: { readonly method: string; readonly args: unknown }[] = [];
  readonly settings = { webhook: "" };
  /** Hears what is asked and what is answered. */
  onAnswer: ((method: string, args: unknown, result: unknown) => void) | null = null;
  readonly #methods: Readonly<Record<string, Method>>;
  readonly #faults = new Map<string, ApiFault[]>();
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  constructor(token: string, clock: Clock, me: Partial<WireUser> = {}) {
    this.token = token;
    this.world = new World(clock, {
      id: Number(token.split(":")[0]),
      is_bot: true,
      first_name: "Gate",
      username: "gate_bot",
      ...me,
    });
    this.#methods = methodsOf(this.world, this.settings);
  }

  /** Listens on a free port of loopback and gives the address that stands before `/bot<token>/`. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new TypeError("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.world.updates.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  fault(method: string, ...faults: readonly ApiFault[]): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
  }

  /** How often a method was called. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    try {
      const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
      if (path.startsWith("/file/")) this.#download(path, response);
      else await this.#call(path, await bodyOf(request), gone.signal, response);
    } catch (error) {
      if (!(error instanceof ApiError)) return answer(500, { ok: false, error_code: 500, description: "Internal" });
      const parameters = error.retryAfter === undefined ? {} : { parameters: { retry_after: error.retryAfter } };
      answer(error.code, { ok: false, error_code: error.code, description: error.message, ...parameters });
    }
  }

  async #call(path: string, args: unknown, gone: AbortSignal, response: ServerResponse): Promise<void> {
    const [, bot, name = ""] = path.split("/");
    if (bot !== `bot${this.token}`) throw new ApiError(401, "Unauthorized");
    const method = Object.hasOwn(this.#methods, name) ? this.#methods[name] : undefined;
    if (method === undefined) throw new ApiError(404, "Not Found: method not found");
    this.calls.push({ method: name, args });
    const fault = this.#faults.get(name)?.shift();
    if (fault?.kind === "status") throw new ApiError(fault.code, fault.description, fault.retryAfter);
    if (fault?.kind === "drop_before") return void response.destroy();
    const result = await method(args, gone);
    this.onAnswer?.(name, args, result);
    if (fault?.kind === "drop_after") return void response.destroy();
    if (fault?.kind === "hang_after") return;
    const body = fault?.kind === "no_json" ? "<html>" : JSON.stringify({ ok: true, result });
    response.writeHead(200, { "content-type": "application/json" }).end(body);
  }

  #download(path: string, response: ServerResponse): void {
    const prefix = `/file/bot${this.token}/`;
    const found = [...this.world.files.values()].find(({ file }) => path === prefix + file.file_path);
    if (found === undefined) throw new ApiError(404, "Not Found");
    response.writeHead(200, { "content-type": "application/octet-stream" }).end(found.bytes);
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > BODY_BYTES_MAX) throw new ApiError(413, "Request Entity Too Large");
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks).toString();
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    // The server says only that, as Telegram does.
    throw new ApiError(400, "Bad Request: can't parse JSON");
  }
}
