/**
 * The same over MCP, with the client of the AI SDK; what a model would choose is chosen by hand here. With a model:
 * `generateText({ model, tools: await client.tools(), prompt, stopWhen: stepCountIs(20) })`.
 *
 *     AGENT_TOKEN_FILE=~/.config/lazaret/tokens/helper node examples/mcp.ts
 */
import { readFileSync } from "node:fs";
import { createMCPClient } from "@ai-sdk/mcp";

const url = process.env["AGENT_URL"] ?? "http://127.0.0.1:7717";
const token = readFileSync(process.env["AGENT_TOKEN_FILE"] ?? "", "utf8").trim();
const headers = { Authorization: `Bearer ${token}` };
const client = await createMCPClient({ transport: { type: "http", url: `${url}/mcp`, headers } });
const tools = await client.tools();

type Said = { readonly [key: string]: unknown };
async function call(name: string, input: Said): Promise<Said> {
  const result = await tools[name]?.execute(input, { toolCallId: name, messages: [], context: undefined });
  return (result as { structuredContent: Said }).structuredContent;
}

let event: Said | null = null;
while (event === null) event = (await call("next_event", {}))["event"] as Said | null;
const run = event["run"];
const justification = "somebody asked for a summary";
const made = await call("message_summarize", { run, input: { last: 20 }, justification });
const [value] = made["values"] as { handle: string }[];
await call("chat_reply", { run, input: { template: `{{v:${value?.handle}}}` }, justification });
console.log((await call("run_finish", { run }))["state"]);
await client.close();
