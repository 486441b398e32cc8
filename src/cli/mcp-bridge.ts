/**
 * MCP on stdio: each line is one message, and goes to the daemon's /mcp with the token of a file (specification
 * 2026-07-28, basic, stdio). Nothing is kept here but the session of the older protocols.
 */
import { z } from "zod";
import { BODY_BYTES_MAX } from "../core/limits.ts";
import { isRefusal, REFUSALS, Refusal } from "../core/refusal.ts";
import type { DoorAnswer, Headers, HttpDoor } from "./http-door.ts";

const META_VERSION = "io.modelcontextprotocol/protocolVersion";
const PATH = "/mcp";
/** Tools that do nothing but wait: nobody is left to hear it once stdin has ended. */
const WAITING: ReadonlySet<unknown> = new Set(["next_event", "run_status"]);

/** What the bridge itself must know of a message; the daemon reads the rest strictly. */
const Seen = z.record(z.string(), z.unknown());
type Id = string | number;
type Line = {
  readonly text: string;
  readonly id: Id | null;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly version: string | null;
};

function lineOf(text: string): Line {
  const blank = { text, id: null, method: "", params: {}, version: null };
  try {
    const { id, method, params } = Seen.parse(JSON.parse(text));
    const known = Seen.safeParse(params).data ?? {};
    const version = Seen.safeParse(known["_meta"]).data?.[META_VERSION];
    return {
      text,
      id: typeof id === "string" || typeof id === "number" ? id : null,
      method: typeof method === "string" ? method : "",
      params: known,
      version: typeof version === "string" ? version : null,
    };
  } catch {
    // The daemon says what is wrong with it.
    return blank;
  }
}

export class McpBridge {
  readonly #door: HttpDoor;
  readonly #write: (line: string) => void;
  readonly #open = new Map<Id, { readonly stop: AbortController; readonly waits: boolean }>();
  readonly #working = new Set<Promise<void>>();
  #session: { readonly id: string; readonly hello: string } | null = null;

  constructor(door: HttpDoor, write: (line: string) => void) {
    this.#door = door;
    this.#write = write;
  }

  /** Answers lines until they end. */
  async run(lines: AsyncIterable<string>): Promise<void> {
    for await (const text of lines) {
      if (text.trim() === "") continue;
      const line = lineOf(text);
      const work = this.#answer(line);
      this.#working.add(work);
      void work.finally(() => this.#working.delete(work));
      // Whatever follows belongs to the session that this begins.
      if (line.method === "initialize") await work;
    }
    for (const { stop, waits } of this.#open.values()) if (waits) stop.abort();
    await Promise.all(this.#working);
  }

  async #answer(line: Line): Promise<void> {
    const { id, method, params } = line;
    if (method === "notifications/cancelled") this.#takeBack(params["requestId"]);
    const stop = new AbortController();
    if (id !== null) this.#open.set(id, { stop, waits: method === "tools/call" && WAITING.has(params["name"]) });
    try {
      if (Buffer.byteLength(line.text) > BODY_BYTES_MAX) throw new Refusal("input.too_large");
      const answer = await this.#send(line, stop.signal);
      // A notification has no answer; what is no message at all has one without an id.
      if (id !== null || method === "") this.#say(line, answer);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // Who took a request back does not want to hear of it.
      if (!stop.signal.aborted && id !== null) this.#write(refusedLine(line, error));
    } finally {
      if (id !== null) this.#open.delete(id);
    }
  }

  #takeBack(id: unknown): void {
    if (typeof id === "string" || typeof id === "number") this.#open.get(id)?.stop.abort();
  }

  async #send(line: Line, stop: AbortSignal): Promise<DoorAnswer> {
    if (line.version !== null) return this.#door.post(PATH, line.text, modernHeaders(line, line.version), stop);
    if (line.method === "initialize") return this.#begin(line.text, stop);
    const answer = await this.#door.post(PATH, line.text, this.#legacyHeaders(), stop);
    if (answer.status !== 404 || this.#session === null) return answer;
    // The daemon was started anew: the same client goes on in a new session.
    await this.#begin(this.#session.hello, stop);
    return this.#door.post(PATH, line.text, this.#legacyHeaders(), stop);
  }

  async #begin(hello: string, stop: AbortSignal): Promise<DoorAnswer> {
    const answer = await this.#door.post(PATH, hello, ACCEPT, stop);
    const id = answer.headers["mcp-session-id"];
    if (typeof id === "string") this.#session = { id, hello };
    return answer;
  }

  #legacyHeaders(): Headers {
    return this.#session === null ? ACCEPT : { ...ACCEPT, "mcp-session-id": this.#session.id };
  }

  /** An answer in JSON-RPC goes through as it is; a problem of the door becomes one. */
  #say(line: Line, answer: DoorAnswer): void {
    const isRpc = String(answer.headers["content-type"]).startsWith("application/json");
    if (isRpc && answer.text !== "") this.#write(answer.text.replaceAll("\n", " "));
    else if (line.id !== null) this.#write(refusedLine(line, refusalOf(answer)));
  }
}

const ACCEPT = { accept: "application/json, text/event-stream" } as const;

function modernHeaders({ method, params }: Line, version: string): Headers {
  const { name } = params;
  return {
    ...ACCEPT,
    "mcp-protocol-version": headerValue(version),
    "mcp-method": headerValue(method),
    ...(typeof name === "string" ? { "mcp-name": headerValue(name) } : {}),
  };
}

const headerValue = (text: string): string =>
  /^[\x21-\x7e]+$/.test(text) ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;

function refusalOf({ text }: DoorAnswer): Refusal {
  try {
    const { code, hint } = Seen.parse(JSON.parse(text));
    const known = typeof code === "string" && Object.hasOwn(REFUSALS, code) ? (code as Refusal["code"]) : "internal";
    return new Refusal(known, typeof hint === "string" ? { hint } : {});
  } catch {
    return new Refusal("daemon.unreachable", { hint: "what answers there does not speak Lazaret" });
  }
}

/** A tool's refusal is a result, which the model behind the client can read; any other is an error. */
function refusedLine({ id, method, version }: Line, refusal: Refusal): string {
  const { code, message, retryable } = refusal;
  const hint = refusal.hint ?? message;
  if (method !== "tools/call") {
    const data = { code, hint, retryable };
    return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message, data } });
  }
  const value = { status: "refused", code, hint, retryable };
  const result = { content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value, isError: true };
  const whole = version === null ? result : { resultType: "complete", ...result };
  return JSON.stringify({ jsonrpc: "2.0", id, result: whole });
}
