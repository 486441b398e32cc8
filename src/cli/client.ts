/** The daemon as the command line sees it: verbs and the console's lines, over HTTP on its Unix socket. */
import { request } from "node:http";
import type { z } from "zod";
import { REFUSALS, Refusal, type RefusalCode } from "../core/refusal.ts";
import type { VERBS, VerbName, VerbOutput } from "../core/verbs/all.ts";
import type { ConsoleLine } from "./console-line.ts";

/** A verb's input before its schema brands it: the daemon checks it, the client need not. */
export type Input<N extends VerbName> = z.input<(typeof VERBS)[N]["input"]>;

const ANSWER_CHARS_MAX = 128 * 1024 * 1024;
const LINE_CHARS_MAX = 1024 * 1024;

type Problem = { readonly code?: unknown; readonly hint?: unknown; readonly rule?: unknown; readonly field?: unknown };

export class Daemon {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Throws the daemon's own refusal, or `daemon.unreachable`. */
  async ask<N extends VerbName>(verb: N, input: Input<N>): Promise<VerbOutput<N>> {
    const { status, text } = await this.#post(`/v1/local/${verb}`, JSON.stringify(input));
    const answer = parsed(text);
    // A verb answers 200; a problem may have a status of success too (202: somebody has to say yes first).
    if (status === 200) return answer as VerbOutput<N>;
    throw refusalOf(answer as Problem);
  }

  #post(path: string, body: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        host: "localhost",
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      const asking = request({ socketPath: this.#socket, path, method: "POST", headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (text.length > ANSWER_CHARS_MAX) response.destroy(new Error("the answer is too large"));
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", (error) => reject(this.#unreachable(error)));
      });
      asking.on("error", (error) => reject(this.#unreachable(error)));
      asking.end(body);
    });
  }

  /** Lines from now on. Resolves once the console listens; the lines end when the daemon or `stop` ends them. */
  console(stop: AbortSignal): Promise<AsyncIterable<ConsoleLine>> {
    return new Promise((resolve, reject) => {
      const headers = { host: "localhost" };
      const place = { socketPath: this.#socket, path: "/v1/local/console", headers, agent: false, signal: stop };
      const asking = request(place, (response) => {
        if (response.statusCode === 200) return resolve(linesOf(response.setEncoding("utf8"), stop));
        response.resume();
        reject(new Refusal("daemon.unreachable", { hint: "the daemon has no console" }));
      });
      asking.on("error", (error) => reject(this.#unreachable(error)));
      asking.end();
    });
  }

  #unreachable(error: Error & { readonly code?: string }): Refusal {
    if (error.code === "EACCES") {
      return new Refusal("daemon.unreachable", { hint: `${this.#socket} belongs to somebody else` });
    }
    const found = error.code === "ENOENT" || error.code === "ECONNREFUSED" ? "no daemon answers" : "the daemon hung up";
    return new Refusal("daemon.unreachable", { hint: `${found} on ${this.#socket}; start it with: lazaret up` });
  }
}

async function* linesOf(pieces: AsyncIterable<unknown>, stop: AbortSignal): AsyncIterable<ConsoleLine> {
  let rest = "";
  try {
    for await (const piece of pieces) {
      const lines = (rest + String(piece)).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_CHARS_MAX) throw new Refusal("internal", { hint: "a line of the console never ends" });
      for (const line of lines) if (line !== "") yield parsed(line) as ConsoleLine;
    }
  } catch (error) {
    // A daemon that is killed and a reader who has read enough both cut the stream; neither is news here.
    if (error instanceof Refusal || !(stop.aborted || (error instanceof Error && "code" in error))) throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Something else listens there, or it was cut short.
    throw new Refusal("daemon.unreachable", { hint: "what answers on the socket does not speak Lazaret" });
  }
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** The refusal behind a problem document; a code that this version does not know is `internal`. */
function refusalOf({ code, hint, rule, field }: Problem): Refusal {
  const isKnown = typeof code === "string" && Object.hasOwn(REFUSALS, code);
  const detail = {
    hint: text(hint) ?? (isKnown ? undefined : `the daemon says ${String(code)}`),
    rule: text(rule),
    field: text(field),
  };
  const known = Object.fromEntries(Object.entries(detail).filter(([, value]) => value !== undefined));
  return new Refusal(isKnown ? (code as RefusalCode) : "internal", known);
}
