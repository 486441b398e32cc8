/** Messages whose key is not there: waited for, said once, given up after a day; a late one opens material alone. */
import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import type { Row } from "../connectors/matrix/inbox.ts";
import { Opener } from "../connectors/matrix/opened.ts";

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** An event of the SDK, as far as it is asked: closed until a test gives it its key. */
class Closed extends EventEmitter {
  isOpen = false;
  reason = "MEGOLM_UNKNOWN_INBOUND_SESSION_ID";
  get decryptionFailureReason(): string {
    return this.reason;
  }
  isEncrypted = (): boolean => true;
  isBeingDecrypted = (): boolean => false;
  isDecryptionFailure = (): boolean => !this.isOpen;
  getType = (): string => "m.room.message";
  getClearContent = (): object => ({ msgtype: "m.text", body: "hello" });
}

let now = 0;
let event: Closed;
let keys: number;
let opener: Opener;
const row: Row = {
  id: 1,
  room: "!r:hs.test",
  kind: "event",
  raw: { type: "m.room.encrypted", event_id: "$1", sender: "@ana:hs.test", content: {} },
  at: 0,
  fresh: false,
  state: "new",
};
beforeEach(() => {
  [now, keys, event] = [0, 0, new Closed()];
  opener = new Opener({
    client: { decryptEventIfNeeded: async () => {} } as never,
    machine: {
      getUserVerificationStatus: async () => ({
        known: true,
        needsUserApproval: false,
        isCrossSigningVerified: () => false,
      }),
      getEncryptionInfoForEvent: async () => ({ shieldColour: 0 }),
    } as never,
    makeEvent: () => event as never,
    now: () => now,
    onKey: () => {
      keys += 1;
    },
  });
});

describe("a message whose key is not there", () => {
  test("waits, and is said once, after 25 seconds", async () => {
    expect(await opener.open(row)).toEqual({ is: "waiting", notice: false });
    now = 25 * SECOND;
    expect(await opener.open(row)).toEqual({ is: "waiting", notice: false });
    now = 25 * SECOND + 1;
    expect(await opener.open(row)).toEqual({ is: "waiting", notice: true });
    now = DAY;
    expect(await opener.open(row)).toEqual({ is: "waiting", notice: false });
  });

  test("is given up after a day", async () => {
    await opener.open(row);
    now = DAY + 1;
    expect(await opener.open(row)).toEqual({ is: "hopeless" });
  });

  test("opens when its key comes, which is told at once", async () => {
    await opener.open(row);
    event.isOpen = true;
    event.emit("Event.decrypted");
    expect(keys).toBe(1);
    now = 5 * 60 * SECOND;
    expect(await opener.open(row)).toMatchObject({ is: "open", isLate: false, evidence: { verified: "signed" } });
  });

  test("opens material alone when its key comes after five minutes", async () => {
    await opener.open(row);
    now = 5 * 60 * SECOND + 1;
    event.isOpen = true;
    expect(await opener.open(row)).toMatchObject({ is: "open", isLate: true });
  });

  test.each(["UNSIGNED_SENDER_DEVICE", "MEGOLM_KEY_WITHHELD", "SENDER_IDENTITY_PREVIOUSLY_VERIFIED"])(
    "is given up after 25 seconds where waiting mends nothing: %s",
    async (reason) => {
      event.reason = reason;
      expect(await opener.open(row)).toEqual({ is: "waiting", notice: false });
      now = 25 * SECOND + 1;
      expect(await opener.open(row)).toEqual({ is: "hopeless" });
    },
  );

  test("leaves nothing behind that listens, once it is forgotten", async () => {
    await opener.open(row);
    expect(event.listenerCount("Event.decrypted")).toBe(1);
    opener.forget(row.id);
    expect(event.listenerCount("Event.decrypted")).toBe(0);
  });
});
