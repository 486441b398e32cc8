/** Both stores of an account, opened together and closed together. */
import { installIndexedDb } from "./indexeddb/install.ts";
import type { Stores } from "./session.ts";
import { openDatabase } from "./sqlite.ts";

/** Rejects when one does not open: in use, not a database, or sealed with another key. */
export async function openStores(
  files: { readonly crypto: string; readonly sync: string },
  keys: { readonly sync: Uint8Array },
  powers: {
    readonly now: () => number;
    readonly random: (count: number) => Uint8Array;
    /** A commit failed: nothing more is to be done with them. */
    readonly onFault: () => void;
  },
): Promise<Stores> {
  const { now, random, onFault } = powers;
  const db = openDatabase(files.sync);
  // The SDK looks for IndexedDB when it is loaded, and the sync store is of the SDK.
  const keyStore = installIndexedDb({ file: files.crypto, onFault });
  const { SyncStore } = await import("./sync-store.ts");
  const sync = new SyncStore({ db, key: keys.sync, now, random });
  return {
    sync,
    keys: keyStore,
    close: () => {
      sync.close();
      keyStore.close();
    },
  };
}
