/** What an erasure should not have left in the database. */
import type { Statements } from "./db.ts";

/** All zero but for free pages, which were overwritten when they were freed. */
export function residueOf(statements: Statements) {
  const count = (sql: string): number => Number(statements.of(sql).pluck().get());
  return {
    deadKeys: count("SELECT count(*) FROM conversation_key WHERE dead = 1"),
    blobsWithoutKey: count("SELECT count(*) FROM blob WHERE n NOT IN (SELECT n FROM blob_key)"),
    keysWithoutBlob: count("SELECT count(*) FROM blob_key WHERE n NOT IN (SELECT n FROM blob)"),
    freePages: count("SELECT freelist_count FROM pragma_freelist_count"),
  } as const;
}
