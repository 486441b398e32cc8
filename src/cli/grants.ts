/** Standing yes: what the owner allowed for a while without a question (CONTRACT section 7). */
import type { Command } from "commander";
import { type Context, type Destructive, destructive } from "./context.ts";
import { relative } from "./moment.ts";
import { short, table } from "./printable.ts";

export function addGrants(program: Command, context: Context): void {
  const grants = program.command("grants").description("what may be done without a question: approve CODE always");
  const known = async () => (await context.ask("grants.list", {})).grants.map(({ id }) => id);
  grants
    .command("list")
    .alias("ls")
    .description("each with where it goes, the most it may carry, and how often it was used")
    .action(async () => {
      const found = await context.ask("grants.list", {});
      const rows = found.grants.map((it) => [
        short(it.id),
        it.state,
        it.capability,
        `${it.alias ?? "a direct chat"} to ${it.destination}`,
        it.label,
        `${it.uses} of ${it.uses_max}`,
        relative(it.expires_at, context.now()),
      ]);
      const headings = ["GRANT", "STATE", "WHAT", "FROM, TO", "AT MOST", "USED", "EXPIRES"];
      context.result(found, () => (rows.length === 0 ? "Everything is asked." : table(headings, rows, context.paint)));
    });
  destructive(grants.command("revoke"))
    .argument("<grant>", "its id, or the first digits of it")
    .description("ask again from now on")
    .action(async (given: string, options: Destructive) => {
      const grant = await context.idOf("grant", given, known);
      if (options.dryRun === true) return context.say(`Would revoke ${short(grant)}.`);
      if (!(await context.sure(`Revoke ${short(grant)}? People are asked again from now on.`, options))) return;
      context.result(await context.ask("grants.revoke", { grant }), () => `Revoked ${short(grant)}`);
    });
}
