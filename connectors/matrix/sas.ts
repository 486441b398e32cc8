/** Comparing emoji with a person: begun by the owner at the command line, and decided there. */
import type { CryptoApi, ShowSasCallbacks, VerificationRequest, Verifier } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { Sas } from "./questions.ts";
import { WireFault } from "./wire.ts";

/** `VerificationPhase` of the SDK, by its numbers. */
const READY = 3;
const STARTED = 4;
const CANCELLED = 5;

type Open = { readonly shown: ShowSasCallbacks; readonly finished: Promise<void> };

export class SasVerification {
  readonly #machine: CryptoApi;
  #open: Open | null = null;
  #request: VerificationRequest | null = null;

  constructor(machine: CryptoApi) {
    this.#machine = machine;
  }

  /** Resolves once both sides show emoji. Rejects when the other side says no or gives up. */
  async begin(person: string, room: string): Promise<Sas> {
    await this.#drop();
    const request = await this.#machine.requestVerificationDM(person, room);
    this.#request = request;
    await reached(request, READY);
    const verifier = request.verifier ?? (await request.startVerification("m.sas.v1"));
    const finished = verifier.verify();
    // Whoever asks for the outcome is told; until then a rejection is nobody's.
    finished.catch(() => null);
    const shown = await shownBy(verifier, request);
    this.#open = { shown, finished };
    const { emoji = [], decimal } = shown.sas;
    return { emoji: emoji.map(([sign, name]) => `${sign} ${name}`), decimal: [...(decimal ?? [])] };
  }

  /** What the owner saw at both ends: the same, or not. */
  async finish(same: boolean): Promise<boolean> {
    const open = this.#open;
    this.#open = null;
    this.#request = null;
    if (open === null) throw new WireFault("not_found");
    if (!same) {
      open.shown.mismatch();
      return false;
    }
    await open.shown.confirm();
    await open.finished;
    return true;
  }

  async #drop(): Promise<void> {
    const request = this.#request;
    this.#request = null;
    this.#open = null;
    if (request?.pending === true) await request.cancel().catch(() => null);
  }
}

function reached(request: VerificationRequest, phase: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (request.phase === CANCELLED) reject(new WireFault("aborted"));
      else if (request.phase === phase || request.phase === STARTED) resolve();
      else return;
      request.off("change" as never, look as never);
    };
    request.on("change" as never, look as never);
    look();
  });
}

function shownBy(verifier: Verifier, request: VerificationRequest): Promise<ShowSasCallbacks> {
  return new Promise((resolve, reject) => {
    const known = verifier.getShowSasCallbacks();
    if (known !== null) return resolve(known);
    verifier.on("show_sas" as never, ((shown: ShowSasCallbacks) => resolve(shown)) as never);
    verifier.on("cancel" as never, (() => reject(new WireFault("aborted"))) as never);
    request.on(
      "change" as never,
      (() => {
        if (request.phase === CANCELLED) reject(new WireFault("aborted"));
      }) as never,
    );
  });
}
