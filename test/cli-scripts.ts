/**
 * Scripts that a person can read and a test can run, in `test/cli/*.txt`:
 *
 *     # a remark
 *     file chat.jsonl
 *     | a line of that file
 *     $ lazaret import @chat.jsonl --conversation family
 *     < a line of stdin
 *     > a line of stdout
 *     ! a line of stderr
 *     = 2
 *
 * `…` in a line stands for anything in it, alone for any lines. `{{run}}` takes what stands there the first time and
 * is it from then on. Stdout is compared whole, stderr only where lines of it are given; `= 0` is left out. `@name`
 * is a file's path.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };
/** Runs `lazaret` with these arguments and this stdin. */
export type Run = (args: readonly string[], stdin: string) => Promise<Ran>;

type Step = {
  readonly at: number;
  readonly command: string;
  readonly stdin: string[];
  readonly stdout: string[];
  readonly stderr: string[];
  code: number;
};
type Script = { readonly steps: readonly Step[]; readonly files: ReadonlyMap<string, string> };

function parse(name: string, text: string): Script {
  const steps: Step[] = [];
  const files = new Map<string, string>();
  let file: string | null = null;
  text.split("\n").forEach((line, index) => {
    const [, sign = "", rest = ""] = /^(file|[#$<>!=|])(?: (.*))?$/.exec(line) ?? [];
    const step = steps.at(-1);
    if (line.trim() === "" || sign === "#") return;
    if (sign === "file") {
      file = rest;
      files.set(rest, "");
    } else if (sign === "|" && file !== null) files.set(file, `${files.get(file)}${rest}\n`);
    else if (sign === "$") steps.push({ at: index + 1, command: rest, stdin: [], stdout: [], stderr: [], code: 0 });
    else if (sign === "<" && step) step.stdin.push(rest);
    else if (sign === ">" && step) step.stdout.push(rest);
    else if (sign === "!" && step) step.stderr.push(rest);
    else if (sign === "=" && step) step.code = Number(rest);
    else throw new Error(`${name}:${index + 1}: not a line of a script: ${line}`);
  });
  return { steps, files };
}

/** Words as a shell would make them of single and double quotes. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_whole, double?: string, single?: string) => double ?? single ?? ""),
  );

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A pattern for the expected lines; names of what it captures come in their order. */
function patternOf(lines: readonly string[], known: ReadonlyMap<string, string>): { pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const pieces = lines.map((line) => {
    if (line === "…") return "(?:.*\\n)*?";
    const inside = line.split(/(…|\{\{\w+\}\})/).map((piece) => {
      if (piece === "…") return ".*";
      const name = /^\{\{(\w+)\}\}$/.exec(piece)?.[1];
      if (name === undefined) return literal(piece);
      const value = known.get(name);
      if (value !== undefined) return literal(value);
      names.push(name);
      return "(\\S+)";
    });
    return `${inside.join("")}\\n`;
  });
  return { pattern: new RegExp(`^${pieces.join("")}$`), names };
}

function compare(where: string, what: string, lines: readonly string[], got: string, known: Map<string, string>): void {
  const { pattern, names } = patternOf(lines, known);
  const found = pattern.exec(got === "" || got.endsWith("\n") ? got : `${got}\n`);
  if (found === null) {
    throw new Error(`${where}: ${what} is not as expected\n--- expected\n${lines.join("\n")}\n--- got\n${got}`);
  }
  names.forEach((name, at) => {
    known.set(name, found[at + 1] ?? "");
  });
}

/** Runs a script; throws with file, line and both texts where it goes another way. */
export async function runScript(name: string, text: string, run: Run): Promise<void> {
  const { steps, files } = parse(name, text);
  const directory = mkdtempSync(join(tmpdir(), "lazaret-script-"));
  const known = new Map<string, string>([["dir", directory]]);
  try {
    for (const [file, content] of files) writeFileSync(join(directory, file), content);
    for (const { at, command, stdin, stdout, stderr, code } of steps) {
      const where = `${name}:${at}: ${command}`;
      const filled = command.replace(/\{\{(\w+)\}\}/g, (_whole, key: string) => known.get(key) ?? `{{${key}}}`);
      const [program, ...args] = wordsOf(filled).map((word) =>
        word.startsWith("@") ? join(directory, word.slice(1)) : word,
      );
      if (program !== "lazaret") throw new Error(`${where}: only lazaret can be run`);
      const ran = await run(args, stdin.map((line) => `${line}\n`).join(""));
      const plain = {
        out: ran.stdout.replaceAll(`${directory}/`, "@"),
        err: ran.stderr.replaceAll(`${directory}/`, "@"),
      };
      if (ran.code !== code) {
        throw new Error(`${where}: exit ${ran.code}, expected ${code}\n${plain.out}${plain.err}`);
      }
      compare(where, "stdout", stdout, plain.out, known);
      if (stderr.length > 0) compare(where, "stderr", stderr, plain.err, known);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
