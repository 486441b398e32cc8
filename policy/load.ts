/** Texts of packs to one policy: base, then packs, then tenants' overlays that can only narrow. */
import { EXTENDS_DEPTH_MAX, PACKS_MAX, RULES_MAX } from "./bounds.ts";
import { compileRules, type Policy } from "./compile.ts";
import { type Pack, type PackSource, readPack } from "./language.ts";
import { firstWidening } from "./narrow.ts";
import { CAPABILITIES } from "./request.ts";
import { type Rule, resolveRules } from "./rule.ts";
import { nearestWord } from "./spelling.ts";
import type { PackError } from "./yaml-source.ts";

/**
 * A pack as it was read from disk; `name` is what errors call it. `value` is what the text says, where that was read
 * before: errors in it have no place.
 */
export type SourceText = { readonly name: string; readonly text: string; readonly pack?: Pack };

export type LoadOptions = {
  /** Packs that are wanted by name; they bring what they extend. Without it, every source. Base is always in. */
  readonly packs?: readonly string[];
  /** Ids of the capabilities that exist, beyond those of the contract. */
  readonly capabilities?: readonly string[];
};

export type LoadedPolicy = {
  readonly policy: Policy;
  readonly rules: readonly Rule[];
  readonly packs: readonly PackSource[];
};

export type Loading =
  | ({ readonly ok: true } & LoadedPolicy)
  | { readonly ok: false; readonly errors: readonly PackError[] };

/** Without these a base is not the base: an emptied file must not pass for one. */
export const LOCKED_RULES = ["base.raw", "base.secret", "base.control", "base.self-governing", "base.file"] as const;

/** Never throws on any text. All errors of one stage are reported together. */
export function loadPolicy(sources: readonly SourceText[], options: LoadOptions = {}): Loading {
  if (sources.length > PACKS_MAX) return refused("", `at most ${PACKS_MAX} packs`);
  const readings = sources.map((source) => readPack(source.name, source.text, source.pack));
  const unread = readings.flatMap((reading) => (reading.ok ? [] : reading.errors));
  if (unread.length > 0) return { ok: false, errors: unread };
  const packs = readings.filter((reading) => reading.ok);
  const chosen = choose(packs, options.packs);
  if (!chosen.ok) return chosen;
  const capabilities = [...CAPABILITIES, ...(options.capabilities ?? [])];
  const resolved = chosen.packs.map((source) => ({ source, reading: resolveRules(source, capabilities) }));
  const unresolved = resolved.flatMap(({ reading }) => (reading.ok ? [] : reading.errors));
  if (unresolved.length > 0) return { ok: false, errors: unresolved };
  const layers = resolved.map(({ source, reading }) => ({ source, rules: reading.ok ? reading.rules : [] }));
  return assemble(layers);
}

type Layer = { readonly source: PackSource; readonly rules: readonly Rule[] };

function assemble(layers: readonly Layer[]): Loading {
  const rules = layers.flatMap((layer) => layer.rules);
  if (rules.length > RULES_MAX) return refused("", `a policy has at most ${RULES_MAX} rules, here are ${rules.length}`);
  const errors = [...repeatedIds(layers), ...missingLocks(layers)];
  if (errors.length > 0) return { ok: false, errors };
  const shared = layers.filter((layer) => layer.source.pack.tenant === undefined).flatMap((layer) => layer.rules);
  for (const { source, rules: overlay } of layers) {
    if (source.pack.tenant === undefined) continue;
    const wider = firstWidening(shared, [...shared, ...overlay]);
    if (wider !== undefined) errors.push(source.places.errorAt(["rules"], `an overlay can only narrow: ${wider}`));
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, policy: compileRules(rules), rules, packs: layers.map((layer) => layer.source) };
}

function repeatedIds(layers: readonly Layer[]): PackError[] {
  const seen = new Map<string, string>();
  return layers.flatMap(({ source, rules }) =>
    rules.flatMap((rule, i) => {
      const before = seen.get(rule.id);
      seen.set(rule.id, source.file);
      if (before === undefined) return [];
      return [source.places.errorAt(["rules", i, "id"], `the id ${rule.id} is already taken in ${before}`)];
    }),
  );
}

function missingLocks(layers: readonly Layer[]): PackError[] {
  const base = layers.find((layer) => layer.source.pack.pack === "base");
  if (!base) return [{ file: "", line: 1, column: 1, key: "pack", message: "the pack base is missing" }];
  const locked = new Set(base.rules.filter((rule) => rule.locked).map((rule) => rule.id));
  return LOCKED_RULES.filter((id) => !locked.has(id)).map((id) =>
    base.source.places.errorAt(["rules"], `the locked rule ${id} is missing`),
  );
}

type Choice =
  | { readonly ok: true; readonly packs: readonly PackSource[] }
  | { readonly ok: false; readonly errors: readonly PackError[] };

/** The wanted packs and what they extend, base first. */
function choose(sources: readonly PackSource[], wanted: readonly string[] | undefined): Choice {
  const byName = new Map<string, PackSource>();
  for (const source of sources) {
    const name = source.pack.pack;
    if (byName.has(name)) return refused(source.file, `the pack ${name} is given twice`);
    byName.set(name, source);
  }
  const chosen = new Map<string, PackSource>();
  const errors: PackError[] = [];
  const visit = (name: string, trail: readonly string[], error: (message: string, nearest?: string) => PackError) => {
    const source = byName.get(name);
    if (trail.includes(name))
      errors.push(error(`packs extend each other in a circle: ${[...trail, name].join(" → ")}`));
    else if (trail.length > EXTENDS_DEPTH_MAX)
      errors.push(error(`packs extend each other at most ${EXTENDS_DEPTH_MAX} deep`));
    else if (!source) {
      const nearest = nearestWord(name, [...byName.keys()]);
      errors.push(
        error(`there is no pack ${name}${nearest === undefined ? "" : `: did you mean ${nearest}?`}`, nearest),
      );
    } else if (!chosen.has(name)) {
      for (const [i, next] of (source.pack.extends ?? []).entries())
        visit(next, [...trail, name], (message, nearest) =>
          source.places.errorAt(["extends", i], message, { nearest }),
        );
      chosen.set(name, source);
    }
  };
  const outside = (message: string): PackError => ({ file: "", line: 1, column: 1, key: "packs", message });
  const overlays = sources.filter((source) => source.pack.tenant !== undefined).map((source) => source.pack.pack);
  const names = wanted === undefined ? [...byName.keys()] : [...wanted, ...overlays];
  for (const name of ["base", ...names.filter((name) => name !== "base")]) visit(name, [], outside);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, packs: [...chosen.values()] };
}

function refused(file: string, message: string): { readonly ok: false; readonly errors: readonly PackError[] } {
  return { ok: false, errors: [{ file, line: 1, column: 1, key: "", message }] };
}
