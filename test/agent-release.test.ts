/**
 * What an external agent sends elsewhere of a conversation, over HTTP and over MCP: released by a person, by its
 * digest, once; and a plan of its, allowed in part.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ApprovalId } from "../src/core/ids.ts";
import { type Json, type McpStage, mcpStage } from "./mcp-stage.ts";
import { send } from "./open-doors.ts";

let stage: McpStage;
beforeEach(async () => {
  stage = await mcpStage();
});
afterEach(() => stage[Symbol.asyncDispose]());

type Hands = {
  /** Asks for a capability; the same key again asks for what became of it. */
  readonly invoke: (run: string, capability: string, input: Json, key: string) => Promise<Json>;
  readonly next: () => Promise<Json>;
};

async function http(method: string, path: string, body?: Json): Promise<Json> {
  const headers = { authorization: `Bearer ${stage.shown}`, "content-type": "application/json" };
  const answer = await send({ port: stage.port }, { method, path, headers, body: JSON.stringify(body ?? {}) });
  return JSON.parse(answer.text) as Json;
}
const BECAUSE = "it was asked for";
const DOORS: Readonly<Record<"HTTP" | "MCP", Hands>> = {
  HTTP: {
    invoke: (run, capability, input, key) =>
      http("POST", `/v1/runs/${run}/invoke`, { capability, input, justification: BECAUSE, idempotency_key: key }),
    next: async () => {
      const { runs } = (await http("GET", "/v1/runs?open=true")) as { runs: { id: string }[] };
      return { run: runs[0]?.id };
    },
  },
  MCP: {
    invoke: async (run, capability, input, key) =>
      (await stage.tool(capability.replace(".", "_"), { run, input, justification: BECAUSE, idempotency_key: key }))
        .value,
    next: async () => (await stage.tool("next_event", { wait_seconds: 0 })).value["event"] as Json,
  },
};

const inside = (text: string) => stage.say("family", "ben", text, true);
const sent = async (room: string): Promise<readonly string[]> =>
  (await stage.here.items()).filter(({ conversation }) => conversation === `room-${room}`).map(({ text }) => text);
const approve = async (id: unknown, more: object = {}): Promise<void> => {
  await stage.here.owner["approvals.decide"]({ approval: id as ApprovalId, yes: true, pin: "4711", ...more });
  await stage.here.rest();
};
const approvalOf = (reply: Json): string => (reply["approval"] as { id: string }).id;

describe.each(["HTTP", "MCP"] as const)("over %s", (door) => {
  const { invoke, next } = DOORS[door];

  test("words of the request leave by the release of exactly these, once", async () => {
    await inside("tell work that the tent is ready");
    const run = (await next())["run"] as string;
    await invoke(run, "request.read", {}, "read");
    const input = { to: "work", template: "Ben says the tent is ready." };
    const asked = await invoke(run, "chat.send", input, "send");
    expect(asked["status"]).toBe("approval_required");
    const { prompt, assurance, label } = await stage.here.owner["approvals.show"]({
      approval: approvalOf(asked) as never,
    });
    expect([assurance, label]).toEqual(["medium", expect.stringContaining("pii.chat.message")]);
    expect(prompt).toContain("Ben says the tent is ready.");
    expect(await sent("work")).toEqual([]);
    await approve(approvalOf(asked));
    await expect(approve(approvalOf(asked))).rejects.toMatchObject({ code: "approval.decided" });
    expect((await sent("work")).filter((text) => text.includes("tent is ready"))).toHaveLength(1);
    const done = await invoke(run, "chat.send", input, "send");
    expect([done["status"], done["output"]]).toMatchObject(["done", { delivered: "queued" }]);
    const other = await invoke(run, "chat.send", { ...input, template: "Ben says otherwise." }, "send");
    expect(other["code"]).toBe("idempotency.mismatch");
    expect((await sent("work")).filter((text) => text.includes("says"))).toHaveLength(1);
    const released = stage.here.entries("label.lowered").map(({ body }) => [body["by"], body["sink"]]);
    const digest = stage.here.store.get("approval", approvalOf(asked))?.value.digest;
    expect(released).toEqual([["human.release", stage.here.place("work").id]]);
    expect(stage.here.entries("label.lowered")[0]?.body["digest"]).toBe(digest);
  });

  test("another text of the same kind is asked anew, and a no sends nothing", async () => {
    await inside("tell work that the tent is ready");
    const run = (await next())["run"] as string;
    await invoke(run, "request.read", {}, "read");
    const asked = await invoke(run, "chat.send", { to: "work", template: "The tent is ready." }, "one");
    await approve(approvalOf(asked));
    const more = await invoke(run, "chat.send", { to: "work", template: "The tent is blue." }, "two");
    expect(more["status"]).toBe("approval_required");
    await stage.here.owner["approvals.decide"]({ approval: approvalOf(more) as never, yes: false });
    await stage.here.rest();
    const told = await invoke(run, "chat.send", { to: "work", template: "The tent is blue." }, "two");
    expect([told["status"], told["code"]]).toEqual(["refused", "approval.denied"]);
    expect((await sent("work")).filter((text) => text.includes("tent"))).toHaveLength(1);
  });

  test("a plan is allowed in part, and each step's own answer is there under the plan's key", async () => {
    await inside("tell work and the side room that the tent is ready");
    const run = (await next())["run"] as string;
    const step = (to: string) => ({
      capability: "chat.send",
      input: { to, template: `Ready for ${to}.` },
      justification: BECAUSE,
    });
    const steps = [step("work"), step("side"), step("work")];
    const asked = await invoke(run, "plan.propose", { steps }, "plan");
    expect(asked["status"]).toBe("approval_required");
    await approve(approvalOf(asked), { steps: [1, 2] });
    expect([await sent("work"), await sent("side")].map((all) => all.filter((text) => text.includes("Ready")))).toEqual(
      [["Ready for work."], ["Ready for side."]],
    );
    const done = await invoke(run, "plan.propose", { steps }, "plan");
    expect([done["status"], done["output"]]).toEqual([
      "done",
      {
        steps: [
          { step: 1, status: "done", code: null },
          { step: 2, status: "done", code: null },
          { step: 3, status: "refused", code: "approval.denied" },
        ],
      },
    ]);
    const first = await http("GET", `/v1/runs/${run}/invocations/plan%231`);
    expect(first).toMatchObject({ status: "done", output: { delivered: "queued" } });
    const third = await http("GET", `/v1/runs/${run}/invocations/plan%233`);
    expect(third).toMatchObject({ status: "refused", code: "approval.denied" });
  });

  test("its own run reaches its token's rooms alone, and answers to none of its questions", async () => {
    const run = await stage.start();
    const nowhere = await invoke(run, "chat.send", { to: "work", template: "Hello." }, "a");
    expect(nowhere["code"]).toBe("conversation.unknown");
    const asked = await invoke(run, "chat.send", { to: "side", template: "Hello." }, "b");
    expect(asked["status"]).toBe("approval_required");
    const path = `/v1/approvals/${approvalOf(asked)}/decision`;
    expect(await http("POST", path, { decision: "approve", steps: [1] })).toMatchObject({ code: "auth.denied" });
    expect((await sent("side")).filter((text) => text.includes("Hello"))).toEqual([]);
  });
});
