/** Looking at promises and streams without waiting for time. */
import type { Connector, ConnectorBatch } from "../../src/core/ports.ts";
import { isRefusal, type RefusalCode } from "../../src/core/refusal.ts";

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let at = 0; at < 20; at += 1) await null;
}

/** What has become of a promise by now: `waiting`, what it gave, or the code it was refused with. */
export async function stateOf(work: Promise<unknown>): Promise<string> {
  const state = work.then(String, (error: unknown) => (isRefusal(error) ? error.code : "broken"));
  await settle();
  return Promise.race([state, Promise.resolve("waiting")]);
}

/** The code that some work is refused with, or `accepted`. Any other error goes through. */
export const codeOf = (work: Promise<unknown>): Promise<RefusalCode | "accepted"> =>
  work.then(
    () => "accepted",
    (error: unknown) => {
      if (isRefusal(error)) return error.code;
      throw error;
    },
  );

/** Reads a connector's stream by hand: `pull` acknowledges what came before; null is the end. */
export function reader(connector: Connector, cursor: string | null = null) {
  const stopper = new AbortController();
  const stream = connector.open({ cursor, stop: stopper.signal })[Symbol.asyncIterator]();
  return {
    stop: () => stopper.abort(),
    /** Goes away without a word, as a crash does. */
    leave: async (): Promise<void> => void (await stream.return?.()),
    pull: async (): Promise<ConnectorBatch | null> => {
      const { done, value } = await stream.next();
      return done ? null : value;
    },
  };
}
