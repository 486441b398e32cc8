/** Verifying the whole ledger, beside a verifier of a plain hash chain over the same bytes. */
import { hash } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { bigHome, openAt } from "./big-home.ts";
import { type Case, msOf } from "./case.ts";

const NOTHING = Buffer.alloc(32);
const link = (head: Buffer, entry: Buffer): Buffer => hash("sha256", Buffer.concat([head, entry]), "buffer");

/** The straw-man's audit log: each row's hash covers the one before. */
class Chain {
  readonly #db: Database.Database;

  constructor(path: string, entries: Iterable<Buffer>) {
    this.#db = new Database(path);
    this.#db.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE audit (seq INTEGER PRIMARY KEY, entry BLOB NOT NULL, hash BLOB NOT NULL) STRICT;`);
    const insert = this.#db.prepare("INSERT INTO audit VALUES (NULL, ?, ?)");
    let head: Buffer = NOTHING;
    this.#db.exec("BEGIN");
    for (const entry of entries) {
      head = link(head, entry);
      insert.run(entry, head);
    }
    this.#db.exec("COMMIT");
  }

  verify(): number {
    let head: Buffer = NOTHING;
    let count = 0;
    const rows = this.#db.prepare("SELECT entry, hash FROM audit ORDER BY seq").iterate();
    for (const row of rows as Iterable<{ readonly entry: Buffer; readonly hash: Buffer }>) {
      head = link(head, row.entry);
      if (!head.equals(row.hash)) throw new Error(`row ${count + 1} does not fit`);
      count++;
    }
    return count;
  }

  close(): void {
    this.#db.close();
  }
}

export const ledger: Case = {
  name: "ledger",
  bounds: [{ ratio: "verify / chain verifier", at: "least", gate: 0.5, goal: 0.8 }],
  begin: async (place) => {
    const home = await bigHome(place, place.smoke ? 20_000 : 1_000_000);
    const filling = await openAt(home.dir);
    const chain = new Chain(join(place.dir, "chain.db"), leavesOf(filling));
    await filling.close();
    return {
      round: async () => {
        let [entries, verified] = [0, 0];
        const store = await openAt(home.dir); // for this round only: other cases measure the same home
        const chainMs = await msOf(() => {
          entries = chain.verify();
        });
        const ms = await msOf(async () => {
          const report = await store.ledger.verify(null);
          if (!report.ok) throw new Error(`the ledger is broken: ${report.reason}`);
          verified = report.entries;
        }).finally(() => store.close());
        const [floor, product] = [entries / chainMs, verified / ms];
        return {
          "verify / chain verifier": product / floor,
          "chain entries per ms": floor,
          "ledger entries per ms": product,
          entries: verified,
        };
      },
      end: async () => chain.close(),
    };
  },
};

/** Text of the size and shape of the stored leaves. */
function* leavesOf(store: Awaited<ReturnType<typeof openAt>>): Iterable<Buffer> {
  for (let after = 0; ; ) {
    const page = store.ledger.entries(after, 1000);
    if (page.length === 0) return;
    for (const entry of page) yield Buffer.from(JSON.stringify(entry));
    after = page.at(-1)?.seq ?? after;
  }
}
