/** Verbs about channels, people and conversations (CONTRACT sections 1, 2 and 14). */
import { z } from "zod";
import { ConversationId, Name, PrincipalId } from "../ids.ts";
import { ROLES } from "../people.ts";
import { Count, Done, Instant, Nothing, Pin, verb, Words } from "./verb.ts";

export const ConversationView = z.strictObject({
  id: ConversationId,
  alias: Name.nullable(),
  channel: Name,
  kind: z.enum(["direct", "group", "console"]),
  status: z.enum(["unknown", "allowed", "blocked"]),
  context: z.enum(["off", "members", "everyone"]),
  ttl_ms: Count,
  timezone: z.string().max(64).nullable(),
  language: z.string().max(16).nullable(),
  agent: z.string().max(64).nullable(),
  members_all: z.boolean(),
  members: Count.nullable(),
  messages: Count,
  bytes: Count,
  from: z.enum(["file", "cli"]),
});

export const ChannelView = z.strictObject({
  name: Name,
  kind: z.enum(["console", "webhook", "telegram", "matrix"]),
  from: z.enum(["file", "cli"]),
  state: z.enum(["stopped", "connecting", "live", "backoff", "failed"]),
  code: Words.nullable(),
  assurance: z.enum(["low", "medium"]),
  waiting: Count,
});

const PrincipalView = z.strictObject({
  id: PrincipalId,
  channel: Name,
  role: z.enum(ROLES),
  /** The platform's own id and the name last seen; shown to the owner on the local socket alone. */
  platform: z.string().max(255).nullable(),
  name: z.string().max(512).nullable(),
  person: PrincipalId,
  paired_at: Instant.nullable(),
  only: z.array(Name).max(1000).nullable(),
});

/** Who sent the code: the full id as the platform has it, and the name it goes by. */
const PairClaim = z.strictObject({
  channel: Name,
  platform: z.string().max(255),
  name: z.string().max(512).nullable(),
});

const alias = z.strictObject({ conversation: z.string().min(1).max(300) });

export const CONVERSATION_VERBS = {
  "channel.list": verb(Nothing, z.strictObject({ channels: z.array(ChannelView).max(1000) })),
  "channel.add": verb(
    z.strictObject({
      name: Name,
      kind: z.enum(["webhook", "telegram", "matrix"]),
      assurance: z.enum(["low", "medium"]).optional(),
      /** Its secret, sealed at once into the vault. */
      secret: z.string().min(1).max(4096).optional(),
      /** The secret is an access token that was made elsewhere, not a password. */
      token: z.boolean().optional(),
      /** A recovery key of this account that another client showed. */
      recovery: z.string().max(200).optional(),
      settings: z.record(Name, z.string().max(1024)).optional(),
      pin: Pin,
    }),
    /**
     * `link` is where people find it, on networks that have such a thing. Of an account: who it is, whether its owner
     * was invited to a direct chat, and the recovery key that was made, this once.
     */
    Done.extend({
      link: z.string().max(300).optional(),
      user: z.string().max(255).optional(),
      invited: z.boolean().optional(),
      recovery: z.string().max(200).optional(),
    }),
    "high",
  ),
  "channel.remove": verb(z.strictObject({ name: Name, dry_run: z.boolean().optional(), pin: Pin }), Done, "high"),
  "channel.verify": verb(
    z.strictObject({ name: Name }),
    z.strictObject({
      ok: z.boolean(),
      milliseconds: Count,
      code: Words.nullable(),
      /** What was looked at besides, where the account is a device of its own. */
      checks: z
        .array(z.strictObject({ name: Words, ok: z.boolean(), found: Words }))
        .max(20)
        .optional(),
    }),
  ),
  /** Emoji to compare with what a person sees in the direct chat; `channel.trusted` says whether they were the same. */
  "channel.trust": verb(
    z.strictObject({ name: Name, person: z.string().max(255).optional(), pin: Pin }),
    z.strictObject({
      person: z.string().max(255),
      emoji: z.array(z.string().max(64)).max(7),
      decimal: z.array(Count).max(3),
    }),
    "high",
  ),
  "channel.trusted": verb(z.strictObject({ name: Name, same: z.boolean() }), z.strictObject({ trusted: z.boolean() })),
  /** `code` is shown on the owner's terminal; `wait` waits for the person to send it. */
  "pair.start": verb(
    z.strictObject({
      channel: Name,
      role: z.enum(["owner", "approver", "member"]),
      conversation: Name.optional(),
      uses: z.number().int().min(1).max(1000).optional(),
      expires_ms: Count.optional(),
      assurance: z.enum(["low", "medium"]).optional(),
      pin: Pin,
    }),
    z.strictObject({ code: z.string().length(6), expires_at: Instant }),
    "high",
  ),
  "pair.wait": verb(
    z.strictObject({ code: z.string().length(6), wait_ms: z.number().int().min(0).max(30_000) }),
    z.strictObject({ state: z.enum(["waiting", "sent", "failed"]), claim: PairClaim.nullable() }),
  ),
  "pair.confirm": verb(z.strictObject({ code: z.string().length(6), yes: z.boolean() }), Done),
  "principal.list": verb(Nothing, z.strictObject({ principals: z.array(PrincipalView).max(10_000) })),
  "principal.link": verb(z.strictObject({ a: PrincipalId, b: PrincipalId, pin: Pin }), Done, "high"),
  "principal.remove": verb(z.strictObject({ principal: PrincipalId, pin: Pin }), Done, "high"),
  "conversation.list": verb(Nothing, z.strictObject({ conversations: z.array(ConversationView).max(10_000) })),
  "conversation.allow": verb(
    alias.extend({ alias: Name.optional(), channel: Name.optional(), members_all: z.boolean().optional(), pin: Pin }),
    ConversationView,
    "high",
  ),
  "conversation.block": verb(alias, ConversationView),
  "conversation.context": verb(
    alias.extend({ context: z.enum(["off", "members", "everyone"]) }),
    /** `notice`: the network does not do its part of this, and what to do about it. */
    ConversationView.extend({
      announced: z.boolean(),
      notice: Words.optional(),
      /** How to bring in what was said before. */
      past: Words.optional(),
    }),
  ),
  /** Did something come from there since, that was addressed to nobody? Waits for it. */
  "conversation.heard": verb(
    alias.extend({ since: Instant, wait_ms: z.number().int().min(0).max(30_000) }),
    z.strictObject({ heard: z.boolean() }),
  ),
  "conversation.ttl": verb(
    alias.extend({ ttl_ms: z.number().int().min(60_000).max(3_155_760_000_000) }),
    ConversationView,
  ),
  "conversation.timezone": verb(alias.extend({ timezone: z.string().max(64) }), ConversationView),
  "conversation.language": verb(alias.extend({ language: z.string().regex(/^[a-z]{2}$/) }), ConversationView),
  "conversation.agent": verb(
    alias.extend({ agent: Name, fallback: z.enum(["butler", "none"]).optional() }),
    /** `notice`: nobody by that name can be given a request there yet. */
    ConversationView.extend({ notice: Words.optional() }),
  ),
  "conversation.alias": verb(alias.extend({ alias: Name }), ConversationView),
  "capability.list": verb(
    Nothing,
    z.strictObject({
      capabilities: z
        .array(
          z.strictObject({
            id: z.string().max(64),
            version: Count,
            title: Words,
            effect: z.enum(["none", "idempotent", "once"]),
            tier: z.enum(["A", "B", "R", "C"]),
            risk: z.enum(["low", "medium", "high"]),
            enabled: z.boolean(),
          }),
        )
        .max(200),
    }),
  ),
  "capability.enable": verb(z.strictObject({ id: z.string().max(64), pin: Pin }), Done, "high"),
  "capability.disable": verb(z.strictObject({ id: z.string().max(64) }), Done),
  "chat.say": verb(
    z.strictObject({ text: z.string().min(1).max(65_536), conversation: Name.optional() }),
    z.strictObject({ accepted: z.literal(true) }),
  ),
  /**
   * Waits at most `wait_ms` until nothing said in the console's conversation is still worked on: `approval` when all
   * that is
   * left waits for a person, `busy` when the time is over first. Lines of the answer have been handed to the console
   * by then.
   */
  "chat.wait": verb(
    z.strictObject({ conversation: Name.optional(), wait_ms: z.number().int().min(0).max(30_000) }),
    z.strictObject({ state: z.enum(["idle", "busy", "approval"]) }),
  ),
} as const;
