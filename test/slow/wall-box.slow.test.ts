/** Where walls stand, how they end, and where nothing is started. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createPlain } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { offlineVerbs } from "../../src/offline-verbs.ts";
import { noWall, type WallStage, wallStage } from "../wall-stage.ts";

const FAULT = await noWall();
const has = (...line: readonly string[]): boolean => {
  try {
    execFileSync(line[0] ?? "", line.slice(1), { stdio: "ignore" });
    return true;
  } catch {
    return false; // no such program, or it may not
  }
};

let place: WallStage;
beforeEach(async () => {
  place = await wallStage([], ({ here }) => offlineVerbs({ PATH: process.env["PATH"] ?? "", HOME: here }, () => here));
});
afterEach(() => place[Symbol.asyncDispose]());

const file = (name: string): string => join(place.here, name);
const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : "");
async function until(is: () => boolean): Promise<void> {
  while (!is()) await pause(20);
}

test("a wall stands wherever the kernel gives namespaces; elsewhere nothing is started, and why is said", async () => {
  const isAllowed = has("unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc", "true");
  expect(FAULT === null ? "stands" : FAULT).toBe(isAllowed ? "stands" : expect.stringMatching(/\S/));
  const env = { ...process.env, PATH: "/nonexistent" };
  const { wall } = offlineVerbs(env, () => process.cwd());
  expect(await wall?.fault()).toContain("unshare");
});

test.skipIf(FAULT !== null)("it ends with whoever started it, even when that one is killed", async () => {
  writeFileSync(
    file("starter.ts"),
    `import { runWalled } from ${JSON.stringify(new URL("../../src/wall-box.ts", import.meta.url).pathname)};
     import { boxPowers } from ${JSON.stringify(new URL("../../src/powers.ts", import.meta.url).pathname)};
     const command = ["sh", "-c", "while true; do echo x >>beats; sleep 0.05; done"];
     const rest = { door: null, hide: [], token: null, stop: new AbortController().signal };
     const environment = { PATH: process.env.PATH };
     const box = { command, environment, directory: ${JSON.stringify(place.dir)}, ...rest };
     await runWalled(boxPowers(process.env, process.cwd()), box);`,
  );
  // Stands in for the daemon's side: somebody who holds.
  const holder = createPlain((socket) => void socket.resume());
  await new Promise<void>((resolve) => holder.listen(join(place.dir, "hold"), resolve));
  const starter = spawn(process.execPath, [file("starter.ts")], { cwd: place.here, stdio: "ignore" });
  await until(() => read("beats").length > 4);
  starter.kill("SIGKILL");
  await pause(300);
  const beats = read("beats");
  await pause(300);
  expect(read("beats")).toBe(beats);
  holder.close();
});

test.skipIf(FAULT !== null)(
  "it is not started in a directory that is hidden, or where nobody has a run for it",
  async () => {
    const offline = offlineVerbs({ PATH: process.env["PATH"] ?? "", HOME: place.here }, () => place.dir);
    const order = { command: ["true"], directory: place.dir, door: 1, environment: {}, pass: [], token: "t" };
    const home = { home: place.dir, socket: join(place.dir, "lazaret.sock"), tokens: join(place.dir, "tokens") };
    const { signal: stop } = new AbortController();
    await expect(offline.wall?.run(home, { ...order, stop })).rejects.toMatchObject({ code: "input.invalid" });
    const { code, terminal } = place.lazaret("run", "--", "true");
    expect([await code, terminal.stderr]).toEqual([2, expect.stringContaining("--name")]);
  },
);
