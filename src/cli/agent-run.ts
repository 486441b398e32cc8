/**
 * A program of the owner's for each run of an agent: it gets the event on stdin and a token for that run alone in a
 * file, never on a command line (CONTRACT section 8). The agent's own token stays here.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal, Refusal, type RefusalCode } from "../core/refusal.ts";
import type { HttpDoor } from "./http-door.ts";
import type { Offline } from "./offline.ts";
import { writeToken } from "./token-file.ts";

type Json = { readonly [key: string]: unknown };
type RunView = { readonly state: string; readonly replies: number };

export type AgentPowers = {
  readonly door: HttpDoor;
  readonly url: string;
  readonly start: NonNullable<Offline["start"]>;
  readonly command: readonly string[];
  /** How many programs may run side by side. */
  readonly atOnce: number;
  readonly say: (words: string) => void;
  readonly stop: AbortSignal;
};

const VERSION = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": VERSION,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Takes one request after the other until `stop`, and gives each to a program of its own. */
export async function runAgent(powers: AgentPowers): Promise<void> {
  const working = new Map<string, Promise<void>>();
  try {
    while (!powers.stop.aborted) {
      const event = await nextEvent(powers);
      const run = event?.["run"];
      // A program that still works on its run sees by itself what became of its call.
      if (event === null || typeof run !== "string" || working.has(run)) continue;
      working.set(
        run,
        work(powers, run, event).finally(() => working.delete(run)),
      );
      if (working.size >= powers.atOnce) await Promise.race(working.values());
    }
  } finally {
    await Promise.all(working.values());
  }
}

async function nextEvent({ door, stop }: AgentPowers): Promise<Json | null> {
  const params = { name: "next_event", arguments: {}, _meta: META };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const headers = { "mcp-protocol-version": VERSION, "mcp-method": "tools/call", "mcp-name": "next_event" };
  try {
    const { status, text } = await door.post("/mcp", body, headers, stop);
    if (status !== 200) throw refusalOf(JSON.parse(text) as Json);
    const { result } = JSON.parse(text) as { readonly result?: { readonly structuredContent: Json } };
    return (result?.structuredContent["event"] ?? null) as Json | null;
  } catch (error) {
    if (stop.aborted) return null;
    throw error;
  }
}

const refusalOf = ({ code, hint }: Json): Refusal =>
  new Refusal(typeof code === "string" ? (code as RefusalCode) : "internal", { hint: String(hint ?? "") });

export async function ask({ door }: Pick<AgentPowers, "door">, path: string, body: object = {}): Promise<Json> {
  const answer = await door.post(path, JSON.stringify(body), {}, new AbortController().signal);
  const value = JSON.parse(answer.text) as Json;
  if (answer.status >= 300) throw refusalOf(value);
  return value;
}

/** One program for one run. Whatever it does, the run ends in a state that its asker reads of. */
async function work(powers: AgentPowers, run: string, event: Json): Promise<void> {
  const { command, start, say, url, stop } = powers;
  const directory = mkdtempSync(join(tmpdir(), "lazaret-run-"));
  try {
    const { token } = await ask(powers, `/v1/runs/${run}/token`);
    const file = join(directory, "token");
    writeToken(file, String(token));
    const environment = { AGENT_URL: url, AGENT_RUN: run, AGENT_TOKEN_FILE: file };
    const stdin = `${JSON.stringify(event)}\n`;
    const code = await start(command, { environment, stdin, stop }).catch((error: unknown) => {
      if (!isRefusal(error)) throw error;
      return error.hint ?? error.message;
    });
    if (code !== 0) say(`${run}: the program ended with ${code}`);
    say(`${run}: ${await ended(powers, run)}`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    say(`${run}: ${error.message} [${error.code}] ${error.hint ?? ""}`.trimEnd());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A run whose program is gone is finished where it replied, left where a person is being asked, else given up. */
export async function ended(powers: Pick<AgentPowers, "door">, run: string): Promise<string> {
  const finished = await ask(powers, `/v1/runs/${run}/finish`).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    return error;
  });
  if (!(finished instanceof Refusal)) return (finished as RunView).state;
  if (finished.code === "run.ended") return "over";
  // It goes on with invocation.completed, in a program of its own.
  if (finished.code === "run.waiting") return "waits for a person";
  return ((await ask(powers, `/v1/runs/${run}/cancel`)) as RunView).state;
}
