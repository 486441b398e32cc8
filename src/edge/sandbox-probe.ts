/** Proves the walls by having the child run against them: one that was not seen to hold is none. */
import { createServer } from "node:net";
import { z } from "zod";
import { FILE_PROBE_MS_MAX, KIB } from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { isRefusal } from "../core/refusal.ts";
import { runInside, type SandboxPlace, type Walls, wallsOf } from "./sandbox.ts";

const Probed = z.strictObject({
  network: z.boolean(),
  read: z.boolean(),
  write: z.boolean(),
  start: z.boolean(),
  thread: z.boolean(),
  environment: z.boolean(),
});
type Probed = z.infer<typeof Probed>;

export type Bait = {
  /** Files and folders that are there and must not be seen. */
  readonly hidden: readonly string[];
  /** Folders that must not be written to. */
  readonly writable: readonly string[];
};

/** Walls that were seen to hold, or why there are none and what would help. */
export type Sandbox =
  | { readonly walls: Walls }
  | { readonly walls: null; readonly why: string; readonly remedy: string };

/** The kernel's walls have to hold alone; what only Node forbids is asked of both together. */
const ALONE = ["network", "read", "write", "environment"] as const satisfies readonly (keyof Probed)[];
const ANSWER_BYTES_MAX = 4 * KIB;
const INSTALL = "install bubblewrap (apt install bubblewrap), or util-linux with unshare, prlimit and setpriv";
const ALLOW =
  "let the daemon make user namespaces, then restart it (container: its profile; Ubuntu: an AppArmor profile for " +
  "bwrap; systemd unit: SystemCallFilter=@mount)";

/** Tries each way of the machine until one holds. Never rejects. */
export async function provedSandbox(place: SandboxPlace, bait: Bait, clock: Clock): Promise<Sandbox> {
  const found = wallsOf(place);
  if (found.length === 0) return { walls: null, why: "no program for it is installed", remedy: INSTALL };
  const reasons: string[] = [];
  for (const walls of found) {
    const faults = await faultsOf(walls, bait, clock);
    if (faults === null) reasons.push(`${walls.name} cannot be started`);
    else if (faults.length === 0) return { walls };
    else reasons.push(`${walls.name} lets through: ${faults.join(", ")}`);
  }
  return { walls: null, why: reasons.join("; "), remedy: ALLOW };
}

/** Which walls gave way; null when nothing was started. */
export async function faultsOf(walls: Walls, bait: Bait, clock: Clock): Promise<readonly string[] | null> {
  const listener = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const order = `${JSON.stringify({ probe: { port, ...bait } })}\n`;
  try {
    const [alone, both] = await Promise.all([true, false].map((bare) => asked(walls, clock, order, bare)));
    if (alone == null || both == null) return null;
    const gaveWay = [
      ...ALONE.filter((wall) => alone[wall]),
      ...(Object.keys(both) as (keyof Probed)[]).filter((wall) => both[wall]),
    ];
    return [...new Set(gaveWay)];
  } finally {
    listener.close();
  }
}

async function asked(walls: Walls, clock: Clock, order: string, bare: boolean): Promise<Probed | null> {
  try {
    const told = await runInside(walls, clock, {
      stdin: [Buffer.from(order)],
      deadlineMs: FILE_PROBE_MS_MAX,
      answerBytesMax: ANSWER_BYTES_MAX,
      bare,
    });
    const text = Buffer.from(told.bytes).toString("utf8");
    return text === "" ? null : Probed.parse(JSON.parse(text));
  } catch (error) {
    // What does not even answer is no sandbox; anything but that is a fault of ours.
    if (isRefusal(error) || error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
