/**
 * Reply templates: plain text with `{{v:HANDLE}}` and `{{v:HANDLE.field}}`, and how values read as text
 * (CONTRACT section 5). Pure.
 */
import { Handle } from "../core/ids.ts";
import { Refusal } from "../core/refusal.ts";

export type Piece = { readonly text: string } | { readonly handle: Handle; readonly field: string | null };

const PLACE = /\{\{v:(val_[0-9a-f]{32})(?:\.([a-z][a-z_]{0,40}))?\}\}/g;

/** The template in pieces. Any other use of double braces is refused. */
export function parseTemplate(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const literal = (text: string): void => {
    if (text.includes("{{") || text.includes("}}")) {
      throw new Refusal("egress.template", {
        hint: "Only {{v:HANDLE}} and {{v:HANDLE.field}} may stand in double braces.",
      });
    }
    if (text.length > 0) pieces.push({ text });
  };
  for (const match of template.matchAll(PLACE)) {
    literal(template.slice(at, match.index));
    pieces.push({ handle: Handle.parse(match[1]), field: match[2] ?? null });
    at = match.index + match[0].length;
  }
  literal(template.slice(at));
  return pieces;
}

export const handlesOf = (pieces: readonly Piece[]): readonly Handle[] => [
  ...new Set(pieces.flatMap((piece) => ("handle" in piece ? [piece.handle] : []))),
];

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A value of the catalogue as people read it. Unknown shapes are listed field by field, so nothing is silently lost.
 */
export function renderValue(value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(renderEntry).join("\n");
  if (!isFields(value)) return "";
  return Object.entries(value)
    .filter(([key]) => key !== "read")
    .map(([key, field]) => (Array.isArray(field) ? `${key}:\n${renderValue(field)}` : `${key}: ${renderValue(field)}`))
    .join("\n");
}

const STATUS: Readonly<Record<string, string>> = { open: "☐", done: "☑", cancelled: "☒" };
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `2026-11-27` as `Fri 27 Nov 2026`; a time keeps the zone it was said in. */
function dueText(due: string): string {
  const day = new Date(`${due.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day.getTime())) return due;
  const text = `${WEEKDAYS[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
  return due.length > 10 ? `${text}, ${due.slice(11, 16)}` : text;
}

/** A line of a list: a task has a box of its own, everything else a bullet. */
function renderEntry(item: unknown): string {
  const isTask = isFields(item) && typeof item["title"] === "string" && typeof item["status"] === "string";
  return isTask ? renderItem(item) : `• ${renderItem(item)}`;
}

function renderItem(item: unknown): string {
  if (!isFields(item)) return renderValue(item);
  const { title, assignee, due, status, priority, text, count, sender, summary } = item;
  if (typeof title === "string") {
    const details = [
      typeof assignee === "string" ? assignee : null,
      typeof due === "string" ? `due ${dueText(due)}` : null,
      priority === "high" ? "urgent" : null,
    ].filter((part) => part !== null);
    const box = typeof status === "string" ? `${STATUS[status] ?? "•"} ` : "";
    return `${box}${title}${details.length > 0 ? ` — ${details.join(", ")}` : ""}`;
  }
  if (typeof text === "string") {
    const who = typeof sender === "string" ? `${sender}: ` : "";
    return `${who}${text}${typeof count === "number" && count > 1 ? ` ×${count}` : ""}`;
  }
  if (typeof summary === "string") return summary;
  return Object.values(item).map(renderValue).join(", ");
}

/** The field of a sealed output that a template names; `not_found` when there is none. */
export function fieldOf(output: unknown, field: string | null): unknown {
  if (field === null) return output;
  if (!isFields(output) || !Object.hasOwn(output, field)) throw new Refusal("not_found", { field });
  return output[field];
}
