/**
 * `lazaret report`: a period from the ledger alone, as Markdown for a person or JSON for a program
 * (CONTRACT section 14).
 */
import type { Command } from "commander";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { Context } from "./context.ts";
import { printable } from "./printable.ts";
import { Trouble } from "./trouble.ts";

type Report = VerbOutput<"report">;
type Cell = string | number | null;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function addReport(program: Command, context: Context): void {
  program
    .command("report")
    .description("what happened in a period, from the ledger alone; evidence, never a certification")
    .requiredOption("--from <time>", "a day (UTC) or an RFC 3339 time")
    .requiredOption("--to <time>", "the end, not included")
    .action(async (options: { readonly from: string; readonly to: string }) => {
      const [from, to] = [instant(options.from, "--from"), instant(options.to, "--to")];
      if (to <= from) throw new Trouble("input.invalid", "--to must be later than --from.");
      const report = await context.ask("report", { from, to });
      context.result(report, () => markdown(report));
    });
}

function instant(given: string, option: string): number {
  const time = Date.parse(DAY.test(given) ? `${given}T00:00:00Z` : given);
  const hasZone = DAY.test(given) || /(?:Z|[+-]\d{2}:\d{2})$/.test(given);
  if (!Number.isNaN(time) && hasZone && time >= 0) return time;
  throw new Trouble("input.invalid", `${option} takes a day such as 2026-05-01, or an RFC 3339 time with a zone.`);
}

const moment = (time: number | null): string => (time === null ? "now" : new Date(time).toISOString());
const cell = (value: Cell): string =>
  printable(String(value ?? "—"))
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ");

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "None.";
  const line = (cells: readonly Cell[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

type Section = readonly [title: string, text: string];

function markdown(report: Report): string {
  const { from, to, made_at: made, version, ledger, id } = report;
  const period = `${moment(from)} to ${moment(to)}, made ${moment(made)} by Lazaret ${cell(version)}.`;
  const head = `# Report ${id.slice(0, 16)}\n\n${period} Root: \`${ledger.root}\`.`;
  const sections = [...whatHolds(report), ...whatHappened(report), ...whatToKnow(report)];
  return [head, ...sections.map(([title, text]) => `## ${title}\n\n${text}`)].join("\n\n");
}

const named = (rows: Report["secrets"]): string =>
  table(
    ["what", "count"],
    rows.map(({ name, count }) => [name, count]),
  );

function whatHolds(report: Report): readonly Section[] {
  const keys = report.keys.map((it) => [it.seq, moment(it.time), `${it.type} ${it.what}`]);
  return [
    ["Ledger", ledgerText(report)],
    ["Signing keys", table(["entry", "time", "what"], keys)],
    ["Rules in force", policyTable(report)],
  ];
}

function whatHappened(report: Report): readonly Section[] {
  const decisions = report.decisions.map((it) => [it.effect, it.rule, it.capability, it.count]);
  const readings = report.quarantine.map((it) => [it.capability, it.count, it.justified]);
  const transforms = report.transforms.map((it) => [it.capability, it.outcome, it.count]);
  const reveals = report.reveals.map((it) => [it.recipient, it.cats, it.count]);
  const models = report.models.map((it) => [it.name, it.version, it.region]);
  const purges = report.purges.map((it) => [it.seq, moment(it.time), it.receipt, it.by]);
  return [
    ["Runs that ended", runTable(report)],
    ["Decisions", table(["effect", "rule", "capability", "count"], decisions)],
    ["Refused calls", named(report.refusals)],
    ["Questions to people", approvalText(report)],
    ["Reading of sealed content", table(["capability", "times", "with a reason"], readings)],
    ["Transforms", table(["capability", "outcome", "count"], transforms)],
    ["Effects", named(report.effects)],
    ["Shown to external agents", table(["recipient", "categories", "count"], reveals)],
    ["Uses of secrets", named(report.secrets)],
    ["Models", models.length === 0 ? "None was asked." : table(["name", "version", "region"], models)],
    ["Erasures", table(["entry", "time", "receipt", "scope"], purges)],
  ];
}

function whatToKnow(report: Report): readonly Section[] {
  const incidents = report.incidents.map((it) => [it.seq, moment(it.time), it.type, it.what]);
  const gaps = report.gaps.map((it) => [moment(it.from), moment(it.to), it.orderly ? "yes" : "no"]);
  const list = (words: readonly string[]): string => words.map((it) => `- ${cell(it)}`).join("\n");
  return [
    ["Incidents", table(["entry", "time", "type", "what"], incidents)],
    ["Intents without an outcome", report.dangling.join(", ") || "None."],
    ["Times without a daemon", table(["from", "to", "stopped in order"], gaps)],
    ["Entries that contradict themselves", list(report.contradictions) || "None."],
    ["Limits", list(report.limits)],
    ["How to verify", `\`\`\`\n${report.verify}\n\`\`\``],
  ];
}

function ledgerText({ ledger, id }: Report): string {
  const facts: readonly (readonly [string, Cell])[] = [
    ["origin", ledger.origin],
    ["verifier key", ledger.key],
    ["entries of the period", `${ledger.first_seq ?? "—"} to ${ledger.last_seq ?? "—"} (${ledger.entries})`],
    ["root", ledger.root],
    ["consistency proof", ledger.consistency.join(" ") || "—"],
    ["this report", id],
  ];
  const notes = [...(ledger.start === null ? [] : [ledger.start]), ledger.end].map(
    (it) => `\`\`\`\n${it.trimEnd()}\n\`\`\``,
  );
  return [table(["", ""], facts), "Checkpoints before and at the end:", ...notes].join("\n\n");
}

function policyTable({ policies }: Report): string {
  const rows = policies.map((it) => {
    const wider = it.widens === null ? null : it.widens ? "yes" : "no";
    return [it.digest, moment(it.from), moment(it.to), it.seq, it.approval, wider];
  });
  return table(["rules", "from", "to", "entry", "approval", "permitted more"], rows);
}

function runTable({ runs, runs_open: open }: Report): string {
  const units = ["steps", "tokens", "cost_micros", "egress_bytes", "wall_clock_ms"];
  const rows = runs.map(({ state, count, used }) => [state, count, ...units.map((unit) => used[unit] ?? 0)]);
  return `${table(["ended as", "runs", ...units], rows)}\n\nStill open at the end: ${open}.`;
}

function approvalText({ approvals }: Report): string {
  const { asked, granted, denied, expired, pending, latency_ms_median: median, questions } = approvals;
  const time = median === null ? "" : ` Half were answered within ${median} ms.`;
  const counts = [`${granted} granted`, `${denied} denied`, `${expired} expired`, `${approvals.void} void`];
  const words = `${asked} asked: ${counts.join(", ")}, ${pending} waiting.${time}`;
  const rows = questions.map((it) => [
    it.approval,
    it.capability,
    it.assurance,
    it.state,
    it.by,
    it.latency_ms,
    it.digest,
  ]);
  return `${words}\n\n${table(["approval", "capability", "assurance", "state", "by", "ms", "digest"], rows)}`;
}
