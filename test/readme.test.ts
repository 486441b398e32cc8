/**
 * The documents, held to the program. Every ```sh block of README.md says after `sh` what may be done with it:
 *
 *   ```sh run       run here, in order, in a home of their own; each must end with 0, together within 25 seconds.
 *                   `lazaret` and `npx lazaret` are this checkout; commands do not wait for a terminal.
 *   ```sh install   what a person types first (`npm ci`, `npm test`): run by .ci/run, here the scripts exist.
 *   ```sh example   needs an account, a second terminal or a name of the reader's: its first words are known.
 *
 * Transcripts, configuration and output are other kinds of block (`console`, `yaml`, `json`).
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Block, blocksOf, invariantsIn, linksIn, pathsIn, testsIn } from "./markdown.ts";

const RUN_MS_MAX = 55_000;
const MARKS = ["run", "install", "example"];
const DOCUMENTS = globSync(["*.md", "docs/**/*.md"]).sort();
const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
const readme = blocksOf(read("README.md")).blocks.filter(({ info }) => info[0] === "sh");
const marked = (mark: string): Block[] => readme.filter(({ info }) => info[1] === mark);
const scripts: Record<string, string> = JSON.parse(read("package.json")).scripts;

/** Commands of a block: its lines, a trailing backslash joins, comments and prompts are dropped. */
function commandsOf(text: string): string[] {
  const lines = text.replace(/\\\n\s*/g, "").split("\n");
  return lines
    .map((line) =>
      line
        .replace(/^\$ /, "")
        .replace(/(?:^|\s)#.*$/, "")
        .trim(),
    )
    .filter((line) => line !== "");
}

function runBlock(text: string): { code: number | null; said: string } {
  const home = mkdtempSync(join(tmpdir(), "lazaret-readme-"));
  const launcher = `"${process.execPath}" "${join(process.cwd(), "src/launch.cjs")}"`;
  const prelude = `set -euo pipefail\nlazaret() { ${launcher} "$@"; }\nnpx() { shift; lazaret "$@"; }\n`;
  const { status, stdout, stderr, error } = spawnSync("bash", ["-c", prelude + commandsOf(text).join("\n")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_MS_MAX,
    env: { PATH: process.env["PATH"], HOME: home, LAZARET_HOME: join(home, "lazaret"), NO_COLOR: "1" },
  });
  rmSync(home, { recursive: true });
  return { code: status, said: `${error?.message ?? ""}${stdout}${stderr}` };
}

/** Names of the npm scripts that a line calls: `npm run x`, and the ones npm knows by themselves. */
function scriptsIn(command: string): string[] {
  return [...command.matchAll(/\bnpm (?:run (?:-\S+ )*([\w:-]+)|(test|start))/g)].map(
    ([, named, known]) => named ?? known ?? "",
  );
}

describe("README", () => {
  test("every shell block says what may be done with it", () => {
    const unmarked = readme.filter(({ info }) => info.length !== 2 || !MARKS.includes(info[1] ?? ""));
    expect(unmarked.map(({ line }) => `README.md:${line}`)).toEqual([]);
  });

  test.each(marked("run"))("the commands at line $line run", { timeout: 2 * RUN_MS_MAX }, ({ text }) => {
    expect(runBlock(text)).toMatchObject({ code: 0 });
  });

  test("every npm script that a document names is there", () => {
    const named = DOCUMENTS.flatMap((file) => scriptsIn(read(file)).map((script) => `${file}: npm run ${script}`));
    expect(named.filter((line) => scripts[line.split(" ").at(-1) ?? ""] === undefined)).toEqual([]);
  });

  test("an example begins with a command that a reader has or installs", () => {
    const words = marked("example").flatMap(({ text }) =>
      commandsOf(text).map((command) => command.split(/\s/)[0] ?? ""),
    );
    const known = [
      "lazaret",
      "npx",
      "npm",
      "git",
      "curl",
      "claude",
      "codex",
      "docker",
      "systemctl",
      "systemd-creds",
      "sudo",
    ];
    expect(words.filter((word) => !known.includes(word))).toEqual([]);
  });
});

describe("every document", () => {
  test("links to files that are there", () => {
    const broken = DOCUMENTS.flatMap((file) =>
      linksIn(read(file))
        .filter((target) => !existsSync(join(dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test("names files that are there", () => {
    const present = DOCUMENTS.filter((file) => file !== "CHANGELOG.md"); // it also tells of what is gone
    const gone = present.flatMap((file) =>
      pathsIn(read(file))
        .filter((path) => !existsSync(path))
        .map((path) => `${file}: ${path}`),
    );
    expect(gone).toEqual([]);
  });

  test("points to tests that are there, by the names they have", () => {
    const missing = DOCUMENTS.flatMap((file) =>
      testsIn(read(file))
        .filter((pointer) => !read(pointer.file).includes(pointer.name))
        .map((pointer) => `${file}: ${pointer.file} "${pointer.name}"`),
    );
    expect(missing).toEqual([]);
  });

  test("backs each invariant with the test that holds it", () => {
    const unbacked = DOCUMENTS.flatMap((file) =>
      invariantsIn(read(file))
        .filter((text) => !/`test\/[^`]+\.test\.ts`/.test(text))
        .map((text) => `${file}: ${text}`),
    );
    expect(unbacked).toEqual([]);
  });
});

describe("the reading of documents", () => {
  const page = [
    "See `src/main.ts`, `docs/`, `src/<noun>.ts`, `lazaret up`, `LICENSE` and [the model](docs/threat-model.md#edges).",
    "```sh run",
    "$ lazaret try redact < `nothing` # a comment",
    "```",
    '- **Invariant:** no text (`test/leak.test.ts` "a canary',
    '  never leaks" and "nor does its name").',
    "- **Invariant:** unbacked. **Invariant:** and another.",
    "[web](https://example.org) [here](#here)",
  ].join("\n");

  test("finds blocks with their marks, and paths, links and tests outside them", () => {
    expect(blocksOf(page).blocks).toEqual([
      { info: ["sh", "run"], line: 2, text: "$ lazaret try redact < `nothing` # a comment" },
    ]);
    expect(pathsIn(page)).toEqual(["src/main.ts", "docs/", "LICENSE", "test/leak.test.ts"]);
    expect(linksIn(page)).toEqual(["docs/threat-model.md"]);
    expect(testsIn(page).map(({ name }) => name)).toEqual(["a canary never leaks", "nor does its name"]);
    expect(invariantsIn(page).length).toBe(3);
    expect(() => blocksOf("```sh\nlost")).toThrow("line 1");
  });

  test("finds commands and the scripts in them, and a command that fails fails its block", () => {
    expect(commandsOf("$ npm ci # once\n\n# alone\nlazaret \\\n  up")).toEqual(["npm ci", "lazaret up"]);
    expect(scriptsIn("npm ci && npm run -s bench; npm test && npm start")).toEqual(["bench", "test", "start"]);
    expect(runBlock('$ test -d "$HOME"\n$ false\n$ true').code).toBe(1);
    expect(runBlock("echo hi").said).toBe("hi\n");
  });
});
