/** Whether this home reads files: the walls for its readers, tried when it matters, and what they have to hide. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { AttachmentReader } from "./core/attachment.ts";
import type { Store } from "./core/ports.ts";
import { SandboxedReader } from "./edge/attachment-reader.ts";
import { wallsOf } from "./edge/sandbox.ts";
import { provedSandbox, type Sandbox } from "./edge/sandbox-probe.ts";
import type { HomePaths } from "./home-paths.ts";
import { nodeBinary, wallClock } from "./powers.ts";

export type FileSandbox = {
  /** The programs for it are there. */
  readonly isPossible: boolean;
  /** Tried once, when it is first asked for. */
  readonly proved: () => Promise<Sandbox>;
};

/** What a file that is read must not reach: the home, its keys, and what is known to be on every machine. */
export function fileSandbox({ dataDir, keysDir }: HomePaths): FileSandbox {
  const place = { node: nodeBinary, entry: new URL("./file-reader.ts", import.meta.url) };
  let proved: Promise<Sandbox> | null = null;
  const prove = (): Promise<Sandbox> => {
    const hidden = [dataDir, keysDir, "/etc/passwd", "/proc/self/environ"].filter((path) => existsSync(path));
    const writable = [dataDir, "/", "/tmp", dirname(fileURLToPath(place.entry))].filter((path) => existsSync(path));
    return provedSandbox(place, { hidden, writable }, wallClock);
  };
  return {
    isPossible: wallsOf(place).length > 0,
    proved: () => {
      proved ??= prove();
      return proved;
    },
  };
}

/**
 * Null where it cannot be. Where it is switched on the walls are tried now; otherwise before the first file, so that
 * nobody who reads no files waits for it.
 */
export async function filesFor(
  store: Pick<Store, "get">,
  { isPossible, proved }: FileSandbox,
): Promise<AttachmentReader | null> {
  const isOn = store.get("setting", "capability/attachment.extract_text")?.value.value === true;
  const isThere = isPossible && (!isOn || (await proved()).walls !== null);
  return isThere ? new SandboxedReader(proved, wallClock) : null;
}
