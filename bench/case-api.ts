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

type Answer = { readonly status: string };
/** Asks for one capability and gives the answer, by one of the doors. */
type Call = (api: Api, run: string, body: Body) => Promise<Answer>;
type Body = {
  readonly capability: string;
  readonly input: object;
  readonly justification: string;
  readonly idempotency_key: string;
};

const byHttp: Call = (there, run, body) => post(there, `/v1/runs/${run}/invoke`, body);

const VERSION = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": VERSION,
  "io.modelcontextprotocol/clientCapabilities": {},
};
const byMcp: Call = async ({ url, headers }, run, { capability, ...rest }) => {
  const name = capability.replaceAll(".", "_");
  const own = { "mcp-protocol-version": VERSION, "mcp-method": "tools/call", "mcp-name": name };
  const params = { name, arguments: { run, ...rest }, _meta: META };
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
  const there = { url, headers: { ...headers, ...own } };
  return (await post<{ readonly result: { readonly structuredContent: Answer } }>(there, "/mcp", message)).result
    .structuredContent;
};

/** One run with so many calls; each is a different question, so that none is answered from memory. */
async function callsMs(there: Api, by: Call): Promise<readonly number[]> {
  const run = await post<{ readonly id: string }>(there, "/v1/runs", { conversation: "demo" });
  const ms: number[] = [];
  for (let n = 0; n < CALLS; n++) {
    const call = {
      capability: "message.extract_entities",
      input: { scope: "conversation", last: 1 + (n % 5) },
      justification: "Measures what a call costs.",
      idempotency_key: `call-${n}`,
    };
    const from = performance.now();
    const answer = await by(there, run.id, call);
    ms.push(performance.now() - from);
    if (answer.status !== "done") throw new Error(`a call came to ${JSON.stringify(answer)}`);
  }
  await post(there, `/v1/runs/${run.id}/cancel`, {});
  return ms;
}

const perSecond = (ms: readonly number[]): number => (1000 * ms.length) / ms.reduce((sum, one) => sum + one, 0);

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
  bounds: [
    { ratio: "transform / (hello + 2 syncs)", at: "most", gate: 6, goal: 4 },
    { ratio: "mcp / http", at: "most", gate: 2, goal: 1.25 },
  ],
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
    await callsMs(there, byMcp).catch(async (error: unknown) => {
      await end();
      throw error;
    });
    await helloMs(hello);
    return {
      round: async () => {
        const [bare, sync] = [await helloMs(hello), syncMs(place.dir)];
        const [http, mcp] = [await callsMs(there, byHttp), await callsMs(there, byMcp)];
        const [transform, overMcp] = [quantile(http, 0.5), quantile(mcp, 0.5)];
        return {
          "transform / (hello + 2 syncs)": transform / (bare + 2 * sync),
          "mcp / http": overMcp / transform,
          "transform p50 ms": transform,
          "transform p99 ms": quantile(http, 0.99),
          "transforms a second": perSecond(http),
          "mcp p50 ms": overMcp,
          "mcp p99 ms": quantile(mcp, 0.99),
          "mcp calls a second": perSecond(mcp),
          "hello p50 ms": bare,
          "sync p50 ms": sync,
        };
      },
      end,
    };
  },
};
