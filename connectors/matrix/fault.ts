/** What went wrong on the way to a homeserver, in the outbox's words. */
import { HOUR_MS, SECOND_MS } from "../../src/core/limits.ts";
import type { OutcomeCode } from "../../src/core/outbox.ts";

/** `isProven`: the homeserver said no, or was never reached; what was asked has not happened. */
export type Fault = { readonly code: OutcomeCode; readonly retryAfterMs: number | null; readonly isProven: boolean };

/** Errors of a connection that never came about. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ECONNABORTED",
  "UND_ERR_CONNECT_TIMEOUT",
]);

const BY_STATUS: Readonly<Record<number, OutcomeCode>> = {
  400: "bad_request",
  401: "auth",
  403: "forbidden",
  404: "not_found",
  413: "too_long",
  429: "rate_limited",
};

const field = (of: unknown, name: string): unknown =>
  typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;

/** Reads whatever the SDK or the platform throws. Nothing of its words is kept. */
export function faultOf(error: unknown): Fault {
  const status = field(error, "httpStatus");
  if (typeof status === "number") {
    const code = status >= 500 ? "server_error" : (BY_STATUS[status] ?? "bad_request");
    return { code, retryAfterMs: code === "rate_limited" ? retryAfterOf(error) : null, isProven: status < 500 };
  }
  for (
    let cause: unknown = error, depth = 0;
    cause !== undefined && depth < 4;
    cause = field(cause, "cause"), depth++
  ) {
    const code = field(cause, "code");
    if (typeof code === "string" && NEVER_SENT.has(code))
      return { code: "unreachable", retryAfterMs: null, isProven: true };
  }
  const name = field(error, "name");
  if (name === "AbortError") return { code: "aborted", retryAfterMs: null, isProven: false };
  return { code: "unreachable", retryAfterMs: null, isProven: false };
}

/** A homeserver may say for how long; what it says is bounded. */
function retryAfterOf(error: unknown): number {
  const said = field(field(error, "data"), "retry_after_ms");
  const header = Number(field(field(error, "httpHeaders"), "get") === undefined ? Number.NaN : headerOf(error));
  const ms = typeof said === "number" ? said : Number.isFinite(header) ? header * SECOND_MS : SECOND_MS;
  return Math.min(Math.max(ms, SECOND_MS), HOUR_MS);
}

function headerOf(error: unknown): string | null {
  const headers = field(error, "httpHeaders") as { get(name: string): string | null };
  return headers.get("retry-after");
}

/** The access token is good no more, whatever else is said with it. */
export const isLoggedOut = (error: unknown): boolean => field(error, "errcode") === "M_UNKNOWN_TOKEN";
