/** The home's own keys: drawn anew, unlocked otherwise, kept for the day they are lost (CONTRACT section 4). */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Context } from "./context.ts";
import { iso } from "./moment.ts";
import { Trouble } from "./trouble.ts";

const PASSPHRASE_CHARS_MAX = 1024;

export function addKey(program: Command, context: Context): void {
  const key = program.command("key").description("the keys that everything is sealed under");
  key
    .command("rotate")
    .description("draw a new epoch key: no older copy of the keys opens what is erased from now on")
    .action(async () => {
      const made = await context.ask("key.rotate", {});
      context.result(made, () => `Key epoch ${made.before} is over; this is ${made.epoch}. Recovery files are stale.`);
    });
  key
    .command("passphrase")
    .option("--remove", "go back to a key file")
    .description("unlock the home by a passphrase from now on, read from stdin or typed unseen")
    .action(async ({ remove }: { readonly remove?: boolean }) => {
      const next = remove === true ? null : await typedTwice(context, "New passphrase: ");
      const made = await context.ask("key.passphrase", { next });
      context.result(made, () =>
        next === null
          ? "The key file opens this home from now on."
          : "The passphrase opens this home from now on: LAZARET_PASSPHRASE_FILE names a file that holds it.",
      );
    });
  const recovery = key
    .command("recovery")
    .argument("<file>", "a new file, or one to look at")
    .option("--check", "does it still open this home")
    .description("keep the keys in a file under a passphrase; every erasure makes it stale, and it says so");
  const { recover } = context.offline;
  if (recover !== undefined) recovery.option("--use", "put its keys back where they are lost; no daemon may run");
  recovery.action(async (given: string, options: { readonly check?: boolean; readonly use?: boolean }) => {
    const file = resolve(given);
    if (options.check === true) return check(context, file);
    if (options.use === true && recover !== undefined) {
      const passphrase = await context.secret("Passphrase of the file: ", PASSPHRASE_CHARS_MAX);
      await recover(context.home, file, passphrase);
      context.result({ done: true }, () => "The keys are back.");
      return;
    }
    const passphrase = await typedTwice(context, "Passphrase for the file: ");
    const made = await context.ask("key.recovery", { file, passphrase });
    context.result(made, () => `${made.file}, for key epoch ${made.epoch}. The next erasure makes it stale.`);
  });
}

async function check(context: Context, file: string): Promise<void> {
  const found = await context.ask("key.recovery_check", { file });
  const made = `made ${iso(found.made)} at key epoch ${found.file_epoch}`;
  const words = !found.ours
    ? "It belongs to another home."
    : found.stale
      ? `Stale: ${made}, and the home is at ${found.epoch}. Make a new one.`
      : `It opens this home: ${made}.`;
  context.result(found, () => words);
  context.exit(found.ours && !found.stale ? 0 : 1);
}

async function typedTwice(context: Context, question: string): Promise<string> {
  const { terminal } = context;
  const first = await context.secret(question, PASSPHRASE_CHARS_MAX);
  if (terminal.isInteractive && (await terminal.hidden("Again: ")) !== first)
    throw new Trouble("input.invalid", "The two were not the same.", "nothing was changed");
  return first;
}
