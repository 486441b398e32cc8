import { fault } from "./fault.ts";
import { encodeKey } from "./key.ts";

/** Indexed DB 3.0, section 4.7. Bounds are checked when the range is made. */
export class IDBKeyRange {
  readonly lower: unknown;
  readonly upper: unknown;
  readonly lowerOpen: boolean;
  readonly upperOpen: boolean;
  /** The bounds as bytes; null where there is none. */
  readonly lowerBytes: Buffer | null;
  readonly upperBytes: Buffer | null;

  constructor(lower: unknown, upper: unknown, lowerOpen: boolean, upperOpen: boolean) {
    this.lower = lower;
    this.upper = upper;
    this.lowerOpen = lowerOpen;
    this.upperOpen = upperOpen;
    this.lowerBytes = lower === undefined ? null : encodeKey(lower);
    this.upperBytes = upper === undefined ? null : encodeKey(upper);
  }

  static only(key: unknown): IDBKeyRange {
    return IDBKeyRange.bound(key, key);
  }

  static bound(lower: unknown, upper: unknown, lowerOpen = false, upperOpen = false): IDBKeyRange {
    const order = Buffer.compare(encodeKey(lower), encodeKey(upper));
    if (order > 0 || (order === 0 && (lowerOpen || upperOpen))) throw fault("DataError", "nothing is in that range");
    return new IDBKeyRange(lower, upper, lowerOpen, upperOpen);
  }

  static lowerBound(lower: unknown, isOpen = false): IDBKeyRange {
    encodeKey(lower);
    return new IDBKeyRange(lower, undefined, isOpen, true);
  }

  static upperBound(upper: unknown, isOpen = false): IDBKeyRange {
    encodeKey(upper);
    return new IDBKeyRange(undefined, upper, true, isOpen);
  }

  includes(key: unknown): boolean {
    const bytes = encodeKey(key);
    const below = this.lowerBytes === null ? 1 : Buffer.compare(bytes, this.lowerBytes);
    const above = this.upperBytes === null ? -1 : Buffer.compare(bytes, this.upperBytes);
    return (below > 0 || (below === 0 && !this.lowerOpen)) && (above < 0 || (above === 0 && !this.upperOpen));
  }
}

/** A condition on a column, as SQL and what is bound in it. */
export type Where = { readonly sql: string; readonly bound: readonly Buffer[] };

/** Throws `DataError` for what is neither a key nor a range. */
export function keyOrRange(query: unknown): IDBKeyRange {
  return query instanceof IDBKeyRange ? query : IDBKeyRange.only(query);
}

/** As above; nothing at all means everything. */
export const optionalRange = (query: unknown): IDBKeyRange | null =>
  query === undefined || query === null ? null : keyOrRange(query);

/** Column names are ours, never anybody's words. */
export function whereIn(range: IDBKeyRange | null, column: "k" | "ik"): Where {
  if (range === null) return { sql: "", bound: [] };
  const { lowerBytes, upperBytes } = range;
  if (lowerBytes !== null && upperBytes !== null && lowerBytes.equals(upperBytes)) {
    return { sql: ` AND ${column} = ?`, bound: [lowerBytes] };
  }
  const lower = lowerBytes === null ? "" : ` AND ${column} ${range.lowerOpen ? ">" : ">="} ?`;
  const upper = upperBytes === null ? "" : ` AND ${column} ${range.upperOpen ? "<" : "<="} ?`;
  return { sql: lower + upper, bound: [lowerBytes, upperBytes].filter((bytes) => bytes !== null) };
}
