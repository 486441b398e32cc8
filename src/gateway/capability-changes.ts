/**
 * What an upgrade changed in what a run may ask for: said once, in words, and written down (CONTRACT section 6).
 * Another version voids every yes that was given for the one before; this says to the owner what is different.
 */
import { z } from "zod";
import { type Canonical, canonical } from "../core/canonical.ts";
import type { Manifest } from "../core/capability.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

/** What is compared: how it acts, what it may, and every place in its schemas with what may stand there. */
type Described = {
  readonly version: number;
  readonly effect: string;
  readonly egress: string;
  readonly tier: string;
  readonly risk: string;
  readonly input: Readonly<Record<string, string>>;
  readonly output: Readonly<Record<string, string>>;
};
const FACTS = ["effect", "egress", "tier", "risk"] as const;
const PLACES_MAX = 500;
const NAMED_MAX = 8;

type Schema = { readonly [key: string]: unknown };
const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;

/** Every place of a JSON Schema, as `tasks[].title`, with what is said of it and of no place below. */
function placesOf(schema: unknown, at = ""): Record<string, string> {
  if (!isSchema(schema)) return {};
  const { properties, items, anyOf, ...own } = schema;
  const named = isSchema(properties) ? Object.entries(properties) : [];
  const below = [
    ...named.map(([name, of]) => placesOf(of, at === "" ? name : `${at}.${name}`)),
    ...(items === undefined ? [] : [placesOf(items, `${at}[]`)]),
    ...(Array.isArray(anyOf) ? anyOf.map((of, n) => placesOf(of, `${at}|${n}`)) : []),
  ];
  const said = canonical(JSON.parse(JSON.stringify(own)) as Canonical);
  return Object.assign({ [at === "" ? "." : at]: said }, ...below) as Record<string, string>;
}

const schemaOf = (schema: z.ZodType, io: "input" | "output"): Record<string, string> =>
  Object.fromEntries(
    Object.entries(placesOf(z.toJSONSchema(schema, { io, reused: "inline", unrepresentable: "any" }))).slice(
      0,
      PLACES_MAX,
    ),
  );

export const describedAs = ({ version, effect, egress, tier, risk, input, output }: Manifest): Described => ({
  version,
  effect,
  egress: egress ?? "none",
  tier,
  risk,
  input: schemaOf(input, "input"),
  output: schemaOf(output, "output"),
});

const listed = (names: readonly string[]): string =>
  names.slice(0, NAMED_MAX).join(", ") + (names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "");

function schemaChanges(what: string, before: Described["input"], after: Described["input"]): readonly string[] {
  const gained = Object.keys(after).filter((place) => before[place] === undefined);
  const lost = Object.keys(before).filter((place) => after[place] === undefined);
  const other = Object.keys(after).filter((place) => before[place] !== undefined && before[place] !== after[place]);
  return [
    ...(gained.length === 0 ? [] : [`${what} gained ${listed(gained)}`]),
    ...(lost.length === 0 ? [] : [`${what} lost ${listed(lost)}`]),
    ...(other.length === 0 ? [] : [`${what} is another at ${listed(other)}`]),
  ];
}

/** Effect, permission and schema, each that differs as a few words; nothing when all is the same. */
export const changesBetween = (before: Described, after: Described): readonly string[] => [
  ...FACTS.filter((fact) => before[fact] !== after[fact]).map((fact) => `${fact} ${before[fact]} → ${after[fact]}`),
  ...schemaChanges("input", before.input, after.input),
  ...schemaChanges("output", before.output, after.output),
];

const settingOf = (id: string): string => `capability/seen/${id}`;

/**
 * Compares with what was there at the last start, remembers what is there now, and gives a sentence for each change.
 */
export function noteCapabilities(powers: Powers, { manifests }: Catalogue): Promise<readonly string[]> {
  return transact(powers, (draft) =>
    [...manifests.values()].flatMap((manifest) => {
      const after = describedAs(manifest);
      const id = settingOf(manifest.id);
      const stored = draft.get("setting", id)?.value as unknown as Described | undefined;
      if (
        stored !== undefined &&
        canonical(stored as unknown as Canonical) === canonical(after as unknown as Canonical)
      )
        return [];
      draft.put("setting", id, { id, tenant: draft.tenant, value: after as unknown as Canonical });
      if (stored === undefined) return [];
      const changes = changesBetween(stored, after);
      const body = { capability: manifest.id, from: stored.version, to: after.version, changes: [...changes] };
      draft.entry("policy.loaded", body, { actor: "daemon" });
      const what = `${manifest.id} went from version ${stored.version} to ${after.version}`;
      return [`${what}: ${changes.join("; ") || "nothing that can be seen"}`];
    }),
  );
}
