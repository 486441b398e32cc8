/** What an event proves, by what the machine library says of it. */
import { expect, test } from "vitest";
import { evidenceOf } from "../connectors/matrix/trust.ts";

const [NONE, GREY, RED] = [0, 1, 2];
type Known = { readonly shield?: number | null; readonly changed?: boolean; readonly compared?: boolean };

function evidence(isEncrypted: boolean, { shield = null, changed = false, compared = false }: Known = {}) {
  const machine = {
    getUserVerificationStatus: async () => ({
      known: true,
      needsUserApproval: changed,
      isCrossSigningVerified: () => compared,
    }),
    getEncryptionInfoForEvent: async () => (shield === null ? null : { shieldColour: shield }),
  };
  return evidenceOf(machine as never, { isEncrypted: () => isEncrypted } as never, "@ana:hs.test");
}

test("an encrypted event of a signed device is signed, and verified once emoji were compared", async () => {
  expect(await evidence(true, { shield: NONE })).toEqual({ transport: "e2ee", verified: "signed" });
  expect(await evidence(true, { shield: NONE, compared: true })).toEqual({ transport: "e2ee", verified: "verified" });
});

test("history that was restored from a backup proves no more than the homeserver's word", async () => {
  // Grey is what the library says of keys that came from a backup or by way of somebody else.
  for (const compared of [false, true])
    expect(await evidence(true, { shield: GREY, compared })).toEqual({ transport: "e2ee", verified: "platform" });
});

test("a device that its user did not sign proves nothing", async () => {
  expect(await evidence(true, { shield: RED, compared: true })).toEqual({ transport: "e2ee", verified: "none" });
  expect(await evidence(true, { shield: null })).toEqual({ transport: "e2ee", verified: "none" });
});

test("whose identity changed is no more than the homeserver's word, and in clear not even that", async () => {
  expect(await evidence(true, { shield: NONE, changed: true })).toEqual({ transport: "e2ee", verified: "platform" });
  expect(await evidence(false, { changed: true })).toEqual({ transport: "transport", verified: "none" });
});

test("an event in clear is the homeserver's word", async () => {
  expect(await evidence(false, { compared: true })).toEqual({ transport: "transport", verified: "platform" });
});
