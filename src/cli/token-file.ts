/** A token in a file that is its owner's alone. A token never stands in a command line or a URL. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { TOKEN_CHARS_MAX } from "../core/limits.ts";
import { TOKEN_PREFIX } from "../core/token-text.ts";
import { Trouble, unreadable } from "./trouble.ts";

/** Throws `home.insecure` for a link, somebody else's file, or one that others may read. */
export function readToken(file: string): string {
  let opened: number;
  try {
    opened = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    const found = fstatSync(opened);
    const { uid } = userInfo();
    const isOurs = uid < 0 || (found.uid === uid && (found.mode & 0o077) === 0);
    if (!found.isFile() || !isOurs)
      throw new Trouble("home.insecure", `${file} is not yours alone.`, `chmod 600 ${file}, as the user it belongs to`);
    const token = found.size > TOKEN_CHARS_MAX ? "" : readFileSync(opened, "utf8").trim();
    if (!token.startsWith(TOKEN_PREFIX) || /\s/.test(token))
      throw new Trouble("input.invalid", `${file} holds no token.`, "lazaret mcp install makes one");
    return token;
  } finally {
    closeSync(opened);
  }
}

/** A new file, mode 0600. Throws `conflict` where there is one already, which is left as it is. */
export function writeToken(file: string, token: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${token}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") throw isThere(file);
    throw unreadable(file, error);
  }
}

export const isThere = (file: string): Trouble =>
  new Trouble("conflict", `${file} is there already.`, "remove it, or give another --name or --token-file");
