/** The tables, as numbered steps. A step that was released is never edited: add the next one. */

/**
 * Step 1. Platform ids and content exist only sealed or as keyed hashes; what is in clear is metadata of ours.
 * Keys lie in tables of their own, so that erasure touches little; blobs lie apart from messages, so that scans stay
 * small. `conv` is the number of a conversation's key row. Ids of 128 bits are kept as 16 bytes where there are many of
 * them.
 */
const FIRST = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

-- Keys of the home, wrapped by the epoch's key-encryption key.
CREATE TABLE home_key (
  name TEXT NOT NULL, tenant TEXT NOT NULL, drawn INTEGER NOT NULL, wrapped BLOB NOT NULL,
  PRIMARY KEY (name, tenant)) STRICT, WITHOUT ROWID;
-- drawn: the epoch in which the key itself was made. dead: erased, its rows are being removed.
-- dirty: something under it was deleted since; the next epoch draws it anew.
CREATE TABLE conversation_key (
  n INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, conversation TEXT NOT NULL, channel TEXT,
  drawn INTEGER NOT NULL, wrapped BLOB NOT NULL,
  dirty INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX conversation_key_name ON conversation_key (tenant, conversation) WHERE dead = 0;
CREATE TABLE pseudonym_key (conversation TEXT PRIMARY KEY, drawn INTEGER NOT NULL, wrapped BLOB NOT NULL) STRICT;

CREATE TABLE blob (
  n INTEGER PRIMARY KEY, id BLOB NOT NULL, conv INTEGER NOT NULL, kind TEXT NOT NULL, schema TEXT NOT NULL,
  label TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER, sealed BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX blob_id ON blob (id);
CREATE INDEX blob_conv ON blob (conv);
CREATE TABLE blob_key (n INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT;

-- n keeps messages of one instant in the order of their arrival; ref is the hash under which its platform id is kept.
-- Rows are added at the end and found by small indexes: clustered, ingest would rewrite three pages for each.
CREATE TABLE message (
  n INTEGER PRIMARY KEY, id BLOB NOT NULL, conv INTEGER NOT NULL, sent_at INTEGER NOT NULL, sender BLOB NOT NULL,
  thread BLOB, expires_at INTEGER NOT NULL,
  revision INTEGER NOT NULL, blob BLOB NOT NULL, ref BLOB, rest TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX message_id ON message (id);
CREATE INDEX message_place ON message (conv, sent_at);
CREATE INDEX message_thread ON message (thread, sent_at) WHERE thread IS NOT NULL;
CREATE INDEX message_expiry ON message (expires_at);

-- Platform ids: a keyed hash to find ours by, the original and the display name sealed.
CREATE TABLE ref (
  n INTEGER PRIMARY KEY, mac BLOB NOT NULL, kind TEXT NOT NULL, tenant TEXT NOT NULL, channel TEXT NOT NULL,
  id TEXT NOT NULL, conv INTEGER NOT NULL, at INTEGER NOT NULL, kept INTEGER NOT NULL,
  platform BLOB NOT NULL, name BLOB) STRICT;
CREATE UNIQUE INDEX ref_mac ON ref (mac);
-- The reference of a message is found through its message; random places in an index are what ingest costs most.
CREATE INDEX ref_id ON ref (id) WHERE kept = 0;
CREATE TABLE delivery (mac BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tombstone (mac BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY, tenant TEXT NOT NULL, channel TEXT NOT NULL, at INTEGER NOT NULL,
  sealed BLOB NOT NULL) STRICT;
CREATE TABLE cursor (channel TEXT PRIMARY KEY, tenant TEXT NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, channel TEXT NOT NULL, conversation TEXT NOT NULL,
  state TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_state ON outbox (channel, state, seq);
CREATE TABLE secret (tenant TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (tenant, name)) STRICT, WITHOUT ROWID;

-- keys: the record's index keys as text, so that an update which leaves them alone touches no index.
CREATE TABLE record (
  n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  keys TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX record_id ON record (kind, id);
CREATE TABLE record_key (
  kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (kind, name, key, n)) STRICT, WITHOUT ROWID;

-- A ledger ends with a restore and a new one begins; entry n = base + seq.
CREATE TABLE log (
  n INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, base INTEGER NOT NULL,
  public BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
-- leaf is 0x00 followed by the entry's bytes: exactly what RFC 6962 hashes.
CREATE TABLE entry (n INTEGER PRIMARY KEY, hash BLOB NOT NULL, leaf BLOB NOT NULL) STRICT;
-- Roots of complete subtrees at every eighth level.
CREATE TABLE node (
  log INTEGER NOT NULL, level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (log, level, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
  n INTEGER PRIMARY KEY, log INTEGER NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX checkpoint_size ON checkpoint (log, size);
-- Guards against accidents, not against attackers: those are what checkpoints are for.
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
`;

export const MIGRATIONS: readonly string[] = [FIRST];
