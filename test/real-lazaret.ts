/** The program as its users have it: processes, a home on the disk, a socket, a port. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { mortal } from "./mortal.ts";

const LAUNCHER = new URL("../src/launch.cjs", import.meta.url).pathname;
const START_MS_MAX = 60_000;

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type Env = Readonly<Record<string, string>>;

/** Nothing of the surroundings but the way to programs: a new user's environment. */
const environment = (home: string, more: Env): Env => ({ PATH: process.env["PATH"] ?? "", HOME: home, ...more });

/** A directory of its own with a home in it that listens on a free port. */
export class RealHome implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "lazaret-real-"));
  readonly home = join(this.dir, "home");

  constructor(config = "listen: { port: 0 }\n") {
    mkdirSync(this.home, { mode: 0o700 });
    this.configure(config);
  }

  configure(text: string): void {
    writeFileSync(join(this.home, "config.yaml"), text, { mode: 0o600 });
  }

  get socket(): string {
    return join(this.home, "lazaret.sock");
  }

  /** Runs `lazaret --home HOME …` to its end. */
  run(args: readonly string[], stdin = "", env: Env = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [LAUNCHER, "--home", this.home, ...args], {
        env: environment(this.dir, env),
        cwd: this.dir,
      });
      const said = gather(child);
      child.on("error", reject);
      child.stdin.on("error", () => {});
      child.stdin.end(stdin);
      child.on("close", (code, signal) => resolve({ code: code ?? (signal === null ? -1 : -2), ...said }));
    });
  }

  /** Runs it and gives its stdout; throws where it does not end with 0. */
  async ok(args: readonly string[], stdin = ""): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, stdin);
    if (code !== 0) throw new Error(`lazaret ${args.join(" ")}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts the daemon; resolves when it is up. Throws with what it said when it ends before. */
  async up(env: Env = {}, before: readonly string[] = []): Promise<RealDaemon> {
    const [program, ...args] = mortal([...before, process.execPath, LAUNCHER, "--home", this.home, "up"]);
    const child = spawn(program, args, {
      env: environment(this.dir, env),
      cwd: this.dir,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const daemon = new RealDaemon(this, child);
    await daemon.started;
    return daemon;
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export class RealDaemon implements AsyncDisposable {
  readonly home: RealHome;
  readonly said: { stdout: string; stderr: string };
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly started: Promise<void>;
  readonly #child: ChildProcess;

  constructor(home: RealHome, child: ChildProcess) {
    this.home = home;
    this.#child = child;
    this.said = gather(child);
    this.ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(signal ?? code ?? -1)));
    this.started = Promise.race([
      this.until(() => this.said.stderr.includes(" is up.")),
      this.ended.then((code) => {
        throw new Error(`the daemon ended with ${code}: ${this.said.stdout}${this.said.stderr}`);
      }),
    ]);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** `127.0.0.1:PORT`, as it said at its start. */
  get http(): string {
    const found = /HTTP: http:\/\/([\d.]+:\d+)\./.exec(this.said.stderr)?.[1];
    if (found === undefined) throw new Error(`no address in: ${this.said.stderr}`);
    return found;
  }

  async until(is: () => boolean | Promise<boolean>, msMax = START_MS_MAX): Promise<void> {
    for (const begun = performance.now(); !(await is()); await pause(20)) {
      if (performance.now() - begun > msMax) throw new Error(`waited in vain: ${this.said.stdout}${this.said.stderr}`);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.signal(name);
    return this.ended;
  }

  /** Asks over the owner's socket, as the command line does. */
  ask<T>(verb: string, input: object): Promise<T> {
    const body = JSON.stringify(input);
    return new Promise((resolve, reject) => {
      const headers = {
        host: "localhost",
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      };
      const place = { socketPath: this.home.socket, path: `/v1/local/${verb}`, method: "POST", headers, agent: false };
      const asking = request(place, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () =>
          response.statusCode === 200 ? resolve(JSON.parse(text) as T) : reject(new Error(`${verb}: ${text}`)),
        );
      });
      asking.on("error", reject);
      asking.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop("SIGKILL");
  }
}

function gather(child: ChildProcess): { stdout: string; stderr: string } {
  const said = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
    said.stdout += piece;
  });
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
    said.stderr += piece;
  });
  return said;
}
