/** The databases of one account. Exclusive: a second process that opens them is refused. */
import Sqlite from "better-sqlite3";

export type Database = InstanceType<typeof Sqlite>;

export function openDatabase(file: string): Database {
  const db = new Sqlite(file);
  db.pragma("locking_mode = EXCLUSIVE");
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("secure_delete = ON");
  // The lock is taken by the first write, so that whoever comes second fails here and not later.
  db.exec("BEGIN EXCLUSIVE; COMMIT");
  return db;
}
