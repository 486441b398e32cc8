/** The shape of the program, tested like any other behaviour. The tables are in `tidy.ts`; change them on purpose. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Source, sourceOf } from "./source.ts";
import { FLOORS, floorOf, LIMITS, longLines, longParts, NETWORKS, soleFaults, strayImports } from "./tidy.ts";

const CODE = ["src", "policy", "transforms", "connectors"];
const BESIDE = ["test", "bench", "build", "examples"];
const BANNED_NAMES = /^(?:utils?|common|helpers?|types|misc|shared|managers?|index\.d)$/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:slow|matrix))?(?:\.test)?\.ts$/;

const slashed = (path: string): string => path.replaceAll("\\", "/");
const find = (pattern: string): string[] =>
  globSync(pattern, { exclude: (name) => ["node_modules", "dist", ".tmp", "coverage"].includes(String(name)) })
    .map(slashed)
    .sort();
const isData = (file: string): boolean => /\/(?:data|vectors)\//.test(file);

const sources = find(`{${[...CODE, ...BESIDE].join(",")}}/**/*.ts`).map((file) =>
  sourceOf(file, readFileSync(file, "utf8")),
);
const code = sources.filter(({ file }) => floorOf(file) !== undefined);

/** Each finding as one line that names its file, so that a red test reads as a list of what to mend. */
function findings(among: readonly Source[], rule: (source: Source) => readonly string[]): string[] {
  return among.flatMap((source) => rule(source).map((finding) => `${source.file}: ${finding}`));
}

describe("floors", () => {
  test("every source file has a place in the house", () => {
    const homeless = find("**/*.ts").filter(
      (file) =>
        floorOf(file) === undefined && !BESIDE.includes(file.split("/")[0] ?? "") && !/^[^/]+\.config\.ts$/.test(file),
    );
    expect(homeless).toEqual([]);
    expect(code.length).toBeGreaterThan(0);
  });

  test("the launcher is the only file that is not TypeScript", () => {
    expect(find("{src,policy,transforms,connectors,test,bench,build}/**/*.{js,cjs,mjs,cts,mts}")).toEqual([
      "src/launch.cjs",
    ]);
  });

  test("nothing imports upward, sideways, or from a library its floor does not have", () => {
    expect(findings(code, strayImports)).toEqual([]);
  });

  test("one network's connector does not know another's", () => {
    const networkOf = (file: string): string | undefined => NETWORKS.exec(file)?.[1];
    const strays = findings(code, ({ file, imports }) => {
      const own = networkOf(file);
      if (own === undefined) return [];
      return imports.map(({ from }) => from).filter((from) => (networkOf(from) ?? own) !== own);
    });
    expect(strays).toEqual([]);
  });

  test("the floors that this table calls pure are the ones compiled without a platform", () => {
    const settings = readFileSync("tsconfig.pure.json", "utf8");
    const compiled = [...(/"include": \[(.*)\]/.exec(settings)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(
      (m) => `${m[1]}/`,
    );
    expect(compiled.sort()).toEqual(FLOORS.flatMap(({ floor, pure }) => (pure ? [floor] : [])).sort());
    expect(settings).toContain('"types": []');
  });
});

test("each dangerous thing is held by the files named for it and no other", () => {
  expect(findings(code, soleFaults)).toEqual([]);
});

describe("limits", () => {
  test(`a file has at most ${LIMITS.fileLinesMax} lines, a function ${LIMITS.functionLinesMax}`, () => {
    expect(findings(sources, (source) => (isData(source.file) ? [] : longParts(source)))).toEqual([]);
  });

  test(`a line has at most ${LIMITS.columnsMax} columns`, () => {
    expect(findings(sources, (source) => (isData(source.file) ? [] : longLines(source)))).toEqual([]);
  });

  test("files are kebab-case, and no file or folder is named for having no subject", () => {
    const misnamed = sources
      .map(({ file }) => file)
      .filter((file) => {
        const parts = file.split("/");
        return (
          !KEBAB_CASE.test(parts.at(-1) ?? "") || parts.some((part) => BANNED_NAMES.test(part.replace(/\.ts$/, "")))
        );
      });
    expect(misnamed).toEqual([]);
  });

  test("no default exports, barrels, any, mocks, tests set aside, swallowed errors or unfinished work", () => {
    expect(findings(sources, ({ faults }) => faults)).toEqual([]);
  });
});
