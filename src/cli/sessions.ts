/** Sessions: the runs of one person in one place, what happened in them, and their trace. */
import { type Command, Option } from "commander";
import type { z } from "zod";
import type { ApprovalView, EntryView, SessionView } from "../core/verbs/evidence.ts";
import { approvalTable } from "./approvals.ts";
import type { Context } from "./context.ts";
import { relative } from "./moment.ts";
import { counted, printable, short, table } from "./printable.ts";
import { type Listing, limitOf, runTable } from "./runs.ts";
import { whole } from "./trouble.ts";
import { lineOf, saidBy, VIEWS, type View } from "./viewer.ts";

type Session = z.infer<typeof SessionView>;
type Entry = z.infer<typeof EntryView>;
type Approval = z.infer<typeof ApprovalView>;
type Show = { readonly follow?: boolean; readonly only?: readonly View[]; readonly limit: string };

const PAGE = 1000;
const FOLLOW_WAIT_MS = 20_000;

export function addSessions(program: Command, context: Context): void {
  const sessions = program.command("sessions").description("the runs of one person in one place");
  const known = async () => (await context.ask("sessions.list", { limit: 1000 })).sessions.map(({ id }) => id);
  sessions
    .command("list")
    .alias("ls")
    .description("newest first")
    .option("--limit <n>", "at most so many", "50")
    .action(async (options: Listing) => {
      const found = await context.ask("sessions.list", limitOf(options));
      context.result(found, () =>
        found.sessions.length === 0 ? "No sessions." : sessionTable(found.sessions, context),
      );
    });
  sessions
    .command("show")
    .argument("[session]", "its id, or the first digits of it; all of them when absent")
    .description("its runs, steps, refusals with their reasons, and what waits for a person; no content")
    .option("--follow", "go on and show what happens, until Ctrl-C")
    .addOption(new Option("--only <what...>", "these lines alone").choices(VIEWS))
    .option("--limit <n>", "at most so many lines of the past", "200")
    .action(async (given: string | undefined, options: Show) => {
      const id = given === undefined ? null : await context.idOf("sess", given, known);
      await show(context, id, options);
    });
  addTrace(program, context, known);
}

function addTrace(program: Command, context: Context, known: () => Promise<readonly string[]>): void {
  const trace = program.command("trace").description("what happened in a session");
  trace
    .command("export")
    .argument("<session>", "its id, or the first digits of it")
    .description("its ledger entries, one JSON object a line; no content")
    .action(async (given: string) => {
      const found = await context.ask("trace.export", { session: await context.idOf("sess", given, known) });
      context.result(found, () => found.entries.map((entry) => printable(JSON.stringify(entry))).join("\n"));
    });
  trace
    .command("replay")
    .argument("<session>", "its id, or the first digits of it")
    .description("fold its entries again and show the first difference from what is stored")
    .action(async (given: string) => {
      const report = await context.ask("trace.replay", { session: await context.idOf("sess", given, known) });
      context.result(report, () => {
        const { entries, runs, approvals, calls, digest, difference } = report;
        const counts = [
          counted(entries, "entry", "entries"),
          counted(runs, "run"),
          counted(calls, "call"),
          counted(approvals, "approval"),
        ];
        const what = counts.join(", ");
        if (difference === null) return `The entries lead to what is stored: ${what}\n${digest}`;
        const where = difference.seq === null ? "" : `entry ${difference.seq}: `;
        return `The entries lead elsewhere: ${what}\n  ${where}${printable(difference.what)}`;
      });
      context.exit(report.ok ? 0 : 1);
    });
}

/** Reasons of rules by their ids. */
async function reasons(context: Context): Promise<ReadonlyMap<string, string>> {
  const { rules } = await context.ask("policy.show", {});
  return new Map(rules.map(({ id, because }) => [id, because]));
}

/** Of all entries those that are about a session, or about a run of it. */
class Reel {
  readonly #context: Context;
  readonly #session: string | null;
  readonly #runs = new Set<string>();
  #after = 0;

  constructor(context: Context, session: string | null) {
    this.#context = context;
    this.#session = session;
  }

  /** What is there after what was read before; waits so long for the first of it. */
  async next(wait_ms = 0): Promise<{ readonly entries: readonly Entry[]; readonly isEnd: boolean }> {
    const wait = wait_ms === 0 ? {} : { wait_ms };
    const { entries } = await this.#context.ask("ledger.entries", { after: this.#after, limit: PAGE, ...wait });
    this.#after = entries.at(-1)?.seq ?? this.#after;
    return { entries: entries.filter((entry) => this.#isWanted(entry)), isEnd: entries.length < PAGE };
  }

  #isWanted({ session, run }: Entry): boolean {
    if (this.#session === null) return session !== undefined || run !== undefined;
    if (session === this.#session && run !== undefined) this.#runs.add(run);
    return session === this.#session || (run !== undefined && this.#runs.has(run));
  }
}

async function show(context: Context, id: string | null, { follow, only, limit }: Show): Promise<void> {
  const because = await reasons(context);
  const reel = new Reel(context, id);
  const past: Entry[] = [];
  for (let isEnd = false; !isEnd; ) {
    const page = await reel.next();
    past.push(...page.entries);
    isEnd = page.isEnd;
  }
  const isShown = (entry: Entry): boolean => {
    const said = saidBy(entry, because);
    return said !== null && (only === undefined || only.includes(said.view));
  };
  const words = (entry: Entry): string => {
    const said = saidBy(entry, because);
    return said === null ? "" : lineOf(entry, said, context.paint);
  };
  const entries = past.filter(isShown).slice(-whole(limit, "--limit"));
  const head = await headOf(context, id);
  const asked = new Set(past.flatMap(({ type, body }) => (type === "approval.requested" ? [body["approval"]] : [])));
  const waiting = (await context.ask("approvals.list", { open: true })).approvals.filter((it) => asked.has(it.id));
  context.result({ ...head, approvals: waiting, entries }, () => {
    const lines = entries.length === 0 ? ["Nothing happened yet."] : entries.map(words);
    return [...headWords(head, context), ...lines, ...queueWords(waiting, context)].join("\n");
  });
  while (follow === true) {
    const page = await reel.next(FOLLOW_WAIT_MS);
    for (const entry of page.entries.filter(isShown)) context.result(entry, () => words(entry));
  }
}

type Head = { readonly session?: Session; readonly runs?: Parameters<typeof runTable>[0] };

const headOf = async (context: Context, session: string | null): Promise<Head> =>
  session === null ? {} : context.ask("sessions.show", { session });

const headWords = ({ session, runs }: Head, context: Context): readonly string[] =>
  session === undefined || runs === undefined
    ? []
    : [sessionTable([session], context), "", runTable(runs, context), ""];

const queueWords = (waiting: readonly Approval[], context: Context): readonly string[] =>
  waiting.length === 0 ? [] : ["", "Waits for a person:", approvalTable(waiting, context)];

function sessionTable(sessions: readonly Session[], { now, paint }: Context): string {
  const rows = sessions.map((session) => [
    short(session.id),
    session.state,
    session.alias ?? short(session.conversation),
    short(session.requester),
    String(session.runs),
    relative(session.last_at, now()),
  ]);
  return table(["SESSION", "STATE", "CONVERSATION", "REQUESTER", "RUNS", "LAST"], rows, paint);
}
