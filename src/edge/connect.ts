/**
 * Where every way out begins: a host is resolved once, every address is checked, and the checked one is connected to
 * (CONTRACT section 9).
 */
import { lookup } from "node:dns/promises";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { HttpRules } from "../core/http.ts";
import { HTTP_ADDRESSES_MAX, HTTP_CONNECTS_MAX } from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import { addressKind, isAddress, isSameAddress } from "./http-address.ts";

export type ConnectPowers = {
  readonly clock: Clock;
  /** Every address of a host name, as the system says now; the system's own resolver when absent. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Certificates that are trusted in place of the system's, PEM. */
  readonly ca?: string;
};

const systemResolve = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** How long, and until when, something may go on. */
export type Lasting = Pick<HttpRules, "msMax" | "stop">;

export class Connecting {
  readonly #powers: ConnectPowers;

  constructor(powers: ConnectPowers) {
    this.#powers = powers;
  }

  /** All of them, or a refusal when one of them is of a kind that is not asked: a mixed answer is an attack. */
  async addresses(host: string, { addresses: kinds }: Pick<HttpRules, "addresses">): Promise<readonly string[]> {
    const found = isAddress(host) ? [host] : await (this.#powers.resolve ?? systemResolve)(host);
    if (found.length === 0) throw new Refusal("http.failed", { hint: "The host has no address." });
    if (found.length > HTTP_ADDRESSES_MAX) throw new Refusal("http.address", { field: "url" });
    const bad = found.map(addressKind).find((kind) => !kinds.includes(kind));
    if (bad === undefined) return found;
    throw new Refusal("http.address", { field: "url", hint: `It leads to a ${bad.replace("_", "-")} address.` });
  }

  async connect(
    host: string,
    port: number,
    isPlain: boolean,
    addresses: readonly string[],
    end: Ending,
  ): Promise<{ readonly socket: Socket; readonly address: string }> {
    for (const address of addresses.slice(0, HTTP_CONNECTS_MAX)) {
      const socket = isPlain ? connectPlain({ host: address, port }) : this.#tls(host, port, address);
      const forget = end.onEnd(() => socket.destroy());
      try {
        await end.race(connected(socket, isPlain ? "connect" : "secureConnect"));
        if (!isSameAddress(socket.remoteAddress ?? "", address) || (!isPlain && !(socket as TLSSocket).authorized))
          throw new Error("somebody else answered");
        return { socket, address };
      } catch (error) {
        socket.destroy();
        if (isRefusal(error)) throw error;
      } finally {
        forget();
      }
    }
    throw new Refusal("http.failed", { hint: "No connection, or no certificate that fits." });
  }

  #tls(host: string, port: number, address: string): TLSSocket {
    const { ca } = this.#powers;
    return connectTls({
      host: address,
      port,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: true,
      ...(isAddress(host) ? {} : { servername: host }),
      ...(ca === undefined ? {} : { ca }),
    });
  }
}

/** Time, a stop, or the end of the answer: whichever comes first ends everything that was begun. */
export class Ending {
  code: "http.timeout" | "http.failed" | null = null;
  readonly #ends = new Set<() => void>();
  readonly #over = Promise.withResolvers<never>();
  readonly #forget: () => void;
  readonly #rules: Lasting;
  readonly #stopped = (): void => this.#finish("http.failed");

  constructor(clock: Clock, rules: Lasting) {
    this.#rules = rules;
    // Nobody may be waiting when it ends.
    this.#over.promise.catch(() => undefined);
    this.#forget = clock.at(clock.now() + rules.msMax, () => this.#finish("http.timeout"));
    rules.stop?.addEventListener("abort", this.#stopped, { once: true });
    if (rules.stop?.aborted === true) this.#stopped();
  }

  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#over.promise]);
  }

  onEnd(end: () => void): () => void {
    if (this.code !== null) end();
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  finish(): void {
    this.#finish(null);
  }

  #finish(code: "http.timeout" | "http.failed" | null): void {
    this.#forget();
    this.#rules.stop?.removeEventListener("abort", this.#stopped);
    this.code ??= code;
    if (code !== null) this.#over.reject(new Refusal(code));
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}

function connected(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    // Later faults are the request's to report.
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
}
