/** Messages: everything about them except what they say, clustered by conversation and time. */
import type { ConversationId, MessageId } from "../core/ids.ts";
import { canonicalLabel, type Label, parseLabelText } from "../core/label.ts";
import type { Message } from "../core/message.ts";
import type { MessageScope, Page, Range } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import type { Statements } from "./db.ts";
import { blobId, idBytes, messageId, principalId, threadId } from "./id-bytes.ts";
import type { KeyRing } from "./keys.ts";
import type { Tally } from "./tally.ts";

type Row = {
  readonly conv: number;
  readonly sent_at: number;
  readonly tie: number;
  readonly id: Uint8Array;
  readonly sender: Uint8Array;
  readonly thread: Uint8Array | null;
  readonly expires_at: number;
  readonly revision: number;
  readonly blob: Uint8Array;
  readonly ref: Uint8Array | null;
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
type Place = Pick<Row, "conv" | "sent_at" | "tie" | "revision" | "ref">;

const LABELS_KEPT_MAX = 4096;
const TIES_PER_MS = 1024;

export class MessageTable {
  readonly #statements: Statements;
  readonly #keys: KeyRing;
  readonly #labels = new Map<string, Label>();
  #tie = 0;

  constructor(statements: Statements, keys: KeyRing) {
    this.#statements = statements;
    this.#keys = keys;
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
      const sql = `SELECT * FROM message WHERE ${conditions.join(" AND ")} ORDER BY sent_at DESC, tie DESC LIMIT ?`;
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
   * Inside a transaction. `expect` is the stored revision, null for a new message; otherwise `conflict`. `ref` is the hash of
   * its platform id when the batch has it.
   */
  put(message: Message, expect: number | null, ref: Uint8Array | null, tally: Tally, now: number): void {
    // A new message that is there already fails on its unique id, which costs nothing when it is not.
    const place = expect === null ? null : this.#place(message.id);
    if ((place?.revision ?? null) !== expect) throw new Refusal("conflict", { field: "message" });
    const home = this.#keys.ensure(message.tenant, message.conversation);
    if (place === null) {
      this.#keys.placeOn(home, message.channel);
      tally.messages++;
    } else {
      this.#delete(place);
    }
    this.#tie = Math.max(this.#tie + 1, now * TIES_PER_MS);
    const thread = message.thread === null ? null : idBytes(message.thread);
    this.#statements
      .of("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(
        home.n,
        message.sentAt,
        place?.tie ?? this.#tie,
        idBytes(message.id),
        idBytes(message.sender),
        thread,
        message.expiresAt,
        message.revision,
        idBytes(message.blob),
        ref ?? place?.ref ?? null,
        restOf(message),
      );
  }

  /** Inside a transaction. Gives what was removed, so that its content goes too. */
  drop(id: MessageId, tally: Tally): Message | null {
    const message = this.get(id);
    if (message === null) return null;
    const place = this.#place(id);
    if (place !== null) this.#delete(place);
    tally.messages--;
    return message;
  }

  /** Inside a transaction: the next rows of an erased conversation. Answers how many went. */
  sweep(conv: number, limit: number, tally: Tally): number {
    const sql = `DELETE FROM message WHERE conv = ?1 AND (sent_at, tie) IN
      (SELECT sent_at, tie FROM message WHERE conv = ?1 ORDER BY sent_at, tie LIMIT ?2)`;
    const { changes } = this.#statements.of(sql).run(conv, limit);
    tally.messages -= changes;
    return changes;
  }

  #place(id: MessageId): Place | null {
    const sql = "SELECT conv, sent_at, tie, revision, ref FROM message WHERE id = ?";
    return (this.#statements.of(sql).get(idBytes(id)) as Place | undefined) ?? null;
  }

  #delete({ conv, sent_at, tie }: Place): void {
    this.#statements.of("DELETE FROM message WHERE conv = ? AND sent_at = ? AND tie = ?").run(conv, sent_at, tie);
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
}

function restOf(m: Message): string {
  const rest: Rest = [
    m.channel,
    m.senderKind,
    m.receivedAt,
    m.replyTo,
    m.addressed,
    m.trust,
    m.media,
    canonicalLabel(m.label),
    m.attachments,
    m.bytes,
    m.own,
  ];
  return JSON.stringify(rest);
}
