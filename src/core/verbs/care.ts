/**
 * Verbs about the daemon itself: health, demo, import, secrets, tokens, policy, care
 * (CONTRACT sections 6, 10, 13 and 14).
 */
import { z } from "zod";
import { ApprovalId, ConversationId, Name, TokenId } from "../ids.ts";
import { ChannelView, ConversationView } from "./conversations.ts";
import { Count, Done, Instant, Nothing, Pin, verb, Words } from "./verb.ts";

export const CheckView = z.strictObject({
  /** Stable id such as `home.permissions`. */
  id: z.string().max(64),
  state: z.enum(["ok", "warn", "fail"]),
  found: Words,
  remedy: Words.nullable(),
});
export type CheckView = z.infer<typeof CheckView>;

const StatusView = z.strictObject({
  version: z.string().max(32),
  started_at: Instant,
  home: z.string().max(4096),
  http: z.string().max(128).nullable(),
  channels: z.array(ChannelView).max(1000),
  conversations: z.array(ConversationView).max(10_000),
  runs: z.strictObject({ active: Count, waiting: Count, queued: Count }),
  approvals: Count,
  store: z.strictObject({
    messages: Count,
    blobs: Count,
    blob_bytes: Count,
    entries: Count,
    inbox: Count,
    outbox: Count,
  }),
  policy: z.strictObject({ packs: z.array(Name).max(20), digest: z.string().max(64), rules: Count }),
  notes: z.array(Words).max(100),
});

const TOKEN_SCOPES = ["agent", "auditor", "metrics", "operator", "owner"] as const;
const TokenView = z.strictObject({
  id: TokenId,
  name: Name,
  scopes: z.array(z.enum(TOKEN_SCOPES)).max(5),
  conversations: z.array(z.string().max(64)).max(1000),
  runs_on: Words,
  accepts: Count,
  created_at: Instant,
  expires_at: Instant,
  revoked: z.boolean(),
});

/** One line of an import, after its format was understood by the client. */
export const ImportLine = z.strictObject({
  id: z.string().min(1).max(255),
  sender: z.string().min(1).max(512),
  text: z.string().max(65_536),
  /** Milliseconds since 1970 UTC. */
  sent_at: Instant,
  thread: z.string().min(1).max(255).optional(),
  reply_to: z.string().min(1).max(255).optional(),
  /** What the export calls the sender, where `sender` is the network's own id. */
  name: z.string().min(1).max(512).optional(),
});
export type ImportLine = z.infer<typeof ImportLine>;
const IMPORT_LINES_MAX = 500;
const ImportFormat = z.enum(["jsonl", "telegram", "matrix"]);
export type ImportFormat = z.infer<typeof ImportFormat>;

export const CARE_VERBS = {
  status: verb(Nothing, StatusView),
  doctor: verb(
    /** `clock_is_right`: deletion, which waits after a leap of the clock, goes on; that is worth a PIN. */
    z.strictObject({ residue: z.boolean().optional(), clock_is_right: z.boolean().optional(), pin: Pin }),
    z.strictObject({ checks: z.array(CheckView).max(200) }),
  ),
  "demo.load": verb(Nothing, z.strictObject({ conversation: Name, messages: Count, lines: z.array(Words).max(10) })),
  /** A stretch of an import; the client sends as many as it needs. Lines already known count as `known`. */
  import: verb(
    z.strictObject({
      conversation: Name,
      lines: z.array(ImportLine).max(IMPORT_LINES_MAX),
      /** Whose ids they are; those of no network when absent. */
      format: ImportFormat.optional(),
    }),
    z.strictObject({ conversation: ConversationId, added: Count, known: Count }),
  ),
  "secrets.set": verb(z.strictObject({ name: Name, value: z.string().min(1).max(65_536), pin: Pin }), Done, "high"),
  "secrets.list": verb(Nothing, z.strictObject({ names: z.array(Name).max(10_000) })),
  "secrets.remove": verb(z.strictObject({ name: Name, pin: Pin }), Done, "high"),
  "token.create": verb(
    z.strictObject({
      name: Name,
      scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).max(5),
      conversations: z.array(Name).max(1000),
      /** `local`, or `cloud:RECIPIENT`. */
      runs_on: z.string().regex(/^(?:local|cloud:[A-Za-z0-9 ._-]{1,64})$/),
      accepts: z.number().int().min(0).max(3).optional(),
      expires_ms: Count.optional(),
      pin: Pin,
    }),
    z.strictObject({ id: TokenId, token: z.string().max(128), expires_at: Instant }),
    "high",
  ),
  "token.list": verb(Nothing, z.strictObject({ tokens: z.array(TokenView).max(1000) })),
  "token.revoke": verb(z.strictObject({ token: z.union([TokenId, Name]) }), Done),
  "policy.show": verb(
    Nothing,
    z.strictObject({
      packs: z.array(Name).max(20),
      digest: z.string().max(64),
      rules: z
        .array(
          z.strictObject({
            id: z.string().max(128),
            effect: z.enum(["deny", "ask", "allow"]),
            because: Words,
            locked: z.boolean(),
          }),
        )
        .max(512),
    }),
  ),
  "policy.explain": verb(
    z.strictObject({ request: z.record(z.string().max(64), z.union([z.string().max(256), z.number()])) }),
    z.strictObject({
      effect: z.enum(["deny", "ask", "allow"]),
      rule: z.string().max(128),
      because: Words,
      nearest: Words.nullable(),
      assurance: z.string().max(16).nullable(),
      /** Every single attribute whose change alone gives another answer. */
      changes: z.array(Words).max(100),
    }),
  ),
  /** These packs on top of the configured ones, in place of those that were loaded before. */
  "policy.load": verb(
    z.strictObject({
      packs: z.array(z.strictObject({ name: Name, text: z.string().max(262_144) })).max(20),
      dry_run: z.boolean().optional(),
      /** `diff` as a dry run gave it: the yes to what becomes newly permitted. */
      expect: z.string().length(64).optional(),
      pin: Pin,
    }),
    z.strictObject({
      digest: z.string().max(64),
      permits_new: z.boolean(),
      diff: z.string().max(64),
      lines: z.array(z.strictObject({ widens: z.boolean(), text: Words, example: Words })).max(100),
      /** Lines beyond those. */
      more: Count,
      approval: ApprovalId.nullable(),
    }),
    "high",
  ),
  "pin.set": verb(z.strictObject({ pin: Pin, next: z.string().min(4).max(128) }), Done, "high"),
  backup: verb(
    z.strictObject({ file: z.string().min(1).max(4096), pin: Pin }),
    z.strictObject({ file: z.string().max(4096), bytes: Count, verified: z.boolean() }),
    "high",
  ),
  stop: verb(Nothing, Done),
} as const;
