/** The SDK with its stores open: built in an order that matters, and watched. */
import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { faultOf, isLoggedOut } from "./fault.ts";
import type { InboxStore, RawEvent } from "./inbox.ts";
import type { IndexedDb } from "./indexeddb/install.ts";
import type { Account, Standing } from "./questions.ts";
import { WireFault } from "./wire.ts";

/** A store of the SDK that keeps what came for us besides. */
export type SyncInbox = InboxStore & {
  onFault: (error: unknown) => void;
  /** From now on nothing more is taken: what came was not dealt with whole. */
  poison(): void;
  close(): void;
};

export type Stores = {
  readonly sync: SyncInbox;
  readonly keys: Pick<IndexedDb, "factory" | "keysOf" | "clean">;
  close(): void;
};

export type SessionPowers = {
  readonly request: (url: string, asking: object) => Promise<unknown>;
  /** Opens both stores, and makes the machine store the one that the SDK finds. */
  readonly openStores: (
    files: { readonly crypto: string; readonly sync: string },
    keys: { readonly sync: Uint8Array },
    onFault: () => void,
  ) => Promise<Stores>;
  readonly now: () => number;
  readonly standing: (standing: Standing) => void;
  /** Something is broken that only a new start mends. */
  readonly fatal: () => void;
};

export type Session = {
  readonly client: MatrixClient;
  readonly machine: CryptoApi & CryptoBackend;
  readonly store: SyncInbox;
  readonly keys: Stores["keys"];
  readonly makeEvent: (event: RawEvent) => MatrixEvent;
  readonly encodeRecoveryKey: (key: Uint8Array) => string | undefined;
  /** Resolves once the first sync is through. */
  readonly begin: () => Promise<void>;
  readonly close: () => void;
};

const TIMEOUT_MS = 60_000;
const TIMELINE_EVENTS = 20;

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(base64, "base64"));

/** Throws `WireFault`: auth, device (another than we had), store (it does not open), or what the network said. */
export async function openSession(
  powers: SessionPowers,
  account: Account,
  files: { readonly crypto: string; readonly sync: string },
): Promise<Session> {
  const stores = await powers
    .openStores(files, { sync: bytesOf(account.syncKey) }, powers.fatal)
    .catch((): never => fault("store"));
  // The SDK looks for the machine store when it is loaded.
  const sdk = await import("matrix-js-sdk");
  const { logger } = await import("matrix-js-sdk/lib/logger.js");
  const { encodeRecoveryKey } = await import("matrix-js-sdk/lib/crypto-api/recovery-key.js");
  (logger as unknown as { disableAll(): void }).disableAll();
  const recovery = bytesOf(account.recovery);
  const client = sdk.createClient({
    baseUrl: account.homeserver,
    accessToken: account.token,
    userId: account.user,
    deviceId: account.device,
    store: stores.sync as never,
    fetchFn: powers.request as never,
    localTimeoutMs: TIMEOUT_MS,
    disableVoip: true,
    logger: SILENT,
    cryptoCallbacks: {
      getSecretStorageKey: async ({ keys }) => {
        const [id] = Object.keys(keys);
        return id === undefined ? null : [id, recovery];
      },
    },
  });
  await proveDevice(client, account);
  try {
    await client.initRustCrypto({ storageKey: bytesOf(account.cryptoKey), cryptoDatabasePrefix: "lazaret" });
  } catch {
    stores.close();
    fault("store");
  }
  const machine = client.getCrypto() as (CryptoApi & CryptoBackend) | undefined;
  if (machine === undefined) fault("store");
  machine.setDeviceIsolationMode(
    new (await import("matrix-js-sdk/lib/crypto-api/index.js")).OnlySignedDevicesIsolationMode(),
  );
  stores.sync.onFault = powers.fatal;
  watch(client, stores.sync, powers);
  return {
    client,
    machine,
    store: stores.sync,
    keys: stores.keys,
    makeEvent: (event) => new sdk.MatrixEvent(event as never),
    encodeRecoveryKey,
    begin: () => begin(client),
    close: () => {
      client.stopClient();
      stores.close();
    },
  };
}

function fault(code: string): never {
  throw new WireFault(code);
}

const nothing = (): void => {};

/** The SDK and its library write addresses and errors to the console, with whatever is in them. */
const SILENT = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  getChild: () => SILENT,
};

/** A token of another device over this store would fork it: then nothing is started (CONTRACT, never log in again). */
async function proveDevice(client: MatrixClient, { user, device }: Account): Promise<void> {
  try {
    const who = await client.whoami();
    if (who.user_id !== user || who.device_id !== device) throw new WireFault("device");
  } catch (error) {
    if (error instanceof WireFault) throw error;
    const { code, retryAfterMs } = faultOf(error);
    throw new WireFault(isLoggedOut(error) ? "auth" : code, retryAfterMs);
  }
}

function watch(client: MatrixClient, store: SyncInbox, { standing, fatal }: SessionPowers): void {
  client.on(
    "sync" as never,
    ((state: string, _before: unknown, data?: { error?: unknown }) => {
      if (state === "PREPARED" || state === "SYNCING") standing({ state: "live", code: null });
      else if (state === "ERROR" || state === "RECONNECTING") {
        const isOut = data?.error !== undefined && isLoggedOut(data.error);
        const code = isOut ? "auth" : data?.error === undefined ? "unreachable" : faultOf(data.error).code;
        standing({ state: isOut ? "failed" : "backoff", code });
      }
    }) as never,
  );
  client.on("Session.logged_out" as never, (() => standing({ state: "failed", code: "auth" })) as never);
  // What a sync brought was not dealt with whole: it must come again.
  client.on(
    "sync.unexpectedError" as never,
    (() => {
      store.poison();
      fatal();
    }) as never,
  );
}

function begin(client: MatrixClient): Promise<void> {
  const prepared = new Promise<void>((resolve) => {
    const look = (state: string): void => {
      if (state !== "PREPARED" && state !== "SYNCING") return;
      client.off("sync" as never, look as never);
      resolve();
    };
    client.on("sync" as never, look as never);
  });
  return client
    .startClient({ initialSyncLimit: TIMELINE_EVENTS, disablePresence: true, lazyLoadMembers: false })
    .then(() => prepared);
}
