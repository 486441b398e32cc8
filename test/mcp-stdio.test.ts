/** MCP on stdio as a program's user has it: install, the file of the token, the bridge, a daemon that starts anew. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../src/cli/cli.ts";
import { HttpDoor } from "../src/cli/http-door.ts";
import { McpBridge } from "../src/cli/mcp-bridge.ts";
import { snippetOf, writeSnippet } from "../src/cli/mcp-clients.ts";
import { readToken, writeToken } from "../src/cli/token-file.ts";
import { type Json, type McpStage, mcpStage, modernMeta } from "./mcp-stage.ts";
import { PaperTerminal } from "./paper-terminal.ts";

let stage: McpStage;
let dir: string;
let file: string;
beforeAll(async () => {
  stage = await mcpStage();
  dir = mkdtempSync(join(tmpdir(), "lazaret-stdio-"));
  file = join(dir, "helper");
  writeToken(file, stage.shown);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const url = (): string => `http://127.0.0.1:${stage.port}`;
const lines = (...all: readonly unknown[]): string =>
  all.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");

/** Runs `lazaret …` with this stdin; the command line needs no home for it. */
async function lazaret(
  args: readonly string[],
  stdin: string,
  isInteractive = false,
): Promise<PaperTerminal & { code: number }> {
  const terminal = new PaperTerminal(stdin, isInteractive);
  const code = await runCli(args, {
    terminal,
    offline: { command: async () => ["/usr/bin/node", "/opt/lazaret"] },
    now: () => stage.here.powers.clock.now(),
    homeOf: () => ({ home: dir, socket: stage.socketPath, tokens: join(dir, "tokens") }),
    version: "0",
  });
  return Object.assign(terminal, { code });
}

const answers = (text: string): readonly Json[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json)
    .sort((a, b) => Number(a["id"] ?? -1) - Number(b["id"] ?? -1));

const hello = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "0" } },
};
const modern = (id: number, method: string, params: Json = {}) => ({
  jsonrpc: "2.0",
  id,
  method,
  params: { _meta: modernMeta, ...params },
});

describe("lazaret mcp", () => {
  test("answers both eras on one stdin, and says nothing that is no message", async () => {
    const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
    const said = await lazaret(
      ["mcp", "--url", url(), "--token-file", file],
      lines(hello, initialized, { jsonrpc: "2.0", id: 1, method: "ping" }, "", modern(2, "server/discover")),
    );
    expect([said.code, said.stderr]).toEqual([0, ""]);
    expect(answers(said.stdout)).toMatchObject([
      { id: 0, result: { protocolVersion: "2025-06-18" } },
      { id: 1, result: {} },
      { id: 2, result: { resultType: "complete" } },
    ]);
  });

  test("passes on what is no JSON, refuses what is too large, and ends when stdin does", async () => {
    const waiting = modern(5, "tools/call", { name: "next_event", arguments: { wait_seconds: 25 } });
    const large = modern(4, "tools/call", { name: "chat_reply", arguments: { template: "x".repeat(70_000) } });
    const said = await lazaret(["mcp", "--url", url(), "--token-file", file], lines("{", large, waiting));
    expect(said.code).toBe(0);
    expect(answers(said.stdout)).toMatchObject([
      { error: { code: -32700 } },
      { id: 4, result: { isError: true, structuredContent: { code: "input.too_large" } } },
    ]);
  });

  test("a daemon that is not there is a result of the tool, not silence", async () => {
    const call = modern(1, "tools/call", { name: "next_event" });
    const said = await lazaret(["mcp", "--url", "http://127.0.0.1:1", "--token-file", file], lines(call, hello));
    expect(answers(said.stdout)).toMatchObject([
      { id: 0, error: { data: { code: "daemon.unreachable" } } },
      { id: 1, result: { isError: true, structuredContent: { code: "daemon.unreachable", retryable: true } } },
    ]);
  });

  test("goes on in a new session when the daemon forgot the old one", async () => {
    const said: string[] = [];
    const bridge = new McpBridge(new HttpDoor(url(), stage.shown), (line) => said.push(line));
    await bridge.run(
      (async function* () {
        yield JSON.stringify(hello);
        // Thirty-two newer ones: the daemon keeps no more for one token.
        for (let n = 0; n < 32; n++) await stage.post(hello);
        yield JSON.stringify({ jsonrpc: "2.0", id: 9, method: "tools/list" });
      })(),
    );
    expect((answers(said.join("\n"))[1] as { result: { tools: unknown[] } }).result.tools.length).toBeGreaterThan(5);
  });

  test("a request that is taken back gets no answer", async () => {
    const said: string[] = [];
    const bridge = new McpBridge(new HttpDoor(url(), stage.shown), (line) => said.push(line));
    await bridge.run(
      (async function* () {
        yield JSON.stringify(modern(1, "tools/call", { name: "next_event" }));
        yield JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
        yield JSON.stringify(modern(2, "prompts/list"));
      })(),
    );
    expect(answers(said.join("\n")).map(({ id }) => id)).toEqual([2]);
  });

  test("takes a token from a file that is ours alone, and sends it to this machine alone", async () => {
    const open = join(dir, "open");
    writeFileSync(open, stage.shown, { mode: 0o644 });
    const link = join(dir, "link");
    symlinkSync(file, link);
    const empty = join(dir, "empty");
    writeFileSync(empty, "not a token", { mode: 0o600 });
    for (const bad of [open, link, empty, dir, join(dir, "none")]) {
      const said = await lazaret(["mcp", "--token-file", bad], "");
      expect([said.code === 0, said.stdout]).toEqual([false, ""]);
      expect(said.stderr).not.toContain("lzt_");
    }
    for (const far of ["http://evil.example:7717", "https://127.0.0.1:7717", "http://127.0.0.1.evil.example", "x"]) {
      const said = await lazaret(["mcp", "--token-file", file, "--url", far], lines(hello));
      expect([far, said.code, said.stdout]).toEqual([far, 2, ""]);
    }
    expect((await lazaret(["mcp"], "")).code).toBe(2);
  });
});

describe("lazaret mcp install", () => {
  test("makes a narrow token in a file of its own, prints the snippet, and proves it", async () => {
    const said = await lazaret(["mcp", "install", "claude-code", "--conversation", "family"], "4711\n", true);
    expect([said.code, said.stderr]).toEqual([0, expect.stringContaining("it sees ")]);
    const made = join(dir, "tokens", "claude-code");
    expect(JSON.parse(said.stdout)).toEqual({
      mcpServers: {
        lazaret: { command: "/usr/bin/node", args: ["/opt/lazaret", "mcp", "--url", url(), "--token-file", made] },
      },
    });
    expect([statSync(made).mode & 0o777, statSync(join(dir, "tokens")).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(said.stdout + said.stderr).not.toContain(readToken(made));
    const { tokens } = await stage.here.owner["token.list"]({});
    expect(tokens.find(({ name }) => name === "claude-code")).toMatchObject({
      scopes: ["agent"],
      conversations: ["family"],
      runs_on: "cloud:anthropic",
      accepts: 0,
    });
    const again = await lazaret(["mcp", "install", "claude-code", "--conversation", "family"], "4711\n", true);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("is there already")]);
  });

  test("leaves no token behind when the snippet cannot be written", async () => {
    const write = join(dir, "broken.json");
    writeFileSync(write, "{ // with a remark\n}");
    const args = ["mcp", "install", "openclaw", "--conversation", "family", "--write", write];
    expect((await lazaret(args, "4711\n", true)).code).toBe(2);
    const { tokens } = await stage.here.owner["token.list"]({});
    expect(tokens.filter(({ name, revoked }) => name === "openclaw" && !revoked)).toEqual([]);
    expect(existsSync(join(dir, "tokens", "openclaw"))).toBe(false);
    expect(readFileSync(write, "utf8")).toBe("{ // with a remark\n}");
  });

  test("needs a room, a client that it knows, and a room that exists", async () => {
    expect((await lazaret(["mcp", "install", "json"], "4711\n", true)).code).toBe(2);
    expect((await lazaret(["mcp", "install", "emacs", "--conversation", "family"], "", true)).code).toBe(2);
    expect((await lazaret(["mcp", "install", "json", "--conversation", "nowhere"], "4711\n", true)).code).toBe(7);
  });
});

describe("a client's file", () => {
  const server = { command: "/usr/bin/node", args: ["a b", 'c"d'] };
  test("keeps what else stands in it", () => {
    const json = join(dir, "mcp.json");
    writeFileSync(json, JSON.stringify({ mcpServers: { other: { command: "x" } }, theme: 1 }));
    writeSnippet("claude-code", server, json);
    expect(JSON.parse(readFileSync(json, "utf8"))).toEqual({
      mcpServers: { other: { command: "x" }, lazaret: server },
      theme: 1,
    });
    writeSnippet("openclaw", server, json);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({ mcp: { servers: { lazaret: server } }, theme: 1 });
    const toml = join(dir, "config.toml");
    writeFileSync(toml, 'model = "x"\n');
    writeSnippet("codex", server, toml);
    expect(readFileSync(toml, "utf8")).toBe(
      'model = "x"\n\n[mcp_servers.lazaret]\ncommand = "/usr/bin/node"\nargs = ["a b", "c\\"d"]\n',
    );
    expect(() => writeSnippet("codex", server, toml)).toThrow(/already/);
    for (const foreign of ["[]", '{"mcpServers": []}', "nothing"]) {
      writeFileSync(json, foreign);
      expect(() => writeSnippet("json", server, json)).toThrow(/not plain JSON/);
      expect(readFileSync(json, "utf8")).toBe(foreign);
    }
  });

  test("is made where there is none", () => {
    const json = join(dir, "fresh.json");
    writeSnippet("json", server, json);
    expect(readFileSync(json, "utf8").trimEnd()).toBe(snippetOf("json", server));
  });
});
