/** Who holds a token, and how often anybody may be wrong about it (CONTRACT section 13, threat C05). */
import { createHash, timingSafeEqual } from "node:crypto";
import {
  AUTH_FAILURES_PER_MINUTE_MAX,
  AUTH_LOCK_MS_MAX,
  AUTH_LOCK_MS_MIN,
  MINUTE_MS,
  TOKEN_CHARS_MAX,
} from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Surface } from "../gateway/surface.ts";

export type Scope = Token["scopes"][number];
export type Holder = { readonly token: Token; readonly hash: string };

const BEARER = /^Bearer +([\x21-\x7e]+)$/i;
const KNOWN_MAX = 1000;

/**
 * One bucket for everybody: loopback addresses tell nothing about who is behind them. After ten wrong attempts in a
 * minute it is locked for a minute, then for twice as long each time, at most a quarter of an hour; a quiet quarter of
 * an hour forgets.
 */
export class FailureBucket {
  readonly #clock: Clock;
  #failures: number[] = [];
  #lockMs = 0;
  #lockedAt: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long it stays locked, in milliseconds; 0 when it is open. */
  lockedMs(): number {
    if (this.#lockedAt === null) return 0;
    const now = this.#clock.now();
    // A clock that was set back must not lock for longer than a lock lasts.
    if (now < this.#lockedAt) this.#lockedAt = now;
    return Math.max(0, this.#lockedAt + this.#lockMs - now);
  }

  fail(): void {
    const now = this.#clock.now();
    if (this.#lockedAt !== null && now >= this.#lockedAt + this.#lockMs + AUTH_LOCK_MS_MAX) this.#lockMs = 0;
    this.#failures = [...this.#failures.filter((at) => at <= now && now - at < MINUTE_MS), now];
    if (this.#failures.length < AUTH_FAILURES_PER_MINUTE_MAX) return;
    this.#failures = [];
    this.#lockMs = Math.min(AUTH_LOCK_MS_MAX, this.#lockMs === 0 ? AUTH_LOCK_MS_MIN : 2 * this.#lockMs);
    this.#lockedAt = now;
  }
}

export class Doorkeeper {
  readonly #surface: Surface;
  readonly #clock: Clock;
  readonly #bucket: FailureBucket;
  /**
   * Hashes that have opened since the start: a flood of wrong tokens must not lock out those who were right before it.
   */
  readonly #known = new Set<string>();

  constructor(surface: Surface, clock: Clock) {
    this.#surface = surface;
    this.#clock = clock;
    this.#bucket = new FailureBucket(clock);
  }

  /** The holder behind an Authorization header. Throws `auth.required` or `auth.locked`. */
  fromHeader(authorization: string | undefined, route: string): Holder {
    if (authorization === undefined) return this.#refuse(route, "missing");
    return this.admit(BEARER.exec(authorization)?.[1] ?? "", route);
  }

  /** The holder of what was shown. While locked only tokens that opened before are looked at. */
  admit(shown: string, route: string): Holder {
    const hash = createHash("sha256").update(shown).digest("hex");
    const locked = this.#bucket.lockedMs();
    if (locked > 0 && !this.#known.has(hash)) {
      this.#surface.denied(route, "locked");
      throw new Refusal("auth.locked", { hint: `wait ${Math.ceil(locked / 1000)} seconds` });
    }
    const token = shown.length <= TOKEN_CHARS_MAX ? this.live(hash) : null;
    if (token === null) {
      this.#known.delete(hash);
      this.#bucket.fail();
      return this.#refuse(route, "unknown");
    }
    if (this.#known.size < KNOWN_MAX) this.#known.add(hash);
    return { token, hash };
  }

  /** The token with this hash while it is good; null once it is expired or revoked. */
  live(hash: string): Token | null {
    const token = this.#surface.tokenByHash(hash);
    if (token === null || !sameHash(token.hash, hash)) return null;
    return token.revokedAt === null && this.#clock.now() < token.expiresAt ? token : null;
  }

  /** Throws `auth.denied` unless the token has one of the scopes. */
  check(token: Token, scopes: readonly Scope[], route: string): void {
    if (token.scopes.some((scope) => scopes.includes(scope))) return;
    this.#surface.denied(route, "scope");
    throw new Refusal("auth.denied", { hint: `this needs a token with the scope ${scopes.join(" or ")}` });
  }

  #refuse(route: string, reason: "missing" | "unknown"): never {
    this.#surface.denied(route, reason);
    throw new Refusal("auth.required", { hint: "send Authorization: Bearer with a token that is valid" });
  }
}

function sameHash(a: string, b: string): boolean {
  const [one, two] = [Buffer.from(a, "hex"), Buffer.from(b, "hex")];
  return one.length === 32 && two.length === 32 && timingSafeEqual(one, two);
}
