/** A Lazaret whose doors are open, an agent's token, and hands that speak MCP in both eras. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startControl } from "../src/control/server.ts";
import { isAlive } from "../src/gateway/run-token.ts";
import type { Surface } from "../src/gateway/surface.ts";
import { type AgentStage, agentStage } from "./agent-stage.ts";
import { type Answer, send } from "./open-doors.ts";
import type { HookWorld } from "./webhook-world.ts";

export type Json = { readonly [key: string]: unknown };
/** What a tool said, and whether it called that an error. */
export type Said = { readonly value: Json; readonly isError: boolean };

export type McpStage = AgentStage &
  AsyncDisposable & {
    readonly port: number;
    readonly url: string;
    readonly socketPath: string;
    /** What the holder of `helper`'s token shows. */
    readonly shown: string;
    readonly faults: unknown[];
    readonly told: { readonly route: string; readonly reason: string }[];
    /** A token as its holder is shown it. */
    issue(name: string, conversations: readonly string[], scopes?: readonly string[]): Promise<string>;
    post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
    /** One request of 2026-07-28; gives the whole answer. */
    modern(method: string, params?: Json, shown?: string): Promise<Json>;
    /** Calls a tool over 2026-07-28. */
    tool(name: string, input?: Json, shown?: string): Promise<Said>;
  };

export const MODERN = "2026-07-28";
export const modernMeta = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientCapabilities": {},
};

export function modernHeaders(method: string, params: Json = {}): Record<string, string> {
  const { name } = params;
  return {
    "mcp-protocol-version": MODERN,
    "mcp-method": method,
    ...(typeof name === "string" ? { "mcp-name": name } : {}),
  };
}

const postTo =
  (port: number, shown: string): McpStage["post"] =>
  (body, headers = {}) =>
    send(
      { port },
      {
        method: "POST",
        path: "/mcp",
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers: {
          authorization: `Bearer ${shown}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
      },
    );

/** What of the gateway's front a token's holder meets. */
export const surfaceOf = ({ door, owner, store, powers }: HookWorld, denied: Surface["denied"]): Surface =>
  ({
    door,
    owner,
    denied,
    tokenByHash: (hash: string) => {
      const found = store.find("token", "hash", hash, { limit: 1 })[0]?.value;
      return found !== undefined && isAlive(store, found, powers.clock.now()) ? found : null;
    },
  }) as unknown as Surface;

export async function mcpStage(): Promise<McpStage> {
  let address: string | null = null;
  const stage = await agentStage({ http: () => address });
  const { here } = stage;
  const directory = mkdtempSync(join(tmpdir(), "lazaret-mcp-"));
  const socketPath = join(directory, "lazaret.sock");
  const faults: unknown[] = [];
  const told: { route: string; reason: string }[] = [];
  const surface = surfaceOf(here, (route, reason) => void told.push({ route, reason }));
  const control = await startControl({
    surface,
    socketPath,
    port: 0,
    hosts: ["127.0.0.1"],
    clock: here.powers.clock,
    random: { bytes: (count) => randomBytes(count) },
    uid: process.getuid?.() ?? null,
    fault: (_where, error) => faults.push(error),
  });
  address = control.address;
  const port = Number(address?.split(":")[1]);
  const issue: McpStage["issue"] = async (name, conversations, scopes = ["agent"]) => {
    const order = { name, scopes: [...scopes] as ["agent"], conversations: [...conversations], runs_on: "local" };
    return (await here.owner["token.create"]({ ...order, pin: "4711" })).token;
  };
  await here.owner["token.revoke"]({ token: "helper" });
  const shown = await issue("helper", ["family", "side"]);
  const hash = createHash("sha256").update(shown).digest("hex");
  const token = here.store.find("token", "hash", hash, { limit: 1 })[0]?.value;
  if (token === undefined) throw new Error("no token");
  const post = postTo(port, shown);
  let ids = 0;
  const modern: McpStage["modern"] = async (method, params = {}, by = shown) => {
    const body = { jsonrpc: "2.0", id: ++ids, method, params: { _meta: modernMeta, ...params } };
    const answer = await post(body, { authorization: `Bearer ${by}`, ...modernHeaders(method, params) });
    return JSON.parse(answer.text) as Json;
  };
  return {
    ...stage,
    token,
    port,
    socketPath,
    url: `http://127.0.0.1:${port}/mcp`,
    shown,
    faults,
    told,
    issue,
    post,
    modern,
    tool: async (name, input = {}, by) => {
      const answer = await modern("tools/call", { name, arguments: input }, by);
      const result = answer["result"] as { structuredContent: Json; isError: boolean } | undefined;
      if (result === undefined) throw new Error(JSON.stringify(answer));
      return { value: result.structuredContent, isError: result.isError };
    },
    async [Symbol.asyncDispose]() {
      await control.close();
      await here.close();
      here.home.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
