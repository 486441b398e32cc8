/** A Lazaret whose way out leads to a hostile server of our own, and an agent that asks what the test says. */
import type { AgentDriver, InvocationReply } from "../src/core/agent.ts";
import type { HttpHost } from "../src/core/http.ts";
import { CheckedHttp } from "../src/edge/http.ts";
import { CA, type Upstream, upstream } from "./hostile-upstream.ts";
import { butlerThat, call, group, type HookOptions, type HookWorld, hookWorld, person } from "./webhook-world.ts";
import { WALL } from "./world.ts";

export const NAME = "tracker";
export const SECRET = 'ghs_r4nd0m-"Val/ue"+of%a=secret';

export type HttpWorld = HookWorld & {
  readonly upstream: Upstream;
  readonly replies: InvocationReply[];
  /** What the resolver says from now on. */
  resolve: readonly string[];
  /** Lets a member ask, and the agent send this request. */
  ask(input: object): Promise<void>;
  /** The same, with the yes of the approver. */
  done(input: object): Promise<InvocationReply>;
  url(path: string): string;
};

const listed = (port: number): HttpHost => ({
  host: "api.example.org",
  port,
  plain: false,
  methods: ["GET", "POST"],
  addresses: ["public", "loopback"],
  paths: ["/vouched"],
  secrets: ["header:authorization", "query:key", "body:/auth/token", "form:token"].map((slot) => ({
    name: NAME,
    slot,
  })),
});

export async function httpWorld(
  options: HookOptions & { readonly hosts?: readonly HttpHost[] } = {},
): Promise<HttpWorld> {
  const server = await upstream();
  const replies: InvocationReply[] = [];
  let wanted: object | null = null;
  const agent: AgentDriver = butlerThat(async (run) => {
    const input = wanted;
    wanted = null;
    if (input !== null) {
      const reply = await call(run, "http.request", input);
      replies.push(reply);
      if (reply.status === "approval_required") return;
    }
    await call(run, "chat.reply", { template: "That is all." });
    await run.finish();
  });
  const state = { resolve: ["127.0.0.1"] as readonly string[] };
  const http = new CheckedHttp({ clock: WALL, ca: CA, resolve: async () => state.resolve });
  const here = await hookWorld({
    drivers: [agent],
    people: [person("ana", "approver"), person("ben", "member")],
    conversations: [group("family", { context: "everyone" })],
    assurance: "medium",
    ...options,
    http,
    settings: { httpHosts: options.hosts ?? [listed(server.port)], ...options.settings },
  });
  const { owner } = here;
  await owner["capability.enable"]({ id: "http.request" });
  await owner["secrets.set"]({ name: NAME, value: SECRET });
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben"] });
  const ask = async (input: object): Promise<void> => {
    wanted = input;
    await here.post({ conversation: "room-family", sender: "ben", text: "ask the tracker", addressed: true });
  };
  return {
    ...here,
    upstream: server,
    replies,
    get resolve() {
      return state.resolve;
    },
    set resolve(addresses) {
      state.resolve = addresses;
    },
    ask,
    done: async (input) => {
      await ask(input);
      const reply = replies.at(-1);
      if (reply?.status !== "approval_required") throw new Error(`not asked: ${reply?.status} ${reply?.code}`);
      await approve(here);
      const made = here.store
        .all("call", { limit: 1000 })
        .findLast(({ value }) => value.approval === reply.approval?.id);
      const run = made?.value.run;
      if (run === undefined) throw new Error("no call");
      const { answerOf } = await import("../src/gateway/invoke.ts");
      return answerOf(here.gateway.invoking, made?.value.id as never);
    },
    url: (path) => `https://api.example.org:${server.port}${path}`,
    close: async () => {
      await here.close();
      await server.close();
    },
  };
}

export async function approve(here: HookWorld): Promise<void> {
  const { approval } = await here.question();
  await here.post({ conversation: "room-family", sender: "ana", text: `approve ${approval.code}`, addressed: true });
}
