/** How the programs that people use for agents are told of a server: their own file, in their own words. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { Trouble, unreadable } from "./trouble.ts";

export const CLIENTS = ["claude-code", "codex", "openclaw", "json"] as const;
export type Client = (typeof CLIENTS)[number];

type Server = { readonly command: string; readonly args: readonly string[] };
type Shape = {
  /** Where it usually stands, for a person. */
  readonly place: string;
  /** Where its model runs unless the owner says otherwise: what goes there leaves this machine. */
  readonly runsOn: string;
  /** The keys under which servers stand in a JSON file; null where it is TOML. */
  readonly keys: readonly string[] | null;
};

export const SHAPES: Readonly<Record<Client, Shape>> = {
  "claude-code": { place: ".mcp.json of a project", runsOn: "cloud:anthropic", keys: ["mcpServers"] },
  codex: { place: "~/.codex/config.toml", runsOn: "cloud:openai", keys: null },
  openclaw: { place: "openclaw.json", runsOn: "cloud:unknown", keys: ["mcp", "servers"] },
  json: { place: "your client's file of MCP servers", runsOn: "cloud:unknown", keys: ["mcpServers"] },
};

const NAME = "lazaret";

/** The snippet for a client's file. */
export function snippetOf(client: Client, server: Server): string {
  const { keys } = SHAPES[client];
  if (keys === null) return tomlOf(server);
  return JSON.stringify(nested(keys, { [NAME]: server }), null, 2);
}

const nested = (keys: readonly string[], value: object): object =>
  keys.reduceRight<object>((inner, key) => ({ [key]: inner }), value);

const TABLE = `[mcp_servers.${NAME}]`;

/** TOML 1.0 basic strings escape as JSON does. */
const tomlOf = ({ command, args }: Server): string =>
  `${TABLE}\ncommand = ${JSON.stringify(command)}\nargs = [${args.map((arg) => JSON.stringify(arg)).join(", ")}]`;

/** Writes it into a file that may hold other servers; whatever else stands there stays. */
export function writeSnippet(client: Client, server: Server, file: string): void {
  const before = existsSync(file) ? read(file) : "";
  const { keys } = SHAPES[client];
  const after = keys === null ? withTable(before, server, file) : withKeys(before, keys, server, file);
  writeFileSync(`${file}.new`, after, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}

function withTable(before: string, server: Server, file: string): string {
  if (before.includes(TABLE))
    throw new Trouble("conflict", `${file} has ${TABLE} already.`, "take it out, or leave --write away");
  return `${before === "" ? "" : `${before.trimEnd()}\n\n`}${tomlOf(server)}\n`;
}

type Tree = { readonly [key: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

function withKeys(before: string, keys: readonly string[], server: Server, file: string): string {
  const foreign = (): Trouble =>
    new Trouble("input.invalid", `${file} is not plain JSON with a place for servers.`, "leave --write away");
  let tree: unknown = {};
  try {
    if (before.trim() !== "") tree = JSON.parse(before);
  } catch {
    throw foreign();
  }
  const put = (at: unknown, left: readonly string[]): Tree => {
    if (!isTree(at)) throw foreign();
    const [key, ...rest] = left;
    return key === undefined ? { ...at, [NAME]: server } : { ...at, [key]: put(at[key] ?? {}, rest) };
  };
  return `${JSON.stringify(put(tree, keys), null, 2)}\n`;
}
