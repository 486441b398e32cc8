/** An agent at the MCP door that wants more than it was given: refused, and written down. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunId } from "../src/core/ids.ts";
import { type Json, type McpStage, mcpStage, modernHeaders, modernMeta } from "./mcp-stage.ts";

let stage: McpStage;
let run: RunId;
beforeAll(async () => {
  stage = await mcpStage();
  run = await stage.start({ conversation: "side" });
});
afterAll(() => stage[Symbol.asyncDispose]());

const because = { justification: "because I want to" };
const codeOf = async (name: string, input: Json): Promise<unknown> => {
  const { value, isError } = await stage.tool(name, input);
  return isError ? value["code"] : value["status"];
};

test("only an agent's token opens it, and nothing of a web page", async () => {
  const ping = { jsonrpc: "2.0", id: 1, method: "server/discover", params: { _meta: modernMeta } };
  const headers = modernHeaders("server/discover");
  for (const scope of ["owner", "operator", "auditor", "metrics"]) {
    const shown = await stage.issue(scope, [], [scope]);
    const answer = await stage.post(ping, { ...headers, authorization: `Bearer ${shown}` });
    expect([scope, answer.status]).toEqual([scope, 403]);
  }
  expect(stage.told.filter(({ reason }) => reason === "scope")).toHaveLength(4);
  expect((await stage.post(ping, { ...headers, authorization: "Bearer nobody" })).status).toBe(401);
  expect((await stage.post(ping, { ...headers, origin: "http://127.0.0.1" })).status).toBe(403);
  expect((await stage.post(ping, { ...headers, host: "evil.example" })).status).toBe(421);
  expect((await stage.post(ping, { ...headers, "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await stage.post(ping, { ...headers, "content-type": "text/plain" })).status).toBe(400);
});

test("tools to govern with do not exist; asking for one costs its step and stands in the ledger", async () => {
  const wanted = ["policy_load", "approvals_decide", "budget_extend", "secrets_get", "token_create", "shell_run"];
  const more = ["constructor", "__proto__", "toString", "chat.reply", "NEXT_EVENT"];
  const before = stage.steps(run);
  for (const name of [...wanted, ...more]) expect(await codeOf(name, { run, ...because })).toBe("capability.unknown");
  const spent = stage.steps(run) - before;
  expect(spent).toBe(wanted.length + more.length);
  const noted = stage.here
    .entries("decision.made")
    .filter(({ run: of, body }) => of === run && body["effect"] === "deny");
  expect(noted.length).toBe(spent);
  // Without a run there is nowhere to write it, and nothing is done.
  expect(await stage.modern("tools/call", { name: "policy_load" })).toMatchObject({ error: { code: -32602 } });
});

test("an answer of its host is no approval, in either protocol", async () => {
  const own = await stage.start({ conversation: "family" });
  const send = { run: own, input: { to: "side", template: "Hello." }, ...because };
  expect(await codeOf("chat_send", send)).toBe("approval_required");
  const asked = stage.here.approvals().at(-1);
  const params = { name: "chat_send", arguments: send };
  const answers = [
    { inputResponses: { approve: { action: "accept", content: { approve: true } } } },
    { requestState: asked?.id },
    { approved: true },
  ];
  for (const extra of answers)
    expect(await stage.modern("tools/call", { ...params, ...extra })).toMatchObject({ error: { code: -32602 } });
  const accept = { jsonrpc: "2.0", id: 1, result: { action: "accept", content: { approve: true } } };
  const answer = await stage.post(accept, modernHeaders("elicitation/create"));
  expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, -32600]);
  for (const method of ["elicitation/create", "sampling/createMessage", "approvals/decide", "tasks/result"])
    expect(await stage.modern(method)).toMatchObject({ error: { code: -32601 } });
  expect(await codeOf("chat_send", { ...send, approve: true })).toBe("input.invalid");
  expect(asked?.status.state).toBe("pending");
  expect(stage.here.store.get("approval", asked?.id ?? "")?.value.status.state).toBe("pending");
  expect((await stage.here.read("side")).filter((text) => text.includes("Hello."))).toEqual([]);
  await stage.tool("run_cancel", { run: own });
});

test("another agent's runs, conversations and sessions are not there", async () => {
  const other = await stage.issue("stranger", ["work"]);
  for (const [name, input] of [
    ["run_status", { run }],
    ["run_finish", { run }],
    ["run_cancel", { run }],
    ["message_list", { run, ...because }],
    ["run_start", { conversation: "family" }],
    ["run_start", { conversation: "nowhere" }],
    ["run_start", { session: `sess_${"0".repeat(32)}` }],
    ["run_status", { run: `run_${"0".repeat(32)}` }],
  ] as const) {
    const { value, isError } = await stage.tool(name, input, other);
    expect([name, isError, value["status"], value["code"]]).toEqual([name, true, "refused", "not_found"]);
  }
  expect((await stage.tool("next_event", { wait_seconds: 0 }, other)).value).toEqual({ event: null });
});

test("a budget is what policy caps, and asking for ever ends the run", async () => {
  const greedy = await stage.start({ conversation: "family", budget: { steps: 1_000_000 } });
  const { value } = await stage.tool("run_status", { run: greedy });
  const { steps } = value["limit"] as { steps: number };
  expect(steps).toBe(stage.here.powers.settings.background.steps);
  for (let n = 0; n < steps + 2; n++) await stage.tool("no_such", { run: greedy, ...because });
  expect((await stage.tool("run_status", { run: greedy })).value).toMatchObject({
    state: "failed",
    reason: "budget.steps",
  });
  expect(await codeOf("conversation_list", { run: greedy, ...because })).toBe("budget.exhausted");
});

test("what does not fit says where, and nothing of what was sent", async () => {
  for (const input of [
    { run, justification: "x", input: { template: "CANARY-91c4" }, "CANARY-91c4": 1 },
    { run: "CANARY-91c4", ...because },
    { run, justification: "CANARY-91c4".repeat(40) },
    { run, ...because, idempotency_key: "CANARY 91c4" },
  ]) {
    const { value, isError } = await stage.tool("chat_reply", input);
    expect([isError, value["code"]]).toEqual([true, "input.invalid"]);
    expect(JSON.stringify(value)).not.toContain("CANARY");
  }
  const junk = await stage.modern("CANARY-91c4", { "CANARY-91c4": { deep: ["CANARY-91c4"] } });
  expect(JSON.stringify(junk)).not.toContain("CANARY");
});

test("a body that is nested, large, or no JSON is refused before anything reads it", async () => {
  const headers = modernHeaders("tools/call");
  const deep = (signs: number): string => `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${"[".repeat(signs)}`;
  for (const [body, code] of [
    [deep(30_000), -32600],
    [`${deep(40)}${"]".repeat(40)}}}`, -32600],
    ["{", -32700],
    ["", -32700],
    ["null", -32600],
    ['"text"', -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
    [`{"jsonrpc":"2.0","id":"${"i".repeat(300)}","method":"ping"}`, -32600],
  ] as const) {
    const answer = await stage.post(body, headers);
    expect([body.slice(0, 40), answer.status, JSON.parse(answer.text).error.code]).toEqual([
      body.slice(0, 40),
      400,
      code,
    ]);
  }
  expect((await stage.post(`{"a":"${"x".repeat(70_000)}"}`, headers)).status).toBe(413);
});

test("more than sixteen requests at once wait for their turn", async () => {
  const all = Array.from({ length: 20 }, () => {
    const params = { name: "next_event", arguments: { wait_seconds: 25 } };
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { _meta: modernMeta, ...params } };
    return stage.post(body, modernHeaders("tools/call", params)).then(({ status }) => status);
  });
  const refused = await Promise.race(all);
  expect(refused).toBe(429);
  for (let turned = 0; turned < 60; turned++) {
    stage.here.home.clock.turn(1000);
    await new Promise((go) => setImmediate(go));
  }
  expect((await Promise.all(all)).filter((status) => status === 429)).toHaveLength(4);
});

test("no text makes it fall over", async () => {
  const params = fc.oneof(fc.json({ maxDepth: 3 }), fc.string({ unit: "binary" }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("tools/call", "tools/list", "prompts/get", "initialize"),
      params,
      async (method, it) => {
        const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${it}}`;
        const { status } = await stage.post(Buffer.from(body).toString(), modernHeaders(method));
        expect(status).toBeLessThan(500);
      },
    ),
    { numRuns: 60 },
  );
  expect(stage.faults).toEqual([]);
});
