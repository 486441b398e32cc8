/**
 * Cross-signing, secret storage and key backup, step by step: each step looks at what is there before it acts, so that
 * whatever cut it off before, the next start goes on to one identity. The recovery key is in the vault before.
 */
import type { MatrixClient } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { Account } from "./questions.ts";
import { WireFault } from "./wire.ts";

export type IdentityPowers = {
  readonly client: MatrixClient;
  readonly machine: CryptoApi;
  readonly account: Account;
  readonly encodeRecoveryKey: (key: Uint8Array) => string | undefined;
};

/** Resolves once the device is signed, its secrets are stored and its keys are backed up. Throws `WireFault`. */
export async function publishIdentity(powers: IdentityPowers): Promise<void> {
  await signDevice(powers);
  await storeSecrets(powers);
  await backUp(powers);
  // The password is kept until all of this was done once, so only then can something have been cut off.
  if (powers.account.password !== undefined) await keepBackupKey(powers);
}

/** The backup's own key is one of the secrets, and missing there when what made the backup was cut off. */
async function keepBackupKey(powers: IdentityPowers): Promise<void> {
  await storeSecrets(powers);
  // Cut off before it was kept anywhere: nobody can read that backup, so another takes its place.
  if (!(await powers.machine.isSecretStorageReady())) await powers.machine.resetKeyBackup();
}

/** The keys of the identity may be there and known, and the signature on this device have been cut off. */
async function signDevice(powers: IdentityPowers): Promise<void> {
  const { client, machine, account } = powers;
  if (!(await machine.isCrossSigningReady())) await makeIdentity(powers);
  const device = client.getDeviceId() ?? "";
  const status = await machine.getDeviceVerificationStatus(account.user, device);
  if (status?.signedByOwner !== true) await machine.crossSignDevice(device);
}

async function makeIdentity({ machine, account }: IdentityPowers): Promise<void> {
  const { user } = account;
  const { privateKeysCachedLocally: cached, privateKeysInSecretStorage } = await machine.getCrossSigningStatus();
  const isOurs = cached.masterKey && cached.selfSigningKey && cached.userSigningKey;
  const isKnown = await machine.userHasCrossSigningKeys(user, true);
  // An identity that another client made is opened with its recovery key or not at all; it is never replaced.
  if (isKnown && !isOurs && !(privateKeysInSecretStorage && account.restores === true)) throw new WireFault("identity");
  await machine.bootstrapCrossSigning({
    authUploadDeviceSigningKeys: async (upload) => {
      const session = await upload(null).then(
        () => null,
        (error: unknown) => sessionOf(error),
      );
      if (session === null) return;
      if (account.password === undefined) throw new WireFault("auth");
      const identifier = { type: "m.id.user", user };
      await upload({ type: "m.login.password", identifier, password: account.password, session } as never);
    },
  });
}

/** The session of an interactive authentication, which the next attempt names; rethrows whatever else it was. */
function sessionOf(error: unknown): string {
  const data: unknown = Reflect.get(error as object, "data");
  const session: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "session") : undefined;
  if (Reflect.get(error as object, "httpStatus") !== 401 || typeof session !== "string") throw error;
  return session;
}

async function storeSecrets({ machine, account, encodeRecoveryKey }: IdentityPowers): Promise<void> {
  if (await machine.isSecretStorageReady()) return;
  const privateKey = new Uint8Array(Buffer.from(account.recovery, "base64"));
  const encodedPrivateKey = encodeRecoveryKey(privateKey);
  await machine.bootstrapSecretStorage({
    createSecretStorageKey: async () => ({
      privateKey,
      ...(encodedPrivateKey === undefined ? {} : { encodedPrivateKey }),
    }),
    setupNewKeyBackup: (await machine.getKeyBackupInfo()) === null,
  });
}

async function backUp({ machine, account }: IdentityPowers): Promise<void> {
  if ((await machine.getActiveSessionBackupVersion()) !== null) return;
  if ((await machine.getKeyBackupInfo()) === null) {
    await machine.resetKeyBackup();
    return;
  }
  await machine.loadSessionBackupPrivateKeyFromSecretStorage().catch(() => null);
  const found = await machine.checkKeyBackupAndEnable();
  if (found === null || !found.trustInfo.trusted) await machine.resetKeyBackup();
  else if (account.restores === true) await machine.restoreKeyBackup();
}
