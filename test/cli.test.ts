/** The command line against a daemon of paper: readable scripts, and what a script cannot show. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { treeOf } from "../src/cli/cli.ts";
import type { Powers } from "../src/cli/context.ts";
import { printable } from "../src/cli/printable.ts";
import { REFUSALS } from "../src/core/refusal.ts";
import { type Run, runScript } from "./cli-scripts.ts";
import { paperDoors, powersOf, runOn } from "./paper-cli.ts";
import { PaperTerminal } from "./paper-terminal.ts";

const ALL: Powers["offline"] = {
  init: async () => ({ created: true, next: ["lazaret up"] }),
  up: async (_home, { ready }) => {
    await ready({ stop: () => {} });
    return 0;
  },
  restore: async () => ({ messages: 1, entries: 2, words: [] }),
  try: async ({ text, write }) => write((await text()).toUpperCase().trim()),
  configCheck: async () => ({ file: "config.yaml", words: [] }),
  configSchema: async () => ({ type: "object" }),
  policyCheck: async () => ({
    rules: 1,
    findings: [{ severity: "error", file: "a.yaml", line: 3, rule: "r", text: "never matches" }],
  }),
  policyTest: async (_home, files) => ({
    total: 3,
    failed: files.map((file) => ({ file: file.split("/").at(-1) ?? "", line: 7, name: "x", text: "x: expected deny" })),
  }),
  attack: async (_files, tell) => {
    const result = { id: "A01", channel: "console", attack: "an order", expected: "nothing", seen: "runs: 1 done" };
    tell({ ...result, passed: true, wrong: [] });
    return [{ ...result, passed: true, wrong: [] }];
  },
  policyDiff: async () => ({
    widens: true,
    lines: [{ widens: true, text: "Newly allowed: anybody may run.", example: "action=invoke" }],
  }),
  verifyBundle: async (file) => ({
    ok: false,
    entries: 3,
    bad_seq: 2,
    reason: `altered in ${file.split("/").at(-1)}`,
    dangling: [],
    checkpoints: 1,
    not_excluded: null,
    root: "",
  }),
};

const SCRIPTS = join(import.meta.dirname, "cli");

test.each(readdirSync(SCRIPTS))("%s goes as it is written", async (name) => {
  await using doors = await paperDoors();
  await runScript(name, readFileSync(join(SCRIPTS, name), "utf8"), runOn(doors));
  expect(doors.faults).toEqual([]);
});

describe("a script", () => {
  const run: Run = async () => ({ code: 0, stdout: "one\ntwo\n", stderr: "" });
  test.each([
    ["another code", "$ lazaret x\n> one\n> two\n= 1"],
    ["a line more", "$ lazaret x\n> one\n> two\n> three"],
    ["a line less", "$ lazaret x\n> one"],
    ["no lines", "$ lazaret x"],
    ["another line", "$ lazaret x\n> one\n> twx"],
    ["words on stderr", "$ lazaret x\n> one\n> two\n! three"],
    ["two different things by one name", "$ lazaret x\n> {{a}}\n> {{b}}\n$ lazaret x\n> {{b}}\n> two"],
  ])("that expects %s fails", async (_what, text) => {
    await expect(runScript("script", text, run)).rejects.toThrow("script:");
  });

  test("that expects what comes passes", async () => {
    await runScript("script", "$ lazaret x\n> {{a}}\n> t…o\n$ lazaret {{a}}\n> {{a}}\n> …", run);
  });
});

/** Section 14 of the contract, as far as words go. */
const CONTRACT: readonly string[] = [
  "init up status doctor verify demo chat pair import try purge export mcp backup restore completion run attack report",
  ...["add", "list", "remove", "trust"].map((word) => `channel ${word}`),
  ...["list", "link", "remove"].map((word) => `principal ${word}`),
  ...["list", "allow", "block", "context", "ttl", "timezone", "language", "agent", "alias"].map(
    (w) => `conversation ${w}`,
  ),
  ...["list", "show", "approve", "deny"].map((word) => `approvals ${word}`),
  ...["list", "show", "cancel"].map((word) => `runs ${word}`),
  ...["list", "show"].map((word) => `sessions ${word}`),
  ...["export", "replay"].map((word) => `trace ${word}`),
  ...["verify", "checkpoint", "export", "replay"].map((word) => `ledger ${word}`),
  ...["set", "list", "remove", "uses"].map((word) => `secrets ${word}`),
  ...["add", "remove", "list"].map((word) => `hold ${word}`),
  ...["rotate", "passphrase", "recovery"].map((word) => `key ${word}`),
  ...["check", "explain", "diff", "test", "load", "show"].map((word) => `policy ${word}`),
  ...["create", "list", "revoke"].map((word) => `token ${word}`),
  ...["check", "schema"].map((word) => `config ${word}`),
  ...["list", "test"].map((word) => `model ${word}`),
  ...["install"].map((word) => `mcp ${word}`),
  ...["list", "revoke"].map((word) => `grants ${word}`),
  ...["list", "enable", "disable"].map((word) => `capability ${word}`),
  ...["install", "status", "uninstall"].map((word) => `service ${word}`),
  ...["agent run", "pin set"],
].flatMap((line, at) => (at === 0 ? line.split(" ") : [line]));

const leaves = (command: Command, path: readonly string[] = []): string[] =>
  command.commands.length === 0
    ? [path.join(" ")]
    : command.commands.flatMap((child) => leaves(child, [...path, child.name()]));

describe("--help", () => {
  test("holds no verb that is not in the contract", async () => {
    await using doors = await paperDoors();
    const { program } = treeOf(powersOf(doors, new PaperTerminal(""), ALL));
    expect(leaves(program).filter((verb) => !CONTRACT.includes(verb))).toEqual([]);
    expect(leaves(program).length).toBeGreaterThan(50);
  });

  test("holds no verb whose offline part was not handed in", async () => {
    await using doors = await paperDoors();
    const { program } = treeOf(powersOf(doors, new PaperTerminal("")));
    const without = leaves(program);
    const offline = [
      "init",
      "up",
      "try",
      "restore",
      "config check",
      "config schema",
      "policy check",
      "policy test",
      "policy diff",
      "attack",
    ];
    expect(offline.filter((verb) => without.includes(verb))).toEqual([]);
    const whole = leaves(treeOf(powersOf(doors, new PaperTerminal(""), ALL)).program);
    expect(whole.filter((verb) => !without.includes(verb)).sort()).toEqual([...offline].sort());
  });

  test("says in a sentence what each is for, and every word of a noun has one", async () => {
    await using doors = await paperDoors();
    const { program } = treeOf(powersOf(doors, new PaperTerminal(""), ALL));
    const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
    expect(
      all(program)
        .filter((command) => command.description() === "")
        .map((command) => command.name()),
    ).toEqual([]);
  });
});

describe("without a daemon", () => {
  test.each([
    ["try redact", "call Ana", 0, "CALL ANA\n"],
    ["config schema", "", 0, '{\n  "type": "object"\n}\n'],
    ["policy check", "", 78, "error  a.yaml:3 r: never matches\n"],
    ["attack", "", 0, "held    A01 on console: an order\n        expected: nothing\n        seen: runs: 1 done\n"],
    ["policy test a.yaml", "", 1, "a.yaml:7: x: expected deny\n"],
    ["policy diff strict chat-mode", "", 0, "+ Newly allowed: anybody may run.\n  for example: action=invoke\n"],
    ["ledger verify bundle.jsonl", "", 1, "entry 2 does not fit: altered in bundle.jsonl\n"],
    ["restore copy.tar --dry-run", "", 0, "It would bring back 1 message, 2 ledger entries\n"],
    ["init", "", 0, "Made a home in /paper\nlazaret up\n"],
    ["up", "", 0, ""],
  ])("%s works", async (line, stdin, code, stdout) => {
    await using doors = await paperDoors();
    await doors.control.close();
    const ran = await runOn(doors, ALL)(line.split(" "), stdin);
    expect([ran.code, ran.stdout.startsWith(stdout)], ran.stdout + ran.stderr).toEqual([code, true]);
  });

  test("a fault inside is said without what it was about", async () => {
    await using doors = await paperDoors();
    const broken = {
      configSchema: async () => {
        throw new TypeError("CANARY-77");
      },
    };
    const ran = await runOn(doors, broken)(["config", "schema"], "");
    expect(ran.code).toBe(REFUSALS.internal.exit);
    expect(ran.stderr).toContain("lazaret config schema: Something went wrong inside. [internal]");
    expect(ran.stderr).not.toContain("CANARY");
  });
});

describe("on a terminal", () => {
  test("what is destructive asks, and only a y goes on", async () => {
    await using doors = await paperDoors();
    const run = runOn(doors, {}, true);
    const { purge } = doors.gateway.owner;
    const erased: unknown[] = [];
    const watched: typeof purge = (input) => {
      if (input.dry_run !== true) erased.push(input);
      return purge(input);
    };
    Object.assign(doors.gateway.owner, { purge: watched });
    const no = await run(["purge", "--conversation", "family"], "n");
    expect([no.code, no.stdout]).toEqual([0, ""]);
    expect(no.stderr).toContain("Erase the conversation family (0 messages");
    expect(no.stderr).toContain("Nothing was changed.");
    expect(erased).toEqual([]);
    expect((await run(["purge", "--conversation", "family"], "y")).stdout).toContain("Erased the conversation family");
    expect(erased).toHaveLength(1);
  });

  test("a PIN is asked for once when one is wanted, and a wrong one is said", async () => {
    await using doors = await paperDoors();
    const run = runOn(doors, {}, true);
    await run(["pin", "set"], "2468\n2468");
    expect((await run(["secrets", "set", "one"], "value\n2468")).stdout).toBe("Sealed one\n");
    const wrong = await run(["secrets", "set", "two"], "value\n1111\n2468");
    expect([wrong.code, wrong.stdout]).toEqual([4, ""]);
    expect((await run(["pin", "set"], "1357\n9999")).code).toBe(2);
  });

  test("a chat says what is typed, shows what comes, and ends with /quit", async () => {
    await using doors = await paperDoors();
    const ran = await runOn(doors, {}, true)(["chat"], "hello\n/quit\nnever");
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toContain("never");
  });

  test("an import shows how far it is, and leaves nothing of that behind", async () => {
    await using doors = await paperDoors();
    const file = join(import.meta.dirname, "cli", "import.txt");
    const ran = await runOn(doors, {}, true)(["import", file, "--conversation", "family", "--format", "jsonl"], "");
    expect(ran.code).toBe(2);
    expect(ran.stderr.split("\n").length).toBe(23);
    expect(ran.stderr).toContain("the first 20 are named");
  });
});

test("nothing that is shown can move the cursor, hide, or turn the writing around", () => {
  expect(printable("a\u001b[31mb\u202ec\u200bd\u{e0041}e\r\nf\tg👩‍👧")).toBe(
    "a\\u{1b}[31mb\\u{202e}c\\u{200b}d\\u{e0041}e\nf\tg👩‍👧",
  );
});

test("bash completes verbs from the tree, and after an argument what belongs to its verb", async () => {
  await using doors = await paperDoors();
  const { stdout } = await runOn(doors, ALL)(["completion", "bash"], "");
  const words = async (...line: string[]): Promise<string[]> => {
    const script =
      `${stdout}\nCOMP_WORDS=(lazaret ` + `${line.map((word) => `"${word}"`).join(" ")})\nCOMP_CWORD=${line.length}\n`;
    const ran = await promisify(execFile)("bash", ["-c", `${script}_lazaret; echo "\${COMPREPLY[@]}"`]);
    return ran.stdout.trim().split(" ");
  };
  expect(await words("led")).toEqual(["ledger"]);
  expect(await words("ledger", "")).toEqual(["verify", "checkpoint", "export", "replay", "--help"]);
  expect(await words("conversation", "ttl", "family", "--")).toEqual(["--help"]);
  expect(await words("purge", "--conversation", "family", "--dr")).toEqual(["--dry-run"]);
});

test("the command line starts without web server, database, cryptography or schemas", async () => {
  const probe = `
    import { registerHooks } from "node:module";
    const seen = [];
    const resolve = (name, context, next) => {
      const found = next(name, context);
      seen.push(found.url);
      return found;
    };
    registerHooks({ resolve });
    await import(${JSON.stringify(new URL("../src/cli/cli.ts", import.meta.url).href)});
    await import(${JSON.stringify(new URL("../src/cli/terminal.ts", import.meta.url).href)});
    const foreign = seen.filter((url) => url.includes("/node_modules/"));
    console.log(JSON.stringify(foreign.map((url) => url.split("/node_modules/").at(-1).split("/")[0])));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", probe]);
  expect([...new Set(JSON.parse(stdout))]).toEqual(["commander"]);
});
