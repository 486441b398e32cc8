/** How sensitive a value is, who may see it, how far to trust it: a product lattice (CONTRACT section 3). */
import { canonical } from "./canonical.ts";

export const CATEGORY = {
  "pii.redacted": 1,
  "pii.derived": 2,
  "pii.chat.message": 4,
  "pii.attachment": 8,
  "secret.token": 16,
} as const;
export type Category = keyof typeof CATEGORY;
const CATS_ALL = 31;

export const ENDORSED = 1;
export const UNTRUSTED = 2;
export type Integrity = 0 | 1 | 2;

const TENANT_NONE = "-";
export const TENANT_MIXED = "#mixed";

/** An audience is everyone, or the sorted list of conversation ids that may see the value. */
export type Audience = "*" | readonly string[];
export type Label = {
  readonly v: 1;
  readonly cats: number;
  readonly integrity: Integrity;
  readonly tenant: string;
  readonly audience: Audience;
};

export const BOTTOM: Label = { v: 1, cats: 0, integrity: 0, tenant: TENANT_NONE, audience: "*" };
export const TOP: Label = { v: 1, cats: CATS_ALL, integrity: 2, tenant: TENANT_MIXED, audience: [] };

const joinTenant = (a: string, b: string): string =>
  a === b || b === TENANT_NONE ? a : a === TENANT_NONE ? b : TENANT_MIXED;

function joinAudience(a: Audience, b: Audience): Audience {
  if (a === "*") return b;
  if (b === "*") return a;
  const other = new Set(b);
  return a.filter((atom) => other.has(atom));
}

/**
 * Least label that is at least as restrictive as both. Associative, commutative, idempotent; BOTTOM is its identity.
 */
export const join = (a: Label, b: Label): Label => ({
  v: 1,
  cats: a.cats | b.cats,
  integrity: Math.max(a.integrity, b.integrity) as Integrity,
  tenant: joinTenant(a.tenant, b.tenant),
  audience: joinAudience(a.audience, b.audience),
});

export const joinAll = (labels: readonly Label[]): Label => labels.reduce(join, BOTTOM);

/** RFC 8785 text of a label; equal labels have equal text. */
export const canonicalLabel = (label: Label): string =>
  canonical({
    v: 1,
    cats: label.cats,
    integrity: label.integrity,
    tenant: label.tenant,
    audience: label.audience === "*" ? "*" : [...new Set(label.audience)].sort(),
  });

export const sameLabel = (a: Label, b: Label): boolean => canonicalLabel(a) === canonicalLabel(b);

/** May something labelled `from` flow to a place labelled `to`? Mixed tenants and an empty audience flow nowhere. */
export function flows(from: Label, to: Label): boolean {
  if (from.tenant === TENANT_MIXED) return false;
  if (from.audience !== "*" && from.audience.length === 0) return false;
  return sameLabel(join(from, to), to);
}

const KEYS = ["audience", "cats", "integrity", "tenant", "v"].join();

/** Reads a stored or received label. Missing, malformed or of an unknown version: TOP, never an error. */
export function parseLabel(value: unknown): Label {
  if (typeof value !== "object" || value === null || Object.keys(value).sort().join() !== KEYS) return TOP;
  const { v, cats, integrity, tenant, audience } = value as Record<keyof Label, unknown>;
  const isCats = typeof cats === "number" && Number.isInteger(cats) && cats >= 0 && cats <= CATS_ALL;
  const isIntegrity = integrity === 0 || integrity === 1 || integrity === 2;
  const isTenant = typeof tenant === "string" && tenant.length > 0 && tenant.length <= 64;
  const isAtoms = Array.isArray(audience) && audience.every((atom) => typeof atom === "string" && atom.length <= 64);
  if (v !== 1 || !isCats || !isIntegrity || !isTenant || !(audience === "*" || isAtoms)) return TOP;
  return { v: 1, cats, integrity, tenant, audience: audience === "*" ? "*" : [...new Set(audience)].sort() };
}

/** Reads canonical text; anything else is TOP. */
export function parseLabelText(text: string): Label {
  try {
    return parseLabel(JSON.parse(text));
  } catch {
    // A label that cannot be read is the most restrictive one (section 3): that is the rule, not an accident.
    return TOP;
  }
}

export const categoriesOf = (label: Label): readonly Category[] =>
  (Object.keys(CATEGORY) as Category[]).filter((name) => (label.cats & CATEGORY[name]) !== 0);
