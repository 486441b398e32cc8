/** `lazaret mcp install`: a token for one agent, the snippet for its program, and the proof that it works. */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Refusal } from "../core/refusal.ts";
import type { Context } from "./context.ts";
import { HttpDoor } from "./http-door.ts";
import { McpBridge } from "./mcp-bridge.ts";
import { type Client, SHAPES, snippetOf, writeSnippet } from "./mcp-clients.ts";
import { duration } from "./moment.ts";
import { counted } from "./printable.ts";
import { isThere, readToken, writeToken } from "./token-file.ts";
import { Trouble, whole } from "./trouble.ts";

export type Install = {
  readonly name?: string;
  readonly conversation: string[];
  readonly runsOn?: string;
  readonly accepts?: string;
  readonly expires?: string;
  readonly tokenFile?: string;
  readonly write?: string;
};

export async function install(
  context: Context,
  command: readonly string[],
  client: Client,
  options: Install,
): Promise<void> {
  const { name = client === "json" ? "agent" : client, conversation, write } = options;
  if (conversation.length === 0)
    throw new Trouble("input.invalid", "Say which rooms it may work in.", "--conversation ALIAS, once for each");
  const { http } = await context.ask("status", {});
  if (http === null) throw new Trouble("daemon.unreachable", "The daemon has no TCP door.", "set listen.port");
  const file = resolve(options.tokenFile ?? join(context.home.tokens, name));
  if (existsSync(file)) throw isThere(file);
  const runsOn = options.runsOn ?? SHAPES[client].runsOn;
  const made = await context.ask("token.create", {
    name,
    scopes: ["agent"],
    conversations: conversation,
    runs_on: runsOn,
    ...(options.accepts === undefined ? {} : { accepts: whole(options.accepts, "--accepts") }),
    ...(options.expires === undefined ? {} : { expires_ms: duration(options.expires, "--expires") }),
  });
  const url = `http://${http}`;
  const [program = "", ...args] = [...command, "mcp", "--url", url, "--token-file", file];
  const server = { command: program, args };
  try {
    writeToken(file, made.token);
    if (write !== undefined) writeSnippet(client, server, resolve(write));
  } catch (error) {
    // A token that nobody holds opens nothing.
    await context.daemon.ask("token.revoke", { token: made.id });
    if (readBack(file) === made.token) rmSync(file);
    throw error;
  }
  const tools = await proved(url, file);
  const snippet = snippetOf(client, server);
  const done = { client, name, token: made.id, token_file: file, runs_on: runsOn, tools, server };
  context.result({ ...done, ...(write === undefined ? {} : { written: resolve(write) }) }, () => snippet);
  const place = write === undefined ? `Put this into ${SHAPES[client].place}.` : `Written to ${resolve(write)}.`;
  context.say(`${place} Its token is in ${file}. Proved: it sees ${counted(tools.length, "tool")}.`);
}

function readBack(file: string): string | null {
  try {
    return readToken(file);
  } catch {
    // It was never written, or is not ours.
    return null;
  }
}

/** Asks for the tools exactly as the client will: over stdio's bridge, with the token of the file. */
async function proved(url: string, file: string): Promise<readonly string[]> {
  const answers: string[] = [];
  const clientInfo = { name: "lazaret mcp install", version: "1" };
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const lines = [
    { jsonrpc: "2.0", id: 1, method: "initialize", params: hello },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "tools/list" },
  ].map((line) => JSON.stringify(line));
  const bridge = new McpBridge(new HttpDoor(url, readToken(file)), (line) => answers.push(line));
  await bridge.run(
    (async function* () {
      yield* lines;
    })(),
  );
  const found = answers.map((line) => JSON.parse(line) as Listed).find(({ id }) => id === 2)?.result?.tools;
  if (found === undefined) throw new Refusal("internal", { hint: "tools/list gave no tools; see lazaret doctor" });
  return found.map(({ name }) => name);
}

type Listed = { readonly id: unknown; readonly result?: { readonly tools?: readonly { readonly name: string }[] } };
