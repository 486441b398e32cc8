/**
 * MCP for programs on this machine: the stdio server, and telling a client of it (CONTRACT section 14). What they need
 * is imported when they are called, so that the other verbs start fast.
 */
import { Argument, type Command } from "commander";
import { PORT_DEFAULT } from "../core/limits.ts";
import type { Context } from "./context.ts";
import { CLIENTS, type Client } from "./mcp-clients.ts";
import type { Install } from "./mcp-install.ts";
import { Trouble } from "./trouble.ts";

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
      const [{ HttpDoor }, { McpBridge }, { readToken }] = await Promise.all([
        import("./http-door.ts"),
        import("./mcp-bridge.ts"),
        import("./token-file.ts"),
      ]);
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
    .action(async (client: Client, options: Install) => {
      const { install } = await import("./mcp-install.ts");
      await install(context, await command(), client, options);
    });
}
