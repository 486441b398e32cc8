/**
 * The shipped policy packs for the bundle, as they come out of their YAML: read and checked once here and not at each
 * start.
 */
import { readFileSync } from "node:fs";
import { readPack } from "../policy/language.ts";

const PACK = /^policy\/packs\/[a-z-]+\.yaml$/;

/** The twin of a pack as an asset of the bundle; null for any other file. Throws when the pack cannot be read. */
export function packTwin(path: string, name: string): { readonly fileName: string; readonly source: string } | null {
  if (!PACK.test(name)) return null;
  const reading = readPack(name, readFileSync(path, "utf8"));
  if (!reading.ok) throw new Error(`${name} cannot be read: ${reading.errors[0]?.message}`);
  return { fileName: `assets/${name.replace(/\.yaml$/, ".json")}`, source: JSON.stringify(reading.pack) };
}
