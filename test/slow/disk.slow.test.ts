/** A disk that is full, and one that cannot be written: said plainly, nothing lost, going on by itself. */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RealHome } from "../real-lazaret.ts";

const mount = (...args: readonly string[]): boolean => spawnSync("mount", args).status === 0;

/** A home on a file system of its own, as small as given. Needs the right to mount. */
class SmallDisk extends RealHome {
  constructor(bytes: number) {
    super();
    mkdirSync(this.home, { recursive: true });
    if (!mount("-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "tmpfs", this.home)) throw new Error("no mount");
    this.configure("listen: { port: 0 }\n");
  }

  /** Takes what is left; gives it back when called. */
  fill(): () => void {
    const file = join(this.home, "ballast");
    try {
      for (;;) appendFileSync(file, Buffer.alloc(4096));
    } catch (error) {
      if ((error as { readonly code?: string }).code !== "ENOSPC") throw error;
    }
    return () => rmSync(file);
  }

  readOnly(): void {
    if (!mount("-o", "remount,ro", this.home)) throw new Error("no remount");
  }

  override [Symbol.dispose](): void {
    spawnSync("umount", ["-l", this.home]);
    super[Symbol.dispose]();
  }
}

function canMount(): boolean {
  try {
    using _disk = new SmallDisk(1_000_000);
    return true;
  } catch {
    return false; // an ordinary user may not mount: the container that runs `.ci/run` may
  }
}

const chat = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      id: `${from + index}`,
      sender: "Ana",
      text: `number ${from + index} ${"bread and wine ".repeat(200)}`,
      sent_at: "2026-05-02T16:30:00Z",
    }),
  ).join("\n");

type Status = { readonly store: { readonly messages: number } };

test.runIf(canMount())("a full disk stops intake, loses nothing, and goes on when there is room", async () => {
  using home = new SmallDisk(6_000_000);
  await using daemon = await home.up();
  const file = join(home.dir, "chat.jsonl");
  const bring = async (from: number, count: number) => {
    writeFileSync(file, chat(from, count));
    return home.run(["import", file, "--conversation", "demo"]);
  };
  const kept = async (): Promise<number> => (await daemon.ask<Status>("status", {})).store.messages;
  await home.ok(["demo"]);
  expect((await bring(0, 20)).code).toBe(0);
  const before = await kept();
  const giveBack = home.fill();
  const refused = await bring(1000, 400);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("[store.full]");
  expect(refused.stderr).toMatch(/room on the disk/iu);
  // Still there, still talking, and what was acknowledged is what is kept.
  expect(await kept()).toBeGreaterThanOrEqual(before);
  giveBack();
  expect((await bring(1000, 400)).code).toBe(0);
  expect(await kept()).toBe(before + 400);
  expect(await home.ok(["ledger", "verify"])).toContain("internally consistent");
  // A stop on a full disk is a stop, and the next start finds everything.
  const room = home.fill();
  expect(await daemon.stop()).toBe(0);
  room();
  await using again = await home.up();
  expect((await again.ask<Status>("status", {})).store.messages).toBe(before + 400);
  expect(await home.ok(["ledger", "verify"])).toContain("internally consistent");
  expect(await again.stop()).toBe(0);
});

test.runIf(canMount())("a home on a disk that cannot be written is refused, and a daemon on it says so", async () => {
  using home = new SmallDisk(6_000_000);
  await home.ok(["init"]);
  home.readOnly();
  const ran = await home.run(["up"]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/\[(?:store\.failed|home\.insecure|home\.read-only)\]/u);
  expect(ran.stderr).toMatch(/read-only|written/iu);
  expect(ran.stderr).not.toMatch(/\n\s+at /u);
});
