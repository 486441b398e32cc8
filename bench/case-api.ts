/** One transform through the API, beside a web server that says hello and a disk that syncs twice. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import fastify from "fastify";
import { Daemon } from "../src/cli/client.ts";
import { type Case, msOf, quantile } from "./case.ts";
import { syncMs } from "./floors.ts";
import { ended, freePort, startMs } from "./process.ts";
import { configure, envIn, program } from "./program.ts";

const CALLS = 30;
const PIN = "2718281828";

type Api = { readonly url: string; readonly headers: Record<string, string> };

async function post<T>({ url, headers }: Api, path: string, body: unknown): Promise<T> {
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer as T;
}

/** One run with so many calls; each is a different question, so that none is answered from memory. */
async function transformMs(api: Api): Promise<number> {
  const run = await post<{ readonly id: string }>(api, "/v1/runs", { conversation: "demo" });
  const ms: number[] = [];
  for (let n = 0; n < CALLS; n++) {
    const call = {
      capability: "message.extract_entities",
      input: { scope: "conversation", last: 1 + (n % 5) },
      justification: "Measures what a call costs.",
      idempotency_key: `call-${n}`,
    };
    const from = performance.now();
    const answer = await post<{ readonly status: string }>(api, `/v1/runs/${run.id}/invoke`, call);
    ms.push(performance.now() - from);
    if (answer.status !== "done") throw new Error(`a call came to ${JSON.stringify(answer)}`);
  }
  await post(api, `/v1/runs/${run.id}/cancel`, {});
  return quantile(ms, 0.5);
}

async function helloMs(url: string): Promise<number> {
  const ms: number[] = [];
  for (let n = 0; n < CALLS; n++) ms.push(await msOf(async () => (await fetch(url)).json()));
  return quantile(ms, 0.5);
}

async function agentToken(home: string): Promise<string> {
  const daemon = new Daemon(join(home, "lazaret.sock"));
  await daemon.ask("demo.load", {});
  await daemon.ask("pin.set", { next: PIN });
  const order = { name: "bench", scopes: ["agent" as const], conversations: ["demo"], runs_on: "local", pin: PIN };
  return (await daemon.ask("token.create", order)).token;
}

export const api: Case = {
  name: "api",
  bounds: [{ ratio: "transform / (hello + 2 syncs)", at: "most", gate: 6, goal: 4 }],
  begin: async (place) => {
    const launcher = program(place);
    const home = join(place.dir, "api");
    const port = await freePort();
    configure(home, port);
    const command = [process.execPath, launcher, "--home", home, "up"] as const;
    const child: ChildProcess = (await startMs(command, envIn(place.dir), "is up")).child;
    const token = await agentToken(home);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const there: Api = { url: `http://127.0.0.1:${port}`, headers };
    const server = fastify();
    server.get("/", async () => ({ hello: "world" }));
    const hello = await server.listen({ host: "127.0.0.1", port: 0 });
    const end = async (): Promise<void> => {
      await server.close();
      await ended(child);
    };
    await transformMs(there).catch(async (error: unknown) => {
      await end();
      throw error;
    });
    await helloMs(hello);
    return {
      round: async () => {
        const [bare, sync, transform] = [await helloMs(hello), syncMs(place.dir), await transformMs(there)];
        return {
          "transform / (hello + 2 syncs)": transform / (bare + 2 * sync),
          "transform p50 ms": transform,
          "hello p50 ms": bare,
          "sync p50 ms": sync,
        };
      },
      end,
    };
  },
};
