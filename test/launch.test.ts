/** The launcher as a user meets it: a copy of it in a folder of its own, with a program and a Node of our choosing. */
import { spawn } from "node:child_process";
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
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** Says what it was given, then ends as its first argument asks. */
const PROGRAM = `
export async function main() {
  const [, , how, ...rest] = process.argv;
  console.log(JSON.stringify({ rest, flags: process.execArgv }));
  if (how === "wait") {
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) process.on(signal, () => { console.log(signal); setTimeout(() => process.exit(9), 50); });
    console.log("ready");
    setInterval(() => {}, 1000);
  } else if (how === "die") process.kill(process.pid, "SIGKILL");
  else if (how === "throw") throw new Error("the disk is gone");
  else process.exitCode = Number(how);
}
`;
/** Makes the Node that runs the launcher look like another version to it. */
const pretend = (version: string): string =>
  `Object.defineProperty(process.versions, "node", { value: "${version}" });`;
const onWindows = process.platform === "win32";

let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lazaret-launch-"));
  env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  mkdirSync(join(folder, "src"));
  mkdirSync(join(folder, "dist"));
  copyFileSync("src/launch.cjs", join(folder, "src/launch.cjs"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "dist/main.js"), PROGRAM);
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a Node of the given version where npm would put the optional dependency. It is the one that runs this test. */
function installNode(version: string): void {
  const home = join(folder, "node_modules", `node-${process.platform}-${process.arch}`);
  mkdirSync(join(home, "bin"), { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ version }));
  symlinkSync(process.execPath, join(home, "bin/node"));
}

function launch(args: readonly string[], version?: string): ReturnType<typeof spawn> {
  const preload = join(folder, "pretend.cjs");
  if (version) writeFileSync(preload, pretend(version));
  const flags = version ? ["--require", preload] : [];
  return spawn(process.execPath, [...flags, join(folder, "src/launch.cjs"), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function outcome(child: ReturnType<typeof spawn>): Promise<{ code: unknown; out: string; err: string }> {
  const said = { out: "", err: "" };
  child.stdout?.on("data", (chunk) => (said.out += chunk));
  child.stderr?.on("data", (chunk) => (said.err += chunk));
  const [code, signal] = await once(child, "close");
  return { code: signal ?? code, ...said };
}

describe("under a Node that can", () => {
  test("the bundle runs in place with the arguments and its exit code comes back", async () => {
    const { code, out, err } = await outcome(launch(["7", "--quiet", "a b"]));
    expect({ code, err, said: JSON.parse(out) }).toEqual({
      code: 7,
      err: "",
      said: { rest: ["--quiet", "a b"], flags: [] },
    });
  });

  test("the sources of a clone win over a bundle that was built from them", async () => {
    writeFileSync(
      join(folder, "src/main.ts"),
      'export const main = async (): Promise<void> => console.log("sources" as string);',
    );
    expect(await outcome(launch([]))).toMatchObject({ code: 0, out: "sources\n" });
  });

  test("an error that nobody caught is one line and exit 1", async () => {
    expect(await outcome(launch(["throw"]))).toMatchObject({ code: 1, err: "lazaret: the disk is gone\n" });
  });

  test("without sources and bundle it says so and exits 78", async () => {
    rmSync(join(folder, "dist"), { recursive: true });
    const { code, err } = await outcome(launch([]));
    expect(code).toBe(78);
    expect(err).toMatch(/^lazaret: this copy is incomplete: .*\n$/);
  });

  test.skipIf(onWindows)("a signal that would open a debugger does nothing", async () => {
    const child = launch(["wait"]);
    const ended = outcome(child);
    for await (const chunk of child.stdout ?? []) {
      if (String(chunk).includes("ready")) ["SIGUSR1", "SIGTERM"].map((signal) => child.kill(signal as NodeJS.Signals));
    }
    expect(await ended).toMatchObject({ code: 9, err: "" });
  });
});

describe.skipIf(onWindows)("the compile cache", () => {
  const cache = (): string => join(folder, ".cache/lazaret/compile");

  test("is kept in a directory for us alone", async () => {
    await outcome(launch(["0"]));
    expect(readdirSync(cache()).length).toBeGreaterThan(0);
  });

  test("is not used where others can write", async () => {
    mkdirSync(cache(), { recursive: true });
    chmodSync(cache(), 0o777);
    expect(await outcome(launch(["3"]))).toMatchObject({ code: 3 });
    expect(readdirSync(cache())).toEqual([]);
  });

  test("is not needed", async () => {
    env["HOME"] = join(folder, "dist/main.js"); // no directory can be made below a file
    expect(await outcome(launch(["3"]))).toMatchObject({ code: 3, err: "" });
    expect(existsSync(cache())).toBe(false);
  });
});

describe.skipIf(onWindows)("under an older Node", () => {
  test("the Node that npm installed runs the program, without a debugger", async () => {
    installNode("24.21.0");
    const { code, out, err } = await outcome(launch(["7", "--quiet"], "20.20.2"));
    expect({ code, err }).toEqual({ code: 7, err: "" });
    expect(JSON.parse(out)).toEqual({ rest: ["--quiet"], flags: ["--disable-sigusr1"] });
  });

  test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
    "%s reaches the program, which decides how to end",
    async (signal) => {
      installNode("24.21.0");
      const child = launch(["wait"], "20.20.2");
      let out = "";
      for await (const chunk of child.stdout ?? []) {
        out += chunk;
        if (chunk.includes("ready")) child.kill(signal);
      }
      expect(out).toContain(`${signal}\n`);
      expect(child.exitCode ?? (await once(child, "exit"))[0]).toBe(9);
    },
  );

  test("a program that a signal ended is reported as ended by it", async () => {
    installNode("24.21.0");
    expect(await outcome(launch(["die"], "20.20.2"))).toMatchObject({ code: "SIGKILL" });
  });

  test.each([undefined, "22.1.0"])(
    "with a Node package of version %s it names what is needed and exits 78",
    async (version) => {
      if (version) installNode(version);
      const { code, out, err } = await outcome(launch(["0"], "20.20.2"));
      expect({ code, out }).toEqual({ code: 78, out: "" });
      expect(err).toMatch(/^lazaret: Node 24 or newer is needed and this is 20\.20\.2; [^\n]*\n$/);
    },
  );
});
