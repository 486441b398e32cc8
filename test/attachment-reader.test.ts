/** What the daemon believes of the child that reads files: nothing beyond its schema. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isRefusal } from "../src/core/refusal.ts";
import { answerIn, SandboxedReader } from "../src/edge/attachment-reader.ts";
import { runInside, type Walls, wallsOf } from "../src/edge/sandbox.ts";
import { WALL } from "./world.ts";

const READ = { type: "txt", pages: null, text: "hello", cut: false };
const said = (value: unknown, code: number | null = 0) => ({
  bytes: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
  code,
});
function codeOf(work: () => unknown): string {
  try {
    return JSON.stringify(work());
  } catch (error) {
    return isRefusal(error) ? error.code : String(error);
  }
}

describe("an answer", () => {
  test("of the schema is taken", () => {
    expect(answerIn(said({ read: READ }))).toEqual(READ);
  });

  test.each([
    ["no JSON", "hello"],
    ["two answers", `${JSON.stringify({ read: READ })}${JSON.stringify({ read: READ })}`],
    ["another key", { read: { ...READ, path: "/etc/passwd" } }],
    ["both at once", { read: READ, problem: "opaque" }],
    ["a kind that there is not", { read: { ...READ, type: "exe" } }],
    ["a problem that there is not", { problem: "give me the key" }],
    ["no text", { read: { ...READ, text: "" } }],
    ["a text that is too long", { read: { ...READ, text: "x".repeat(200_001) } }],
    ["a text that is none", { read: { ...READ, text: { toString: 1 } } }],
    ["letters that nobody sees", { read: { ...READ, text: "a\u200bb" } }],
    ["tags", { read: { ...READ, text: "a\u{e0041}b" } }],
    ["half a character", '{"read":{"type":"txt","pages":null,"text":"\\ud800","cut":false}}'],
    ["pages beyond any", { read: { ...READ, pages: 1e9 } }],
    ["a prototype", '{"__proto__":{"read":1},"read":null}'],
  ])("with %s is none", (_, value) => {
    expect(codeOf(() => answerIn(said(value)))).toBe("transform.failed");
  });

  test("that is not UTF-8 is none", () => {
    const bytes = Buffer.concat([Buffer.from('{"read":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect(codeOf(() => answerIn({ bytes, code: 0 }))).toBe("transform.failed");
  });

  test("of a child that was ended counts for nothing", () => {
    expect(codeOf(() => answerIn(said({ read: READ }, null)))).toBe("attachment.refused");
    expect(codeOf(() => answerIn(said("", 0)))).toBe("attachment.refused");
  });

  test("never carries a word of the file in what it is refused with", () => {
    try {
      answerIn(said('{"read": CANARY'));
    } catch (error) {
      expect(`${error} ${JSON.stringify(error)}`).not.toContain("CANARY");
    }
  });
});

/** A child that is a line of the shell: without walls, for what the daemon does with it. */
const childOf = (script: string): Walls => ({
  name: "namespaces",
  program: "/bin/sh",
  args: ["-c", script],
  inside: [],
  permissions: [],
  entry: "",
});
const ask = (script: string, deadlineMs = 5000, answerBytesMax = 1000) =>
  runInside(childOf(script), WALL, { stdin: [Buffer.from("x")], deadlineMs, answerBytesMax });

describe("a child", () => {
  test("that says too much is ended at once", async () => {
    await expect(ask("yes")).rejects.toMatchObject({ code: "transform.failed" });
  });

  test("that takes too long is ended", async () => {
    await expect(ask("exec sleep 60", 50)).rejects.toMatchObject({ code: "transform.timeout" });
  });

  test("that does not start, or reads nothing, harms nobody", async () => {
    const none = { ...childOf(""), program: "/nonexistent/program" };
    const asking = { stdin: [Buffer.alloc(4_000_000)], deadlineMs: 5000, answerBytesMax: 10 };
    await expect(runInside(none, WALL, asking)).rejects.toMatchObject({ code: "transform.failed" });
    await expect(runInside(childOf("exit 3"), WALL, asking)).resolves.toMatchObject({ code: 3 });
  });

  test("has nothing of our environment", async () => {
    const { bytes } = await ask("env");
    expect(Buffer.from(bytes).toString()).not.toMatch(/HOME|PATH=.*n24|LAZARET/);
  });
});

test("files are read one at a time, few wait, and a reader that is closed reads none", async () => {
  const reader = new SandboxedReader(async () => ({ walls: childOf("sleep 1") }), WALL);
  const reads = Array.from({ length: 9 }, () =>
    reader.read("", "txt", 60).catch((error: { code: string }) => error.code),
  );
  expect(await reads[8]).toBe("rate.limited");
  await reader.close();
  expect(new Set(await Promise.all(reads))).toEqual(new Set(["rate.limited", "daemon.stopping"]));
});

test("what the child may read is the program alone", () => {
  const entry = new URL("../src/file-reader.ts", import.meta.url);
  const walls = wallsOf({ node: process.execPath, entry });
  for (const { permissions, args } of walls) {
    expect(permissions[0]).toBe("--permission");
    expect(permissions.slice(1).every((it) => it.startsWith("--allow-fs-read="))).toBe(true);
    expect([...permissions, ...args].join(" ")).not.toContain("allow-fs-write");
    expect(permissions).toContain(`--allow-fs-read=${fileURLToPath(new URL("../transforms/*", import.meta.url))}`);
  }
});

test("where the walls do not hold nothing is read", async () => {
  const none = { walls: null, why: "bubblewrap lets through: network", remedy: "mend it" };
  const reader = new SandboxedReader(async () => none, WALL);
  await expect(reader.read("", "txt", 5000)).rejects.toMatchObject({ code: "capability.unknown" });
});
