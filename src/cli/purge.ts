/** Erasure, and what holds against it (CONTRACT section 12). */
import { resolve } from "node:path";
import type { Command } from "commander";
import { Argument } from "commander";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { Input } from "./client.ts";
import { type Context, type Destructive, destructive } from "./context.ts";
import { duration, instant, iso, relative } from "./moment.ts";
import { counted, printable, short, size, table } from "./printable.ts";
import { Trouble } from "./trouble.ts";

type Scope = Input<"purge">["scope"];
type Options = Destructive & {
  readonly conversation?: string;
  readonly sender?: string;
  readonly session?: string;
  readonly channel?: string;
  readonly before?: string;
  readonly all?: boolean;
  readonly receipts?: boolean;
  readonly receipt?: string;
};

export function addPurge(program: Command, context: Context): void {
  destructive(program.command("purge"))
    .description("erase content so that nothing of ours can bring it back")
    .option("--conversation <alias>", "everything of one room")
    .option("--sender <principal>", "everything one person wrote")
    .option("--session <session>", "one session")
    .option("--channel <name>", "every room of a channel")
    .option("--before <time>", "everything older: RFC 3339, or a duration such as 30d")
    .option("--all", "everything")
    .option("--receipts", "list what was erased before")
    .option("--receipt <id>", "show one receipt")
    .action(async (options: Options) => {
      if (options.receipts === true) return receipts(context);
      if (options.receipt !== undefined) return receipt(context, options.receipt);
      await purge(context, await scopeOf(context, options), options);
    });
}

async function scopeOf(context: Context, options: Options): Promise<Scope> {
  const { conversation, sender, session, channel, before, all } = options;
  const given = [conversation, sender, session, channel, before, all].filter((value) => value !== undefined);
  if (given.length !== 1) {
    const hint = "name one of --conversation, --sender, --session, --channel, --before and --all";
    throw new Trouble("input.invalid", "Say what to erase, one thing at a time.", hint);
  }
  if (conversation !== undefined) return { by: "conversation", conversation };
  if (channel !== undefined) return { by: "channel", channel };
  if (before !== undefined)
    return { by: "before", time: instant(before) ?? context.now() - duration(before, "--before") };
  if (session !== undefined) {
    const known = async () => (await context.ask("sessions.list", { limit: 1000 })).sessions.map(({ id }) => id);
    return { by: "session", session: await context.idOf("sess", session, known) };
  }
  if (sender !== undefined) {
    const known = async () => (await context.ask("principal.list", {})).principals.map(({ id }) => id);
    return { by: "sender", principal: await context.idOf("prn", sender, known) };
  }
  return { by: "all" };
}

const targetOf = (scope: Scope): string => {
  switch (scope.by) {
    case "conversation":
      return `the conversation ${scope.conversation}`;
    case "sender":
      return `what ${short(scope.principal)} wrote`;
    case "session":
      return `the session ${short(scope.session)}`;
    case "channel":
      return `the channel ${scope.channel}`;
    case "before":
      return `everything before ${iso(scope.time)}`;
    case "all":
      return "everything";
  }
};

const countsOf = ({ messages, blobs, values, approvals, runs }: VerbOutput<"purge">): string =>
  [
    counted(messages, "message"),
    counted(blobs, "sealed blob"),
    counted(values, "derived value"),
    counted(approvals, "approval"),
    counted(runs, "run"),
  ].join(", ");

async function purge(context: Context, scope: Scope, options: Destructive): Promise<void> {
  const target = targetOf(scope);
  const plan = await context.ask("purge", { scope, dry_run: true });
  if (options.dryRun === true) {
    context.result(plan, () => `Would erase ${target}: ${countsOf(plan)}.${held(plan)}`);
    return;
  }
  if (!(await context.sure(`Erase ${target} (${countsOf(plan)})?${held(plan)} This cannot be undone.`, options)))
    return;
  const done = await watched(context, context.ask("purge", { scope }));
  context.result(done, () => outcome(done, target));
  context.exit(done.state === "approval_required" ? 5 : done.state === "pending" ? 1 : 0);
}

/** Unreadable from the first moment; what is still to do after it is shown on a terminal as it goes. */
async function watched<T>(context: Context, work: Promise<T>): Promise<T> {
  const { terminal, isQuiet, isJson } = context;
  if (!terminal.isInteractive || isQuiet || isJson) return work;
  let isOver = false;
  const show = async (): Promise<void> => {
    const { under_way: all } = await context.daemon.ask("purge.list", { wait_ms: PROGRESS_MS });
    const [first] = all;
    if (isOver) return;
    if (first !== undefined) terminal.err(`\r\u001b[K${progressOf(first)}`);
    return show();
  };
  // What could not be asked meanwhile is no fault of the erasure.
  show().catch(() => {});
  return work.finally(() => {
    isOver = true;
    terminal.err("\r\u001b[K");
  });
}
const PROGRESS_MS = 500;

type Progress = VerbOutput<"purge.list">["under_way"][number];
const progressOf = ({ state, gone, left }: Progress): string =>
  state === "pending"
    ? "Unreadable and removed. The journal is being cleaned; a reader may hold it up."
    : `Unreadable. ${counted(gone, "row")} removed, ${left} to go.`;

const held = ({ held: count }: VerbOutput<"purge">): string =>
  count === 0 ? "" : ` A hold keeps ${counted(count, "message")}.`;

function outcome(done: VerbOutput<"purge">, target: string): string {
  if (done.state === "approval_required") return "Asked for a yes first: lazaret approvals list";
  if (done.state === "pending")
    return `Unreadable already, not yet proved erased: ${target}. Ask again with --receipts.`;
  const lines = [`Erased ${target}: ${countsOf(done)}.${held(done)}`];
  if (done.receipt !== null) lines.push(`Receipt ${short(done.receipt)}`);
  if (done.unreachable.length > 0)
    lines.push("Out of reach:", ...done.unreachable.map((what) => `  ${printable(what)}`));
  return lines.join("\n");
}

async function receipts(context: Context): Promise<void> {
  const found = await context.ask("purge.list", {});
  for (const it of found.under_way) context.say(`${short(it.receipt)}, ${it.by}: ${progressOf(it)}`);
  const rows = found.receipts.map(({ receipt: id, at }) => [short(id), iso(at), relative(at, context.now())]);
  context.result(found, () =>
    rows.length === 0 ? "Nothing was erased yet." : table(["RECEIPT", "AT", "WHEN"], rows, context.paint),
  );
}

async function receipt(context: Context, given: string): Promise<void> {
  const known = async () => (await context.ask("purge.list", {})).receipts.map(({ receipt: id }) => id);
  const found = await context.ask("purge.receipt", { receipt: await context.idOf("rcpt", given, known) });
  context.result(found, () => printable(found.text).trimEnd());
}

export function addExport(program: Command, context: Context): void {
  program
    .command("export")
    .argument("<file>", "a new file")
    .requiredOption("--person <principal>", "whose data: its id, as principal list shows it")
    .requiredOption("--to <recipient>", "the age key that may read it: age1...")
    .description("write everything that is kept of one person to a file that only an age key opens")
    .action(async (file: string, options: { readonly person: string; readonly to: string }) => {
      const known = async () => (await context.ask("principal.list", {})).principals.map(({ id }) => id);
      const principal = await context.idOf("prn", options.person, known);
      const made = await context.ask("export.make", { principal, recipient: options.to, file: resolve(file) });
      context.result(made, () => `${made.file}: ${counted(made.messages, "message")}, ${size(made.bytes)}`);
    });
}

export function addHold(program: Command, context: Context): void {
  const hold = program.command("hold").description("keep content although it was due or asked to be erased");
  hold
    .command("add")
    .addArgument(new Argument("<scope>", "what is held").choices(["conversation", "principal", "session"]))
    .argument("<target>", "its alias or id")
    .description("hold it; agents cannot reach it meanwhile")
    .action(async (scope: Input<"hold.add">["scope"], target: string) => {
      const made = await context.ask("hold.add", { scope, target });
      context.result(made, () => `Held: ${short(made.hold)}`);
    });
  const known = async () => (await context.ask("hold.list", {})).holds.map(({ id }) => id);
  destructive(hold.command("remove").alias("rm"))
    .argument("<hold>", "its id, or the first digits of it")
    .description("let go of it")
    .action(async (given: string, options: Destructive) => {
      const id = await context.idOf("hold", given, known);
      const question = `Let go of ${short(id)}? What was due is then erased.`;
      if (options.dryRun === true) return context.say(`Would let go of ${short(id)}.`);
      if (!(await context.sure(question, options))) return;
      context.result(await context.ask("hold.remove", { hold: id }), () => `Let go of ${short(id)}`);
    });
  hold
    .command("list")
    .alias("ls")
    .description("every hold")
    .action(async () => {
      const found = await context.ask("hold.list", {});
      const rows = found.holds.map(({ id, scope, target, at }) => [
        short(id),
        scope,
        short(target),
        relative(at, context.now()),
      ]);
      context.result(found, () =>
        rows.length === 0 ? "No holds." : table(["HOLD", "SCOPE", "TARGET", "SINCE"], rows, context.paint),
      );
    });
}
