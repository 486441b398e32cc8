/** The ledger: verify, checkpoint, export, replay (CONTRACT section 11). */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { isRefusal } from "../core/refusal.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { Context } from "./context.ts";
import { counted, pairs, printable, size } from "./printable.ts";
import { Trouble, unreadable } from "./trouble.ts";

const CHECKPOINT_CHARS_MAX = 4096;
const RECEIPT_CHARS_MAX = 60_000;

export function addLedger(program: Command, context: Context): void {
  const { verifyBundle } = context.offline;
  const ledger = program.command("ledger").description("the tamper-evident history; it holds no content");
  const verify = ledger
    .command("verify")
    .description("check every entry, and against a checkpoint kept elsewhere if there is one")
    .option("--against <file>", "a checkpoint that was kept outside this machine")
    .option("--receipt <file>", "a receipt of an erasure, as purge --receipt printed it");
  if (verifyBundle !== undefined) verify.argument("[bundle]", "a file that ledger export wrote; no daemon is needed");
  verify.action(async (...given: unknown[]) => {
    const bundle = typeof given[0] === "string" ? given[0] : null;
    const { against: file, receipt } = verify.opts<{ readonly against?: string; readonly receipt?: string }>();
    if (receipt !== undefined) return receiptVerdict(context, await textIn(receipt, RECEIPT_CHARS_MAX, "any receipt"));
    const against = file === undefined ? null : await textIn(file, CHECKPOINT_CHARS_MAX, "any checkpoint");
    const report =
      bundle !== null && verifyBundle !== undefined
        ? await verifyBundle(resolve(bundle), against).catch((error: unknown) => {
            throw isRefusal(error) ? error : unreadable(bundle, error);
          })
        : await context.ask("ledger.verify", against === null ? {} : { against });
    context.result(report, () => verdict(report, context));
    context.exit(report.ok ? 0 : 1);
  });
  ledger
    .command("checkpoint")
    .description("sign the ledger as it stands; keep what this prints elsewhere")
    .action(async () => {
      const signed = await context.ask("ledger.checkpoint", {});
      context.result(signed, () => signed.checkpoint.replace(/\n$/, ""));
    });
  ledger
    .command("export")
    .argument("<file>", "a new file")
    .description("write every entry and a checkpoint to a file that anybody can verify")
    .action(async (file: string) => {
      const made = await context.ask("ledger.export", { file: resolve(file) });
      context.result(made, () => `${made.file}: ${counted(made.entries, "entry", "entries")}, ${size(made.bytes)}`);
    });
  ledger
    .command("replay")
    .description("fold the ledger again and compare with what is stored")
    .action(async () => {
      const report = await context.ask("ledger.replay", {});
      context.result(report, () => {
        const folded = `${counted(report.runs, "run")}, ${counted(report.approvals, "approval")}`;
        const what = `${counted(report.entries, "entry", "entries")}, ${folded}`;
        const head = report.ok ? `The ledger leads to what is stored: ${what}` : `The ledger leads elsewhere: ${what}`;
        return [head, ...report.differences.map((difference) => `  ${printable(difference)}`)].join("\n");
      });
      context.exit(report.ok ? 0 : 1);
    });
}

/** One receipt against the ledger that it came from. */
async function receiptVerdict(context: Context, text: string): Promise<void> {
  const found = await context.ask("ledger.receipt", { text });
  context.result(found, () =>
    found.ok
      ? context.paint(
          "green",
          `The receipt ${found.receipt ?? ""} is ours: ${counted(found.messages, "message")} erased`,
        )
      : context.paint("red", printable(found.reason ?? "unknown")),
  );
  context.exit(found.ok ? 0 : 1);
}

async function textIn(file: string, charsMax: number, what: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (text.length <= charsMax) return text;
  throw new Trouble("input.invalid", `${file} is longer than ${what}.`);
}

function verdict(report: VerbOutput<"ledger.verify">, { paint }: Context): string {
  const head = report.ok
    ? paint("green", report.not_excluded === null ? "verified" : printable(report.not_excluded))
    : paint("red", `entry ${report.bad_seq ?? "?"} does not fit: ${printable(report.reason ?? "unknown")}`);
  const facts = pairs(
    [
      ["entries", String(report.entries)],
      ["checkpoints", String(report.checkpoints)],
      ["root", report.root],
      ["without outcome", report.dangling.length === 0 ? "none" : report.dangling.join(", ")],
    ],
    paint,
  );
  return `${head}\n${facts}`;
}
