/** Messages: everything about them except what they say, clustered by conversation and time. */
import type { ConversationId, MessageId } from "../core/ids.ts";
import { type Label, parseLabelText } from "../core/label.ts";
import type { Message } from "../core/message.ts";
import type { MessageScope, Page, Range } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import type { Statements } from "./db.ts";
import { blobId, idBytes, messageId, principalId, threadId } from "./id-bytes.ts";
import type { KeyRing } from "./keys.ts";
import type { LabelTexts } from "./label-texts.ts";
import type { Tally } from "./tally.ts";

type Row = {
  readonly id: Uint8Array;
  readonly conv: number;
  readonly sent_at: number;
  readonly sender: Uint8Array;
  readonly thread: Uint8Array | null;
  readonly expires_at: number;
  readonly revision: number;
  readonly blob: Uint8Array;
  readonly rest: string;
};
/** Columns that nothing is found by, as one JSON array in this order. The label is canonical text. */
type Rest = readonly [
  channel: string,
  senderKind: Message["senderKind"],
  receivedAt: number,
  replyTo: MessageId | null,
  addressed: Message["addressed"],
  trust: Message["trust"],
  media: Message["media"],
  label: string,
  attachments: Message["attachments"],
  bytes: number,
  own: boolean,
];

const LABELS_KEPT_MAX = 4096;

export class MessageTable {
  readonly #statements: Statements;
  readonly #keys: KeyRing;
  readonly #labelTexts: LabelTexts;
  readonly #labels = new Map<string, Label>();

  constructor(statements: Statements, keys: KeyRing, labelTexts: LabelTexts) {
    this.#statements = statements;
    this.#keys = keys;
    this.#labelTexts = labelTexts;
  }

  get(id: MessageId): Message | null {
    const row = this.#statements.of("SELECT * FROM message WHERE id = ?").get(idBytes(id)) as Row | undefined;
    // A message whose conversation was erased is gone, even while its row is still to be removed.
    return row === undefined || this.#keys.byNumber(row.conv) === null ? null : this.#message(row);
  }

  /** The newest of a range, oldest first, without those whose time to live has passed. */
  range(range: Range, now: number): readonly Message[] {
    const found: Row[] = [];
    for (const n of this.#keys.numbersOf(range.conversation)) {
      const { thread, sender, since } = range;
      const conditions = ["conv = ?", "expires_at > ?"];
      const values: (number | Buffer)[] = [n, now];
      if (thread === null) conditions.push("thread IS NULL");
      else if (thread !== undefined) {
        conditions.push("thread = ?");
        values.push(idBytes(thread));
      }
      if (sender !== undefined) {
        conditions.push("sender = ?");
        values.push(idBytes(sender));
      }
      if (since !== undefined) {
        conditions.push("sent_at >= ?");
        values.push(since);
      }
      const sql = `SELECT * FROM message WHERE ${conditions.join(" AND ")} ORDER BY sent_at DESC, n DESC LIMIT ?`;
      found.push(...(this.#statements.of(sql).all(...values, range.last) as Row[]));
    }
    return found.reverse().map((row) => this.#message(row));
  }

  /** Ids of a scope, oldest first unless asked otherwise. */
  ids(by: MessageScope, page: Page): readonly MessageId[] {
    const order = page.newestFirst ? "DESC" : "ASC";
    if ("expiredAt" in by) {
      const sql = `SELECT id FROM message WHERE expires_at <= ? ORDER BY expires_at ${order} LIMIT ?`;
      return this.#ids(sql, by.expiredAt, page.limit);
    }
    const found: MessageId[] = [];
    for (const n of this.#numbers(by)) {
      if (found.length >= page.limit) break;
      const left = page.limit - found.length;
      const sorted = `ORDER BY sent_at ${order} LIMIT ?`;
      if ("sender" in by) {
        const sql = `SELECT id FROM message WHERE conv = ? AND sender = ? ${sorted}`;
        found.push(...this.#ids(sql, n, idBytes(by.sender), left));
      } else {
        const before = "sentBefore" in by ? by.sentBefore : Number.MAX_SAFE_INTEGER;
        found.push(...this.#ids(`SELECT id FROM message WHERE conv = ? AND sent_at < ? ${sorted}`, n, before, left));
      }
    }
    return found;
  }

  /**
   * Inside a transaction. `expect` is the stored revision, null for a new message; otherwise `conflict`. `ref` is the
   * hash of its platform id when the batch has it.
   */
  put(message: Message, expect: number | null, ref: Uint8Array | null, tally: Tally): void {
    const home = this.#keys.ensure(message.tenant, message.conversation);
    const columns = [
      home.n,
      message.sentAt,
      idBytes(message.sender),
      message.thread === null ? null : idBytes(message.thread),
      message.expiresAt,
      message.revision,
      idBytes(message.blob),
      ref,
      this.#rest(message),
      idBytes(message.id),
    ];
    if (expect === null) {
      // One that is there already fails on its unique id, which costs nothing when it is not.
      const sql = `INSERT INTO message (conv, sent_at, sender, thread, expires_at, revision, blob, ref, rest, id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
      this.#statements.of(sql).run(...columns);
      this.#keys.placeOn(home, message.channel);
      tally.messages++;
      return;
    }
    const sql = `UPDATE message SET conv = ?, sent_at = ?, sender = ?, thread = ?, expires_at = ?, revision = ?,
      blob = ?, ref = coalesce(?, ref), rest = ? WHERE id = ? AND revision = ?`;
    const { changes } = this.#statements.of(sql).run(...columns, expect);
    if (changes === 0) throw new Refusal("conflict", { field: "message" });
  }

  /** Inside a transaction. Gives what was removed, so that its content goes too. */
  drop(id: MessageId, tally: Tally): Message | null {
    const message = this.get(id);
    if (message === null) return null;
    this.#statements.of("DELETE FROM message WHERE id = ?").run(idBytes(id));
    tally.messages--;
    return message;
  }

  /** Inside a transaction: the next rows of an erased conversation. Answers how many went. */
  sweep(conv: number, limit: number, tally: Tally): number {
    const sql = "DELETE FROM message WHERE n IN (SELECT n FROM message WHERE conv = ? LIMIT ?)";
    const { changes } = this.#statements.of(sql).run(conv, limit);
    tally.messages -= changes;
    return changes;
  }

  #numbers(by: Exclude<MessageScope, { expiredAt: number }>): readonly number[] {
    if ("conversation" in by) return this.#keys.numbersOf(by.conversation);
    const isByChannel = "channel" in by;
    const sql = `SELECT n FROM conversation_key WHERE dead = 0${isByChannel ? " AND channel = ?" : ""} ORDER BY n`;
    const values = isByChannel ? [by.channel] : [];
    return this.#statements
      .of(sql)
      .pluck()
      .all(...values) as number[];
  }

  #ids(sql: string, ...values: (number | Buffer)[]): readonly MessageId[] {
    return (
      this.#statements
        .of(sql)
        .pluck()
        .all(...values) as Uint8Array[]
    ).map(messageId);
  }

  #message(row: Row): Message {
    const [channel, senderKind, receivedAt, replyTo, addressed, trust, media, label, attachments, bytes, own] =
      JSON.parse(row.rest) as Rest;
    const home = this.#keys.byNumber(row.conv);
    return {
      id: messageId(row.id),
      tenant: home?.tenant ?? "",
      channel,
      conversation: (home?.conversation ?? "") as ConversationId,
      thread: row.thread === null ? null : threadId(row.thread),
      sender: principalId(row.sender),
      senderKind,
      sentAt: row.sent_at,
      receivedAt,
      replyTo,
      addressed,
      trust,
      media,
      label: this.#label(label),
      blob: blobId(row.blob),
      attachments,
      revision: row.revision,
      bytes,
      expiresAt: row.expires_at,
      own,
    };
  }

  #label(text: string): Label {
    const known = this.#labels.get(text);
    if (known !== undefined) return known;
    if (this.#labels.size >= LABELS_KEPT_MAX) this.#labels.clear();
    const label = parseLabelText(text);
    this.#labels.set(text, label);
    return label;
  }

  #rest(m: Message): string {
    const rest: Rest = [
      m.channel,
      m.senderKind,
      m.receivedAt,
      m.replyTo,
      m.addressed,
      m.trust,
      m.media,
      this.#labelTexts.of(m.label),
      m.attachments,
      m.bytes,
      m.own,
    ];
    return JSON.stringify(rest);
  }
}
