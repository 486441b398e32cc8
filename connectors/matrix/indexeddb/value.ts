/** Values as bytes, and the keys that an index finds in them. The only file that knows the platform's serialiser. */
import { deserialize, serialize } from "node:v8";
import { keyOrNull } from "./key.ts";

/** A structured clone as bytes. Throws `DataCloneError` for what cannot be cloned. */
export function pack(value: unknown): Buffer {
  // Structured clone comes first: the serialiser alone lets host objects pass that nobody could read again.
  return serialize(structuredClone(value));
}

export const unpack = (bytes: Uint8Array): unknown => deserialize(bytes) as unknown;

export type KeyPath = string | readonly string[];

/** The keys of one record in one index (Indexed DB 3.0, section 7.1), each once; what is no key is not indexed. */
export function indexKeys(value: unknown, path: KeyPath, isMulti: boolean): readonly Buffer[] {
  const found = typeof path === "string" ? at(value, path) : path.map((part) => at(value, part));
  if (!isMulti || !Array.isArray(found)) {
    const key = keyOrNull(found);
    return key === null ? [] : [key];
  }
  const keys = found.map((item) => keyOrNull(item)).filter((key) => key !== null);
  return [...new Map(keys.map((key) => [key.toString("latin1"), key])).values()];
}

function at(value: unknown, path: string): unknown {
  if (path === "") return value;
  let here = value;
  for (const name of path.split(".")) {
    if (typeof here === "string" && name === "length") here = here.length;
    else if (typeof here === "object" && here !== null && Object.hasOwn(here, name)) {
      here = (here as Readonly<Record<string, unknown>>)[name];
    } else return undefined;
  }
  return here;
}
