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
  if (Array.isArray(value))
    return value.length === 0 ? "none" : value.map((item) => `• ${renderItem(item)}`).join("\n");
  if (!isFields(value)) return "";
  return Object.entries(value)
    .filter(([key]) => key !== "read")
    .map(([key, field]) => (Array.isArray(field) ? `${key}:\n${renderValue(field)}` : `${key}: ${renderValue(field)}`))
    .join("\n");
}

const STATUS: Readonly<Record<string, string>> = { open: "☐", done: "☑", cancelled: "☒" };

function renderItem(item: unknown): string {
  if (!isFields(item)) return renderValue(item);
  const { title, assignee, due, status, priority, text, count, sender, summary } = item;
  if (typeof title === "string") {
    const details = [
      typeof assignee === "string" ? assignee : null,
      typeof due === "string" ? `due ${due}` : null,
      priority === "high" ? "urgent" : null,
    ].filter((part) => part !== null);
    const box = typeof status === "string" ? `${STATUS[status] ?? ""} ` : "";
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
