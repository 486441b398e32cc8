/** `LAZARET_<SECTION>__<KEY>` over the file. Every other LAZARET_ variable is a mistake and is said. */
import { nearestWord } from "../../policy/spelling.ts";
import { type PackError, type Path, readYaml } from "../../policy/yaml-source.ts";
import type { Leaf, Outline } from "./outline.ts";
import { suggesting } from "./problems.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "LAZARET_";
/** Read before there is a configuration: where the home is, and where its passphrase lies. */
const PLAIN_VARIABLES = ["LAZARET_HOME", "LAZARET_PASSPHRASE_FILE"] as const;

type Override = { readonly variable: string; readonly path: readonly string[]; readonly value: unknown };
export type Overrides = { readonly set: readonly Override[]; readonly problems: readonly PackError[] };

const variableOf = ({ path }: Leaf): string => PREFIX + path.map((step) => step.toUpperCase()).join("__");

/** The place of a variable, as a file of one line. */
export const atVariable = (variable: string, path: Path, message: string): PackError => ({
  file: variable,
  line: 1,
  column: 1,
  key: path.join("."),
  message,
});

/** The variables that a configuration reads, by name. */
const variablesOf = (outline: Outline): ReadonlyMap<string, Leaf> =>
  new Map(outline.leaves.map((leaf) => [variableOf(leaf), leaf]));

export function overridesIn(env: Environment, outline: Outline): Overrides {
  const given = Object.keys(env).filter(
    (name) => name.startsWith(PREFIX) && !(PLAIN_VARIABLES as readonly string[]).includes(name),
  );
  if (given.length === 0) return { set: [], problems: [] };
  const known = variablesOf(outline);
  const set: Override[] = [];
  const problems: PackError[] = [];
  for (const variable of given.sort()) {
    const leaf = known.get(variable);
    const reading = readVariable(variable, env[variable] ?? "", leaf, [...known.keys(), ...PLAIN_VARIABLES]);
    if ("problem" in reading) problems.push(reading.problem);
    else set.push({ variable, path: leaf?.path ?? [], value: reading.value });
  }
  return { set, problems };
}

function readVariable(
  variable: string,
  text: string,
  leaf: Leaf | undefined,
  words: readonly string[],
): { readonly value: unknown } | { readonly problem: PackError } {
  if (leaf === undefined) {
    const nearest = nearestWord(
      variable.slice(PREFIX.length),
      words.map((word) => word.slice(PREFIX.length)),
    );
    const message = suggesting("there is no such variable", nearest === undefined ? nearest : PREFIX + nearest);
    return { problem: atVariable(variable, [], message) };
  }
  if (!leaf.settable) return { problem: atVariable(variable, leaf.path, "this list is set in the file alone") };
  if (leaf.text) return { value: text };
  const source = readYaml(variable, text);
  if (source.ok) return { value: source.value };
  const [first] = source.errors;
  return { problem: atVariable(variable, leaf.path, first?.message ?? "this cannot be read") };
}

/** A copy of `root` with `value` at `path`. Where the file has something else than a map on the way, that stays. */
export function withValue(root: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (root !== undefined && root !== null && (typeof root !== "object" || Array.isArray(root))) return root;
  const map = (root ?? {}) as Readonly<Record<string, unknown>>;
  return { ...map, [step]: withValue(map[step], rest, value) };
}
