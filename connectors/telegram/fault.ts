/** What went wrong with a call, as a code of ours: nothing else of grammY's errors, which hold the message, leaves. */
import { GrammyError, HttpError } from "grammy";
import { SECOND_MS } from "../../src/core/limits.ts";
import type { OutcomeCode } from "../../src/core/outbox.ts";
import { TransportError } from "./transport.ts";

export type Fault = {
  readonly code: OutcomeCode | "conflict";
  /** Proven to have had no effect. */
  readonly isProven: boolean;
  readonly retryAfterMs: number | null;
  /** An edit that changes nothing: what was wanted is there. */
  readonly isSame: boolean;
};

const PLAIN = { isProven: true, retryAfterMs: null, isSame: false } as const;
const RETRY_SECONDS_MAX = 86_400;

/** By Telegram's own codes (tdlib/telegram-bot-api, Client.cpp), and by its words where these say too little. */
function refusedBy({ error_code, description, parameters }: GrammyError): Fault {
  if (error_code === 429) {
    const seconds = Math.min(Math.max(parameters.retry_after ?? 1, 1), RETRY_SECONDS_MAX);
    return { ...PLAIN, code: "rate_limited", retryAfterMs: seconds * SECOND_MS };
  }
  if (error_code >= 500) return { ...PLAIN, code: "server_error", isProven: false };
  if (error_code === 401) return { ...PLAIN, code: "auth" };
  if (error_code === 403) return { ...PLAIN, code: "forbidden" };
  if (error_code === 409) return { ...PLAIN, code: "conflict" };
  if (error_code === 413 || /too (?:long|big)/i.test(description)) return { ...PLAIN, code: "too_long" };
  if (/not modified/.test(description)) return { ...PLAIN, code: "bad_request", isSame: true };
  return { ...PLAIN, code: error_code === 404 || /not found/.test(description) ? "not_found" : "bad_request" };
}

function brokenBy({ code, sent }: TransportError): Fault {
  if (code === "NO_TOKEN") return { ...PLAIN, code: "auth" };
  const isProven = !sent;
  if (code === "NO_JSON" || code === "TOO_LARGE") return { ...PLAIN, code: "server_error", isProven };
  return { ...PLAIN, code: code === "TIMEOUT" ? "timeout" : "unreachable", isProven };
}

/** Anything that a call threw. What is not known for certain to have had no effect may have had one. */
export function faultOf(error: unknown): Fault {
  if (error instanceof GrammyError) return refusedBy(error);
  const broken = error instanceof HttpError ? error.error : error;
  if (broken instanceof TransportError) return brokenBy(broken);
  return { ...PLAIN, code: "timeout", isProven: false };
}
