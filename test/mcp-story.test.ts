/** Requests answered over MCP, by a foreign client and by hand (CONTRACT section 13). */
import { createMCPClient } from "@ai-sdk/mcp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InvocationReply } from "../src/control/replies.ts";
import { RunView } from "../src/core/verbs/evidence.ts";
import { type Json, type McpStage, mcpStage } from "./mcp-stage.ts";

let stage: McpStage;
beforeEach(async () => {
  stage = await mcpStage();
});
afterEach(() => stage[Symbol.asyncDispose]());

const NAMES = ["next_event", "run_start", "run_status", "run_finish", "run_cancel"];
const because = { justification: "it was asked for" };

/** Answers the next request with a summary; gives what the tools said on the way. */
async function answerNext(call: (name: string, input: Json) => Promise<Json>): Promise<readonly string[]> {
  const { event } = (await call("next_event", { wait_seconds: 0 })) as { event: Json };
  const run = event["run"] as string;
  const { intent, slots } = (event["body"] as { request: { intent: string; slots: { last: number } } }).request;
  const made = await call("message_summarize", { run, input: { last: slots.last }, ...because });
  const [value] = made["values"] as { handle: string }[];
  const sent = await call("chat_reply", { run, input: { template: `Here: {{v:${value?.handle}}}` }, ...because });
  const end = await call("run_finish", { run });
  return [String(event["type"]), intent, String(made["status"]), String(sent["status"]), String(end["state"])];
}

const DONE = ["message.addressed", "summarize", "done", "done", "done"];

async function ask(): Promise<void> {
  await stage.say("family", "ana", "we meet at the lake on Friday at noon");
  await stage.say("family", "ben", "I will bring the tent");
  await stage.say("family", "ben", "summarise the last 10 messages", true);
}

describe("a foreign client", () => {
  test.each([
    ["of 2026-07-28", {}],
    ["of 2025-11-25, with a session", { "mcp-protocol-version": "2025-11-25" }],
  ])("%s lists the tools, waits for a request, answers it", async (_era, forced) => {
    const headers = { Authorization: `Bearer ${stage.shown}` };
    const old: typeof fetch = (url, init) => {
      // A client that only knows the older protocol is refused what it does not know.
      const text = String(init?.body ?? "");
      if (text.includes("server/discover")) return Promise.resolve(new Response("", { status: 400 }));
      return fetch(url, init);
    };
    const fetcher = Object.keys(forced).length === 0 ? {} : { fetch: old };
    const client = await createMCPClient({ transport: { type: "http", url: stage.url, headers, ...fetcher } });
    try {
      const tools = await client.tools();
      expect(Object.keys(tools)).toEqual(expect.arrayContaining([...NAMES, "chat_reply", "message_summarize"]));
      await ask();
      const call = async (name: string, input: Json): Promise<Json> => {
        const result = await tools[name]?.execute(input as never, { toolCallId: "x", messages: [] } as never);
        return (result as { structuredContent: Json }).structuredContent;
      };
      expect(await answerNext(call)).toEqual(DONE);
      const [reply] = (await stage.here.read("family")).filter((text) => text.startsWith("Here: "));
      expect(reply).toContain("lake");
      const { prompts } = await client.experimental_listPrompts();
      expect(prompts.map(({ name }) => name)).toEqual(["answer-next"]);
    } finally {
      await client.close();
    }
    expect(stage.faults).toEqual([]);
  });
});

test("keeps the story of a request in the shapes of section 13", async () => {
  await ask();
  const shapes: unknown[] = [];
  const call = async (name: string, input: Json): Promise<Json> => {
    const { value, isError } = await stage.tool(name, input);
    expect(isError, JSON.stringify(value)).toBe(false);
    if (name.includes("_finish")) shapes.push(RunView.parse(value));
    else if (name !== "next_event") shapes.push(InvocationReply.parse(value));
    return value;
  };
  expect(await answerNext(call)).toEqual(DONE);
  expect(shapes).toHaveLength(3);
});

test("answers questions, sorts messages and drafts, and a draft's words never reach the agent", async () => {
  await ask();
  const { event } = (await stage.tool("next_event", { wait_seconds: 0 })).value as { event: Json };
  const run = event["run"] as string;
  const output = async (name: string, input: Json): Promise<Json> => {
    const { value, isError } = await stage.tool(name, { run, input, ...because });
    expect(isError, JSON.stringify(value)).toBe(false);
    return { ...(value["output"] as Json), handle: (value["values"] as { handle: string }[])[0]?.handle };
  };
  const answer = await output("message_answer", { last: 10, question: "who brings the tent?" });
  expect(answer).toMatchObject({ found: true, kind: "person", person: expect.stringMatching(/^PERSON_/) });
  const sorted = await output("message_classify", { last: 10, classes: ["task", "other"] });
  expect((sorted["classes"] as number[]).length).toBeGreaterThan(1);
  const draft = await output("message_compose", { last: 1, instruction: "draft a reply that we meet at nine" });
  expect(draft["acts"]).toEqual(["inform"]);
  expect(draft["text"]).toBeUndefined();
  const input = { template: `Draft: {{v:${draft["handle"]}.text}}` };
  await output("chat_reply", input);
  expect(await stage.here.read("family")).toContainEqual(expect.stringContaining("We meet at nine."));
});

describe("next_event", () => {
  test("wakes when somebody asks, and gives nothing when nobody does", async () => {
    const waiting = stage.tool("next_event");
    await ask();
    const { value } = await waiting;
    expect(value["event"]).toMatchObject({
      type: "message.addressed",
      body: { reason: "addressed", addressed: "mention", role: "member", request: { intent: "summarize" } },
    });
    const nothing = stage.tool("next_event", { wait_seconds: 25 });
    for (let turned = 0; turned < 100; turned++) {
      stage.here.home.clock.turn(1000);
      await new Promise((go) => setImmediate(go));
    }
    expect(await nothing).toEqual({ value: { event: null }, isError: false });
  });

  test("gives one request to one of two who ask, and to the other when nothing happens with it", async () => {
    await ask();
    const both = await Promise.all([
      stage.tool("next_event", { wait_seconds: 0 }),
      stage.tool("next_event", { wait_seconds: 0 }),
    ]);
    expect(both.filter(({ value }) => value["event"] !== null)).toHaveLength(1);
    stage.here.home.clock.turn(119_000);
    expect((await stage.tool("next_event", { wait_seconds: 0 })).value["event"]).toBeNull();
    stage.here.home.clock.turn(2000);
    expect((await stage.tool("next_event", { wait_seconds: 0 })).value["event"]).not.toBeNull();
  });

  test("tells what became of a call that waited for a person, and the same call gives its answer", async () => {
    const run = await stage.start();
    const send = { run, input: { to: "side", template: "Hello." }, ...because };
    expect((await stage.tool("next_event", { wait_seconds: 0 })).value["event"]).toBeNull();
    expect(await stage.tool("chat_send", send)).toMatchObject({
      value: { status: "approval_required" },
      isError: false,
    });
    const waiting = stage.tool("run_status", { run, wait_seconds: 25 });
    const id = stage.here.approvals().at(-1)?.id as never;
    await stage.here.owner["approvals.decide"]({ approval: id, yes: true, pin: "4711" });
    expect((await waiting).value["state"]).toBe("active");
    const { event } = (await stage.tool("next_event", { wait_seconds: 0 })).value as { event: Json };
    expect(event).toMatchObject({
      type: "invocation.completed",
      run,
      body: { approval: id, capability: "chat.send", reply: { status: "done" } },
    });
    expect(await stage.tool("chat_send", send)).toMatchObject({ value: { status: "done" } });
    expect((await stage.here.read("side")).filter((text) => text.includes("Hello."))).toHaveLength(1);
  });

  test("tells a no as well, once", async () => {
    const run = await stage.start();
    await stage.tool("next_event", { wait_seconds: 0 });
    await stage.tool("chat_send", { run, input: { to: "side", template: "Hello." }, ...because });
    const id = stage.here.approvals().at(-1)?.id as never;
    await stage.here.owner["approvals.decide"]({ approval: id, yes: false, pin: "4711" });
    const { event } = (await stage.tool("next_event", { wait_seconds: 0 })).value as { event: Json };
    expect(event["body"]).toMatchObject({ reply: { status: "refused", code: "approval.denied" } });
    expect((await stage.tool("next_event", { wait_seconds: 0 })).value["event"]).toBeNull();
  });
});
