/** Places outside the home where signed checkpoints are kept (docs/ledger-format.md). */
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Request } from "../connectors/telegram/wire.ts";
import { bucketPlace } from "./bucket-place.ts";
import type { Config } from "./config.ts";
import type { Clock } from "./core/ports.ts";
import { peerPlace } from "./peer-place.ts";

const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const NAME = "lazaret.checkpoints";
const NOTES = /[^\n]+\n\d{1,16}\n[A-Za-z0-9+/]{43}=\n\n(?:\u2014 [^\n]+\n)+/g;

/** What a checkpoint says; the origin as it is, or its SHA-256 in hexadecimal. */
export type Head = { readonly origin: string; readonly size: number; readonly root: Uint8Array };

export type CheckpointPlace = {
  /** As the owner configured it. */
  readonly name: string;
  /**
   * Notes that are kept there, among them the newest of each ledger; none where there is nothing yet. Rejects when
   * it cannot be read.
   */
  read(): Promise<readonly string[]>;
  /** All that are kept, where that is more than `read` gives. */
  heads?(): Promise<readonly Head[]>;
  /** Adds one and resolves once it is there. */
  add(note: string): Promise<void>;
};

/** Runs git in a directory and gives what it printed; rejects when it fails. */
export type Git = (directory: string, args: readonly string[]) => Promise<string>;

export type PlacePowers = {
  readonly git: Git;
  readonly clock: Clock;
  readonly request: Request;
  /** A secret of the vault by its name, wiped after. */
  readonly withSecret: <T>(name: string, use: (secret: Uint8Array) => T | Promise<T>) => Promise<T>;
};

export function placesOf(
  { checkpoints }: Pick<Config, "checkpoints">,
  powers: PlacePowers,
): readonly CheckpointPlace[] {
  const { file, git: repository, peer, bucket } = checkpoints;
  const asking = (secret: string) => ({
    clock: powers.clock,
    request: powers.request,
    withSecret: <T>(use: (bytes: Uint8Array) => T | Promise<T>) => powers.withSecret(secret, use),
  });
  return [
    ...(file === undefined ? [] : [filePlace(file)]),
    ...(repository === undefined ? [] : [gitPlace(repository, powers.git)]),
    ...(peer === undefined ? [] : [peerPlace(peer, asking(peer.secret))]),
    ...(bucket === undefined ? [] : [bucketPlace(bucket, asking(bucket.secret))]),
  ];
}

const notesIn = (text: string): readonly string[] => text.match(NOTES) ?? [];

/** Only ever added to: what somebody else put there stays. */
export function filePlace(path: string): CheckpointPlace {
  return {
    name: path,
    read: async () => {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return [];
      if (!found.isFile() || found.size > KEPT_BYTES_MAX) throw new Error("not a file of checkpoints");
      return notesIn(readFileSync(path, "utf8"));
    },
    add: async (note) => {
      const file = openSync(path, "a", 0o600);
      try {
        writeSync(file, note);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
  };
}

/** One commit a note. What is read is what was committed, whatever lies in the work tree. */
export function gitPlace(directory: string, git: Git): CheckpointPlace {
  const committed = async (): Promise<string> => {
    await git(directory, ["rev-parse", "--git-dir"]);
    const listed = await git(directory, ["ls-tree", "--name-only", "HEAD", NAME]).catch(() => "");
    return listed.trim() === NAME ? git(directory, ["show", `HEAD:${NAME}`]) : "";
  };
  return {
    name: directory,
    read: async () => notesIn(await committed()),
    add: async (note) => {
      writeFileSync(join(directory, NAME), `${await committed()}${note}`, { mode: 0o600 });
      await git(directory, ["add", "--", NAME]);
      await git(directory, ["commit", "--quiet", "--message", `checkpoint ${note.split("\n")[1]}`, "--", NAME]);
    },
  };
}
