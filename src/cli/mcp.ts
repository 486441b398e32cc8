/** MCP for programs on this machine: the stdio server, and telling a client of it (CONTRACT section 14). */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Argument, type Command } from "commander";
import { PORT_DEFAULT } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import type { Context } from "./context.ts";
import { HttpDoor } from "./http-door.ts";
import { McpBridge } from "./mcp-bridge.ts";
import { CLIENTS, type Client, SHAPES, snippetOf, writeSnippet } from "./mcp-clients.ts";
import { duration } from "./moment.ts";
import { counted } from "./printable.ts";
import { isThere, readToken, writeToken } from "./token-file.ts";
import { Trouble, whole } from "./trouble.ts";

type Install = {
  readonly name?: string;
  readonly conversation: string[];
  readonly runsOn?: string;
  readonly accepts?: string;
  readonly expires?: string;
  readonly tokenFile?: string;
  readonly write?: string;
};

const gathered = (value: string, before: string[]): string[] => [...before, value];
const URL_DEFAULT = `http://127.0.0.1:${PORT_DEFAULT}`;

export function addMcp(program: Command, context: Context): void {
  const mcp = program
    .command("mcp")
    .description("an MCP server on stdio, for an agent's program")
    .option("--token-file <file>", "the agent's token, in a file that is yours alone")
    .option("--url <url>", "the daemon's TCP door", URL_DEFAULT)
    .action(async ({ tokenFile, url }: { readonly tokenFile?: string; readonly url: string }) => {
      if (tokenFile === undefined)
        throw new Trouble("input.invalid", "It needs --token-file.", "lazaret mcp install makes one, and says how");
      const door = new HttpDoor(url, readToken(tokenFile));
      await new McpBridge(door, (line) => context.terminal.out(`${line}\n`)).run(context.terminal.lines());
    });
  if (context.offline.command === undefined) return;
  const { command } = context.offline;
  mcp
    .command("install")
    .addArgument(new Argument("<client>", "who is told").choices(CLIENTS))
    .description("make a token for one agent, write or print the snippet for its program, and prove it")
    .option("--name <name>", "the agent's name; the client's unless said")
    .option("--conversation <alias>", "a room it may work in; may be repeated", gathered, [] as string[])
    .option("--runs-on <where>", "where its model runs: local, or cloud:RECIPIENT")
    .option("--accepts <ceiling>", "category bits a reveal to it may carry, 0 to 3")
    .option("--expires <duration>", "such as 90d")
    .option("--token-file <file>", "where its token is put")
    .option("--write <file>", "put the snippet into this file")
    .action(async (client: Client, options: Install) => install(context, await command(), client, options));
}

async function install(context: Context, command: readonly string[], client: Client, options: Install): Promise<void> {
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
