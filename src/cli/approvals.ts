/** Questions to people, answered by the owner. Typing the verb is the answer (CONTRACT section 7). */
import { type Command, InvalidArgumentError } from "commander";
import type { z } from "zod";
import type { ApprovalView } from "../core/verbs/evidence.ts";
import type { Context } from "./context.ts";
import { relative } from "./moment.ts";
import { pairs, printable, short, table } from "./printable.ts";

type Approval = z.infer<typeof ApprovalView>;

export function addApprovals(program: Command, context: Context): void {
  const approvals = program.command("approvals").description("questions that wait for a person");
  const known = async () => (await context.ask("approvals.list", {})).approvals.map(({ id }) => id);
  approvals
    .command("list")
    .alias("ls")
    .description("those that are open")
    .option("--all", "also those that were answered, or not in time")
    .action(async ({ all }: { readonly all?: boolean }) => {
      const found = await context.ask("approvals.list", all === true ? {} : { open: true });
      context.result(found, () =>
        found.approvals.length === 0 ? "Nothing waits for you." : approvalTable(found.approvals, context),
      );
    });
  approvals
    .command("show")
    .argument("<approval>", "its id, or the first digits of it")
    .description("exactly what would be done")
    .action(async (given: string) => {
      const found = await context.ask("approvals.show", { approval: await context.idOf("appr", given, known) });
      const steps = stepLines(found);
      context.result(found, () => [words(found, context), ...steps, "", printable(found.prompt)].join("\n"));
    });
  const decide = async (given: string, yes: boolean, about: { reason?: string; steps?: number[] }): Promise<void> => {
    const approval = await context.idOf("appr", given, known);
    const decided = await context.ask("approvals.decide", { approval, yes, ...about });
    const line = `${short(decided.id)} (${decided.capability}) is ${decided.state}`;
    context.result(decided, () => [line, ...stepLines(decided)].join("\n"));
  };
  approvals
    .command("approve")
    .argument("<approval>", "its id, or the first digits of it")
    .description("say yes")
    .option("--steps <numbers>", "of a plan, these alone: 1,3 or 1-2; the others are refused", stepsOf)
    .action((given: string, { steps }: { readonly steps?: number[] }) =>
      decide(given, true, steps === undefined ? {} : { steps }),
    );
  approvals
    .command("deny")
    .argument("<approval>", "its id, or the first digits of it")
    .description("say no")
    .option("--reason <text>", "why")
    .action((given: string, { reason }: { readonly reason?: string }) =>
      decide(given, false, reason === undefined ? {} : { reason }),
    );
}

/** `2`, `1-3`, `1,3`. */
function stepsOf(text: string): number[] {
  const wrong = new InvalidArgumentError("Steps are numbers from 1, such as 1,3 or 1-2.");
  const steps = text.split(",").flatMap((part) => {
    const match = /^([1-9])(?:-([1-9]))?$/.exec(part.trim());
    if (match === null) throw wrong;
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
  if (steps.length === 0) throw wrong;
  return [...new Set(steps)];
}

const stepLines = ({ steps = [] }: Approval): readonly string[] =>
  steps.map((it) => `  ${it.step}. ${it.capability} to ${it.destination}: ${it.state} (needs ${it.assurance})`);

export function approvalTable(approvals: readonly Approval[], { now, paint }: Context): string {
  const rows = approvals.map((approval) => [
    short(approval.id),
    approval.state,
    approval.capability,
    approval.destination,
    approval.assurance,
    relative(approval.expires_at, now()),
  ]);
  return table(["APPROVAL", "STATE", "WHAT", "TO", "NEEDS", "EXPIRES"], rows, paint);
}

const words = (approval: Approval, { now, paint }: Context): string =>
  pairs(
    [
      ["approval", approval.id],
      ["state", approval.state],
      ["what", approval.capability],
      ["to", approval.destination],
      ["with", approval.label],
      ["asked in", approval.alias ?? approval.conversation ?? "no conversation"],
      ["needs", approval.assurance],
      ["expires", relative(approval.expires_at, now())],
      ["digest", approval.digest],
    ],
    paint,
  );
