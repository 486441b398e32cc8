/** One batch in the making: what was read, what is to be written, and what one would read after it. Committed once. */
import type { Approval } from "../core/approval.ts";
import type { Batch, RecordDrop, RecordPut, RefDraft, RefKind, SealDraft } from "../core/batch.ts";
import type { EntryDraft } from "../core/entry.ts";
import { type BlobId, type ConversationId, newId, type RunId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import type { InboundEvent, Message } from "../core/message.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { RecordKind, Records } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Powers } from "./powers.ts";
import { RunDraft } from "./transition.ts";

type Held = {
  readonly expect: number | null;
  readonly before: unknown;
  value: unknown;
  dropped: boolean;
  changed: boolean;
};
type Parts = { -readonly [K in keyof Batch]?: NonNullable<Batch[K]> extends readonly (infer T)[] ? T[] : Batch[K] };

export class Draft {
  readonly now: number;
  readonly #powers: Powers;
  readonly #records = new Map<string, Held & { readonly kind: RecordKind; readonly id: string }>();
  readonly #refs = new Map<string, RefDraft>();
  /** What the store answered: a draft sees one state of it. */
  readonly #found = new Map<string, string | null>();
  readonly #runs = new Map<RunId, RunDraft>();
  readonly #roused: RunId[] = [];
  readonly #messages = new Map<Message["id"], Message>();
  readonly #parts: Parts = {};

  constructor(powers: Powers) {
    this.#powers = powers;
    this.now = powers.clock.now();
  }

  get tenant(): string {
    return this.#powers.settings.tenant;
  }

  get<K extends RecordKind>(kind: K, id: string): Records[K] | null {
    const held = this.#held(kind, id);
    return held.dropped ? null : ((held.value as Records[K] | undefined) ?? null);
  }

  need<K extends RecordKind>(kind: K, id: string): Records[K] {
    const value = this.get(kind, id);
    if (value === null) throw new Refusal("not_found");
    return value;
  }

  put<K extends RecordKind>(kind: K, id: string, value: Records[K]): Records[K] {
    const held = this.#held(kind, id);
    held.value = value;
    held.dropped = false;
    held.changed = true;
    return value;
  }

  drop(kind: RecordKind, id: string): void {
    this.#held(kind, id).dropped = true;
  }

  /** The run's events fold here; the row and its entries go out with this batch. */
  run(id: RunId): RunDraft {
    const known = this.#runs.get(id);
    if (known !== undefined) return known;
    const stored = this.#powers.store.get("run", id);
    if (stored === null) throw new Refusal("not_found");
    const draft = new RunDraft(stored, this.now);
    this.#runs.set(id, draft);
    return draft;
  }

  /** Our id for a platform's, this draft's own additions included. */
  ref(kind: RefKind, channel: string, platform: string): string | null | "erased" {
    const key = `${kind}/${channel}/${platform}`;
    const own = this.#refs.get(key)?.id;
    if (own !== undefined) return own;
    let found = this.#found.get(key);
    if (found === undefined) {
      found = this.#powers.store.ref(kind, this.tenant, channel, platform);
      this.#found.set(key, found);
    }
    return found;
  }

  addRef(
    kind: RefKind,
    channel: string,
    platform: string,
    id: string,
    conversation: ConversationId | "-",
    name?: string,
  ): void {
    const ref: RefDraft = { kind, tenant: this.tenant, channel, platform, id, conversation, at: this.now };
    this.#refs.set(`${kind}/${channel}/${platform}`, name === undefined ? ref : { ...ref, name });
  }

  seal(draft: Omit<SealDraft, "id" | "tenant" | "created"> & { readonly id?: BlobId }): BlobId {
    const id = draft.id ?? this.newId("BlobId");
    const seal: SealDraft = { ...draft, id, tenant: this.tenant, created: this.now };
    this.#push("seal", seal);
    return id;
  }

  /** Sealed text in the words of JSON; the label rides along as associated data. */
  sealJson(
    kind: SealDraft["kind"],
    schema: string,
    conversation: ConversationId | "-",
    label: Label,
    value: unknown,
    expires: number | null,
  ): BlobId {
    const bytes = this.#powers.hashing.utf8(JSON.stringify(value));
    return this.seal({ kind, schema, conversation, label, bytes, expires });
  }

  entry(
    type: EntryDraft["type"],
    body: EntryDraft["body"],
    who: Partial<Omit<EntryDraft, "type" | "body">> = {},
  ): void {
    this.#push("entries", { type, tenant: this.tenant, body, ...who });
  }

  message(expect: number | null, value: Message): void {
    this.#push("messages", { expect, value });
    this.#messages.set(value.id, value);
  }

  /** A kept message, this draft's own included. */
  messageBy(id: Message["id"]): Message | null {
    return this.#messages.get(id) ?? this.#powers.store.message(id);
  }

  outbox(row: OutboxRow): void {
    this.#push("outbox", row);
  }

  moveOutbox(expect: OutboxRow["state"], row: OutboxRow): void {
    this.#push("outboxMoves", { expect, row });
  }

  taken(seq: number): void {
    this.#push("taken", seq);
  }

  dropBlob(id: BlobId): void {
    this.#push("dropBlobs", id);
  }

  dropMessage(id: Message["id"]): void {
    this.#push("dropMessages", id);
  }

  inbox(channel: string, cursor: string | null, events: readonly InboundEvent[]): void {
    this.#parts.inbox = { tenant: this.tenant, channel, cursor, events };
  }

  secret(name: string, bytes: Uint8Array | null): void {
    this.#push("secrets", { tenant: this.tenant, name, bytes });
  }

  newId<K extends Parameters<typeof newId>[0]>(kind: K): ReturnType<typeof newId<K>> {
    return newId(kind, this.#powers.random.bytes(16));
  }

  batch(): Batch {
    const runs = [...this.#runs.values()].map((run) => run.batch());
    const held = [...this.#records.values()];
    const put = held
      .filter((it) => it.changed && !it.dropped)
      .map(({ kind, id, expect, value }) => ({ kind, id, expect, value }) as RecordPut);
    const drop: RecordDrop[] = held
      .filter((it) => it.dropped && it.expect !== null)
      .map(({ kind, id }) => ({ kind, id }));
    return {
      ...(this.#parts as Batch),
      put: [...put, ...runs.flatMap((run) => run.put)],
      drop,
      refs: [...this.#refs.values()],
      entries: [...(this.#parts.entries ?? []), ...runs.flatMap((run) => run.entries)],
    };
  }

  /** Runs that end with this batch. */
  ended(): readonly Run[] {
    return [...this.#runs.values()].filter((run) => run.hasEnded).map((run) => run.run);
  }

  /** This run is to be driven once it is committed. */
  rouse(id: RunId): void {
    this.#roused.push(id);
  }

  /** Runs whose waiting ends with this batch, and those that begin beside another. */
  woken(): readonly RunId[] {
    return [...this.#roused, ...[...this.#runs.values()].filter(({ wasWoken }) => wasWoken).map(({ run }) => run.id)];
  }

  /** Approvals that were open and are not with this batch. */
  settled(): readonly Approval[] {
    const all = [...this.#records.values()].filter(
      ({ kind, changed, dropped }) => kind === "approval" && changed && !dropped,
    );
    return all
      .filter(({ before }) => (before as Approval | undefined)?.status.state === "pending")
      .map(({ value }) => value as Approval)
      .filter(({ status }) => status.state !== "pending");
  }

  /** Does it put something into the outbox? */
  get speaks(): boolean {
    return (this.#parts.outbox ?? []).length > 0;
  }

  /** Does it write into the ledger? */
  get tells(): boolean {
    return (this.#parts.entries ?? []).length > 0 || this.#runs.size > 0;
  }

  get isEmpty(): boolean {
    const isChanged = [...this.#records.values()].some((it) => it.changed || it.dropped);
    const hasParts = Object.values(this.#parts).some((part) => !Array.isArray(part) || part.length > 0);
    return !isChanged && !hasParts && this.#refs.size === 0 && this.#runs.size === 0;
  }

  commit(): Promise<void> {
    return this.#powers.store.commit(this.batch());
  }

  #held(kind: RecordKind, id: string): Held {
    const key = `${kind}/${id}`;
    const known = this.#records.get(key);
    if (known !== undefined) return known;
    const stored = this.#powers.store.get(kind, id);
    const held = {
      kind,
      id,
      expect: stored?.version ?? null,
      before: stored?.value as unknown,
      value: stored?.value as unknown,
      dropped: false,
      changed: false,
    };
    this.#records.set(key, held);
    return held;
  }

  #push<K extends keyof Parts>(part: K, item: NonNullable<Batch[K]> extends readonly (infer T)[] ? T : never): void {
    const list = (this.#parts[part] ?? []) as (typeof item)[];
    list.push(item);
    this.#parts[part] = list as unknown as Parts[K];
  }
}
