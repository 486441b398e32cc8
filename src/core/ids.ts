/** Every identifier of ours: a prefix and 128 random bits. Value and type share the name; one constructor for each. */
import { z } from "zod";

const PREFIXES = {
  BlobId: "blob",
  MessageId: "msg",
  ThreadId: "thr",
  ConversationId: "conv",
  PrincipalId: "prn",
  SessionId: "sess",
  RunId: "run",
  CallId: "call",
  Handle: "val",
  ApprovalId: "appr",
  GrantId: "grant",
  TokenId: "tok",
  OutboxId: "out",
  HoldId: "hold",
  ReceiptId: "rcpt",
  FollowupId: "fup",
  NoteId: "note",
} as const;

const pattern = (prefix: string): RegExp => new RegExp(`^${prefix}_[0-9a-f]{32}$`);

export const BlobId = z.string().regex(pattern(PREFIXES.BlobId)).brand<"BlobId">();
export type BlobId = z.infer<typeof BlobId>;
export const MessageId = z.string().regex(pattern(PREFIXES.MessageId)).brand<"MessageId">();
export type MessageId = z.infer<typeof MessageId>;
export const ThreadId = z.string().regex(pattern(PREFIXES.ThreadId)).brand<"ThreadId">();
export type ThreadId = z.infer<typeof ThreadId>;
export const ConversationId = z.string().regex(pattern(PREFIXES.ConversationId)).brand<"ConversationId">();
export type ConversationId = z.infer<typeof ConversationId>;
export const PrincipalId = z.string().regex(pattern(PREFIXES.PrincipalId)).brand<"PrincipalId">();
export type PrincipalId = z.infer<typeof PrincipalId>;
export const SessionId = z.string().regex(pattern(PREFIXES.SessionId)).brand<"SessionId">();
export type SessionId = z.infer<typeof SessionId>;
export const RunId = z.string().regex(pattern(PREFIXES.RunId)).brand<"RunId">();
export type RunId = z.infer<typeof RunId>;
export const CallId = z.string().regex(pattern(PREFIXES.CallId)).brand<"CallId">();
export type CallId = z.infer<typeof CallId>;
export const Handle = z.string().regex(pattern(PREFIXES.Handle)).brand<"Handle">();
export type Handle = z.infer<typeof Handle>;
export const ApprovalId = z.string().regex(pattern(PREFIXES.ApprovalId)).brand<"ApprovalId">();
export type ApprovalId = z.infer<typeof ApprovalId>;
export const GrantId = z.string().regex(pattern(PREFIXES.GrantId)).brand<"GrantId">();
export type GrantId = z.infer<typeof GrantId>;
export const TokenId = z.string().regex(pattern(PREFIXES.TokenId)).brand<"TokenId">();
export type TokenId = z.infer<typeof TokenId>;
export const OutboxId = z.string().regex(pattern(PREFIXES.OutboxId)).brand<"OutboxId">();
export type OutboxId = z.infer<typeof OutboxId>;
export const HoldId = z.string().regex(pattern(PREFIXES.HoldId)).brand<"HoldId">();
export type HoldId = z.infer<typeof HoldId>;
export const ReceiptId = z.string().regex(pattern(PREFIXES.ReceiptId)).brand<"ReceiptId">();
export type ReceiptId = z.infer<typeof ReceiptId>;
export const FollowupId = z.string().regex(pattern(PREFIXES.FollowupId)).brand<"FollowupId">();
export type FollowupId = z.infer<typeof FollowupId>;
export const NoteId = z.string().regex(pattern(PREFIXES.NoteId)).brand<"NoteId">();
export type NoteId = z.infer<typeof NoteId>;

type Ids = {
  BlobId: BlobId;
  MessageId: MessageId;
  ThreadId: ThreadId;
  ConversationId: ConversationId;
  PrincipalId: PrincipalId;
  SessionId: SessionId;
  RunId: RunId;
  CallId: CallId;
  Handle: Handle;
  ApprovalId: ApprovalId;
  GrantId: GrantId;
  TokenId: TokenId;
  OutboxId: OutboxId;
  HoldId: HoldId;
  ReceiptId: ReceiptId;
  FollowupId: FollowupId;
  NoteId: NoteId;
};

const HEX = "0123456789abcdef";

/** Lower-case hexadecimal of some bytes. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += `${HEX[byte >> 4]}${HEX[byte & 15]}`;
  return text;
}

/** A fresh identifier from 16 random bytes that the caller drew. */
export function newId<K extends keyof Ids>(kind: K, random16: Uint8Array): Ids[K] {
  if (random16.length !== 16) throw new RangeError("an id needs exactly 16 random bytes");
  return `${PREFIXES[kind]}_${hex(random16)}` as Ids[K];
}

/** Names that people give: channels, tenants, aliases, agents, secrets. */
export const Name = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/, "lower-case letters, digits, - _ . (at most 63)");
export type Name = z.infer<typeof Name>;

export const TENANT_DEFAULT = "default";
