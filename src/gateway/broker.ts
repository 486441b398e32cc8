/**
 * Secrets that are used and never seen: a lease is bound to call, capability, host and slot, and is spent once. The use
 * is in the ledger before the value is (CONTRACT section 10).
 */
import { assert } from "../core/assert.ts";
import type { HttpHost } from "../core/http.ts";
import type { CallId, RunId } from "../core/ids.ts";
import { Refusal } from "../core/refusal.ts";
import type { Draft } from "./draft.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

/** What may be used where, once. `version` is the value that was meant when a person said yes. */
export type Lease = {
  readonly run: RunId;
  readonly call: CallId;
  readonly capability: string;
  readonly place: string;
  readonly slot: string;
  readonly name: string;
  readonly version: string | null;
};
export type Wanted = Pick<Lease, "slot" | "name" | "version">;

const live = new WeakSet<Lease>();

export const placeOf = ({ host, port }: Pick<HttpHost, "host" | "port">): string => `${host}:${port}`;

export function lease(of: Lease): Lease {
  const made = { ...of };
  live.add(made);
  return made;
}

/**
 * Opens every lease at once, inside `use` alone, as text. Refuses with `secret.slot` a lease for another place, with
 * `approval.void` a secret that was changed since, with `not_found` one that is gone.
 */
export async function withSecrets<T>(
  powers: Powers,
  leases: readonly Lease[],
  place: string,
  rule: string,
  use: (secret: (slot: string, name: string) => string) => T | Promise<T>,
): Promise<T> {
  const { store, settings } = powers;
  for (const it of leases) assert(live.delete(it), "a lease is spent once");
  if (leases.some((it) => it.place !== place)) throw new Refusal("secret.slot");
  await transact(powers, (draft) => {
    for (const it of leases) noteUse(draft, it, it.version ?? store.secretVersion(settings.tenant, it.name), rule);
  });
  const found = new Map<string, string>();
  const open = async (left: readonly Lease[]): Promise<T> => {
    const [next, ...rest] = left;
    if (next === undefined) return use((slot, name) => need(found.get(`${slot}\u0000${name}`)));
    const grant = { by: "run", run: next.run, call: next.call, reserved: true } as const;
    const permit = grantPermit(grant, "secret", next.capability, []);
    return store.useSecret(permit, settings.tenant, next.name, (bytes) => {
      const version = store.secretVersion(settings.tenant, next.name);
      if (next.version !== null && next.version !== version) throw new Refusal("approval.void", { field: next.name });
      found.set(`${next.slot}\u0000${next.name}`, powers.hashing.text(bytes).replace(/[\r\n]+$/, ""));
      return open(rest);
    });
  };
  try {
    return await open(leases);
  } finally {
    found.clear();
  }
}

function need(value: string | undefined): string {
  if (value === undefined) throw new Refusal("secret.slot");
  return value;
}

function noteUse(draft: Draft, of: Lease, version: string | null, rule: string): void {
  const { call, capability, place, slot, name, run } = of;
  draft.run(run).note("secret.used", { name, version: version ?? undefined, capability, call, place, slot, rule });
}

/** Each must be declared by the owner for this host and slot, and exist. */
export function assertDeclared(
  powers: Powers,
  host: HttpHost,
  wanted: readonly { readonly name: string; readonly slot: string }[],
): readonly Wanted[] {
  const { store, settings } = powers;
  const names = store.secretNames(settings.tenant);
  return wanted.map(({ name, slot }) => {
    const isDeclared = host.secrets.some((it) => it.name === name && it.slot === slot);
    if (!isDeclared || !names.includes(name)) throw new Refusal("secret.slot", { field: slot });
    return { name, slot, version: store.secretVersion(settings.tenant, name) };
  });
}

const grantId = (capability: string, place: string, { name, slot }: Wanted): string =>
  `secret-grant/${name}/${capability}/${place}/${slot}`;

/** Did a person say yes to this value going there by this capability? Another value is another question. */
export const isGranted = (powers: Powers, capability: string, place: string, wanted: Wanted): boolean =>
  wanted.version !== null &&
  powers.store.get("setting", grantId(capability, place, wanted))?.value.value === wanted.version;

/** In the commit of the yes. */
export function rememberGrants(draft: Draft, capability: string, place: string, all: readonly Wanted[]): void {
  for (const wanted of all) {
    if (wanted.version === null) continue;
    const id = grantId(capability, place, wanted);
    draft.put("setting", id, { id, tenant: draft.tenant, value: wanted.version });
  }
}

/** Another value under this name, or none: what was said yes to is over. */
export function forgetGrants(powers: Powers, draft: Draft, name: string): void {
  const prefix = `secret-grant/${name}/`;
  const all = powers.store.all("setting", { limit: SETTINGS_MAX });
  for (const { value } of all) if (value.id.startsWith(prefix)) draft.drop("setting", value.id);
}
const SETTINGS_MAX = 100_000;
