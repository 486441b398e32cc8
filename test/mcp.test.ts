/** The protocol itself, MCP 2025-03-26 to 2026-07-28: what is answered, and how what is not whole is refused. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VERSIONS } from "../src/control/mcp/era.ts";
import { INSTRUCTIONS } from "../src/control/mcp/words.ts";
import { MCP_INSTRUCTIONS_BYTES_MAX } from "../src/core/limits.ts";
import { type Json, type McpStage, MODERN, mcpStage, modernHeaders, modernMeta } from "./mcp-stage.ts";

let stage: McpStage;
beforeAll(async () => {
  stage = await mcpStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

describe("the protocol of 2026-07-28", () => {
  test("discovers versions, instructions of at most two KiB, and no listening", async () => {
    const { result } = (await stage.modern("server/discover")) as { result: Json };
    expect(result).toMatchObject({
      resultType: "complete",
      supportedVersions: VERSIONS,
      instructions: INSTRUCTIONS,
      cacheScope: "private",
    });
    expect(Buffer.byteLength(INSTRUCTIONS)).toBeLessThanOrEqual(MCP_INSTRUCTIONS_BYTES_MAX);
    expect(await stage.modern("subscriptions/listen")).toMatchObject({ error: { code: -32601 } });
    const get = await fetch(stage.url, { headers: { authorization: `Bearer ${stage.shown}` } });
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST, DELETE"]);
  });

  const body = { jsonrpc: "2.0", id: 7, method: "tools/list", params: { _meta: modernMeta } };
  const good = modernHeaders("tools/list");
  test.each<readonly [string, Json, Record<string, string | undefined>, number, number]>([
    ["another version in the header", body, { ...good, "mcp-protocol-version": "2025-11-25" }, 400, -32020],
    ["no version in the header", body, { ...good, "mcp-protocol-version": undefined }, 400, -32020],
    ["another method in the header", body, { ...good, "mcp-method": "tools/call" }, 400, -32020],
    ["no method in the header", body, { ...good, "mcp-method": undefined }, 400, -32020],
    ["no version in the body", { ...body, params: {} }, good, 400, -32602],
    [
      "no capabilities",
      { ...body, params: { _meta: { [Object.keys(modernMeta)[0] ?? ""]: MODERN } } },
      good,
      400,
      -32602,
    ],
    ["a method that is not there", { ...body, method: "ping" }, modernHeaders("ping"), 404, -32601],
    ["a cursor that nobody gave", { ...body, params: { _meta: modernMeta, cursor: "x" } }, good, 200, -32602],
    ["a key too many", { ...body, extra: 1 }, good, 400, -32600],
    ["an id that is null", { ...body, id: null }, good, 400, -32600],
  ])("refuses %s", async (_what, message, headers, status, code) => {
    const kept = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const answer = await stage.post(message, kept as Record<string, string>);
    expect([answer.status, (JSON.parse(answer.text) as { error: Json }).error["code"]]).toEqual([status, code]);
  });

  test("names the versions it has when asked for another, and takes an encoded name", async () => {
    const meta = { ...modernMeta, "io.modelcontextprotocol/protocolVersion": "2099-01-01" };
    const headers = { ...good, "mcp-protocol-version": "2099-01-01" };
    const answer = await stage.post({ ...body, params: { _meta: meta } }, headers);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      400,
      { id: 7, error: { code: -32022, data: { requested: "2099-01-01", supported: VERSIONS } } },
    ]);
    const params = { name: "next_event", arguments: { wait_seconds: 0 } };
    const named = { ...modernHeaders("tools/call"), "mcp-name": "=?base64?bmV4dF9ldmVudA==?=" };
    const call = { ...body, method: "tools/call", params: { _meta: modernMeta, ...params } };
    expect(JSON.parse((await stage.post(call, named)).text)).toMatchObject({ result: { isError: false } });
    const wrong = await stage.post(call, { ...named, "mcp-name": "run_start" });
    expect(JSON.parse(wrong.text)).toMatchObject({ error: { code: -32020 } });
  });
});

describe("the protocols before it", () => {
  const hello = (protocolVersion: string) => ({
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion, capabilities: { elicitation: {} }, clientInfo: { name: "t", version: "0" } },
  });
  const begin = async (version: string): Promise<Record<string, string>> => {
    const answer = await stage.post(hello(version));
    return { "mcp-session-id": String(answer.headers["mcp-session-id"]) };
  };

  test.each(["2025-11-25", "2025-06-18", "2025-03-26"])("%s gets a session, a ping and an end", async (version) => {
    const first = await stage.post(hello(version));
    expect(JSON.parse(first.text)).toMatchObject({ result: { protocolVersion: version, instructions: INSTRUCTIONS } });
    const session = { "mcp-session-id": String(first.headers["mcp-session-id"]), "mcp-protocol-version": version };
    const told = await stage.post({ jsonrpc: "2.0", method: "notifications/initialized" }, session);
    expect([told.status, told.text]).toEqual([202, ""]);
    const ping = await stage.post({ jsonrpc: "2.0", id: "p", method: "ping" }, session);
    expect(JSON.parse(ping.text)).toEqual({ jsonrpc: "2.0", id: "p", result: {} });
    const headers = { authorization: `Bearer ${stage.shown}`, ...session };
    expect((await fetch(stage.url, { method: "DELETE", headers })).status).toBe(204);
    expect((await stage.post({ jsonrpc: "2.0", id: 1, method: "ping" }, session)).status).toBe(404);
  });

  test("offers its newest to a version it does not know", async () => {
    const answer = await stage.post(hello("1999-01-01"));
    expect(JSON.parse(answer.text)).toMatchObject({ result: { protocolVersion: "2025-11-25" } });
  });

  test("a session is one token's, and there is none without initialize", async () => {
    const session = await begin("2025-11-25");
    const other = await stage.issue("other", ["work"]);
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    expect((await stage.post(ping, { ...session, authorization: `Bearer ${other}` })).status).toBe(404);
    expect((await stage.post(ping, session)).status).toBe(200);
    expect((await stage.post(ping)).status).toBe(400);
    expect((await stage.post(ping, { ...session, "mcp-protocol-version": "2099-01-01" })).status).toBe(400);
  });

  test("only 2025-03-26 has batches, and they are bounded", async () => {
    const batch = [
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: 2, method: "no/such" },
    ];
    const answer = await stage.post(batch, await begin("2025-03-26"));
    expect(JSON.parse(answer.text)).toMatchObject([
      { id: 1, result: {} },
      { id: 2, error: { code: -32601 } },
    ]);
    expect((await stage.post(batch, await begin("2025-06-18"))).status).toBe(400);
    const many = Array.from({ length: 17 }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }));
    expect((await stage.post(many, await begin("2025-03-26"))).status).toBe(400);
    expect((await stage.post([], await begin("2025-03-26"))).status).toBe(400);
  });

  test("a request that is taken back is not waited for", async () => {
    const session = await begin("2025-11-25");
    const params = { name: "next_event", arguments: { wait_seconds: 25 } };
    const waiting = stage.post({ jsonrpc: "2.0", id: "w", method: "tools/call", params }, session);
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "w" } };
    for (let isOver = false; !isOver; ) {
      await stage.post(cancel, session);
      isOver = await Promise.race([waiting.then(() => true), new Promise<false>((go) => setImmediate(go, false))]);
    }
    expect(JSON.parse((await waiting).text)).toMatchObject({ result: { structuredContent: { event: null } } });
  });

  test("thirty-three sessions of one token are thirty-two", async () => {
    const first = await begin("2025-11-25");
    for (let n = 0; n < 32; n++) await begin("2025-11-25");
    expect((await stage.post({ jsonrpc: "2.0", id: 1, method: "ping" }, first)).status).toBe(404);
  });
});
