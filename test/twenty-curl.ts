/** Hands that hold nothing but `curl`: a process for each call, and one that listens when somebody asked. */
import { execFile, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { InvocationReply } from "../src/core/agent.ts";
import type { Hands, Place } from "./twenty-agents.ts";

const run = promisify(execFile);
type Event = { readonly seq: number; readonly type: string; readonly run?: string };

/** Listens to the events after `after` until one says that this run was asked for; gives how far it heard. */
function heardOf(run: string, auth: string, url: string, after: number, heard: string[]): Promise<number> {
  const curl = spawn("curl", ["-sSN", "-K", auth, `${url}/v1/events?after=${after}`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let last = after;
  let text = "";
  curl.stdout.setEncoding("utf8").on("data", (piece: string) => {
    const lines = (text + piece).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines.filter((it) => it.startsWith("data:"))) {
      heard.push(line);
      const event = JSON.parse(line.slice("data:".length)) as Event;
      last = event.seq;
      if (event.type === "message.addressed" && event.run === run) curl.kill();
    }
  });
  return new Promise((resolve) => curl.on("close", () => resolve(last)));
}

export async function curlHands({ url, token, dir }: Place, heard: string[]): Promise<Hands> {
  // In a file: a command line can be read by everybody on the machine.
  const auth = join(dir, `curl-${token.slice(-8)}`);
  writeFileSync(auth, `header = "Authorization: Bearer ${token}"\n`, { mode: 0o600 });
  const curl = async <T>(path: string, ...more: readonly string[]): Promise<T> => {
    const { stdout } = await run("curl", ["-sS", "-K", auth, ...more, `${url}${path}`]);
    heard.push(stdout);
    return JSON.parse(stdout) as T;
  };
  const post = <T>(path: string, body: object): Promise<T> =>
    curl(path, "-H", "content-type: application/json", "-d", JSON.stringify(body));
  const taken = new Set<string>();
  let seq = 0;
  return {
    next: async () => {
      const { runs } = await curl<{ runs: { id: string; state: string }[] }>("/v1/runs?open=true");
      const open = runs.find(({ id, state }) => state === "active" && !taken.has(id));
      if (open === undefined) return null;
      taken.add(open.id);
      seq = await heardOf(open.id, auth, url, seq, heard);
      return open.id;
    },
    invoke: (id, act, key) => {
      const body = { ...act, justification: "it was asked for", idempotency_key: key };
      return post<InvocationReply>(`/v1/runs/${id}/invoke`, body);
    },
    finish: (id) => post(`/v1/runs/${id}/finish`, {}),
    close: async () => {},
  };
}
