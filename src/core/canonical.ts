/**
 * RFC 8785 canonical JSON, restricted to what our formats hold: no fractions, no numbers beyond 2^53,
 * no lone surrogates.
 */

export type Canonical =
  | string
  | number
  | boolean
  | null
  | readonly Canonical[]
  | { readonly [key: string]: Canonical | undefined };

/**
 * Canonical text of a value. Keys whose value is undefined are left out.
 * Throws TypeError on anything outside the subset.
 */
export function canonical(value: Canonical): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError("canonical JSON holds whole numbers only");
    return Object.is(value, -0) ? "0" : String(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new TypeError("canonical JSON holds well-formed text only");
    return JSON.stringify(value);
  }
  if (isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const fields: string[] = [];
  // Code unit order, as RFC 8785 section 3.2.3 asks; the default sort compares UTF-16 code units.
  for (const key of Object.keys(value).sort()) {
    const field = value[key];
    if (field !== undefined) fields.push(`${canonical(key)}:${canonical(field)}`);
  }
  return `{${fields.join(",")}}`;
}

const isArray = (value: Canonical): value is readonly Canonical[] => Array.isArray(value);
