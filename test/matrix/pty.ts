/** The command line on a terminal of its own: what it shows is read, and what it asks is answered, as a person does. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { RealHome } from "../real-lazaret.ts";

const LAUNCHER = new URL("../../src/launch.cjs", import.meta.url).pathname;
const WAIT_MS_MAX = 60_000;
/** How a line editor moves the cursor and clears what was there. */
const MOVES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[A-Za-z]`, "g");

export class Pty {
  /** How often somebody typed. */
  typed = 0;
  #shown = "";
  #read = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;

  /** util-linux's `script` gives the terminal. */
  constructor(home: RealHome, args: readonly string[]) {
    const line = [process.execPath, LAUNCHER, "--home", home.home, ...args].map((it) => `'${it}'`).join(" ");
    const env = { PATH: process.env["PATH"] ?? "", HOME: home.dir, TERM: "xterm", NO_COLOR: "1", SHELL: "/bin/sh" };
    this.#child = spawn("script", ["-qefc", line, "/dev/null"], {
      env,
      cwd: home.dir,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      this.#shown += piece;
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code ?? -1)));
  }

  get shown(): string {
    return this.#shown.replace(MOVES, "");
  }

  /** What comes next that looks so; throws with what was shown when it does not come. */
  async shows(looks: RegExp): Promise<RegExpExecArray> {
    for (const begun = performance.now(); performance.now() - begun < WAIT_MS_MAX; await pause(20)) {
      const found = looks.exec(this.shown.slice(this.#read));
      if (found === null) continue;
      this.#read += found.index + found[0].length;
      return found;
    }
    throw new Error(`waited in vain for ${String(looks)}; shown was ${JSON.stringify(this.shown)}`);
  }

  async answer(question: RegExp, text: string): Promise<void> {
    await this.shows(question);
    this.typed += 1;
    this.#child.stdin?.write(`${text}\n`);
  }

  /** The exit code. */
  ended(): Promise<number> {
    return this.#ended;
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
