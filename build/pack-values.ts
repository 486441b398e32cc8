/**
 * The values of the shipped policy packs, for the bundle: what their YAML says, read once here and not at each start.
 */
import { readFileSync } from "node:fs";
import { readYaml } from "../policy/yaml-source.ts";

const PACK = /^policy\/packs\/[a-z-]+\.yaml$/;

/** The twin of a pack as an asset of the bundle; null for any other file. Throws when the pack cannot be read. */
export function packValue(path: string, name: string): { readonly fileName: string; readonly source: string } | null {
  if (!PACK.test(name)) return null;
  const reading = readYaml(name, readFileSync(path, "utf8"));
  if (!reading.ok) throw new Error(`${name} cannot be read: ${reading.errors[0]?.message}`);
  return { fileName: `assets/${name.replace(/\.yaml$/, ".json")}`, source: JSON.stringify(reading.value) };
}
