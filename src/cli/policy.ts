/** The rules: check, explain, load, show; and the configuration they stand in (CONTRACT sections 6 and 14). */
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Command } from "commander";
import type { Context } from "./context.ts";
import type { PolicyFinding } from "./offline.ts";
import { counted, pairs, printable, table } from "./printable.ts";
import { Trouble, unreadable } from "./trouble.ts";

const PACK_CHARS_MAX = 262_144;

export function addPolicy(program: Command, context: Context): void {
  const policy = program.command("policy").description("what is allowed, asked and denied");
  const { policyCheck } = context.offline;
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
  policy
    .command("explain")
    .argument("<dimension=value...>", "such as capability=chat.send role=member")
    .description("what the rules say to a request, which rule, and which came nearest")
    .action(async (given: string[]) => {
      const verdict = await context.ask("policy.explain", { request: Object.fromEntries(given.map(dimension)) });
      context.result(verdict, () =>
        pairs(
          [
            ["verdict", verdict.assurance === null ? verdict.effect : `${verdict.effect}, needs ${verdict.assurance}`],
            ["rule", verdict.rule],
            ["because", verdict.because],
            ["nearest", verdict.nearest ?? "none"],
          ],
          context.paint,
        ),
      );
    });
  policy
    .command("load")
    .argument("<files...>", "packs")
    .description("put these rules in force; what is newly permitted needs your yes")
    .action(async (files: string[]) => {
      const loaded = await context.ask("policy.load", { packs: await Promise.all(files.map(pack)) });
      context.result(loaded, () =>
        loaded.approval === null
          ? `In force: ${loaded.digest}`
          : `They permit something new. Look at it, then say yes: lazaret approvals show ${loaded.approval}`,
      );
      context.exit(loaded.approval === null ? 0 : 5);
    });
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
