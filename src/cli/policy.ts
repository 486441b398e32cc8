/** The rules: check, explain, load, show; and the configuration they stand in (CONTRACT sections 6 and 14). */
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { Context, Destructive } from "./context.ts";
import type { PolicyFinding } from "./offline.ts";
import { counted, pairs, printable, table } from "./printable.ts";
import { Trouble, unreadable } from "./trouble.ts";

const PACK_CHARS_MAX = 262_144;

export function addPolicy(program: Command, context: Context): void {
  const policy = program.command("policy").description("what is allowed, asked and denied");
  addFiles(policy, context);
  policy
    .command("explain")
    .argument("<dimension=value...>", "such as capability=chat.send role=member")
    .description("what the rules say to a request, which rule, and what would have to change")
    .action(async (given: string[]) => {
      const verdict = await context.ask("policy.explain", { request: Object.fromEntries(given.map(dimension)) });
      context.result(verdict, () => {
        const needs = verdict.assurance === null ? "" : `, needs ${verdict.assurance}`;
        const facts = pairs(
          [
            ["verdict", `${verdict.effect}${needs}`],
            ["rule", verdict.rule],
            ["because", verdict.because],
            ["nearest", verdict.nearest ?? "none"],
          ],
          context.paint,
        );
        return [facts, ...verdict.changes.map((change) => `  ${printable(change)}`)].join("\n");
      });
    });
  policy
    .command("load")
    .argument("[files...]", "packs; without them the configured ones alone")
    .option("--dry-run", "say what would change and change nothing")
    .option("--yes", "do not ask")
    .description("put these rules in force; what is newly permitted needs your yes")
    .action((files: string[], options: Destructive) => load(context, files, options));
  policy
    .command("show")
    .description("the rules in force")
    .action(async () => {
      const shown = await context.ask("policy.show", {});
      const rows = shown.rules.map(({ effect, id, because, locked }) => [effect, id, locked ? "locked" : "", because]);
      context.result(shown, () =>
        [
          `${shown.packs.join(", ")}: ${shown.digest}`,
          table(["EFFECT", "RULE", "", "BECAUSE"], rows, context.paint),
        ].join("\n"),
      );
    });
}

/** What needs no daemon: packs in files. */
function addFiles(policy: Command, context: Context): void {
  const { policyCheck, policyTest, policyDiff } = context.offline;
  if (policyCheck !== undefined) {
    policy
      .command("check")
      .argument("[files...]", "packs; without them the home's own")
      .description("conflicts, shadows and dead rules, with a witness for each")
      .action(async (files: string[]) => {
        const report = await policyCheck(
          context.home,
          files.map((file) => resolve(file)),
        );
        const errors = report.findings.filter(({ severity }) => severity === "error").length;
        context.result(report, () => findings(report.findings, context));
        context.say(`${counted(report.rules, "rule")}, ${counted(report.findings.length, "finding")}.`);
        context.exit(errors > 0 ? 78 : 0);
      });
  }
  if (policyTest !== undefined) {
    policy
      .command("test")
      .argument("<files...>", "packs with tests")
      .description("run the scenarios of a pack, on the home's packs")
      .action(async (files: string[]) => {
        const tested = await policyTest(
          context.home,
          files.map((file) => resolve(file)),
        );
        const { total, failed } = tested;
        context.result(tested, () =>
          failed.map(({ file, line, text }) => `${printable(`${file}:${line}`)}: ${printable(text)}`).join("\n"),
        );
        context.say(
          total === 0 ? "There are no scenarios." : `${counted(total, "scenario")}, ${failed.length} failed.`,
        );
        context.exit(total === 0 || failed.length > 0 ? 1 : 0);
      });
  }
  if (policyDiff !== undefined) {
    policy
      .command("diff")
      .argument("<before>", "a shipped pack's name, or a file as it would stand on the home's packs")
      .argument("<after>", "the same")
      .description("what becomes newly allowed, asked and denied")
      .action(async (before: string, after: string) => {
        const change = await policyDiff(context.home, before, after);
        context.result(change, () => changes(change.lines, 0, context));
      });
  }
}

type Lines = Readonly<VerbOutput<"policy.load">["lines"]>;

function changes(lines: Lines, more: number, { paint }: Context): string {
  if (lines.length === 0) return "Nothing changes.";
  const told = lines.map(({ widens, text, example }) => {
    const sign = widens ? paint("yellow", "+") : paint("green", "-");
    return `${sign} ${printable(text)}\n  ${paint("dim", `for example: ${printable(example)}`)}`;
  });
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}

/** Looks first, shows what changes, and says yes to exactly that. */
async function load(context: Context, files: readonly string[], options: Destructive): Promise<void> {
  const packs = await Promise.all(files.map(pack));
  const would = await context.ask("policy.load", { packs, dry_run: true });
  const told = (): string => changes(would.lines, would.more, context);
  if (options.dryRun === true) return context.result(would, told);
  context.say(told());
  const isAsked = would.permits_new && (options.yes === true || context.terminal.isInteractive);
  if (isAsked && !(await context.sure("Permit that?", options))) return;
  const loaded = await context.ask("policy.load", isAsked ? { packs, expect: would.diff } : { packs });
  context.result(loaded, () => `In force: ${loaded.digest}`);
}

function dimension(pair: string): [string, string | number] {
  const at = pair.indexOf("=");
  if (at < 1)
    throw new Trouble("input.invalid", `${pair} is no dimension.`, "write dimension=value, such as role=member");
  const value = pair.slice(at + 1);
  return [pair.slice(0, at), /^\d{1,9}$/.test(value) ? Number(value) : value];
}

async function pack(file: string): Promise<{ name: string; text: string }> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (text.length > PACK_CHARS_MAX)
    throw new Trouble("input.too_large", `${file} is larger than a pack may be (256 KiB).`);
  return { name: basename(file).replace(/\.ya?ml$/, ""), text };
}

function findings(found: readonly PolicyFinding[], { paint }: Context): string {
  if (found.length === 0) return "Nothing to mend.";
  const colours = { error: "red", warning: "yellow", note: "dim" } as const;
  return found
    .map(({ severity, file, line, rule, text }) => {
      const place = `${file}${line === null ? "" : `:${line}`}${rule === null ? "" : ` ${rule}`}`;
      return `${paint(colours[severity], severity)}  ${printable(place)}: ${printable(text)}`;
    })
    .join("\n");
}

export function addConfig(program: Command, context: Context): void {
  const { configCheck, configSchema } = context.offline;
  if (configCheck === undefined && configSchema === undefined) return;
  const config = program.command("config").description("the configuration file");
  if (configCheck !== undefined) {
    config
      .command("check")
      .argument("[file]", "without it the home's own")
      .option("--show-origin", "with every key, its value and who said it")
      .description("say line, column and the nearest valid key of every mistake")
      .action(async (file: string | undefined, { showOrigin = false }: { readonly showOrigin?: boolean }) => {
        const report = await configCheck(context.home, file === undefined ? null : resolve(file), showOrigin);
        context.result(report, () => [`${report.file} is valid`, ...report.words.map(printable)].join("\n"));
      });
  }
  if (configSchema !== undefined) {
    config
      .command("schema")
      .description("its JSON Schema, for editors")
      .action(async () => {
        const schema = await configSchema();
        context.result(schema, () => JSON.stringify(schema, null, 2));
      });
  }
}
