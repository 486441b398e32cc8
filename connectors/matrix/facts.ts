/** How the account is doing: asked by `verify` and `doctor`. */
import type { MatrixClient } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { AccountFacts } from "../../src/core/account-facts.ts";
import type { Random } from "../../src/core/ports.ts";
import { faultOf, isLoggedOut } from "./fault.ts";
import { call } from "./http.ts";
import type { InboxStore } from "./inbox.ts";
import type { Rooms } from "./rooms.ts";
import { WireFault } from "./wire.ts";

type Looking = {
  readonly client: MatrixClient;
  readonly machine: CryptoApi;
  readonly store: InboxStore;
  readonly rooms: Rooms;
};

const WAITING_MAX = 1000;
const ASK_MS_MAX = 10_000;
const PROBE_TYPE = "dev.lazaret.probe";

export async function factsOf({ client, machine, store, rooms }: Looking): Promise<AccountFacts> {
  const [user, device] = [client.getUserId() ?? "", client.getDeviceId() ?? ""];
  const [keys, status, backup, secretStorage] = await Promise.all([
    machine.getOwnDeviceKeys(),
    machine.getDeviceVerificationStatus(user, device),
    machine.getActiveSessionBackupVersion(),
    machine.isSecretStorageReady().catch(() => false),
  ]);
  const joined = client.getRooms().filter((room) => room.getMyMembership() === "join");
  return {
    user,
    device,
    fingerprint: keys.ed25519,
    crossSigned: status?.signedByOwner === true && status.crossSigningVerified,
    backup: backup !== null,
    secretStorage,
    oneTimeKeys: await oneTimeKeys(client),
    rooms: joined.length,
    encryptedRooms: joined.filter(({ roomId }) => rooms.isEncrypted(roomId)).length,
    undecryptable: store.rows("keys", WAITING_MAX).length,
  };
}

/** An upload of nothing is answered with what the homeserver has. */
async function oneTimeKeys(client: MatrixClient): Promise<number | null> {
  type Counts = { readonly one_time_key_counts?: { readonly signed_curve25519?: number } };
  const asking = { method: "POST", path: "/keys/upload", body: {}, timeoutMs: ASK_MS_MAX } as const;
  const answer = await call<Counts>(client, asking).catch(() => null);
  return answer?.one_time_key_counts?.signed_curve25519 ?? null;
}

/** A word to ourselves by way of the homeserver and back through the stream: both ways work. */
export async function probe({ client }: Pick<Looking, "client">, random: Random): Promise<null> {
  const nonce = Buffer.from(random.bytes(16)).toString("hex");
  const back = new Promise<void>((resolve) => {
    const look = (event: { getType(): string; getContent(): Record<string, unknown> }): void => {
      if (event.getType() !== PROBE_TYPE || event.getContent()["nonce"] !== nonce) return;
      client.off("accountData" as never, look as never);
      resolve();
    };
    client.on("accountData" as never, look as never);
  });
  const path = `/user/${encodeURIComponent(client.getUserId() ?? "")}/account_data/${PROBE_TYPE}`;
  const asking = { method: "PUT", path, body: { nonce }, timeoutMs: ASK_MS_MAX } as const;
  await call(client, asking).catch((error: unknown) => {
    throw new WireFault(isLoggedOut(error) ? "auth" : faultOf(error).code);
  });
  await back;
  return null;
}
