/** Waiting for something, or for being told to stop. */
import type { Stop } from "../src/core/ports.ts";

/** What a promise gives, or null once `stop` aborts. */
export function unless<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    if (stop.aborted) resolve(null);
    stop.addEventListener("abort", () => resolve(null), { once: true });
    work.then(resolve, reject);
  });
}

/** Aborts when either does. `forget` lets go of both. */
export function either(one: Stop, other: Stop): { readonly signal: AbortSignal; readonly forget: () => void } {
  const both = new AbortController();
  const end = (): void => both.abort();
  if (one.aborted || other.aborted) end();
  one.addEventListener("abort", end, { once: true });
  other.addEventListener("abort", end, { once: true });
  const forget = (): void => {
    one.removeEventListener("abort", end);
    other.removeEventListener("abort", end);
  };
  return { signal: both.signal, forget };
}
