/** What an event proves about who sent it, as the machine library sees it at this moment. */
import type { MatrixEvent } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { Trust } from "../../src/core/message.ts";

export type Evidence = Pick<Trust, "transport" | "verified">;

/** `EventShieldColour` of the SDK, by its numbers: importing the enumeration would import the SDK. */
const SHIELD_NONE = 0;
const SHIELD_GREY = 1;

/**
 * signed: encrypted by a device that its user signed, under the identity we saw first. verified: compared in person
 * besides. platform: the homeserver's word alone; so are events in clear, keys that came from a backup or by way of
 * somebody else, and everything of a user whose identity changed since.
 */
export async function evidenceOf(machine: CryptoApi, event: MatrixEvent, sender: string): Promise<Evidence> {
  const { known, needsUserApproval, isVerified } = await userStatus(machine, sender);
  if (!event.isEncrypted())
    return { transport: "transport", verified: known && needsUserApproval ? "none" : "platform" };
  const info = await machine.getEncryptionInfoForEvent(event);
  const shield: number | null = info?.shieldColour ?? null;
  if (shield === SHIELD_NONE && !needsUserApproval)
    return { transport: "e2ee", verified: isVerified ? "verified" : "signed" };
  if (shield === SHIELD_NONE || shield === SHIELD_GREY) return { transport: "e2ee", verified: "platform" };
  return { transport: "e2ee", verified: "none" };
}

async function userStatus(machine: CryptoApi, user: string) {
  const status = await machine.getUserVerificationStatus(user);
  return {
    known: status.known,
    needsUserApproval: status.needsUserApproval,
    isVerified: status.isCrossSigningVerified(),
  };
}
