/**
 * The configuration that the daemon last started with, kept sealed in the home. When the file no longer validates,
 * after an upgrade or an edit, the daemon goes on with that one and says so (CONTRACT section 14).
 */

import type { Canonical } from "./core/canonical.ts";
import type { BlobId } from "./core/ids.ts";
import { BOTTOM } from "./core/label.ts";
import { Refusal } from "./core/refusal.ts";
import { Draft } from "./gateway/draft.ts";
import { grantPermit } from "./gateway/permit.ts";
import type { Powers } from "./gateway/powers.ts";

const SETTING = "config/last-good";

type Kept = { readonly blob: BlobId; readonly mac: string; readonly at: number };
type Keeping = Pick<Powers, "store" | "clock" | "random" | "hashing" | "settings">;

const keptIn = ({ store }: Pick<Keeping, "store">): Kept | null =>
  (store.get("setting", SETTING)?.value.value as Kept | undefined) ?? null;

/** Remembers the text that the daemon has started with. Nothing changes when it is the one that is kept. */
export async function keepGood(powers: Powers, text: string): Promise<void> {
  const { store, hashing } = powers;
  const mac = store.mac("idempotency", SETTING, hashing.utf8(text));
  const before = keptIn(powers);
  if (before?.mac === mac) return;
  const draft = new Draft(powers);
  const label = { ...BOTTOM, tenant: draft.tenant };
  const blob = draft.sealJson("note", "config.v1", "-", label, { text }, null);
  if (before !== null) draft.dropBlob(before.blob);
  const value: Kept = { blob, mac, at: draft.now };
  draft.put("setting", SETTING, { id: SETTING, tenant: draft.tenant, value: value as unknown as Canonical });
  await draft.commit();
}

/** The text that is kept and when it was; null when there is none. */
export async function lastGood(
  powers: Pick<Keeping, "store" | "hashing">,
): Promise<{ text: string; at: number } | null> {
  const kept = keptIn(powers);
  if (kept === null) return null;
  const permit = grantPermit({ by: "gateway", why: "owner" }, "local", "config.last-good", [kept.blob]);
  try {
    return await powers.store.open(permit, [kept.blob], ([opened]) => {
      if (opened === undefined) return null;
      const { text } = JSON.parse(powers.hashing.text(opened.bytes)) as { readonly text: string };
      return { text, at: kept.at };
    });
  } catch (error) {
    // Erased with everything, or altered: then there is none, and the file has to be mended.
    if (error instanceof Refusal) return null;
    throw error;
  }
}
