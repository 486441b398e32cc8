/** Places outside the home where signed checkpoints are kept: a file, or a git repository (docs/ledger-format.md). */
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "./config.ts";

const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const NAME = "lazaret.checkpoints";
const NOTES = /[^\n]+\n\d{1,16}\n[A-Za-z0-9+/]{43}=\n\n(?:\u2014 [^\n]+\n)+/g;

export type CheckpointPlace = {
  /** As the owner configured it. */
  readonly name: string;
  /**
   * Every note that is kept there, the oldest first; none where there is nothing yet. Rejects when it cannot be read.
   */
  read(): Promise<readonly string[]>;
  /** Adds one and resolves once it is there. */
  add(note: string): Promise<void>;
};

/** Runs git in a directory and gives what it printed; rejects when it fails. */
export type Git = (directory: string, args: readonly string[]) => Promise<string>;

export function placesOf({ checkpoints }: Pick<Config, "checkpoints">, git: Git): readonly CheckpointPlace[] {
  const { file, git: repository } = checkpoints;
  return [
    ...(file === undefined ? [] : [filePlace(file)]),
    ...(repository === undefined ? [] : [gitPlace(repository, git)]),
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
