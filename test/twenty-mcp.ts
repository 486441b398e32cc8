/** Hands that speak MCP: over HTTP with a foreign client, and over the pipes of `lazaret mcp`. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createMCPClient } from "@ai-sdk/mcp";
import { writeToken } from "../src/cli/token-file.ts";
import type { InvocationReply } from "../src/core/agent.ts";
import { type Json, modernMeta } from "./mcp-stage.ts";
import type { Hands, Place } from "./twenty-agents.ts";

type Tool = (name: string, input: Json) => Promise<Json>;

/** The acts as tool calls; what differs is the pipe. */
function handsOf(tool: Tool, close: () => Promise<void>): Hands {
  return {
    next: async () => {
      // What became of a call that waited is told here as well; who asks for it again is answered anyway.
      for (;;) {
        const { event } = (await tool("next_event", { wait_seconds: 0 })) as { event: Json | null };
        if (event === null) return null;
        if (event["type"] === "message.addressed") return String(event["run"]);
      }
    },
    invoke: async (run, { capability, input }, key) => {
      const call = { run, input, justification: "it was asked for", idempotency_key: key };
      return (await tool(capability.replace(".", "_"), call)) as unknown as InvocationReply;
    },
    finish: (run) => tool("run_finish", { run }),
    close,
  };
}

/** A client that knows nothing of us, over streamable HTTP. */
export async function mcpHttpHands({ url, token }: Place, heard: string[]): Promise<Hands> {
  const headers = { Authorization: `Bearer ${token}` };
  const client = await createMCPClient({ transport: { type: "http", url: `${url}/mcp`, headers } });
  const tools = await client.tools();
  const tool: Tool = async (name, input) => {
    const result = await tools[name]?.execute(input as never, { toolCallId: "x", messages: [] } as never);
    heard.push(JSON.stringify(result));
    return (result as { structuredContent: Json }).structuredContent;
  };
  return handsOf(tool, () => client.close());
}

const LAUNCHER = new URL("../src/launch.cjs", import.meta.url).pathname;

/** One line a message, by the number of its request. */
function talker(child: ChildProcess, heard: string[]): (method: string, params: Json) => Promise<Json> {
  const waiting = new Map<number, (answer: Json) => void>();
  if (child.stdout === null || child.stdin === null) throw new Error("no pipes");
  createInterface({ input: child.stdout }).on("line", (line) => {
    heard.push(line);
    const answer = JSON.parse(line) as Json;
    waiting.get(Number(answer["id"]))?.(answer);
    waiting.delete(Number(answer["id"]));
  });
  const { stdin } = child;
  let id = 0;
  return (method, params) =>
    new Promise((resolve, reject) => {
      id += 1;
      waiting.set(id, resolve);
      child.once("close", (code) => reject(new Error(`lazaret mcp ended with ${code}`)));
      stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params: { _meta: modernMeta, ...params } })}\n`);
    });
}

/** A program that starts `lazaret mcp` and speaks through its pipes. */
export async function mcpStdioHands({ url, token, dir }: Place, heard: string[]): Promise<Hands> {
  const file = join(dir, `token-${token.slice(-8)}`);
  writeToken(file, token);
  const args = [LAUNCHER, "--home", dir, "mcp", "--url", url, "--token-file", file];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.setMaxListeners(0);
  const talk = talker(child, heard);
  const tool: Tool = async (name, input) => {
    const { result, error } = await talk("tools/call", { name, arguments: input });
    if (result === undefined) throw new Error(JSON.stringify(error));
    return (result as { structuredContent: Json }).structuredContent;
  };
  return handsOf(tool, async () => {
    child.stdin?.end();
    await ended;
  });
}
