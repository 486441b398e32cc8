/** A real daemon in a process of its own: started as people start it, spoken to through its socket and its port. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VerbInput, VerbName, VerbOutput } from "../../src/core/verbs/all.ts";
import { signed } from "../contract/hook.ts";
import { type Answer, type Ask, send } from "../open-doors.ts";

const LAUNCHER = new URL("../../src/launch.cjs", import.meta.url).pathname;
const START_MS_MAX = 60_000;

/** Directories of one installation. Nothing that the daemon writes lies outside of `root`. */
export type Place = { readonly root: string; readonly home: string; readonly temp: string; remove(): void };

export function newPlace(config: string): Place {
  const root = mkdtempSync(join(tmpdir(), "lz-"));
  const [home, temp] = [join(root, "h"), join(root, "t")];
  for (const directory of [home, temp]) mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(home, "config.yaml"), config, { mode: 0o600 });
  return { root, home, temp, remove: () => rmSync(root, { recursive: true, force: true }) };
}

const environment = ({ root, temp }: Place): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: root,
  TMPDIR: temp,
  XDG_CACHE_HOME: join(tmpdir(), "lz-cache"),
});

/** Runs one command of the command line to its end. */
export function lazaret(place: Place, args: readonly string[], stdin = ""): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, [LAUNCHER, "--home", place.home, ...args], { env: environment(place) });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => (out += piece.toString()));
  child.stdin.end(stdin);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? -1, out })));
}

export class DaemonProcess {
  readonly place: Place;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #said: () => string;

  private constructor(place: Place, child: ChildProcess, said: () => string, port: number) {
    this.place = place;
    this.port = port;
    this.#child = child;
    this.#said = said;
  }

  static async start(place: Place): Promise<DaemonProcess> {
    const args = [LAUNCHER, "--home", place.home, "up"];
    const child = spawn(process.execPath, args, { env: environment(place), stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const port = await new Promise<number>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`it did not start: ${said}`)), START_MS_MAX);
      const hear = (piece: Buffer): void => {
        said += piece.toString();
        const found = /HTTP: http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (found === undefined) return;
        clearTimeout(late);
        resolve(Number(found));
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("exit", (code) => reject(new Error(`it ended with ${code}: ${said}`)));
    });
    return new DaemonProcess(place, child, () => said, port);
  }

  /** Everything it wrote to its standard streams. */
  get said(): string {
    return this.#said();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async raw(verb: string, input: unknown): Promise<Answer> {
    const socketPath = join(this.place.home, "lazaret.sock");
    const headers = { "content-type": "application/json" };
    return send({ socketPath }, { method: "POST", path: `/v1/local/${verb}`, headers, body: JSON.stringify(input) });
  }

  async verb<K extends VerbName>(verb: K, input: VerbInput<K>): Promise<VerbOutput<K>> {
    const answer = await this.raw(verb, input);
    if (answer.status >= 300) throw new Error(`${verb}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as VerbOutput<K>;
  }

  /** Sits down at the console: every line that is shown there is handed to `hear`. Returns a function that leaves. */
  attach(hear: (line: string) => void): Promise<() => void> {
    const socketPath = join(this.place.home, "lazaret.sock");
    return new Promise((resolve, reject) => {
      const asking = request({ socketPath, path: "/v1/local/console", headers: { host: "localhost" }, agent: false });
      asking.on("response", (response) => {
        response.setEncoding("utf8").on("data", hear);
        // The daemon may end before the reader leaves.
        response.on("error", () => asking.destroy());
        resolve(() => void asking.destroy());
      });
      asking.on("error", reject);
      asking.end();
    });
  }

  http(what: Ask): Promise<Answer> {
    return send({ port: this.port }, what);
  }

  /** A bearer's request with a JSON body, or none. */
  api(token: string, method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const given = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.http({
      method,
      path,
      headers: body === undefined ? { authorization: headers.authorization } : headers,
      ...given,
    });
  }

  /** A body posted to a webhook channel, signed with its secret. */
  hook(channel: string, secret: string, body: unknown, path = `/hooks/${channel}`): Promise<Answer> {
    const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const headers = signed(bytes, Math.floor(Date.now() / 1000), Buffer.from(secret)) as Record<string, string>;
    return this.http({
      method: "POST",
      path,
      headers: { ...headers, "content-type": "application/json" },
      body: bytes,
    });
  }

  /** What waits in the outbox of a webhook channel. */
  outbox(channel: string, secret: string, query: string): Promise<Answer> {
    const path = `/hooks/${channel}/outbox${query}`;
    const headers = signed(Buffer.from(path), Math.floor(Date.now() / 1000), Buffer.from(secret));
    return this.http({ path, headers: headers as Record<string, string> });
  }

  /** Command line and environment of the daemon and of every process below it, as the system shows them. */
  processes(): string {
    const parents = new Map<number, number>();
    for (const name of readdirSync("/proc").filter((it) => /^\d+$/.test(it))) {
      const stat = readProc(`/proc/${name}/stat`);
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0));
    }
    const isBelow = (pid: number): boolean => pid === this.pid || (pid > 1 && isBelow(parents.get(pid) ?? 0));
    const ours = [...parents.keys()].filter(isBelow);
    return ours.map((pid) => readProc(`/proc/${pid}/cmdline`) + readProc(`/proc/${pid}/environ`)).join("\n");
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill(signal);
    return gone;
  }

  /** Ends it in order. */
  stop(): Promise<void> {
    return this.kill("SIGTERM");
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // A process that has ended meanwhile shows nothing any more.
    return "";
  }
}

/** Every file below a directory with its bytes, as text of single bytes. */
export function filesBelow(directory: string): readonly { readonly name: string; readonly bytes: string }[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((name) => ({ name, bytes: readFileSync(name, "latin1") }));
}
