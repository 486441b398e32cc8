/** Events opened: decrypted when their key is there, waited for when it is not. */
import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../src/core/limits.ts";
import type { RawEvent, Row } from "./inbox.ts";
import { type Evidence, evidenceOf } from "./trust.ts";

/** A key that comes later than this opens material, and starts nothing. */
const FRESH_MS = 5 * MINUTE_MS;
/** After so long its sender reads that it could not be read. */
const NOTICE_MS = 25 * SECOND_MS;
const EXPIRY_MS = DAY_MS;
const KEPT_EVENTS_MAX = 1000;

/** Failures that waiting does not mend: the device that sent it is not its user's, or the identity is another. */
const LASTING: ReadonlySet<string> = new Set([
  "UNSIGNED_SENDER_DEVICE",
  "UNKNOWN_SENDER_DEVICE",
  "SENDER_IDENTITY_PREVIOUSLY_VERIFIED",
  "MEGOLM_KEY_WITHHELD",
  "HISTORICAL_MESSAGE_USER_NOT_JOINED",
]);

export type OpenedEvent =
  | { readonly is: "open"; readonly raw: RawEvent; readonly evidence: Evidence; readonly isLate: boolean }
  /** `notice`: say once that it could not be read. */
  | { readonly is: "waiting"; readonly notice: boolean }
  | { readonly is: "hopeless" };

type OpenerPowers = {
  readonly client: MatrixClient;
  readonly machine: CryptoApi;
  readonly makeEvent: (event: RawEvent) => MatrixEvent;
  readonly now: () => number;
  /** Something that waited may be open now. */
  readonly onKey: () => void;
};

export class Opener {
  readonly #powers: OpenerPowers;
  /** Events that wait: the SDK opens them itself when their key comes, and says so. */
  readonly #events = new Map<number, MatrixEvent>();
  readonly #noticed = new Set<number>();

  constructor(powers: OpenerPowers) {
    this.#powers = powers;
  }

  async open({ id, raw, room, at }: Row): Promise<OpenedEvent> {
    const { client, machine, makeEvent, now } = this.#powers;
    const known = this.#events.get(id);
    const event = known ?? makeEvent({ ...raw, room_id: room });
    if (event.isEncrypted() && (known === undefined || event.isDecryptionFailure()))
      await client.decryptEventIfNeeded(event);
    const age = now() - at;
    if (event.isEncrypted() && (event.isDecryptionFailure() || event.isBeingDecrypted()))
      return this.#failed(id, event, age);
    this.forget(id);
    const evidence = await evidenceOf(machine, event, String(raw["sender"]));
    const isLate = age > FRESH_MS && known !== undefined;
    return { is: "open", raw: event.isEncrypted() ? clearOf(event, raw) : raw, evidence, isLate };
  }

  #failed(id: number, event: MatrixEvent, age: number): OpenedEvent {
    const isHopeless = age > EXPIRY_MS || (age > NOTICE_MS && LASTING.has(String(event.decryptionFailureReason)));
    if (isHopeless) {
      this.forget(id);
      return { is: "hopeless" };
    }
    if (!this.#events.has(id) && this.#events.size < KEPT_EVENTS_MAX) {
      this.#events.set(id, event);
      event.on("Event.decrypted" as never, (() => this.#powers.onKey()) as never);
    }
    const notice = age > NOTICE_MS && !this.#noticed.has(id);
    if (notice) this.#noticed.add(id);
    return { is: "waiting", notice };
  }

  forget(id: number): void {
    this.#events.get(id)?.removeAllListeners("Event.decrypted" as never);
    this.#events.delete(id);
    this.#noticed.delete(id);
  }
}

/** Relations stay outside the ciphertext; where the sealed content names one too, that one counts. */
function clearOf(event: MatrixEvent, raw: RawEvent): RawEvent {
  const clear = event.getClearContent() ?? {};
  const relation = Reflect.get((raw["content"] ?? {}) as object, "m.relates_to");
  const content = relation === undefined || "m.relates_to" in clear ? clear : { ...clear, "m.relates_to": relation };
  return { ...raw, type: event.getType(), content };
}
