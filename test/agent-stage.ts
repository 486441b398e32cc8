/** A Lazaret with an external agent's token, and the hands of whoever holds it. */
import type { InvocationReply } from "../src/core/agent.ts";
import type { RunId } from "../src/core/ids.ts";
import type { Token } from "../src/core/records.ts";
import type { RunOrder } from "../src/gateway/surface.ts";
import { group, type HookOptions, type HookWorld, hookWorld, person } from "./webhook-world.ts";

export type AgentStage = {
  readonly here: HookWorld;
  /** Of `helper`, for the conversations family and side; work is not its own. */
  readonly token: Token;
  tokenFor(name: string, conversations: readonly string[], scopes?: Token["scopes"]): Promise<Token>;
  fresh(id: string): Token;
  start(order?: RunOrder, by?: Token): Promise<RunId>;
  invoke(run: RunId, capability: string, input?: unknown, key?: string, by?: Token): Promise<InvocationReply>;
  say(room: string, sender: string, text: string, addressed?: boolean): Promise<unknown>;
  steps(run: RunId): number;
};

const ROOMS = ["family", "work", "side"] as const;

export async function agentStage(
  outside: HookOptions["outside"] = {},
  more: Pick<HookOptions, "drivers" | "settings" | "wall"> = {},
): Promise<AgentStage> {
  const here = await hookWorld({
    ...more,
    outside,
    people: [person("ana", "approver"), person("ben", "member")],
    conversations: ROOMS.map((alias) =>
      group(alias, { context: "everyone", ...(alias === "family" ? { agent: "helper" } : {}) }),
    ),
  });
  for (const room of ROOMS)
    await here.post({ kind: "membership", conversation: `room-${room}`, sender: "net", members: ["ana", "ben"] });
  await here.owner["pin.set"]({ next: "4711" });
  const fresh = (id: string): Token => here.store.get("token", id)?.value as Token;
  const tokenFor: AgentStage["tokenFor"] = async (name, conversations, scopes = ["agent"]) => {
    const order = { name, scopes: [...scopes], conversations: [...conversations], runs_on: "local", pin: "4711" };
    return fresh((await here.owner["token.create"](order)).id);
  };
  const token = await tokenFor("helper", ["family", "side"]);
  let keys = 0;
  return {
    here,
    token,
    tokenFor,
    fresh,
    start: async (order = { conversation: "family" }, by = token) =>
      (await here.door.startRun(fresh(by.id), order)).id as RunId,
    invoke: (run, capability, input = {}, key = `key-${++keys}`, by = token) => {
      const invocation = { capability, input, justification: "because I want to", idempotency_key: key };
      return here.door.invoke(fresh(by.id), run, invocation);
    },
    say: (room, sender, text, addressed = false) =>
      here.post({ conversation: `room-${room}`, sender, text, addressed }),
    steps: (run) => here.store.get("run", run)?.value.budget.used.steps ?? -1,
  };
}

/** The code that a call was refused with, or `done`. */
export const codeOf = (doing: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(doing)
    .then(
      (it) => (it as InvocationReply | undefined)?.code ?? "done",
      (error: { code?: string }) => error.code ?? String(error),
    );
