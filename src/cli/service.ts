/** Running in the background: a user unit of systemd, put there and taken away (CONTRACT section 14). */
import type { Command } from "commander";
import { type Context, type Destructive, destructive } from "./context.ts";

export function addService(program: Command, context: Context): void {
  const { service: serviceFor } = context.offline;
  if (serviceFor === undefined) return;
  const service = program.command("service").description("run in the background, as a systemd user unit");
  service
    .command("install")
    .description("write the unit, start it, and start it with every session")
    .option("--dry-run", "say what would be written, and where")
    .action(async (options: { readonly dryRun?: boolean }) => {
      const unit = await serviceFor(context.home);
      if (options.dryRun === true) return context.say(`Would write ${unit.path} and start it.`);
      const made = await unit.install();
      const done = `Wrote ${made.path}${made.started ? " and started it" : ""}`;
      context.result(made, () => [done, ...made.words].join("\n"));
    });
  service
    .command("status")
    .description("whether it is there, is of this version, and runs")
    .action(async () => {
      const found = await (await serviceFor(context.home)).status();
      context.result(found, () => {
        if (!found.installed) return `Not installed: there is no ${found.path}`;
        const age = found.current ? "" : ", of another version or place: install it again";
        return `${found.path}: ${found.state}${age}`;
      });
      context.exit(found.installed ? 0 : 1);
    });
  destructive(service.command("uninstall"))
    .description("stop it and remove the unit; the home stays")
    .action(async (options: Destructive) => {
      const unit = await serviceFor(context.home);
      if (options.dryRun === true) return context.say(`Would stop the service and remove ${unit.path}.`);
      if (!(await context.sure("Stop the service and remove its unit? The home stays.", options))) return;
      const gone = await unit.uninstall();
      context.result(gone, () => (gone.removed ? `Removed ${gone.path}` : `There was no ${gone.path}`));
    });
}
