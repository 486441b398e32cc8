/** The client of the package against real doors, and the description of those doors. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import {
  type Invocation,
  Lazaret,
  type LazaretEvent,
  LazaretRefusal,
  type Reply,
  type Run,
  type RunOrder,
} from "../src/client.ts";
import { openApi } from "../src/control/openapi.ts";
import type { Event, InvocationReply } from "../src/control/replies.ts";
import type * as requests from "../src/control/requests.ts";
import { ROUTES } from "../src/control/routes.ts";
import type { RunView } from "../src/core/verbs/evidence.ts";
import { type McpStage, mcpStage } from "./mcp-stage.ts";

// What the doors answer is what the client says it gets: a compiler's test.
const _run = (it: RunView): Run => it;
const _reply = (it: z.output<typeof InvocationReply>): Reply => it as { [K in keyof Reply]: Reply[K] };
const _event = (it: z.output<typeof Event>): Pick<LazaretEvent, "seq" | "type" | "time" | "body"> => it;
const _invocation = (it: Invocation): Omit<z.input<typeof requests.Invoke>, "input"> => it;
const _order = (it: RunOrder): Omit<z.input<typeof requests.RunOrder>, "done_when" | "budget"> => it as never;
void [_run, _reply, _event, _invocation, _order];

let stage: McpStage;
let lazaret: Lazaret;
beforeAll(async () => {
  stage = await mcpStage();
  lazaret = new Lazaret({ url: `http://127.0.0.1:${stage.port}/`, token: stage.shown });
});
afterAll(() => stage[Symbol.asyncDispose]());

describe("the client", () => {
  test("hears of a request, answers it, and finishes", async () => {
    await stage.say("family", "ana", "we meet at the lake on Friday at noon");
    await stage.say("family", "ben", "summarise the last 10 messages", true);
    const stop = new AbortController();
    for await (const { run, request } of lazaret.requests({ signal: stop.signal })) {
      expect([request.intent, request.slots.last]).toEqual(["summarize", 10]);
      const because = { justification: "it was asked for" };
      const input = { last: 10 };
      const made = await lazaret.invoke(run, {
        capability: "message.summarize",
        input,
        idempotency_key: "a",
        ...because,
      });
      const template = `{{v:${made.values?.[0]?.handle}}}`;
      const reply = { capability: "chat.reply", input: { template }, idempotency_key: "b", ...because };
      expect((await lazaret.settled(run, reply)).status).toBe("done");
      expect((await lazaret.answer(run, "b", 0)).status).toBe("done");
      expect((await lazaret.finish(run)).state).toBe("done");
      break;
    }
    expect((await stage.here.read("family")).at(-1)).toContain("lake");
  });

  test("starts, lists and cancels runs of its own, and knows what there is", async () => {
    const run = await lazaret.startRun({ conversation: "side", budget: { steps: 5 } });
    expect((await lazaret.run(run.id)).limit.steps).toBe(5);
    expect((await lazaret.runs()).map(({ id }) => id)).toEqual([run.id]);
    expect((await lazaret.cancel(run.id)).state).toBe("cancelled");
    expect((await lazaret.conversations()).map(({ alias }) => alias)).toEqual(["family", "side"]);
    expect((await lazaret.capabilities()).map(({ id }) => id)).toContain("message.summarize");
  });

  test("throws the daemon's refusal with its code and hint", async () => {
    const wrong = new Lazaret({ url: `http://127.0.0.1:${stage.port}`, token: "nobody" });
    const refused = await wrong.runs().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LazaretRefusal);
    expect(refused).toMatchObject({ status: 401, code: "auth.required", retryable: false });
    await expect(lazaret.run(`run_${"0".repeat(32)}`)).rejects.toMatchObject({ code: "not_found" });
    await expect(wrong.events().next()).rejects.toMatchObject({ code: "auth.required" });
  });
});

describe("/openapi.json", () => {
  type Tree = { readonly [key: string]: unknown };
  const document = openApi(ROUTES) as { paths: Record<string, Record<string, Tree>>; components: Tree };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

  test("describes every route that is not the owner's own, once, with its scopes", () => {
    const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    const there = ROUTES.filter((route) => route.class !== "local");
    expect(described).toEqual(there.map(({ method, path }) => `${method} ${path.replace(/:([a-z]+)/g, "{$1}")}`));
    const ids = operations.map(({ operation }) => operation["operationId"]);
    expect(new Set(ids).size).toBe(ids.length);
    const bearer = there.filter((route) => route.class === "bearer").length;
    expect(operations.filter(({ operation }) => Array.isArray(operation["x-scopes"]))).toHaveLength(bearer);
  });

  test("refers to nothing that is not in it, and names each part of a path", () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref = ""]) => ref);
    const at = (ref: string): unknown =>
      ref
        .replace(/^#\//, "")
        .split("/")
        .reduce<unknown>((tree, key) => (tree as Tree | undefined)?.[key], document);
    expect(refs.length).toBeGreaterThan(20);
    expect(refs.filter((ref) => at(ref) === undefined)).toEqual([]);
    for (const { path, operation } of operations.filter(({ operation: it }) => "parameters" in it)) {
      const inPath = (operation["parameters"] as Tree[]).filter((it) => it["in"] === "path").map((it) => it["name"]);
      expect([path, inPath]).toEqual([path, [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name)]);
    }
  });
});
