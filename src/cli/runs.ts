/** What works or has worked: runs. */
import type { Command } from "commander";
import type { z } from "zod";
import { UNITS } from "../core/budget.ts";
import type { EntryView, RunView } from "../core/verbs/evidence.ts";
import type { Context } from "./context.ts";
import { iso, relative } from "./moment.ts";
import { pairs, short, table } from "./printable.ts";
import { whole } from "./trouble.ts";

type Entry = z.infer<typeof EntryView>;
export type Listing = { readonly open?: boolean; readonly limit?: string };

export const limitOf = ({ limit }: { readonly limit?: string }): { limit?: number } =>
  limit === undefined ? {} : { limit: whole(limit, "--limit") };

export function addRuns(program: Command, context: Context): void {
  const runs = program.command("runs").description("bounded pieces of work");
  const known = async () => (await context.ask("runs.list", { limit: 1000 })).runs.map(({ id }) => id);
  runs
    .command("list")
    .alias("ls")
    .description("newest first")
    .option("--open", "only those that have not ended")
    .option("--limit <n>", "at most so many", "50")
    .action(async (options: Listing) => {
      const found = await context.ask("runs.list", { open: options.open === true, ...limitOf(options) });
      context.result(found, () => (found.runs.length === 0 ? "No runs." : runTable(found.runs, context)));
    });
  runs
    .command("show")
    .argument("<run>", "its id, or the first digits of it")
    .description("budget, state and every step")
    .action(async (given: string) => {
      const found = await context.ask("runs.show", { run: await context.idOf("run", given, known) });
      context.result(found, () => `${runWords(found.run, context)}\n\n${entryTable(found.entries, context)}`);
    });
  runs
    .command("cancel")
    .argument("<run>", "its id, or the first digits of it")
    .description("end it")
    .action(async (given: string) => {
      const run = await context.ask("runs.cancel", { run: await context.idOf("run", given, known) });
      context.result(run, () => `${short(run.id)} is ${stateOf(run)}`);
    });
}

const stateOf = ({ state, reason }: RunView): string => (reason === null ? state : `${state} (${reason})`);

export function runTable(runs: readonly RunView[], { now, paint }: Context): string {
  const rows = runs.map((run) => [
    short(run.id),
    stateOf(run),
    run.alias ?? short(run.conversation),
    run.agent,
    `${run.used.steps}/${run.limit.steps}`,
    String(run.replies),
    relative(run.created_at, now()),
  ]);
  return table(["RUN", "STATE", "CONVERSATION", "AGENT", "STEPS", "REPLIES", "STARTED"], rows, paint);
}

function runWords(run: RunView, { now, paint }: Context): string {
  const used = UNITS.filter((unit) => run.used[unit] > 0).map(
    (unit) => `${unit} ${run.used[unit]} of ${run.limit[unit]}`,
  );
  return pairs(
    [
      ["run", run.id],
      ["state", stateOf(run)],
      ["conversation", run.alias ?? run.conversation],
      ["session", run.session],
      ["agent", run.agent],
      ["started", `${relative(run.created_at, now())}, ${iso(run.created_at)}`],
      ["replies", String(run.replies)],
      ["used", used.join(", ") || "nothing"],
    ],
    paint,
  );
}

/** Ledger entries: metadata, one a line. */
function entryTable(entries: readonly Entry[], { paint }: Context): string {
  if (entries.length === 0) return "No entries.";
  const rows = entries.map(({ seq, time, type, run, body }) => [
    String(seq),
    iso(time),
    type,
    run === undefined ? "" : short(run),
    Object.entries(body)
      .map(([name, value]) => `${name}=${typeof value === "string" ? short(value) : JSON.stringify(value)}`)
      .join(" "),
  ]);
  return table(["SEQ", "TIME", "TYPE", "RUN", "WHAT"], rows, paint);
}
