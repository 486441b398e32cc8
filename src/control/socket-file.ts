/**
 * The Unix socket's place. Node cannot see who connects, so the directory's permissions are the identity (security.md
 * section 7).
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { SOCKET_PATH_BYTES_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";

const insecure = (hint: string): Refusal => new Refusal("home.insecure", { hint });

/**
 * Refuses a directory that anybody else could use, and removes a socket that nobody answers on. `answers` tries to
 * connect; `uid` is ours, null where there is none (Windows).
 */
export async function prepareSocket(
  path: string,
  uid: number | null,
  answers: (path: string) => Promise<boolean>,
): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    const hint = `the socket's path is longer than ${SOCKET_PATH_BYTES_MAX} bytes: ${path}; choose a shorter home`;
    throw new Refusal("config.invalid", { hint });
  }
  const directory = dirname(path);
  const place = lstatSync(directory, { throwIfNoEntry: false });
  if (place === undefined) throw insecure(`${directory} is not there; create it with mode 0700`);
  if (!place.isDirectory()) throw insecure(`${directory} is not a directory (a link is not followed)`);
  if (uid !== null && place.uid !== uid) throw insecure(`${directory} belongs to another user`);
  if (uid !== null && (place.mode & 0o077) !== 0) throw insecure(`others may enter ${directory}; run chmod 700 on it`);
  const old = lstatSync(path, { throwIfNoEntry: false });
  if (old === undefined) return;
  if (!old.isSocket()) throw insecure(`${path} is there and is not a socket; move it away`);
  if (await answers(path)) throw new Refusal("home.locked", { hint: `a daemon answers on ${path}` });
  unlinkSync(path);
}

/** After binding: ours alone, read back. */
export function closeToOthers(path: string, uid: number | null): void {
  chmodSync(path, 0o600);
  const made = lstatSync(path);
  if (!made.isSocket() || (uid !== null && ((made.mode & 0o777) !== 0o600 || made.uid !== uid))) {
    throw insecure(`${path} could not be closed to others`);
  }
}
