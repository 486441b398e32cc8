/**
 * Objects of other programs: they hold more than we read, and more with every version. What is read is checked
 * strictly.
 */
import { z } from "zod";

/** A strict object of these fields, after everything else of the input was put aside. */
export const fieldsOf = <S extends z.ZodRawShape>(shape: S) =>
  z.preprocess((value) => picked(value, Object.keys(shape)), z.strictObject(shape));

function picked(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const own = names.filter((name) => Object.hasOwn(value, name));
  return Object.fromEntries(own.map((name) => [name, (value as Readonly<Record<string, unknown>>)[name]]));
}
