/** A model that speaks Anthropic's interface, on a server that says what a test wrote for it. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ModelAnswer, ModelAsk } from "../src/core/model.ts";
import { isRefusal } from "../src/core/refusal.ts";
import { modelsAt, send } from "./scripted-model.ts";
import { permit } from "./store-home.ts";

type Body = { readonly [field: string]: unknown };
type Seen = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Body };

const KEY = "sk-ant-CANARY-KEY";
const GOING = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };
const ASK: ModelAsk = {
  instructions: "Say what was asked.",
  messages: [{ from: "user", text: "CANARY-QUESTION" }],
  tokensMax: 300,
};
const ANSWER = { type: "object", properties: { points: { type: "array", items: { type: "string" } } } } as const;

let seen: Seen[];
let says: (response: ServerResponse) => void;
let server: ReturnType<typeof createServer>;
let url: string;

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(pieces).toString("utf8")) as Body;
      seen.push({ path: request.url ?? "", headers: request.headers, body });
      says(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  for (const name of ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"]) delete process.env[name];
});

const message = (content: readonly object[], stop_reason = "end_turn") => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-x",
  content,
  stop_reason,
  stop_sequence: null,
  usage: { input_tokens: 120, output_tokens: 30 },
});
const answers = (content: readonly object[], stop?: string): void => {
  says = (response) => send(response, 200, JSON.stringify(message(content, stop)));
};
const ask = (more: Partial<ModelAsk> = {}, timeoutMs = 5000, secret = true): Promise<ModelAnswer> =>
  modelsAt(url, { kind: "anthropic", ...(secret ? { secret: "key" } : {}) }, { key: KEY }).ask(
    permit([], "model"),
    "local",
    { ...ASK, ...more },
    timeoutMs,
    GOING,
  );
async function refused(timeoutMs?: number): Promise<{ readonly code: string; readonly hint: string }> {
  try {
    await ask({}, timeoutMs);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain("CANARY");
    return { code: error.code, hint: error.hint ?? "" };
  }
  throw new Error("it answered");
}

test("a question goes out whole, with the vault's key, and the answer comes back with its tokens", async () => {
  answers([{ type: "text", text: "The boat is blue." }]);
  const answer = await ask();
  expect(answer).toEqual({ text: "The boat is blue.", calls: [], tokens: { in: 120, out: 30 }, isWhole: true });
  const [one] = seen;
  expect(one?.path).toBe("/v1/messages");
  expect(one?.headers["x-api-key"]).toBe(KEY);
  expect(one?.body).toMatchObject({
    model: "m",
    max_tokens: 300,
    system: [{ type: "text", text: ASK.instructions }],
    messages: [{ role: "user", content: [{ type: "text", text: "CANARY-QUESTION" }] }],
  });
});

test("nothing is taken from the environment: no key, no token, no other address", async () => {
  process.env["ANTHROPIC_API_KEY"] = "sk-of-the-environment";
  process.env["ANTHROPIC_AUTH_TOKEN"] = "token-of-the-environment";
  process.env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:1/v1";
  answers([{ type: "text", text: "Yes." }]);
  await ask({}, 5000, false);
  expect(JSON.stringify(seen)).not.toContain("of-the-environment");
});

test("an answer in a schema comes back as its JSON, however the interface wraps it", async () => {
  says = (response) => {
    const body = seen.at(-1)?.body ?? {};
    const tool = (body["tools"] as readonly { readonly name: string }[] | undefined)?.[0]?.name;
    const input = { points: ["The boat is blue."] };
    const content =
      tool === undefined
        ? [{ type: "text", text: JSON.stringify(input) }]
        : [{ type: "tool_use", id: "t1", name: tool, input }];
    send(response, 200, JSON.stringify(message(content, tool === undefined ? "end_turn" : "tool_use")));
  };
  const { text, calls, isWhole } = await ask({ answer: ANSWER });
  expect(JSON.parse(text)).toEqual({ points: ["The boat is blue."] });
  expect([calls.length, isWhole]).toEqual([0, true]);
  expect(JSON.stringify(seen[0]?.body)).toContain('"points"');
});

test("calls of tools come back as they were made, and what they found goes out in their place", async () => {
  const tools = [{ name: "message_summarize", description: "Summary", input: { type: "object", properties: {} } }];
  answers([{ type: "tool_use", id: "t1", name: "message_summarize", input: { last: 20 } }], "tool_use");
  const { calls, isWhole } = await ask({ tools });
  expect(calls.map((it) => ({ ...it, input: JSON.parse(it.input) as unknown }))).toEqual([
    { id: "t1", name: "message_summarize", input: { last: 20 } },
  ]);
  expect(isWhole).toBe(true);
  expect(seen[0]?.body["tools"]).toMatchObject([{ name: "message_summarize", description: "Summary" }]);
  answers([{ type: "text", text: "Done." }]);
  const history = [...ASK.messages, { from: "model", text: "", calls } as const];
  await ask({ tools, messages: [...history, { from: "tool", id: "t1", name: "message_summarize", text: "a handle" }] });
  const said = JSON.stringify(seen[1]?.body["messages"]);
  expect(said).toContain('"type":"tool_use","id":"t1"');
  expect(said).toContain('"tool_use_id":"t1"');
  expect(said).toContain("a handle");
});

test("an answer that was cut, or refused, is not whole", async () => {
  for (const stop of ["max_tokens", "refusal", "model_context_window_exceeded"]) {
    answers([{ type: "text", text: "The boat" }], stop);
    expect((await ask()).isWhole).toBe(false);
  }
});

test.each([
  [401, "refused the key"],
  [404, "no such model"],
  [429, "too much to do"],
  [529, "It answered 529"],
  [500, "It answered 500"],
])("status %i is said in a sentence, asked once, and quotes nothing", async (status, hint) => {
  const error = { type: "error", error: { type: "overloaded_error", message: `CANARY-ERROR ${KEY}` } };
  says = (response) => send(response, status, JSON.stringify(error));
  const refusal = await refused();
  expect(refusal.code).toBe("model.failed");
  expect(refusal.hint).toContain(hint);
  expect(seen).toHaveLength(1);
});

test.each([
  ["no JSON", "CANARY-ANSWER"],
  ["another form", JSON.stringify({ CANARY: true })],
  ["parts of no kind", JSON.stringify(message([{ type: "CANARY", text: "x" }]))],
  ["ten megabytes", JSON.stringify(message([{ type: "text", text: "CANARY ".repeat(1_500_000) }]))],
])("an answer of %s is a failure that quotes nothing", async (_, text) => {
  says = (response) => send(response, 200, text);
  expect((await refused()).code).toBe("model.failed");
});

test("one that does not end meets its deadline", async () => {
  says = (response) => void response.writeHead(200, { "content-type": "application/json" }).write("{");
  expect((await refused(200)).code).toBe("model.timeout");
});
