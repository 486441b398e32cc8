/**
 * The tests that need nothing but the function they call: what they import, followed to the end, opens no database, no
 * socket, no thread and no process. `npm run check` runs these; `npm test` runs them and all the others.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Any of these makes a test one that takes its time. */
const HEAVY = new Set([
  "better-sqlite3",
  "typescript",
  "fastify",
  ...["child_process", "dgram", "dns", "http", "http2", "https", "net", "tls", "worker_threads"].map(
    (m) => `node:${m}`,
  ),
]);
/** What a file loads, also lazily; types alone are erased and load nothing. */
const LOADS = /^(?:import|export) (?!type\b)(?:[^"';]*? from )?"([^"]+)"|\bimport\("([^"]+)"\)/gm;

function loadsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return Array.from(text.matchAll(LOADS), ([, statically, lazily]) => statically ?? lazily ?? "");
}

/** Files that `file` reaches, itself included; undefined as soon as something heavy is among what they load. */
function isPlain(file: string, known: Map<string, boolean>): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, true); // a circle is as plain as the rest of it
  const plain = loadsOf(file).every((from) => {
    if (HEAVY.has(from)) return false;
    const target = join(dirname(file), from);
    return !from.startsWith(".") || !existsSync(target) || isPlain(target, known);
  });
  known.set(file, plain);
  return plain;
}

/** Paths from the root of the project, in order. */
export function plainTests(): string[] {
  const known = new Map<string, boolean>();
  return globSync("test/*.test.ts")
    .filter((file) => isPlain(file, known))
    .toSorted();
}
