/** Secrets: set, used inside a callback, removed. There is no way to read one back. */
import { z } from "zod";
import { SECRET_BYTES_MAX } from "../core/limits.ts";
import { paddedBytes } from "../core/padding.ts";
import { Refusal } from "../core/refusal.ts";
import { padded, unpadded } from "./blob.ts";
import type { Statements } from "./db.ts";
import type { KeyRing } from "./keys.ts";
import { context, open, type RandomPool, SealBroken, seal, wipe } from "./seal.ts";

const DOMAIN = "lazaret.secret.v1";
const SecretName = z.string().min(1).max(128);

type Row = { readonly tenant: string; readonly name: string; readonly version: number; readonly sealed: Uint8Array };

export class Vault {
  readonly #statements: Statements;
  readonly #pool: RandomPool;
  readonly #keys: KeyRing;

  constructor(statements: Statements, pool: RandomPool, keys: KeyRing) {
    this.#statements = statements;
    this.#pool = pool;
    this.#keys = keys;
  }

  /** Inside a transaction. Null removes it. */
  set(tenant: string, name: string, bytes: Uint8Array | null): void {
    if (!SecretName.safeParse(name).success) throw new Refusal("input.invalid", { field: "name" });
    if (bytes === null) {
      this.#statements.of("DELETE FROM secret WHERE tenant = ? AND name = ?").run(tenant, name);
      return;
    }
    if (bytes.length > SECRET_BYTES_MAX) throw new Refusal("input.too_large", { field: "secret" });
    const found = this.#row(tenant, name);
    const version = (found?.version ?? 0) + 1;
    const sealed = this.#sealed(this.#keys.home("vault", tenant), { tenant, name, version }, bytes);
    this.#statements
      .of(
        `INSERT INTO secret VALUES (?, ?, ?, ?)
        ON CONFLICT (tenant, name) DO UPDATE SET version = excluded.version, sealed = excluded.sealed`,
      )
      .run(tenant, name, version, sealed);
  }

  names(tenant: string): readonly string[] {
    const sql = "SELECT name FROM secret WHERE tenant = ? ORDER BY name";
    return this.#statements.of(sql).pluck().all(tenant) as string[];
  }

  /** `not_found` when there is none, `quarantine.integrity` when it was altered. Wiped after use. */
  async use<T>(tenant: string, name: string, use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> {
    const row = this.#row(tenant, name);
    if (row === undefined) throw new Refusal("not_found", { field: "secret" });
    const frame = this.#opened(this.#keys.home("vault", tenant), row);
    try {
      return await use(unpadded(frame));
    } finally {
      wipe(frame);
    }
  }

  /** Inside a transaction: all secrets of a tenant, sealed anew under the next key. */
  reseal(tenant: string, from: Uint8Array, to: Uint8Array): void {
    for (const row of this.#statements.of("SELECT * FROM secret WHERE tenant = ?").all(tenant) as Row[]) {
      const frame = this.#opened(from, row);
      const sealed = this.#sealed(to, row, unpadded(frame));
      wipe(frame);
      this.#statements.of("UPDATE secret SET sealed = ? WHERE tenant = ? AND name = ?").run(sealed, tenant, row.name);
    }
  }

  #row(tenant: string, name: string): Row | undefined {
    return this.#statements.of("SELECT * FROM secret WHERE tenant = ? AND name = ?").get(tenant, name) as
      | Row
      | undefined;
  }

  #opened(key: Uint8Array, row: Row): Uint8Array {
    try {
      return open(key, secretAad(row), row.sealed);
    } catch (error) {
      if (error instanceof SealBroken) throw new Refusal("quarantine.integrity", { field: row.name });
      throw error;
    }
  }

  #sealed(key: Uint8Array, of: Omit<Row, "sealed">, bytes: Uint8Array): Buffer {
    const frame = padded(bytes, paddedBytes(bytes.length));
    const sealed = seal(key, secretAad(of), frame, this.#pool.salt());
    frame.fill(0);
    return sealed;
  }
}

const secretAad = (of: Omit<Row, "sealed">): Buffer => context(DOMAIN, [of.tenant, of.name, of.version]);
