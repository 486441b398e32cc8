/** `lazaret agent run`: a program for each run, with a token for that run alone. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { startProgram } from "../../src/powers.ts";
import { type McpStage, mcpStage } from "../mcp-stage.ts";
import { PaperTerminal } from "../paper-terminal.ts";

/** What a reader would write: the event on stdin, the rest around it. It leaves what it saw in a file. */
const PROGRAM = `
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { Lazaret } from ${JSON.stringify(resolve("src/client.ts"))};
const event = JSON.parse(readFileSync(0, "utf8"));
const { AGENT_URL: url, AGENT_RUN: run, AGENT_TOKEN_FILE: file } = process.env;
const token = readFileSync(file, "utf8").trim();
const lazaret = new Lazaret({ url, token });
const { length: runs } = await lazaret.runs();
const seen = { type: event.type, mode: statSync(file).mode & 0o777, argv: process.argv.join(" "), runs };
writeFileSync(process.argv[2] + "/" + event.type + "-" + run, JSON.stringify({ ...seen, file, token }));
const say = (capability, input, key) =>
  lazaret.invoke(run, { capability, input, justification: "it was asked for", idempotency_key: key });
if (process.argv[3] === "answer") await say("chat.reply", { template: "Done by a program." }, "reply");
if (process.argv[3] === "reveal") {
  const reply = await say("message.redact", { last: 5 }, "reveal");
  if (reply.status === "done") await say("chat.reply", { template: "I was allowed to." }, "reply");
}
if (process.argv[3] === "fail") process.exit(3);
`;

/** Gives the programs room to run; the test's own timeout ends it. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await pause(10);
}

let stage: McpStage;
let dir: string;
let terminal: PaperTerminal;
let running: Promise<number>;
beforeEach(async () => {
  stage = await mcpStage();
  await stage.here.owner["token.revoke"]({ token: "helper" });
  dir = mkdtempSync(join(tmpdir(), "lazaret-agent-"));
  writeFileSync(join(dir, "program.ts"), PROGRAM);
});
afterEach(async () => {
  terminal.interrupt();
  await running;
  await stage[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

async function agentRun(...command: readonly string[]): Promise<void> {
  terminal = new PaperTerminal("4711\n", true);
  running = runCli(["agent", "run", "--name", "helper", "--conversation", "family", "--", ...command], {
    terminal,
    offline: { start: (line, how) => startProgram(process.env, line, how) },
    now: () => stage.here.powers.clock.now(),
    homeOf: () => ({ home: dir, socket: stage.socketPath, tokens: join(dir, "tokens") }),
    version: "0",
  });
  await until(() => terminal.stderr.includes("Ctrl-C"));
}
const program = (does: string): readonly string[] => [process.execPath, join(dir, "program.ts"), dir, does];
const ask = (): Promise<unknown> => stage.say("family", "ben", "summarise the last 10 messages", true);
const seen = (type: string) =>
  readdirSync(dir)
    .filter((name) => name.startsWith(type))
    .map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")) as { [key: string]: string | number });
const states = (): readonly string[] => stage.here.runs().map(({ status }) => status.state);

test("each run gets a program of its own, and a token that is worth nothing afterwards", async () => {
  await agentRun(...program("answer"));
  await ask();
  await until(() => states()[0] === "done");
  await ask();
  await until(() => states()[1] === "done");
  expect((await stage.here.read("family")).filter((text) => text === "Done by a program.")).toHaveLength(2);
  const all = seen("message.addressed");
  expect(all).toHaveLength(2);
  await until(() => all.every(({ file }) => !existsSync(String(file))));
  for (const { mode, argv, runs, token } of all) {
    expect([mode, runs, String(argv).includes(String(token))]).toEqual([0o600, 1, false]);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`http://127.0.0.1:${stage.port}/v1/runs`, { headers })).status).toBe(401);
  }
  expect(new Set(all.map(({ token }) => token)).size).toBe(2);
  terminal.interrupt();
  expect(await running).toBe(0);
  const { tokens } = await stage.here.owner["token.list"]({});
  expect(tokens.filter(({ name, revoked }) => name === "helper" && !revoked)).toEqual([]);
});

test("a question to a person outlives the program; another one goes on with the answer", async () => {
  await agentRun(...program("reveal"));
  await ask();
  await until(() => terminal.stderr.includes("run_"));
  expect(terminal.stderr).toContain("waits for a person");
  const id = stage.here.approvals().at(-1)?.id as never;
  await stage.here.owner["approvals.decide"]({ approval: id, yes: true, pin: "4711" });
  await until(() => states()[0] === "done");
  expect(seen("invocation.completed")).toHaveLength(1);
  expect((await stage.here.read("family")).at(-1)).toBe("I was allowed to.");
});

test.each([
  ["fails", () => program("fail"), "the program ended with 3"],
  ["does nothing", () => program("nothing"), "cancelled"],
  ["is not there", () => ["/no/such/program"], "there is no program /no/such/program"],
])("a program that %s leaves nobody waiting", async (_what, command, words) => {
  await agentRun(...command());
  await ask();
  await until(() => states()[0] === "cancelled");
  await until(() => terminal.stderr.includes(words));
  expect((await stage.here.read("family")).at(-1)).toContain("helper gave this up");
});

test("it needs a room, and a name that is free", async () => {
  await agentRun(...program("answer"));
  const again = new PaperTerminal("4711\n", true);
  const powers = {
    terminal: again,
    offline: { start: async () => 0 },
    now: () => 0,
    homeOf: () => ({ home: dir, socket: stage.socketPath, tokens: dir }),
    version: "0",
  };
  expect(await runCli(["agent", "run", "--name", "x", "--", "true"], powers)).toBe(2);
  expect(await runCli(["agent", "run", "--name", "helper", "--conversation", "family", "--", "true"], powers)).toBe(1);
  expect(await runCli(["agent", "run", "--name", "x", "--at-once", "99", "--", "true"], powers)).toBe(2);
});
