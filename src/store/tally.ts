/** Running counts of what is kept, so that asking for them costs nothing in a home of a million messages. */
import type { Statements } from "./db.ts";

export type Tally = { messages: number; blobs: number; blobBytes: number; inbox: number; outbox: number };

export const emptyTally = (): Tally => ({ messages: 0, blobs: 0, blobBytes: 0, inbox: 0, outbox: 0 });

export function addTally(to: Tally, more: Tally): void {
  to.messages += more.messages;
  to.blobs += more.blobs;
  to.blobBytes += more.blobBytes;
  to.inbox += more.inbox;
  to.outbox += more.outbox;
}

const COUNTED = `SELECT
  (SELECT count(*) FROM message) AS messages, (SELECT count(*) FROM blob) AS blobs,
  (SELECT coalesce(sum(length(sealed)), 0) FROM blob) AS blobBytes,
  (SELECT count(*) FROM inbox) AS inbox, (SELECT count(*) FROM outbox) AS outbox`;

/** Counts the rows themselves: after a restore, and where no counts were kept. */
export const countTally = (statements: Statements): Tally => ({ ...(statements.of(COUNTED).get() as Tally) });

export function loadTally(statements: Statements): Tally {
  const text = statements.of("SELECT value FROM meta WHERE name = 'tally'").pluck().get();
  return typeof text === "string" ? { ...emptyTally(), ...(JSON.parse(text) as Tally) } : countTally(statements);
}

/** Inside the transaction that changed them. */
export function saveTally(statements: Statements, tally: Tally): void {
  statements
    .of("INSERT INTO meta VALUES ('tally', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
    .run(JSON.stringify(tally));
}
