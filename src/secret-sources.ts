/** Secrets that are kept elsewhere: a file such as a systemd credential, or a program such as pass, op, bw or vault. */
import { execFile } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { SECRET_BYTES_MAX } from "./core/limits.ts";
import { Refusal } from "./core/refusal.ts";
import type { SecretSource } from "./core/secret-source.ts";

export type SecretPlace = { readonly name: string } & (
  | { readonly file: string; readonly command?: undefined }
  | { readonly command: readonly string[]; readonly file?: undefined }
);

/** A program is waited for so long: it may ask somebody to unlock it. */
const PROGRAM_MS_MAX = 30_000;
/** What a program is told of our environment: where it is, whose it is, and how to reach its agent. */
const PASSED_ON = ["PATH", "HOME", "XDG_RUNTIME_DIR", "GNUPGHOME", "PASSWORD_STORE_DIR", "SSH_AUTH_SOCK", "LANG"];

const gone = (hint: string): Refusal => new Refusal("not_found", { field: "secret", hint });

/** One line break at the end is the editor's or the program's. */
function trimmed(bytes: Buffer): Uint8Array {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length;
  const value = Uint8Array.prototype.slice.call(bytes, 0, end);
  bytes.fill(0);
  return value;
}

/** Ours and closed to others, or of root, as the service manager leaves it; never a link. */
function readCredential(path: string, uid: number | null): Uint8Array {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw gone(`Its file cannot be read (${code}).`);
  }
  try {
    const { mode, size, uid: owner } = fstatSync(file);
    if ((mode & 0o077) !== 0 || (uid !== null && owner !== uid && owner !== 0))
      throw new Refusal("home.insecure", { field: path, hint: "Somebody else could read it: chmod go-rwx." });
    if (size > SECRET_BYTES_MAX) throw new Refusal("input.too_large", { field: "secret" });
    const bytes = Buffer.alloc(size);
    readSync(file, bytes, 0, size, 0);
    return trimmed(bytes);
  } finally {
    closeSync(file);
  }
}

function runCommand(
  [program = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array> {
  const env = Object.fromEntries(
    PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
  return new Promise((resolve, reject) => {
    const options = {
      env,
      timeout: PROGRAM_MS_MAX,
      maxBuffer: SECRET_BYTES_MAX,
      encoding: "buffer",
      shell: false,
    } as const;
    execFile(program, args, options, (error, stdout) => {
      // What it said may be the secret: nothing of it is repeated.
      if (error === null) resolve(trimmed(stdout));
      else {
        stdout.fill(0);
        reject(gone("The program that holds it failed or took too long."));
      }
    }).stdin?.end();
  });
}

/** Read at each use, never written down: what is in memory is a keyed hash to find it by. */
export const secretSources = (
  places: readonly SecretPlace[],
  environment: Readonly<Record<string, string | undefined>>,
  uid: number | null,
): ReadonlyMap<string, SecretSource> =>
  new Map(
    places.map(({ name, file, command }): [string, SecretSource] => [
      name,
      file === undefined
        ? { kind: "command", read: () => runCommand(command ?? [], environment) }
        : { kind: "file", read: async () => readCredential(file, uid) },
    ]),
  );
