/** Every file of examples/ as its reader would start it: a real daemon, the webhook channel, the token in a file. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RealDaemon, RealHome } from "../real-lazaret.ts";
import { Alerts, SECRET } from "./alerts.ts";

const PIN = "2468";
const CONFIG = `
listen: { port: 0 }
channels: [{ name: alerts, kind: webhook, secret: hook-alerts }]
conversations:
  - { alias: family, channel: alerts, room: room-family, context: everyone, agent: helper }
  - { alias: side, channel: alerts, room: room-side, context: everyone }
people: [{ role: member, id: "alerts:ben" }, { role: approver, id: "alerts:ana" }]
`;
const PACKAGE = { name: "lazaret", type: "module", exports: { "./client": "./client.ts" } };

let home: RealHome;
let daemon: RealDaemon;
let alerts: Alerts;
let files: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  home = new RealHome(CONFIG);
  daemon = await home.up();
  await daemon.ask("secrets.set", { name: "hook-alerts", value: SECRET });
  await daemon.ask("pin.set", { next: PIN });
  alerts = new Alerts(daemon.http);
  // The folder of a reader who installed the package: node_modules/lazaret is what the package exports.
  files = join(home.dir, "reader");
  mkdirSync(join(files, "node_modules", "@ai-sdk"), { recursive: true });
  mkdirSync(join(files, "package"));
  cpSync("src/client.ts", join(files, "package", "client.ts"));
  writeFileSync(join(files, "package", "package.json"), JSON.stringify(PACKAGE));
  symlinkSync(join(files, "package"), join(files, "node_modules", "lazaret"));
  symlinkSync(resolve("node_modules/@ai-sdk/mcp"), join(files, "node_modules", "@ai-sdk", "mcp"));
  cpSync("examples", join(files, "examples"), { recursive: true });
  writeFileSync(join(files, "package.json"), '{ "type": "module" }');
});
afterAll(async () => {
  // Each leads a group of its own: the shell goes with what it started.
  for (const { pid, exitCode } of started) if (pid !== undefined && exitCode === null) process.kill(-pid, "SIGKILL");
  await daemon[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

/** A token of an agent of this name, in a file; the agent that had the name before is shut out. */
async function tokenFile(name: string): Promise<string> {
  await daemon.ask("token.revoke", { token: name }).catch(() => {});
  const order = { name, scopes: ["agent"], conversations: ["family", "side"], runs_on: "local", pin: PIN };
  const { token } = await daemon.ask<{ token: string }>("token.create", order);
  const file = join(home.dir, `token-${started.length}`);
  writeFileSync(file, token, { mode: 0o600 });
  return file;
}

const environment = (file: string) => ({
  PATH: process.env["PATH"] ?? "",
  AGENT_URL: `http://${daemon.http}`,
  AGENT_TOKEN_FILE: file,
});

function start(name: string, file: string): { readonly said: () => string } {
  const [program, args] = name.endsWith(".sh") ? ["bash", []] : [process.execPath, []];
  const child = spawn(program, [...args, join("examples", name)], {
    cwd: files,
    env: environment(file),
    detached: true,
  });
  started.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += String(piece)));
  return { said: () => said };
}

let posted = 0;
const say = (sender: string, text: string, addressed = false): Promise<number> =>
  alerts.post({ id: `m-${++posted}`, conversation: "room-family", sender, text, addressed });
const newest = async (): Promise<number> => (await alerts.outbox(0, 0)).at(-1)?.seq ?? 0;

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const answering = globSync("examples/*").filter(
  (file) => /answer|mcp/.test(file) && (hasCurl || !file.endsWith(".sh")),
);

test.each(answering.map((file) => file.replace("examples/", "")))(
  "%s answers a request with a summary",
  async (name) => {
    const { said } = start(name, await tokenFile("helper"));
    const before = await newest();
    await say("ana", "we meet at the lake on Friday at noon");
    await say("ben", "I will bring the tent");
    await say("ben", "summarise the last 10 messages", true);
    let texts: readonly string[] = [];
    await daemon
      .until(async () => {
        texts = (await alerts.outbox(before, 0)).map(({ text }) => text);
        return texts.some((text) => text.includes("lake"));
      })
      .catch(() => expect.fail(`${said()} ${texts.join("\n")}`));
    // The run is finished, so the next one can begin.
    await daemon
      .until(async () => {
        const { runs } = await daemon.ask<{ runs: { state: string; agent: string }[] }>("runs.list", { limit: 1 });
        return runs[0]?.state === "done" && runs[0].agent === "helper";
      })
      .catch(() => expect.fail(said()));
  },
);

test("interrupt.ts asks, ends, and goes on with the answer that came meanwhile", async () => {
  const file = await tokenFile("helper");
  const checkpoint = join(home.dir, "checkpoint.json");
  const run = () => {
    const args = [join("examples", "interrupt.ts"), checkpoint, "family", "side"];
    return spawnSync(process.execPath, args, { cwd: files, env: environment(file), encoding: "utf8" });
  };
  const first = run();
  expect([first.stdout, first.stderr]).toEqual(["approval_required\n", ""]);
  expect(run().stdout).toBe("approval_required\n");
  const { approvals } = await daemon.ask<{ approvals: { id: string; state: string }[] }>("approvals.list", {
    open: true,
  });
  expect(approvals).toHaveLength(1);
  await daemon.ask("approvals.decide", { approval: approvals[0]?.id, yes: true, pin: PIN });
  expect(run().stdout).toBe("done\n");
  const sent = (await alerts.outbox(0, 0)).filter(({ conversation }) => conversation === "room-side");
  expect(sent.map(({ text }) => text)).toEqual(["[helper] The minutes are ready."]);
  const { run: id } = JSON.parse(readFileSync(checkpoint, "utf8")) as { run: string };
  expect(await daemon.ask("runs.show", { run: id })).toMatchObject({ run: { state: "done" } });
});
