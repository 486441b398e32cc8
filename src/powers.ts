/** The machine's clock, randomness and process, as powers: the only file that asks them. main.ts hands them on. */
import { execFile, fork, spawn } from "node:child_process";
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { realpathSync } from "node:fs";
import process from "node:process";
import type { Pipe } from "../connectors/matrix/wire.ts";
import type { Request } from "../connectors/telegram/wire.ts";
import type { Clock, Random } from "./core/ports.ts";
import { Refusal } from "./core/refusal.ts";
import type { Log } from "./gateway/powers.ts";

const TIMER_MS_MAX = 2_147_483_647;

/** Wall time; wakes never keep the process alive. A wake farther off than a timer reaches is taken in steps. */
export const wallClock: Clock = {
  now: () => Date.now(),
  at: (at, wake) => {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const left = at - Date.now();
      timer = setTimeout(left > TIMER_MS_MAX ? wait : wake, Math.min(Math.max(0, left), TIMER_MS_MAX));
      timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};

/** The platform's own way to ask a server on the network; connectors are handed it. */
export const systemRequest: Request = (url, asking) => fetch(url, asking);

/** The same for a library that is handed it. */
export const systemFetch = (url: string, asking: object): Promise<unknown> => fetch(url, asking);

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };

/** RFC 9106 section 4, second recommended option. */
const ARGON = { memory: 65_536, passes: 3, parallelism: 4, tagLength: 32 } as const;

const derive = (pin: string, nonce: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    argon2("argon2id", { ...ARGON, message: Buffer.from(pin.normalize("NFKC")), nonce }, (error, tag) =>
      error === null ? resolve(Buffer.from(tag)) : reject(error),
    );
  });

/** `salt:tag` in hexadecimal. */
export async function hashPin(pin: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString("hex")}:${(await derive(pin, salt)).toString("hex")}`;
}

export async function checkPin(pin: string, hash: string): Promise<boolean> {
  const [salt = "", tag = ""] = hash.split(":");
  const expected = Buffer.from(tag, "hex");
  const got = await derive(pin, Buffer.from(salt, "hex"));
  return expected.length === got.length && timingSafeEqual(expected, got);
}

/** The user this process runs as; null where there are none. */
export const ownUser: number | null = process.getuid?.() ?? null;

export const nodeVersion = process.version;

/** The Node that runs this. */
export const nodeBinary = process.execPath;

/** Lines of JSON on standard error: an event of a closed kind, a time, numbers and internal ids. */
export const stderrLog: Log = (event, fields) => {
  process.stderr.write(`${JSON.stringify({ time: new Date(wallClock.now()).toISOString(), event, ...fields })}\n`);
};

const PROGRAM_MS_MAX = 30_000;

/** Runs a program to its end without a terminal. Answers null when there is no such program. */
export function runProgram(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly said: string } | null> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: PROGRAM_MS_MAX, encoding: "utf8" }, (error, out, err) => {
      if (error === null) resolve({ code: 0, said: out });
      else if (error.code === "ENOENT") resolve(null);
      else resolve({ code: typeof error.code === "number" ? error.code : 1, said: out + err });
    });
  });
}

/** Runs a program of the owner's without a shell: stdin as given, what it says to our stderr. */
export function startProgram(
  env: Readonly<Record<string, string | undefined>>,
  [program = "", ...args]: readonly string[],
  how: { readonly environment: Readonly<Record<string, string>>; readonly stdin: string; readonly stop: AbortSignal },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...env, ...how.environment },
      stdio: ["pipe", 2, 2],
      signal: how.stop,
    });
    child.on("error", (error: Error & { readonly code?: string }) => {
      // Told to stop: its end follows.
      if (error.name === "AbortError") return;
      const hint = error.code === "ENOENT" ? `there is no program ${program}` : `${program} cannot be started`;
      reject(new Refusal("input.invalid", { hint }));
    });
    child.on("close", (code) => resolve(code ?? 1));
    // A program that reads nothing closes its end; that is its own affair.
    child.stdin?.on("error", () => {});
    child.stdin?.end(how.stdin);
  });
}

/** How this program was started: Node, and the launcher behind whatever link named it. */
export const ownCommand = (): readonly string[] => [process.execPath, realpathSync(process.argv[1] ?? "")];

/** What a program behind a wall is started with. */
export const boxPowers = (env: Readonly<Record<string, string | undefined>>, workingDirectory: string) => ({
  env,
  workingDirectory,
  node: process.execPath,
  user: process.getuid?.() ?? null,
  group: process.getgid?.() ?? null,
});

const SECOND_SIGNAL_MS = 1000;

/** The first signal stops in order. npm sends it twice at once; a later second one means now. */
export function onSignals(stop: () => void): () => void {
  let first: number | null = null;
  const told = (): void => {
    const now = wallClock.now();
    if (first !== null && now - first > SECOND_SIGNAL_MS) process.exit(130);
    first ??= now;
    stop();
  };
  process.on("SIGTERM", told);
  process.on("SIGINT", told);
  return () => {
    process.off("SIGTERM", told);
    process.off("SIGINT", told);
  };
}

const GIT_MS_MAX = 20_000;
const GIT_BYTES_MAX = 64 * 1024 * 1024;
/** Nobody's configuration, hooks or keys: only what the owner named is written. */
const GIT = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false", "-c", "user.name=lazaret"];

/** Runs git in a directory and gives what it printed; rejects when it fails. */
export const systemGit = (directory: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
    const line = [...GIT, "-c", "user.email=lazaret@localhost", "-C", directory, ...args];
    execFile("git", line, { env, timeout: GIT_MS_MAX, maxBuffer: GIT_BYTES_MAX }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(new Error("git failed")),
    );
  });

/** A process of our own program, which has a pipe to this one, none of its surroundings, and nowhere to write. */
export function openProcess(entry: URL): Pipe {
  const env = { TZ: "UTC", NODE_ENV: "production", LC_ALL: "C.UTF-8" };
  const child = fork(entry, [], {
    env,
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  let isOver = false;
  const over = Promise.withResolvers<void>();
  const ended = (): void => {
    isOver = true;
    over.resolve();
  };
  child.once("exit", ended);
  child.once("error", ended);
  return {
    send: (message) => {
      if (isOver || !child.connected) return;
      child.send(message as object, (error) => {
        if (error !== null) child.kill("SIGKILL");
      });
    },
    onMessage: (listen) => void child.on("message", listen),
    onEnd: (listen) => void over.promise.then(listen),
    end: () => void child.kill("SIGKILL"),
  };
}
