/** The keys of one home, as the owner's verbs change and keep them. */
import { existsSync } from "node:fs";
import { Refusal } from "./core/refusal.ts";
import type { Outside } from "./gateway/outside.ts";
import type { HomePaths } from "./home-paths.ts";
import { systemRandom, wallClock } from "./powers.ts";
import { readRecovery, recoveryHead, sealRecovery } from "./recovery.ts";
import { writeSecure } from "./store/home.ts";
import type { HomeStore } from "./store/store.ts";
import { unlockKind } from "./store/unlock.ts";

export const homeKeys = (
  store: HomeStore,
  { keysDir }: Pick<HomePaths, "keysDir" | "credentialFile">,
): Outside["keys"] => ({
  rekey: async (passphrase) => {
    if (unlockKind(keysDir) === "credential")
      throw new Refusal("home.unlock", { hint: "The service manager's credential opens this home; change it there." });
    const bytes = passphrase === null ? null : Buffer.from(passphrase.normalize("NFKC"));
    const { epoch } = await store.rekey(bytes);
    bytes?.fill(0);
    return epoch;
  },
  recovery: async (file, passphrase) => {
    if (existsSync(file)) throw new Refusal("conflict", { field: file, hint: "Name a new file." });
    const { epoch, homeId } = store;
    const head = { home: homeId, epoch, made: wallClock.now() };
    const bytes = await sealRecovery(keysDir, head, passphrase, systemRandom);
    // Whatever was erased meanwhile made it stale before it was there.
    if (store.epoch !== epoch) throw new Refusal("conflict", { hint: "Something was erased meanwhile. Try again." });
    writeSecure(file, bytes);
    return { epoch };
  },
  check: async (file) => {
    const head = recoveryHead(readRecovery(file));
    const ours = head.home === store.homeId;
    return { ours, stale: head.epoch !== store.epoch, file_epoch: head.epoch, epoch: store.epoch, made: head.made };
  },
});
