/** The real terminal in a process of its own, where stdin is a pipe. */
import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const PROBE = `
  import { openTerminal } from ${JSON.stringify(new URL("../../src/cli/terminal.ts", import.meta.url).href)};
  const terminal = openTerminal();
  const asked = await terminal.ask("one? ");
  const hidden = await terminal.hidden("two? ");
  const rest = await Array.fromAsync(terminal.lines());
  const { isInteractive, isColoured } = terminal;
  terminal.out(JSON.stringify({ asked, hidden, rest, end: await terminal.ask("more? "), isInteractive, isColoured }));
  terminal.err("words");
`;

function run(probe: string, stdin: string, isRead = true): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", probe]);
  let [out, err] = ["", ""];
  if (isRead) child.stdout.on("data", (piece) => (out += String(piece)));
  else child.stdout.destroy();
  child.stderr.on("data", (piece) => (err += String(piece)));
  child.stdin.end(stdin);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

test("questions and lines share stdin, and none swallows what the next waits for", async () => {
  const { out, err } = await run(PROBE, "a\nb\r\nc\n\nd");
  expect(JSON.parse(out)).toEqual({
    asked: "a",
    hidden: "b",
    rest: ["c", "", "d"],
    end: null,
    isInteractive: false,
    isColoured: false,
  });
  expect(err).toBe("words");
});

test("a reader that has read enough ends it without complaint", async () => {
  const probe = `${PROBE.slice(0, PROBE.indexOf("const asked"))}
    for (let line = 0; line < 100000; line += 1) terminal.out("line\\n");
    await new Promise((resolve) => setTimeout(resolve, 10_000));`;
  expect(await run(probe, "", false)).toEqual({ code: 0, out: "", err: "" });
});

test("stdin is read whole up to a limit, and not at all beyond it", async () => {
  const read = (max: number): string =>
    `${PROBE.slice(0, PROBE.indexOf("const asked"))} terminal.out(JSON.stringify(await terminal.read(${max})));`;
  expect((await run(read(5), "a\nbc\n")).out).toBe('"a\\nbc\\n"');
  expect((await run(read(4), "a\nbc\n")).out).toBe("null");
});
