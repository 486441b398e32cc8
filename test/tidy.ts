/** The tables of the house and the rules that read them, held to the tree by `tidy.test.ts`. */
import type { Source } from "./source.ts";

export const LIMITS = { fileLinesMax: 300, functionLinesMax: 70, columnsMax: 120 } as const;

/** A floor may always import itself, and what is listed: a floor (`…/`), `node:`, a package with its subpaths, `*`. */
export type Floor = { readonly floor: string; readonly may: readonly string[]; readonly pure?: true };

/** From the most particular folder to the least. `src/` is the files in it; its folders are named before it. */
export const FLOORS: readonly Floor[] = [
  { floor: "src/core/", may: ["zod"], pure: true },
  { floor: "policy/", may: ["src/core/", "zod", "yaml"], pure: true },
  { floor: "transforms/", may: ["src/core/", "zod"], pure: true },
  { floor: "src/store/", may: ["src/core/", "zod", "better-sqlite3", "libsodium-wrappers", "node:"] },
  {
    floor: "connectors/",
    may: [
      "src/core/",
      "zod",
      "node:",
      "grammy",
      "matrix-js-sdk",
      "@matrix-org/matrix-sdk-crypto-wasm",
      "better-sqlite3",
    ],
  },
  { floor: "src/agents/", may: ["src/core/", "zod", "ai", "@modelcontextprotocol/server"] },
  {
    floor: "src/edge/",
    may: ["src/core/", "zod", "ai", "@ai-sdk/openai-compatible", "@ai-sdk/anthropic", "croner", "node:"],
  },
  { floor: "src/gateway/", may: ["src/core/", "policy/", "zod", "node:assert"] },
  {
    floor: "src/control/",
    may: ["src/gateway/", "src/core/", "zod", "fastify", "@fastify/", "ws", "@modelcontextprotocol/server", "node:"],
  },
  { floor: "src/cli/", may: ["src/core/", "zod", "commander", "@clack/prompts", "node:"] },
  { floor: "src/config/", may: ["src/core/", "policy/", "zod"] },
  // Builds a whole Lazaret to be attacked, so it knows as much as main does.
  { floor: "src/attack/", may: ["*"] },
  { floor: "src/", may: ["*"] },
];

/** `connectors/telegram/normalize.ts` belongs to `telegram`; files beside the folders belong to all. */
export const NETWORKS = /^connectors\/([^/]+)\//;

/** A dangerous thing: names as `Source.uses` writes them, modules whole or, after a `#`, one name of theirs. */
export type Sole = {
  readonly thing: string;
  readonly names?: readonly string[];
  readonly modules?: readonly string[];
  /** A path, or a folder with its slash. Nobody where it is empty. */
  readonly holders: readonly string[];
  /** Where the rule counts; everywhere when absent. */
  readonly within?: readonly string[];
};

const PURE = FLOORS.flatMap(({ floor, pure }) => (pure ? [floor] : []));
const RANDOM = [
  "randomBytes",
  "randomFill",
  "randomFillSync",
  "randomInt",
  "randomUUID",
  "webcrypto",
  "getRandomValues",
];
const KEYMAKERS = ["generateKey", "generateKeySync", "generateKeyPair", "generateKeyPairSync", "generatePrimeSync"];

/** Dangerous things, and the only files that may hold them. */
export const SOLE: readonly Sole[] = [
  { thing: "libsodium", modules: ["libsodium-wrappers"], holders: ["src/store/seal.ts"] },
  { thing: "SQLite", modules: ["better-sqlite3"], holders: ["src/store/db.ts", "connectors/matrix/sqlite.ts"] },
  { thing: "another SQLite", modules: ["node:sqlite"], holders: [] },
  { thing: "minting a permit", modules: ["src/core/permit.ts#mintPermit"], holders: ["src/gateway/permit.ts"] },
  { thing: "building a permit", names: ["new Permit", "Permit as a value"], holders: ["src/core/permit.ts"] },
  {
    thing: "the process",
    names: ["process"],
    modules: ["node:process"],
    holders: [
      "src/main.ts",
      "src/matrix-account.ts",
      "src/file-probe.ts",
      "src/powers.ts",
      "src/wall-inside.ts",
      "src/cli/terminal.ts",
    ],
  },
  {
    thing: "the clock",
    names: ["Date.now", "new Date()", "Date()", "Date as a value", "performance", "Temporal.Now"],
    modules: ["node:perf_hooks"],
    holders: ["src/main.ts", "src/powers.ts"],
  },
  {
    thing: "timers",
    names: ["setTimeout", "setInterval", "AbortSignal.timeout"],
    modules: ["node:timers", "node:timers/promises"],
    holders: ["src/main.ts", "src/powers.ts"],
  },
  {
    thing: "randomness",
    names: ["Math.random", "Math as a value", "crypto"],
    modules: ["node:crypto#*", ...[...RANDOM, ...KEYMAKERS].map((name) => `node:crypto#${name}`)],
    holders: ["src/main.ts", "src/powers.ts", "src/store/seal.ts", "src/store/keys.ts"],
  },
  {
    thing: "sockets",
    names: ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"],
    modules: ["node:net", "node:tls", "node:dgram", "node:http", "node:https", "node:http2", "node:dns", "undici"],
    holders: [
      "src/main.ts",
      "src/powers.ts",
      "src/client.ts",
      "src/edge/connect.ts",
      "src/edge/http.ts",
      "src/edge/sandbox-probe.ts",
      "src/edge/wall.ts",
      "src/file-probe.ts",
      "src/edge/wall-passages.ts",
      "src/wall-box.ts",
      "src/wall-inside.ts",
      "src/control/server.ts",
      "src/cli/client.ts",
      "src/cli/http-door.ts",
    ],
  },
  { thing: "the web server", modules: ["fastify", "ws"], holders: ["src/control/"] },
  {
    thing: "other processes",
    modules: ["node:child_process", "node:cluster"],
    holders: [
      "src/main.ts",
      "src/powers.ts",
      "src/edge/sandbox.ts",
      "src/file-probe.ts",
      "src/secret-sources.ts",
      "src/wall-box.ts",
      "src/wall-inside.ts",
    ],
  },
  { thing: "threads", modules: ["node:worker_threads"], holders: ["src/edge/", "src/file-probe.ts", "src/worker.ts"] },
  { thing: "code from text", names: ["eval", "Function", "new Function"], modules: ["node:vm"], holders: [] },
  { thing: "a debugger", modules: ["node:inspector", "node:repl"], holders: [] },
  { thing: "the engine's own", modules: ["node:v8"], holders: ["connectors/matrix/indexeddb/value.ts"] },
  { thing: "imports nobody can read", names: ["require"], modules: ["(computed)", "node:module"], holders: [] },
  {
    thing: "paths that the bundle loses",
    names: ["import.meta.dirname", "import.meta.filename", "import.meta.resolve"],
    holders: [],
  },
  {
    thing: "the global object",
    names: ["globalThis", "global", "self", "window"],
    holders: ["connectors/matrix/indexeddb/install.ts"],
  },
  { thing: "the console", names: ["console"], modules: ["node:console"], holders: [] },
  { thing: "objects that let unknown keys pass", names: ["z.object", "z.looseObject", "z.any"], holders: [] },
  {
    thing: "what differs between machines and moments",
    names: [
      "Date",
      "Intl",
      ".localeCompare",
      ".toLocaleString",
      ".toLocaleDateString",
      ".toLocaleLowerCase",
      ".toLocaleUpperCase",
    ],
    holders: [],
    within: PURE,
  },
];

/** The floor a file of code is on, `undefined` for a path that is on none. */
export function floorOf(file: string): string | undefined {
  const found = FLOORS.find(({ floor }) => file.startsWith(floor))?.floor;
  return found === "src/" && file.slice(found.length).includes("/") ? undefined : found;
}

const covers = (entry: string, target: string): boolean =>
  entry === "*" ||
  target === entry ||
  target.startsWith(entry.endsWith("/") || entry.endsWith(":") ? entry : `${entry}/`);

/** The imports that a file's floor does not allow. */
export function strayImports({ file, imports }: Source): string[] {
  const floor = floorOf(file);
  const may = FLOORS.find((candidate) => candidate.floor === floor)?.may ?? [];
  return imports
    .map(({ from }) => from)
    .filter((from) => (floorOf(from) ?? "") !== floor && !may.some((entry) => covers(entry, from)));
}

/** The dangerous things that a file holds although it is not their holder. */
export function soleFaults({ file, uses, imports }: Source): string[] {
  const inside = (places: readonly string[]): boolean => places.some((place) => covers(place, file));
  return SOLE.filter(({ holders, within }) => !inside(holders) && (within === undefined || inside(within))).flatMap(
    ({ thing, names = [], modules = [] }) => {
      const named = names.filter((name) => uses.has(name));
      const imported = modules.filter((entry) => {
        const [module = "", name] = entry.split("#");
        return imports.some(
          ({ from, names: asked }) => covers(module, from) && (name === undefined || asked.includes(name)),
        );
      });
      return [...named, ...imported].map((what) => `${thing} (${what})`);
    },
  );
}

export function longParts({ lines, functions }: Source): string[] {
  const whole = lines.length > LIMITS.fileLinesMax ? [`${lines.length} lines`] : [];
  const parts = functions.filter((part) => part.lines > LIMITS.functionLinesMax);
  return [...whole, ...parts.map((part) => `${part.name} has ${part.lines} lines`)];
}

export function longLines({ lines }: Source): string[] {
  return lines.flatMap((line, at) =>
    line.length > LIMITS.columnsMax ? [`line ${at + 1} has ${line.length} columns`] : [],
  );
}
