/** Sessions of the protocols before 2026-07-28: a version agreed on, bound to one token, and nothing that matters. */
import { hex, type TokenId } from "../../core/ids.ts";
import { MCP_SESSION_IDLE_MS, MCP_SESSIONS_MAX, MCP_SESSIONS_PER_TOKEN_MAX } from "../../core/limits.ts";
import type { Clock, Random } from "../../core/ports.ts";
import type { LegacyVersion } from "./era.ts";
import type { RpcId } from "./rpc.ts";

export type Session = {
  readonly token: TokenId;
  readonly version: LegacyVersion;
  /** Requests that are being worked on, so that a client can take one back. */
  readonly open: Map<RpcId, AbortController>;
  lastAt: number;
};

export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  /** The one that was used longest ago comes first. */
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new session's id. Whoever has too many loses the one it used longest ago. */
  begin(token: TokenId, version: LegacyVersion): string {
    const own = [...this.#sessions].filter(([, session]) => session.token === token);
    if (own.length >= MCP_SESSIONS_PER_TOKEN_MAX) this.#sessions.delete(own[0]?.[0] ?? "");
    if (this.#sessions.size >= MCP_SESSIONS_MAX) this.#sessions.delete(this.#sessions.keys().next().value ?? "");
    const id = hex(this.#random.bytes(32));
    this.#sessions.set(id, { token, version, open: new Map(), lastAt: this.#clock.now() });
    return id;
  }

  /** The session, if it is this token's: anybody else's does not exist. */
  of(id: string, token: TokenId): Session | null {
    const session = this.#sessions.get(id);
    if (session === undefined || session.token !== token) return null;
    this.#sessions.delete(id);
    const now = this.#clock.now();
    if (now - session.lastAt >= MCP_SESSION_IDLE_MS) return null;
    session.lastAt = now;
    this.#sessions.set(id, session);
    return session;
  }

  end(id: string, token: TokenId): boolean {
    const session = this.of(id, token);
    for (const request of session?.open.values() ?? []) request.abort();
    return session !== null && this.#sessions.delete(id);
  }
}
