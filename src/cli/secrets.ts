/**
 * Secrets: set by stdin or an unseen prompt, listed by name, never read back (CONTRACT section 10). The owner's PIN
 * likewise.
 */
import type { Command } from "commander";
import { SECRET_BYTES_MAX } from "../core/limits.ts";
import { type Context, type Destructive, destructive } from "./context.ts";
import { relative } from "./moment.ts";
import { short, table } from "./printable.ts";
import { Trouble } from "./trouble.ts";

export function addSecrets(program: Command, context: Context): void {
  const secrets = program.command("secrets").description("what is used by name and never shown");
  secrets
    .command("set")
    .argument("<name>", "what it is called from now on")
    .description("read a secret from stdin, or ask for it unseen")
    .action(async (name: string) => {
      const value = await context.secret(`Secret for ${name}: `, SECRET_BYTES_MAX);
      context.result(await context.ask("secrets.set", { name, value }), () => `Sealed ${name}`);
    });
  secrets
    .command("list")
    .alias("ls")
    .description("their names")
    .action(async () => {
      const found = await context.ask("secrets.list", {});
      context.result(found, () => found.names.join("\n") || "No secrets.");
    });
  secrets
    .command("uses")
    .argument("[name]", "of one secret; all when absent")
    .description("when, where and on whose word secrets were used")
    .action(async (name: string | undefined) => {
      const found = await context.ask("secrets.uses", name === undefined ? {} : { name });
      const rows = found.uses.map((use) => [
        relative(use.time, context.now()),
        use.name,
        use.place,
        use.slot,
        use.run === null ? "" : short(use.run),
        use.by === null ? use.rule : short(use.by),
      ]);
      context.result(found, () =>
        rows.length === 0
          ? "No secret was used yet."
          : table(["WHEN", "SECRET", "AT", "IN", "RUN", "YES BY"], rows, context.paint),
      );
    });
  destructive(secrets.command("remove").alias("rm"))
    .argument("<name>", "which")
    .description("destroy one")
    .action(async (name: string, options: Destructive) => {
      const { names } = await context.ask("secrets.list", {});
      if (!names.includes(name))
        throw new Trouble("not_found", `There is no secret ${name}.`, "lazaret secrets list names them");
      if (options.dryRun === true) return context.say(`Would destroy the secret ${name}.`);
      if (!(await context.sure(`Destroy the secret ${name}? What uses it stops working.`, options))) return;
      context.result(await context.ask("secrets.remove", { name }), () => `Destroyed ${name}`);
    });
}

const PIN_CHARS_MAX = 128;

export function addPin(program: Command, context: Context): void {
  const pin = program.command("pin").description("the owner's PIN, asked for by what matters most");
  pin
    .command("set")
    .description("set or change it, typed unseen")
    .action(async () => {
      const { terminal } = context;
      const next = await context.secret("New PIN: ", PIN_CHARS_MAX);
      if (terminal.isInteractive && (await terminal.hidden("New PIN again: ")) !== next) {
        throw new Trouble("input.invalid", "The two were not the same.", "nothing was changed");
      }
      context.result(await context.ask("pin.set", { next }), () => "The PIN is set");
    });
}
