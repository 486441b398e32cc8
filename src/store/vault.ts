/** Secrets: set, used inside a callback, removed. There is no way to read one back. */
import { z } from "zod";
import { SECRET_BYTES_MAX } from "../core/limits.ts";
import { paddedBytes } from "../core/padding.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import type { SecretSource } from "../core/secret-source.ts";
import { padded, unpadded } from "./blob.ts";
import type { Statements } from "./db.ts";
import { Mac } from "./hashing.ts";
import type { KeyRing } from "./keys.ts";
import { LeakIndex } from "./leaks.ts";
import { context, open, type RandomPool, SealBroken, seal, wipe } from "./seal.ts";

const DOMAIN = "lazaret.secret.v1";
const SecretName = z.string().min(1).max(128);

type Row = { readonly tenant: string; readonly name: string; readonly version: number; readonly sealed: Uint8Array };

export class Vault {
  readonly #statements: Statements;
  readonly #pool: RandomPool;
  readonly #keys: KeyRing;
  readonly #indexes = new Map<string, LeakIndex>();
  readonly #sources = new Map<string, Elsewhere>();

  constructor(statements: Statements, pool: RandomPool, keys: KeyRing) {
    this.#statements = statements;
    this.#pool = pool;
    this.#keys = keys;
  }

  /** Inside a transaction. Null removes it. */
  set(tenant: string, name: string, bytes: Uint8Array | null): void {
    if (!SecretName.safeParse(name).success) throw new Refusal("input.invalid", { field: "name" });
    this.#indexes.delete(tenant);
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
    const elsewhere = [...this.#sources.values()].filter((it) => it.tenant === tenant).map(({ name }) => name);
    return [...new Set([...(this.#statements.of(sql).pluck().all(tenant) as string[]), ...elsewhere])].sort();
  }

  /** Of what is kept elsewhere: null until it was read once. */
  version(tenant: string, name: string): string | null {
    const elsewhere = this.#sources.get(keyOf(tenant, name));
    if (elsewhere !== undefined) return elsewhere.version;
    const row = this.#row(tenant, name);
    return row === undefined ? null : String(row.version);
  }

  attach(tenant: string, sources: ReadonlyMap<string, SecretSource>): void {
    for (const [name, source] of sources) {
      if (!SecretName.safeParse(name).success) throw new Refusal("input.invalid", { field: "name" });
      this.#sources.set(keyOf(tenant, name), { tenant, name, source, version: null });
    }
  }

  /** What finds these secrets elsewhere; made anew after a change. */
  leaks(tenant: string): LeakIndex {
    const known = this.#indexes.get(tenant);
    if (known !== undefined) return known;
    const index = new LeakIndex(this.#pool.key());
    for (const row of this.#statements.of("SELECT * FROM secret WHERE tenant = ?").all(tenant) as Row[]) {
      // One that was altered is found nowhere, and says so when it is used.
      const frame = openedOrNull(() => this.#opened(this.#keys.home("vault", tenant), row));
      if (frame === null) continue;
      index.add(row.name, unpadded(frame));
      wipe(frame);
    }
    this.#indexes.set(tenant, index);
    return index;
  }

  /** `not_found` when there is none, `quarantine.integrity` when it was altered. Wiped after use. */
  async use<T>(tenant: string, name: string, use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> {
    const elsewhere = this.#sources.get(keyOf(tenant, name));
    if (elsewhere !== undefined) return this.#useElsewhere(elsewhere, use);
    const row = this.#row(tenant, name);
    if (row === undefined) throw new Refusal("not_found", { field: "secret" });
    const frame = this.#opened(this.#keys.home("vault", tenant), row);
    try {
      return await use(unpadded(frame));
    } finally {
      wipe(frame);
    }
  }

  async #useElsewhere<T>(of: Elsewhere, use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> {
    const bytes = await of.source.read();
    try {
      if (bytes.length === 0 || bytes.length > SECRET_BYTES_MAX) throw new Refusal("not_found", { field: "secret" });
      const mac = new Mac(this.#keys.home("vault", of.tenant));
      const version = `x${mac.of(bytes).toString("hex").slice(0, 16)}`;
      mac.wipe();
      if (version !== of.version) {
        of.version = version;
        this.leaks(of.tenant).add(of.name, bytes);
      }
      return await use(bytes);
    } finally {
      wipe(bytes);
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

type Elsewhere = {
  readonly tenant: string;
  readonly name: string;
  readonly source: SecretSource;
  /** A keyed hash of the value as it was last read. */
  version: string | null;
};

const keyOf = (tenant: string, name: string): string => `${tenant}\u0000${name}`;

function openedOrNull(opened: () => Uint8Array): Uint8Array | null {
  try {
    return opened();
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

const secretAad = (of: Omit<Row, "sealed">): Buffer => context(DOMAIN, [of.tenant, of.name, of.version]);
