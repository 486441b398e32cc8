/** One home in use: the store that the gateway sees. Made by `openStore` (open.ts). */
import type { Batch, Erased, ErasePlan, RefKind } from "../core/batch.ts";
import type { BlobId, MessageId, OutboxId } from "../core/ids.ts";
import { CHECKPOINT_INTERVAL_MS } from "../core/limits.ts";
import type { Message } from "../core/message.ts";
import type { OutboxRow } from "../core/outbox.ts";
import { type Permit, type PermitUse, redeem } from "../core/permit.ts";
import type { LedgerPort, LedgerReport, MessageScope, Opened, Page, Range, Store, StoreCounts } from "../core/ports.ts";
import type { IndexOf, RecordKind } from "../core/records.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import type { SecretHit, SecretSource } from "../core/secret-source.ts";
import { type BackupManifest, backupHome } from "./backup.ts";
import { type BundleMade, writeBundle } from "./bundle.ts";
import type { Committer } from "./commit.ts";
import { type Pragmas, readPragmas, truncateJournal, truncateJournalIfRoom } from "./db.ts";
import type { Eraser } from "./erase.ts";
import type { Log } from "./ledger-tree.ts";
import { verifyLog } from "./ledger-verify.ts";
import type { HomeLock } from "./lock.ts";
import { consistencyOf, inclusionText } from "./proof.ts";
import { BlobBroken } from "./quarantine.ts";
import { residueOf } from "./residue.ts";
import { wipe } from "./seal.ts";
import type { Tables } from "./tables.ts";
import type { Upgraded } from "./upgrade.ts";

/** What opens content. Names and secrets have doors of their own. */
const CONTENT_USES: readonly PermitUse[] = ["transform", "request", "render", "send", "prompt", "local"];

export type HomeParts = {
  readonly tables: Tables;
  readonly committer: Committer;
  readonly eraser: Eraser;
  readonly lock: HomeLock;
  readonly tenant: string;
  readonly homeId: string;
  readonly upgraded: Upgraded | null;
};

export class HomeStore implements Store {
  readonly ledger: LedgerPort;
  readonly #parts: HomeParts;
  #forgetTimer: () => void = () => undefined;
  #isTimed = false;

  constructor(parts: HomeParts) {
    this.#parts = parts;
    const { ledger } = parts.tables;
    this.ledger = {
      size: () => ledger.size(),
      entries: (after, limit) => ledger.entries(after, limit),
      checkpoint: async () => parts.committer.alone(() => ledger.sign()),
      verify: (against) => this.#verify(against),
      consistency: (older, newer) => consistencyOf(parts.tables.statements, ledger.log, older, newer),
      inclusion: async (seq) => {
        const size = ledger.size();
        return inclusionText(
          parts.tables.statements,
          ledger.log,
          seq,
          size,
          parts.committer.alone(() => ledger.sign()),
        );
      },
      checkpoints: () => ledger.checkpoints(),
      verifierKey: () => ledger.verifierKey(),
      attest: (statement) => ({ key: ledger.verifierKey(), signature: ledger.attest(statement) }),
      isAttested: (statement, by) => ledger.isAttested(statement, by),
    };
  }

  async commit(batch: Batch): Promise<void> {
    await this.#parts.committer.commit(batch);
    this.#timeCheckpoint();
  }

  get<K extends RecordKind>(kind: K, id: string) {
    return this.#parts.tables.records.get(kind, id);
  }

  find<K extends RecordKind>(kind: K, index: IndexOf<K>, key: string, page: Page) {
    return this.#parts.tables.records.find<K>(kind, index, key, page);
  }

  all<K extends RecordKind>(kind: K, page: Page & { readonly after?: string }) {
    return this.#parts.tables.records.all(kind, page);
  }

  message(id: MessageId): Message | null {
    return this.#parts.tables.messages.get(id);
  }

  messages(range: Range): readonly Message[] {
    return this.#parts.tables.messages.range(range, this.#now());
  }

  messageIds(by: MessageScope, page: Page): readonly MessageId[] {
    return this.#parts.tables.messages.ids(by, page);
  }

  ref(kind: RefKind, tenant: string, channel: string, platform: string): string | null | "erased" {
    return this.#parts.tables.refs.find(kind, tenant, channel, platform);
  }

  platformOf(kind: RefKind, id: string): string | null {
    return this.#parts.tables.refs.platformOf(kind, id);
  }

  names(permit: Permit, ids: readonly string[]): ReadonlyMap<string, string> {
    redeem(permit, "names");
    return this.#parts.tables.refs.names(ids);
  }

  async open<T>(
    permit: Permit,
    ids: readonly BlobId[],
    use: (opened: readonly Opened[]) => T | Promise<T>,
  ): Promise<T> {
    // A permit for names or secrets is spent here too, and then refused as one that was minted for another use.
    const { blobs } = redeem(permit, CONTENT_USES.includes(permit.use) ? permit.use : "local");
    if (!ids.every((id) => blobs.has(id))) throw new Refusal("not_found");
    const opened = await this.#opened(ids);
    try {
      return await use(opened);
    } finally {
      for (const { bytes } of opened) wipe(bytes);
    }
  }

  async useSecret<T>(
    permit: Permit,
    tenant: string,
    name: string,
    use: (bytes: Uint8Array) => T | Promise<T>,
  ): Promise<T> {
    redeem(permit, "secret");
    return this.#parts.tables.vault.use(tenant, name, use);
  }

  secretNames(tenant: string): readonly string[] {
    return this.#parts.tables.vault.names(tenant);
  }

  secretVersion(tenant: string, name: string): string | null {
    return this.#parts.tables.vault.version(tenant, name);
  }

  secretsIn(tenant: string, bytes: Uint8Array): readonly SecretHit[] {
    return this.#parts.tables.vault.leaks(tenant).find(bytes);
  }

  /** Secrets that come from elsewhere, by name; they win over the vault's. */
  attachSecrets(tenant: string, sources: ReadonlyMap<string, SecretSource>): void {
    this.#parts.tables.vault.attach(tenant, sources);
  }

  mac(scope: "pseudonym" | "idempotency", id: string, bytes: Uint8Array): string {
    const { keys } = this.#parts.tables;
    const mac = scope === "pseudonym" ? keys.pseudonymMac(id) : keys.mac("idempotency", this.#parts.tenant);
    return mac.of(Buffer.concat([Buffer.from(`${scope}\0${id}\0`), bytes])).toString("hex");
  }

  cursor(channel: string): string | null {
    return this.#parts.tables.inbox.cursor(channel);
  }

  inbox(limit: number) {
    return this.#parts.tables.inbox.waiting(limit);
  }

  inboxCount(): number {
    return this.#parts.committer.tally.inbox;
  }

  outbox(
    by: { readonly channel: string; readonly after?: number; readonly states: readonly OutboxRow["state"][] },
    page: Page,
  ): readonly OutboxRow[] {
    return this.#parts.tables.outbox.list(by, page);
  }

  outboxRow(id: OutboxId): OutboxRow | null {
    return this.#parts.tables.outbox.get(id);
  }

  erase(plan: ErasePlan): Promise<Erased> {
    return this.#parts.eraser.erase(plan);
  }

  /** Another passphrase, or null for a key file, and a new epoch under it. */
  rekey(passphrase: Uint8Array | null): Promise<Erased> {
    return this.#parts.eraser.rekey(this.#parts.tenant, passphrase);
  }

  get epoch(): number {
    return this.#parts.tables.keys.epoch;
  }

  get homeId(): string {
    return this.#parts.homeId;
  }

  /** A verified copy into an empty directory, while others work. It never holds a key that opens it. */
  backup(directory: string): Promise<BackupManifest> {
    const { tables, committer, tenant, homeId } = this.#parts;
    return backupHome(tables, committer, { id: homeId, tenant }, directory);
  }

  /** Every log with its checkpoints to a new 0600 file that anybody can verify. The newest is signed as it stands. */
  exportLedger(file: string): Promise<BundleMade> {
    const { tables, committer } = this.#parts;
    const size = committer.alone(() => {
      tables.ledger.sign();
      return tables.ledger.size();
    });
    return writeBundle(tables.statements, size, file);
  }

  /** What opening it changed, and where the copy from before lies; null when nothing. */
  get upgraded(): Upgraded | null {
    return this.#parts.upgraded;
  }

  /** SQLite's own answers to what the store asked of it. */
  pragmas(): Pragmas {
    return readPragmas(this.#parts.tables.db);
  }

  residue() {
    return residueOf(this.#parts.tables.statements);
  }

  sweeping(): ReturnType<Store["sweeping"]> {
    return this.#parts.eraser.sweeping();
  }

  clean(): boolean {
    return truncateJournal(this.#parts.tables.db);
  }

  counts(): StoreCounts {
    return { ...this.#parts.committer.tally, entries: this.ledger.size() };
  }

  /** Commits what waits, signs a last checkpoint, truncates the journal and gives the home back. */
  async close(): Promise<void> {
    const { committer, tables, lock } = this.#parts;
    this.#forgetTimer();
    if (!tables.db.open) return;
    committer.flush();
    try {
      if (tables.ledger.isCheckpointOwed) committer.alone(() => tables.ledger.sign());
    } catch (error) {
      // A full disk is no reason to keep the home: what is not signed now is signed after the next start.
      if (!isRefusal(error) || error.code !== "store.full") throw error;
    } finally {
      committer.close();
      truncateJournalIfRoom(tables.db);
      tables.db.close();
      tables.keys.close();
      lock.release();
    }
  }

  #now(): number {
    const { clock, ledger } = this.#parts.tables;
    return Math.max(clock.now(), ledger.lastTime);
  }

  async #opened(ids: readonly BlobId[]): Promise<readonly Opened[]> {
    try {
      return this.#parts.tables.quarantine.openAll(ids, this.#now());
    } catch (error) {
      if (!(error instanceof BlobBroken)) throw error;
      const { blob, check } = error;
      const body = { blob, check };
      await this.commit({ entries: [{ type: "quarantine.integrity_failed", tenant: this.#parts.tenant, body }] });
      throw new Refusal("quarantine.integrity", { field: blob });
    }
  }

  async #verify(against: string | null): Promise<LedgerReport> {
    const { statements, ledger } = this.#parts.tables;
    const logs = statements.of("SELECT * FROM log ORDER BY n").all() as Log[];
    const origin = against?.slice(0, against.indexOf("\n"));
    return verifyLog(statements, logs.find((log) => log.origin === origin) ?? ledger.log, against);
  }

  /** Ten minutes after the last checkpoint another one is signed, also when nothing more happens. */
  #timeCheckpoint(): void {
    const { tables, committer } = this.#parts;
    if (this.#isTimed || !tables.ledger.isCheckpointOwed) return;
    this.#isTimed = true;
    this.#forgetTimer = tables.clock.at(tables.clock.now() + CHECKPOINT_INTERVAL_MS, () => {
      this.#isTimed = false;
      if (!tables.db.open || !tables.ledger.isCheckpointOwed) return;
      committer.alone(() => tables.ledger.sign());
    });
  }
}
