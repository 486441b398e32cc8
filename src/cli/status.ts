/** How the daemon is: status, doctor, verify. */
import type { Command } from "commander";
import { Refusal } from "../core/refusal.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { CheckView } from "../core/verbs/care.ts";
import type { Context } from "./context.ts";
import { relative } from "./moment.ts";
import { counted, pairs, printable, size } from "./printable.ts";

export function addStatus(program: Command, context: Context): void {
  program
    .command("status")
    .description("what runs, what waits, what is kept")
    .action(async () => {
      const status = await context.ask("status", {});
      context.result(status, () => statusWords(status, context));
    });
  program
    .command("doctor")
    .description("check the home, the doors and the rules; say what to mend")
    .option("--residue", "also look for what should have been erased")
    .option("--clock-is-right", "the clock leapt and is right: delete again what reaches its age")
    .action(async (options: Looking) => doctor(context, options));
  program
    .command("verify")
    .argument("<channel>", "its name")
    .description("send a message through a channel and back")
    .action(async (name: string) => {
      const round = await context.ask("channel.verify", { name });
      const { checks = [], code, milliseconds } = round;
      const words = code === null ? `there and back in ${milliseconds} ms` : `failed (${code})`;
      const lines = checks.map((it) => `  ${it.ok ? "ok  " : "FAIL"}  ${it.name}: ${printable(it.found)}`);
      context.result(round, () => [`${name}: ${words}`, ...lines].join("\n"));
      context.exit(round.ok ? 0 : 1);
    });
}

function statusWords(status: VerbOutput<"status">, { now, paint }: Context): string {
  const { channels, conversations, runs, store, policy } = status;
  const allowed = conversations.filter((conversation) => conversation.status === "allowed");
  const states = channels.map(({ name, state, code }) => `${name} ${state}${code === null ? "" : ` (${code})`}`);
  const lines: readonly (readonly [string, string])[] = [
    ["Lazaret", `${status.version}, started ${relative(status.started_at, now())}`],
    ["home", status.home],
    ["http", status.http ?? "off"],
    ["channels", states.join(", ") || "none"],
    ["conversations", `${allowed.length} allowed, ${conversations.length - allowed.length} not`],
    ["runs", `${runs.active} active, ${runs.waiting} waiting, ${runs.queued} queued`],
    ["approvals", status.approvals === 0 ? "none open" : `${status.approvals} open: lazaret approvals list`],
    ["kept", `${counted(store.messages, "message")}, ${counted(store.blobs, "blob")}, ${size(store.blob_bytes)}`],
    ["ledger", counted(store.entries, "entry", "entries")],
    ["under way", `${store.inbox} coming in, ${store.outbox} going out`],
    ["policy", `${policy.packs.join(", ")}: ${counted(policy.rules, "rule")}, ${policy.digest.slice(0, 12)}`],
  ];
  const notes = status.notes.map((note) => `${paint("yellow", "note")}  ${printable(note)}`);
  return [pairs(lines, paint), ...notes].join("\n");
}

type Looking = { readonly residue?: boolean; readonly clockIsRight?: boolean };

async function doctor(context: Context, { residue = false, clockIsRight = false }: Looking): Promise<void> {
  const { offline, paint } = context;
  const order = clockIsRight ? { residue, clock_is_right: true } : { residue };
  const asked = await context.ask("doctor", order).catch((error: unknown) => {
    const isDown = error instanceof Refusal && error.code === "daemon.unreachable";
    if (!isDown || clockIsRight || offline.doctor === undefined) throw error;
    context.say("No daemon answers; looking at the home itself.");
    return offline.doctor(context.home, residue);
  });
  const report = { checks: [...asked.checks, ...(await wallChecks(offline))] };
  const colours = { ok: "green", warn: "yellow", fail: "red" } as const;
  const worst = report.checks.filter(({ state }) => state !== "ok");
  context.result(report, () =>
    report.checks
      .map(({ id, state, found, remedy }) => {
        const line = `${paint(colours[state], state.padEnd(4))}  ${id}: ${printable(found)}`;
        return remedy === null ? line : `${line}\n      ${printable(remedy)}`;
      })
      .join("\n"),
  );
  const failed = worst.filter(({ state }) => state === "fail").length;
  context.say(
    worst.length === 0 ? "All is well." : `${counted(failed, "failure")}, ${worst.length - failed} to look at.`,
  );
  context.exit(failed > 0 ? 1 : 0);
}

/** Looked at from here: a program is walled in by whoever starts it, and not by the daemon. */
async function wallChecks({ wall }: Context["offline"]): Promise<readonly CheckView[]> {
  if (wall === undefined) return [];
  const fault = await wall.fault();
  if (fault === null) return [{ id: "wall", state: "ok", found: "a program can be walled in", remedy: null }];
  return [{ id: "wall", state: "warn", found: "lazaret run starts nothing here", remedy: fault }];
}
