/** Ledger entries as one line each for a person: who did what, what was refused and why. No content is in them. */
import type { z } from "zod";
import type { EntryView } from "../core/verbs/evidence.ts";
import { counted, type Paint, printable, short } from "./printable.ts";

type Entry = z.infer<typeof EntryView>;
type Body = Entry["body"];

export const VIEWS = ["runs", "steps", "denials", "approvals", "effects"] as const;
export type View = (typeof VIEWS)[number];
type Said = { readonly view: View; readonly words: string };

const text = (body: Body, name: string): string => {
  const value = body[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};
const inside = (body: Body, name: string): Body => {
  const value = body[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Body) : {};
};
/** ` (a, b)` of what there is. */
const about = (...parts: readonly string[]): string => {
  const there = parts.filter((part) => part !== "");
  return there.length === 0 ? "" : ` (${there.join(", ")})`;
};

function aboutRun({ type, body }: Entry): Said | null {
  const event = inside(body, "event");
  switch (type) {
    case "run.started":
      return { view: "runs", words: `begins, driven by ${text(inside(body, "run"), "agent") || "nobody yet"}` };
    case "run.done":
      return { view: "runs", words: "is done" };
    case "run.failed":
    case "run.cancelled":
      return {
        view: "runs",
        words: `${type === "run.failed" ? "failed" : "was cancelled"}${about(reasonOf(body, event))}`,
      };
    case "run.paused":
      return { view: "runs", words: `waits${about(text(body, "state"))}` };
    case "run.resumed":
      return { view: "runs", words: "goes on" };
    case "budget.warned":
      return { view: "runs", words: `used ${text(body, "percent")} % of its ${text(body, "unit")}` };
    case "budget.exhausted":
      return { view: "runs", words: `has no ${text(body, "unit")} left` };
    default:
      return null;
  }
}

const reasonOf = (body: Body, event: Body): string => text(event, "reason") || text(body, "reason");

function aboutStep({ type, body }: Entry, because: ReadonlyMap<string, string>): Said | null {
  const capability = text(body, "capability") || "a call";
  const rule = text(body, "rule");
  switch (type) {
    case "decision.made": {
      const what = text(body, "action") === "reveal" ? `showing ${capability} to the agent` : capability;
      const effect = text(body, "effect");
      if (effect === "allow") return { view: "steps", words: `${what}: allowed${about(rule)}` };
      const why = because.get(rule) ?? (rule === "default" ? "No rule permits it." : "");
      const words = `${what}: ${effect === "ask" ? "a person is asked" : "DENIED"}${about(rule, text(body, "code"))}`;
      return { view: effect === "ask" ? "steps" : "denials", words: why === "" ? words : `${words}: ${why}` };
    }
    case "transform.completed":
      return { view: "steps", words: `${capability} read ${counted(Number(body["messages"] ?? 0), "message")}` };
    case "transform.failed":
      return { view: "denials", words: `${capability} failed${about(text(body, "code"))}` };
    case "value.revealed": {
      const { bits, chars } = inside(body, "event");
      if (bits === 0 && chars === 0) return null;
      return { view: "steps", words: `the agent was shown ${String(chars)} characters and ${String(bits)} bits` };
    }
    case "budget.settled": {
      const code = text(body, "code");
      // A call of nothing that there is says so in its decision.
      return code === "" || body["capability"] === undefined
        ? null
        : { view: "denials", words: `${capability} ended: ${code}` };
    }
    case "label.lowered":
      return { view: "steps", words: `a label was lowered${about(text(body, "by"), text(body, "how"))}` };
    default:
      return null;
  }
}

function aboutApproval({ type, body }: Entry, because: ReadonlyMap<string, string>): Said | null {
  if (!type.startsWith("approval.")) return null;
  const which = short(text(body, "approval"));
  const state = text(body, "state");
  if (type === "approval.requested") {
    const why = because.get(text(body, "rule"));
    const needs = about(`needs ${text(body, "assurance")}`, text(body, "rule"));
    const words = `${which} asks for ${text(body, "capability")}${needs}${why === undefined ? "" : `: ${why}`}`;
    return { view: "approvals", words };
  }
  const how = about(text(body, "assurance"), reasonOf(body, inside(body, "event")));
  return { view: "approvals", words: `${which} is ${state || type.slice("approval.".length)}${how}` };
}

const EFFECTS: Readonly<Record<string, string>> = {
  "effect.intended": "is about to begin",
  "effect.done": "is done",
  "effect.failed": "failed",
  "effect.unknown": "may be done, nobody knows, and is not tried again",
};

function aboutEffect({ type, body }: Entry): Said | null {
  const how = EFFECTS[type];
  if (how === undefined) return null;
  const op = text(body, "op") || text(body, "capability");
  const what = op === "" || op === "text" ? "a send" : op;
  return { view: "effects", words: `${what} ${how}${about(text(body, "code"))}` };
}

/** What an entry says to a person; null for what is bookkeeping. `because` gives the reason of a rule. */
export function saidBy(entry: Entry, because: ReadonlyMap<string, string>): Said | null {
  return aboutRun(entry) ?? aboutStep(entry, because) ?? aboutApproval(entry, because) ?? aboutEffect(entry);
}

const TONES = { denials: "red", approvals: "yellow", effects: "cyan", runs: "bold" } as const;

/** `09:31:02  7d8f0faa  message.summarize: allowed (chat.read)`; the time is UTC. */
export function lineOf(entry: Entry, { view, words }: Said, paint: Paint): string {
  const at = new Date(entry.time).toISOString().slice(11, 19);
  const shown = printable(words);
  const tone = view === "steps" ? null : TONES[view];
  const run = entry.run === undefined ? "" : short(entry.run);
  return `${paint("dim", at)}  ${run.padEnd(12)}  ${tone === null ? shown : paint(tone, shown)}`;
}
