/** The probe of the walls around readers of files: it passes walls that hold, and names each that does not. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Walls, wallsOf } from "../../src/edge/sandbox.ts";
import { type Bait, faultsOf, provedSandbox } from "../../src/edge/sandbox-probe.ts";
import { WALL } from "../world.ts";

const entry = new URL("../../src/file-reader.ts", import.meta.url);
const source = fileURLToPath(new URL("../../src/", import.meta.url));
const BAIT: Bait = {
  hidden: ["/etc/passwd", "/proc/self/environ", fileURLToPath(new URL("../../README.md", import.meta.url))],
  writable: [source, "/", "/tmp"],
};
const all = wallsOf({ node: process.execPath, entry });
const MS_MAX = 60_000;

test("the bait is there, so that not seeing it means something", () => {
  expect(BAIT.hidden.filter((path) => !existsSync(path))).toEqual([]);
});

describe.each(all.map((walls) => [walls.name, walls] as const))("%s", (_, walls) => {
  const faults = (change: Partial<Walls>, bait: Bait = BAIT) => faultsOf({ ...walls, ...change }, bait, WALL);
  const without = (...flags: readonly string[]) => ({ args: walls.args.filter((it) => !flags.includes(it)) });

  test("holds", { timeout: MS_MAX }, async () => {
    expect(await faults({})).toEqual([]);
  });

  test("without a network of its own is seen through", { timeout: MS_MAX }, async () => {
    const [first = "", ...rest] = walls.args;
    const shared = walls.name === "bubblewrap" ? { args: [first, "--share-net", ...rest] } : without("--net");
    expect(await faults(shared)).toContain("network");
  });

  test("without Node's own wall is seen through", { timeout: MS_MAX }, async () => {
    expect(await faults({ permissions: [] })).toEqual(expect.arrayContaining(["start", "thread"]));
  });

  test("that shows a file too many is seen through", { timeout: MS_MAX }, async () => {
    expect(await faults({}, { ...BAIT, hidden: [source] })).toEqual(["read"]);
  });

  test("that cannot be started is none", { timeout: MS_MAX }, async () => {
    expect(await faults({ program: "/nonexistent/program" })).toBeNull();
    expect(await faults({ args: ["--no-such-flag"] })).toBeNull();
  });
});

test("the first way that holds is taken, and without any it is said what to do", { timeout: MS_MAX }, async () => {
  const sandbox = await provedSandbox({ node: process.execPath, entry }, BAIT, WALL);
  expect(sandbox.walls?.name).toBe(all[0]?.name);
  const open = await provedSandbox({ node: process.execPath, entry }, { ...BAIT, hidden: [source] }, WALL);
  expect(open).toMatchObject({ walls: null, why: expect.stringContaining("lets through: read") });
});
