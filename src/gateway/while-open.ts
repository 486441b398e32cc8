/** Work for a run ends with the run, whoever ended it: a thread, a question to a model, a web request. */
import type { RunId } from "../core/ids.ts";
import type { Stop } from "../core/ports.ts";
import { isTerminal } from "../core/run.ts";
import type { Powers } from "./powers.ts";

/** `work` gets a stop that is aborted once the run has ended, or when `also` is. */
export async function whileOpen<T>(
  { store, news }: Powers,
  run: RunId,
  work: (stop: Stop) => Promise<T>,
  also?: Stop,
): Promise<T> {
  const over = new AbortController();
  const look = (): void => {
    const stored = store.get("run", run)?.value;
    if (stored === undefined || isTerminal(stored)) over.abort();
  };
  const abort = (): void => over.abort();
  news.add(look);
  also?.addEventListener("abort", abort, { once: true });
  if (also?.aborted === true) abort();
  try {
    return await work(over.signal);
  } finally {
    news.delete(look);
    also?.removeEventListener("abort", abort);
  }
}
