/** The launcher as a user meets it: a copy of it in a folder of its own, with a program and a Node of our choosing. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test as base, describe } from "vitest";

/** Says what it was given, then ends as its first argument asks. */
const PROGRAM = `
export async function main() {
  const [, , how, ...rest] = process.argv;
  console.log(JSON.stringify({ rest, flags: process.execArgv }));
  if (how === "wait") {
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
      process.on(signal, () => { console.log(signal); setTimeout(() => process.exit(9), 50); });
    }
    console.log("ready");
    setInterval(() => {}, 1000);
  } else if (how === "die") process.kill(process.pid, "SIGKILL");
  else if (how === "throw") throw new Error("the disk is gone");
  else process.exitCode = Number(how);
}
`;
const SOURCES = 'export const main = async (): Promise<void> => console.log("sources" as string);';
const onWindows = process.platform === "win32";

type Outcome = { readonly code: unknown; readonly out: string; readonly err: string };

/** A folder with the launcher, the bundle of `PROGRAM`, and whatever a test adds. */
class Copy {
  readonly folder = mkdtempSync(join(tmpdir(), "lazaret-launch-"));
  readonly cache = join(this.folder, ".cache/lazaret/compile");
  home = this.folder;

  constructor() {
    for (const name of ["src", "dist"]) mkdirSync(join(this.folder, name));
    copyFileSync("src/launch.cjs", join(this.folder, "src/launch.cjs"));
    writeFileSync(join(this.folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(this.folder, "dist/main.js"), PROGRAM);
  }

  /** Puts the Node that runs this test where npm would put the optional dependency, under the given version. */
  installNode(version: string): void {
    const home = join(this.folder, "node_modules", `node-${process.platform}-${process.arch}`);
    mkdirSync(join(home, "bin"), { recursive: true });
    writeFileSync(join(home, "package.json"), JSON.stringify({ version }));
    symlinkSync(process.execPath, join(home, "bin/node"));
  }

  /** Starts the launcher, which takes the Node that runs it for `version` when one is given. */
  start(args: readonly string[], version?: string): ChildProcessByStdio<null, Readable, Readable> {
    const preload = join(this.folder, "pretend.cjs");
    writeFileSync(preload, `Object.defineProperty(process.versions, "node", { value: "${version}" });`);
    const flags = version ? ["--require", preload] : [];
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.home };
    return spawn(process.execPath, [...flags, join(this.folder, "src/launch.cjs"), ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async run(args: readonly string[], version?: string): Promise<Outcome> {
    return this.#outcome(this.start(args, version), () => {});
  }

  /** Starts the program that waits, and sends it these signals as soon as it does. */
  async signal(signals: readonly NodeJS.Signals[], version?: string): Promise<Outcome> {
    const child = this.start(["wait"], version);
    return this.#outcome(child, (out) => {
      if (out.endsWith("ready\n")) for (const signal of signals) child.kill(signal);
    });
  }

  async #outcome(child: ReturnType<Copy["start"]>, heard: (out: string) => void): Promise<Outcome> {
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
      heard(out);
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    const [code, signal] = await once(child, "close");
    return { code: signal ?? code, out, err };
  }
}

const test = base.extend<{ copy: Copy }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the needs of a fixture from its pattern
  copy: async ({}, use) => {
    const copy = new Copy();
    await use(copy);
    rmSync(copy.folder, { recursive: true });
  },
});

describe.concurrent("under a Node that can", () => {
  test("the bundle runs in place with the arguments and its exit code comes back", async ({ copy, expect }) => {
    const { code, out, err } = await copy.run(["7", "--quiet", "a b"]);
    expect({ code, err }).toEqual({ code: 7, err: "" });
    expect(JSON.parse(out)).toEqual({ rest: ["--quiet", "a b"], flags: [] });
  });

  test("the sources of a clone win over a bundle that was built from them", async ({ copy, expect }) => {
    writeFileSync(join(copy.folder, "src/main.ts"), SOURCES);
    expect(await copy.run([])).toEqual({ code: 0, out: "sources\n", err: "" });
  });

  test("an error that nobody caught is one line and exit 1", async ({ copy, expect }) => {
    expect(await copy.run(["throw"])).toMatchObject({ code: 1, err: "lazaret: the disk is gone\n" });
  });

  test("without sources and bundle it says so and exits 78", async ({ copy, expect }) => {
    rmSync(join(copy.folder, "dist"), { recursive: true });
    const { code, err } = await copy.run([]);
    expect(code).toBe(78);
    expect(err).toMatch(/^lazaret: this copy is incomplete: .*\n$/);
  });

  test.skipIf(onWindows)("a signal that would open a debugger does nothing", async ({ copy, expect }) => {
    expect(await copy.signal(["SIGUSR1", "SIGTERM"])).toMatchObject({ code: 9, err: "" });
  });
});

describe.skipIf(onWindows)("the compile cache", { concurrent: true }, () => {
  test("is kept in a directory for us alone", async ({ copy, expect }) => {
    await copy.run(["0"]);
    expect(readdirSync(copy.cache).length).toBeGreaterThan(0);
  });

  test("is not used where others can write", async ({ copy, expect }) => {
    mkdirSync(copy.cache, { recursive: true });
    chmodSync(copy.cache, 0o777);
    expect(await copy.run(["3"])).toMatchObject({ code: 3 });
    expect(readdirSync(copy.cache)).toEqual([]);
  });

  test("is not needed", async ({ copy, expect }) => {
    copy.home = join(copy.folder, "dist/main.js"); // no directory can be made below a file
    expect(await copy.run(["3"])).toMatchObject({ code: 3, err: "" });
    expect(existsSync(copy.cache)).toBe(false);
  });
});

describe.skipIf(onWindows)("under an older Node", { concurrent: true }, () => {
  test("the Node that npm installed runs the program, without a debugger", async ({ copy, expect }) => {
    copy.installNode("24.21.0");
    const { code, out, err } = await copy.run(["7", "--quiet"], "20.20.2");
    expect({ code, err }).toEqual({ code: 7, err: "" });
    expect(JSON.parse(out)).toEqual({ rest: ["--quiet"], flags: ["--disable-sigusr1"] });
  });

  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    test(`${signal} reaches the program, which decides how to end`, async ({ copy, expect }) => {
      copy.installNode("24.21.0");
      const { code, out } = await copy.signal([signal], "20.20.2");
      expect(out).toMatch(new RegExp(`ready\n${signal}\n$`));
      expect(code).toBe(9);
    });
  }

  test("a program that a signal ended is reported as ended by it", async ({ copy, expect }) => {
    copy.installNode("24.21.0");
    expect(await copy.run(["die"], "20.20.2")).toMatchObject({ code: "SIGKILL" });
  });

  for (const version of [null, "22.1.0"]) {
    test(`with Node package ${version} it names what is needed and exits 78`, async ({ copy, expect }) => {
      if (version) copy.installNode(version);
      const { code, out, err } = await copy.run(["0"], "20.20.2");
      expect({ code, out }).toEqual({ code: 78, out: "" });
      expect(err).toMatch(/^lazaret: Node 24 or newer is needed and this is 20\.20\.2; [^\n]*\n$/);
    });
  }
});
