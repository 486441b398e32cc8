/** How a backup and the home it came from become one: rows of the backup, keys and absences of the living home. */
import type { Db } from "./db.ts";

/**
 * `main` is the copy of the backup, `live` the home. What the home has no key for any more was erased, and stays so;
 * what it dropped since is not brought back either, so that no erased person, pseudonym or revoked token returns.
 */
const STEPS: readonly string[] = [
  // Keys of the home: the living ones. Secrets are never older than they were.
  "INSERT OR REPLACE INTO meta SELECT * FROM live.meta WHERE name = 'epoch'",
  "DELETE FROM main.home_key",
  "INSERT INTO main.home_key SELECT * FROM live.home_key",
  "DELETE FROM main.pseudonym_key",
  "INSERT INTO main.pseudonym_key SELECT * FROM live.pseudonym_key",
  // What waits in the living inbox was acknowledged to the network, so it stays, with the cursor that it belongs to.
  "DELETE FROM main.inbox",
  "INSERT INTO main.inbox SELECT * FROM live.inbox",
  "DELETE FROM main.cursor",
  "INSERT INTO main.cursor SELECT * FROM live.cursor",
  "DELETE FROM main.secret",
  "INSERT INTO main.secret SELECT * FROM live.secret",

  // Conversations by name; their numbers may differ after an earlier restore.
  `CREATE TEMP TABLE place AS SELECT b.n AS old, l.n AS new FROM main.conversation_key b
     JOIN live.conversation_key l USING (tenant, conversation) WHERE b.dead = 0 AND l.dead = 0`,
  "DELETE FROM main.message WHERE conv NOT IN (SELECT old FROM place)",
  "DELETE FROM main.blob WHERE conv NOT IN (SELECT old FROM place)",
  "DELETE FROM main.blob_key",
  `UPDATE main.message SET conv = (SELECT new FROM place WHERE old = conv)
     WHERE EXISTS (SELECT 1 FROM place WHERE old <> new)`,
  `UPDATE main.blob SET conv = (SELECT new FROM place WHERE old = conv)
     WHERE EXISTS (SELECT 1 FROM place WHERE old <> new)`,
  "DELETE FROM main.conversation_key",
  "INSERT INTO main.conversation_key SELECT * FROM live.conversation_key WHERE dead = 0",

  // Content that the home can still open.
  `CREATE TEMP TABLE held AS SELECT b.id, k.wrapped FROM live.blob b
     JOIN live.blob_key k ON k.n = b.n`,
  "CREATE UNIQUE INDEX temp.held_id ON held (id)",
  "DELETE FROM main.blob WHERE id NOT IN (SELECT id FROM held)",
  // A message that was edited since has its newest revision; one that lost its content is gone.
  "CREATE TEMP TABLE lost AS SELECT id FROM main.message WHERE blob NOT IN (SELECT id FROM main.blob)",
  "DELETE FROM main.message WHERE id IN (SELECT id FROM lost)",
  `INSERT INTO main.message (id, conv, sent_at, sender, thread, expires_at, revision, blob, ref, rest)
     SELECT id, conv, sent_at, sender, thread, expires_at, revision, blob, ref, rest FROM live.message
     WHERE id IN (SELECT id FROM lost)`,
  `INSERT INTO main.blob (id, conv, kind, schema, label, created, expires, sealed)
     SELECT id, conv, kind, schema, label, created, expires, sealed FROM live.blob
     WHERE id IN (SELECT blob FROM main.message) AND id NOT IN (SELECT id FROM main.blob)`,
  "INSERT INTO main.blob_key SELECT b.n, h.wrapped FROM main.blob b JOIN held h ON h.id = b.id",

  // Platform ids of the home for everything that is left.
  "CREATE TEMP TABLE known AS SELECT mac FROM main.ref WHERE kind = 'event'",
  "DELETE FROM main.ref",
  `INSERT INTO main.ref SELECT * FROM live.ref
     WHERE conv IN (SELECT n FROM main.conversation_key) AND (kind <> 'event' OR mac IN (SELECT mac FROM known))`,
  "INSERT OR IGNORE INTO main.tombstone SELECT * FROM live.tombstone",

  // Records: the backup's values, without what is gone since; what was revoked stays revoked.
  "CREATE TEMP TABLE gone AS SELECT n FROM main.record WHERE (kind, id) NOT IN (SELECT kind, id FROM live.record)",
  "DELETE FROM main.record_key WHERE n IN (SELECT n FROM gone)",
  "DELETE FROM main.record WHERE n IN (SELECT n FROM gone)",
  `UPDATE main.record AS r SET version = r.version + 1, value = l.value FROM live.record AS l
     WHERE r.kind = 'token' AND l.kind = 'token' AND l.id = r.id`,
  "DELETE FROM main.outbox WHERE id NOT IN (SELECT id FROM live.outbox)",

  // The longer ledger, when it continues the backup's: a restore takes no evidence away.
  "CREATE TEMP TABLE last AS SELECT n, hash FROM main.entry ORDER BY n DESC LIMIT 1",
  "CREATE TEMP TABLE more AS SELECT 1 FROM live.entry l JOIN last ON last.n = l.n AND last.hash = l.hash",
  "INSERT INTO main.entry SELECT * FROM live.entry WHERE n > (SELECT n FROM last) AND EXISTS (SELECT 1 FROM more)",
  "INSERT OR IGNORE INTO main.log SELECT * FROM live.log WHERE EXISTS (SELECT 1 FROM more)",
  "INSERT OR IGNORE INTO main.node SELECT * FROM live.node WHERE EXISTS (SELECT 1 FROM more)",
  "INSERT OR IGNORE INTO main.checkpoint SELECT * FROM live.checkpoint WHERE EXISTS (SELECT 1 FROM more)",

  ...["place", "held", "lost", "known", "gone", "last", "more"].map((name) => `DROP TABLE temp.${name}`),
];

/** Inside a transaction, with the living home attached as `live`. */
export function mergeLive(db: Db): void {
  for (const sql of STEPS) db.exec(sql);
}
