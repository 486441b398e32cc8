/**
 * Packs to a policy: those that are shipped, those that are configured, what the owner loaded, and files that are
 * only looked at.
 */
import { existsSync, readFileSync } from "node:fs";
import type { Policy } from "../policy/compile.ts";
import { type Pack, readPack } from "../policy/language.ts";
import { type Loading, loadPolicy, type SourceText } from "../policy/load.ts";
import type { PackError } from "../policy/yaml-source.ts";
import { isRefusal, Refusal } from "./core/refusal.ts";
import { LOADED_PACKS } from "./gateway/owner-policy.ts";
import type { HomeStore } from "./store/store.ts";

const SHIPPED = {
  base: new URL("../policy/packs/base.yaml", import.meta.url),
  "chat-mode": new URL("../policy/packs/chat-mode.yaml", import.meta.url),
  strict: new URL("../policy/packs/strict.yaml", import.meta.url),
  team: new URL("../policy/packs/team.yaml", import.meta.url),
} as const;

const shippedPacks = (): readonly SourceText[] =>
  Object.entries(SHIPPED).map(([name, url]) => ({ name: `${name}.yaml`, text: readFileSync(url, "utf8") }));

/**
 * The same without their places, as a start needs them: reading and checking them was a third of it, so the bundle
 * has what came of that beside them (build/packs.ts). Sources have not.
 */
function shippedRead(): readonly SourceText[] {
  return Object.entries(SHIPPED).map(([name, url]) => {
    const twin = new URL(url.href.replace(/\.yaml$/, ".json"));
    if (!existsSync(twin)) return { name: `${name}.yaml`, text: readFileSync(url, "utf8") };
    return { name: `${name}.yaml`, text: "", pack: JSON.parse(readFileSync(twin, "utf8")) as Pack };
  });
}

/** What a pack calls itself; the file's own name where it cannot be read, so that the error is about the file. */
const nameOf = ({ name, text }: SourceText): string => {
  const reading = readPack(name, text);
  return reading.ok ? reading.pack.pack : name;
};

export const placeOf = ({ file, line, column, message }: PackError): string => `${file}:${line}:${column}: ${message}`;

/**
 * The configured packs with `more` on top, base under them. Throws `policy.invalid` with the place of the first
 * error.
 */
export function compilePolicy(configured: readonly string[], more: readonly SourceText[]): Policy {
  const loading = loadPolicy([...shippedRead(), ...more], { packs: [...configured, ...more.map(nameOf)] });
  if (loading.ok) return loading.policy;
  const [first] = loading.errors;
  throw new Refusal("policy.invalid", { hint: first === undefined ? "The pack cannot be read." : placeOf(first) });
}

export type InForce = {
  readonly policy: Policy;
  /** Names of the packs, the configured ones first. */
  readonly packs: readonly string[];
  /** Why what the owner loaded is not in force; null when it is. */
  readonly fault: string | null;
};

const loadedIn = (store: HomeStore): readonly SourceText[] => {
  const loaded = store.get("setting", LOADED_PACKS)?.value.value;
  return Array.isArray(loaded) ? (loaded as readonly SourceText[]) : [];
};

/** Names of the packs that the owner loaded. */
export const loadedNames = (store: HomeStore): readonly string[] => loadedIn(store).map(nameOf);

/**
 * What holds at a start. Loaded packs that an upgrade made invalid must not keep the daemon from starting: the
 * configured ones hold.
 */
export function rulesInForce(store: HomeStore, configured: readonly string[]): InForce {
  const more = loadedIn(store);
  try {
    const policy = compilePolicy(configured, more);
    return { policy, packs: [...configured, ...more.map(nameOf)], fault: null };
  } catch (error) {
    if (more.length === 0 || !isRefusal(error)) throw error;
    return { policy: compilePolicy(configured, []), packs: configured, fault: error.hint ?? error.message };
  }
}

/**
 * Files as they would stand on the configured packs; a file that bears the name of a shipped pack stands in its
 * place.
 */
export function loadFiles(configured: readonly string[], files: readonly SourceText[]): Loading {
  const names = files.map(nameOf);
  const shipped = shippedPacks().filter((pack) => !names.includes(nameOf(pack)));
  return loadPolicy([...shipped, ...files], { packs: [...configured, ...names] });
}

/** A shipped pack alone, or a file on the configured packs. Throws `not_found`. */
export function loadSide(configured: readonly string[], given: string): Loading {
  if (Object.hasOwn(SHIPPED, given)) return loadPolicy(shippedPacks(), { packs: [given] });
  return loadFiles(configured, [packFile(given)]);
}

export function packFile(path: string): SourceText {
  try {
    return { name: path, text: readFileSync(path, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const hint = `It is neither a file (${code}) nor one of the packs ${Object.keys(SHIPPED).join(", ")}.`;
    throw new Refusal("not_found", { field: path, hint });
  }
}
