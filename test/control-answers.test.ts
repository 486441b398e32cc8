/** Answers that are given once, and what stands beside the routes: health, faults, the description, the console. */
import { createHash } from "node:crypto";
import { get } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenDoors, openDoors } from "./open-doors.ts";

let doors: OpenDoors;
let agent: string;
beforeEach(async () => {
  doors = await openDoors();
  agent = doors.gateway.issue(["agent"]);
});
afterEach(() => doors[Symbol.asyncDispose]());
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("an Idempotency-Key", () => {
  const start = (key: string, body: object, token = agent) =>
    doors.ask({
      method: "POST",
      path: "/v1/runs",
      headers: { ...bearer(token), "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
    });
  const started = () => doors.gateway.asked.filter(({ name }) => name === "startRun").length;

  test("starts one run, also when two ask at once", async () => {
    const order = { conversation: "family", goal: "summary" };
    const answers = await Promise.all([start("k1", order), start("k1", order)]);
    const again = await start("k1", { goal: "summary", conversation: "family" });
    expect([...answers, again].map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect(started()).toBe(1);
  });

  test("with another body is a mismatch; of another token or day it is another key", async () => {
    await start("k1", { conversation: "family" });
    const other = await start("k1", { conversation: "work" });
    expect([other.status, JSON.parse(other.text).code]).toEqual([409, "idempotency.mismatch"]);
    await start("k1", { conversation: "family" }, doors.gateway.issue(["agent"]));
    expect(started()).toBe(2);
    doors.clock.turn(86_400_000);
    await start("k1", { conversation: "work" });
    expect(started()).toBe(3);
  });

  test("of blanks or a thousand characters is invalid", async () => {
    for (const key of ["a b", "x".repeat(1000)])
      expect((await start(key, { conversation: "family" })).status).toBe(400);
  });
});

describe("beside the routes", () => {
  test("readiness is 503 without detail until the gateway is ready", async () => {
    doors.gateway.isReady = false;
    const answer = await doors.ask({ path: "/readyz" });
    expect([answer.status, answer.text]).toEqual([503, '{"ready":false}']);
  });

  test("a fault says `internal` and nothing else, and is told to whoever keeps the log", async () => {
    const token = doors.gateway.issue(["owner"]);
    doors.gateway.metrics = () => {
      throw new Error("CANARY-11aa");
    };
    const answer = await doors.ask({ path: "/metrics", headers: bearer(token) });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("CANARY");
    expect(JSON.parse(answer.text)).toEqual({
      type: "urn:lazaret:refusal:internal",
      title: "Something went wrong inside.",
      status: 500,
      code: "internal",
      retryable: false,
      docs: "docs/refusals.md#internal",
    });
    expect(doors.faults.length).toBe(1);
  });

  test("the description names every route but the owner's, and every reference leads somewhere", async () => {
    const answer = await doors.ask({ path: "/openapi.json", headers: bearer(agent) });
    const document = JSON.parse(answer.text);
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain("/v1/runs/{run}/invoke");
    expect(answer.text).not.toContain("/v1/local/");
    const references = [...answer.text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map((found) => String(found[1]).split("/"));
    expect(references.length).toBeGreaterThan(50);
    for (const path of references) {
      const target = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(target, path.join("/")).toBeDefined();
    }
  });

  test("the console's lines come one a line, strictly, once somebody listens", async () => {
    const text = await new Promise<string>((resolve) => {
      const headers = { host: "localhost" };
      const asking = get({ socketPath: doors.socketPath, path: "/v1/local/console", headers }, (response) => {
        doors.gateway.lines.put({ conversation: "console", kind: "text", text: "one\ntwo" });
        response.setEncoding("utf8").once("data", (piece: string) => {
          resolve(piece);
          asking.destroy();
        });
      });
      asking.on("error", () => asking.destroy());
    });
    expect(text).toBe('{"conversation":"console","kind":"text","text":"one\\ntwo"}\n');
  });

  test("a token is found by what it hashes to, and by nothing that only begins like it", async () => {
    const hash = createHash("sha256").update(agent).digest("hex");
    expect((await doors.ask({ path: "/v1/runs", headers: bearer(hash) })).status).toBe(401);
    expect((await doors.ask({ path: "/v1/runs", headers: bearer(agent.slice(0, -1)) })).status).toBe(401);
    expect((await doors.ask({ path: "/v1/runs", headers: bearer(agent) })).status).toBe(200);
  });
});
