/** The configuration file (CONTRACT section 14): every key, its shape, what it means and its default. */
import { z } from "zod";
import { ASSURANCE } from "../core/approval.ts";
import { HTTP_METHODS, SLOT } from "../core/http.ts";
import { Name } from "../core/ids.ts";
import {
  POOL_DAY_STEPS_MAX,
  POOL_DAY_TOKENS_MAX,
  PORT_DEFAULT,
  RAW_ID_CHARS_MAX,
  SENDER_EVENTS_PER_MINUTE_MAX,
} from "../core/limits.ts";
import { Address, Addresses, Domain, Host, HostPort, Language, Room, Zone } from "./fields.ts";
import { ModelEntry } from "./models.ts";
import { duration, money, size } from "./units.ts";
import { WallEntry } from "./wall.ts";

const ENTRIES_MAX = 1000;
const DOMAINS_MAX = 500;
const KEYWORDS_MAX = 20;
const PACKS_MAX = 20;
const EXPOSED = "the daemon listens on loopback only; reach it from elsewhere through ssh -L";

const KEPT = { least: "1m", most: "3650d" } as const;
const time = (most: string) => duration({ least: "0ms", most }).optional();

const budget = z.strictObject({
  steps: z.int().min(0).max(10_000).optional().describe("Calls that a run may make"),
  wall_clock: time("7d").describe("Time that a run may be at work"),
  agent_wait: time("7d").describe("Time that a run may wait for an external agent"),
  tokens: z.int().min(0).max(1_000_000_000).optional().describe("Model tokens, in and out"),
  cost: money({ least: "0 USD", most: "999999 USD" })
    .optional()
    .describe("What model calls may cost, such as 0.50 USD"),
  egress: size({ least: "0B", most: "999GiB" }).optional().describe("Bytes that may leave the daemon"),
  children: z.int().min(0).max(1000).optional().describe("Runs that a run may start"),
});

const channelName = Name.describe("Your name for the channel");
const secret = Name.describe("The secret's name in the vault: `lazaret secrets set NAME`");
const channel = z.discriminatedUnion("kind", [
  z.strictObject({ name: channelName, kind: z.literal("console") }),
  z.strictObject({
    name: channelName,
    kind: z.literal("webhook"),
    secret,
    assurance: z.enum(ASSURANCE).extract(["low", "medium"]).default("low").describe("What a yes from it counts as"),
  }),
  z.strictObject({ name: channelName, kind: z.literal("matrix"), homeserver: Address }),
  z.strictObject({ name: channelName, kind: z.literal("telegram"), secret }),
]);

const conversation = z.strictObject({
  alias: Name.describe("Your word for it, and the only name by which it can be addressed"),
  channel: Name,
  room: Room.describe("Its id on the network"),
  context: z.enum(["off", "members", "everyone"]).optional().describe("Whose unaddressed messages are kept to read"),
  ttl: duration(KEPT).optional().describe("How long messages are kept; retention.default otherwise"),
  timezone: Zone.optional(),
  language: Language.optional(),
  agent: Name.optional().describe("Who answers here; agents.default otherwise"),
  members: z.enum(["listed", "all"]).default("listed").describe("all: whoever the network says has joined"),
});

const person = z.strictObject({
  role: z.enum(["owner", "approver", "member", "auditor"]),
  id: z
    .string({ error: 'an id is "channel:id", in quotes, with the network\'s own id' })
    .max(RAW_ID_CHARS_MAX)
    .describe("channel:id with the network's own id, never a display name or @username"),
  only: z.array(Name).min(1).max(ENTRIES_MAX).optional().describe("Aliases that a member's role is limited to"),
  timezone: Zone.optional(),
  language: Language.optional(),
});

const httpSecret = z.strictObject({
  name: Name.describe("The secret's name: `lazaret secrets set NAME`"),
  slot: z
    .string()
    .regex(SLOT, { error: "a slot is header:NAME, query:NAME, form:NAME or body:/POINTER" })
    .describe("The one place where {{secret:NAME}} may stand"),
});
const httpHost = z.strictObject({
  host: Host,
  port: z.int().min(1).max(65_535).default(443),
  plain: z.boolean().default(false).describe("http:// in place of https://; for hosts of your own network"),
  methods: z.array(z.enum(HTTP_METHODS)).min(1).max(HTTP_METHODS.length).default(["GET", "HEAD"]),
  addresses: Addresses,
  paths: z
    .array(z.string().regex(/^\/[\x21-\x7e]{0,511}$/, { error: "a path begins with /" }))
    .max(100)
    .default([])
    .describe("Paths that you vouch for; every other is shown to a person first"),
  secrets: z.array(httpSecret).max(20).default([]).describe("What may be used there, and where it stands"),
});

const AbsolutePath = z.string().regex(/^\/[^\0]{1,4094}$/, { error: "an absolute path" });

/** https, or http on this machine. */
const ServerUrl = z
  .string()
  .max(300)
  .regex(/^(?:https:\/\/[^/?#@\s]+|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5})$/, {
    error: "https://host, or http://127.0.0.1:port on this machine, without a path",
  });
const Peer = z.strictObject({
  url: ServerUrl,
  channel: Name.describe("A webhook channel there, added with --set keeps=checkpoints"),
  secret: Name.describe("Its secret's name in the vault here"),
});
const Bucket = z.strictObject({
  url: ServerUrl,
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,62}$/, { error: "a bucket's name" }),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .default("us-east-1"),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_./-]{0,200}$/)
    .default("lazaret/"),
  key_id: z.string().regex(/^[A-Za-z0-9]{3,128}$/, { error: "an access key's id" }),
  secret: Name.describe("The secret access key's name in the vault"),
  retain: duration({ least: "1d", most: "3650d" }).prefault("365d").describe("How long an object is locked"),
});

const Argument = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\0]*$/);
const secretPlace = z.union([
  z.strictObject({ name: Name, file: AbsolutePath.describe("A file of yours alone, such as a systemd credential") }),
  z.strictObject({
    name: Name,
    command: z.array(Argument).min(1).max(20).describe("Program and arguments; what it prints is the secret"),
  }),
]);

const section = <T extends z.ZodType>(schema: T) => schema.prefault({} as z.input<T>);

export const ConfigFile = z.strictObject({
  listen: section(
    z.strictObject({
      port: z.int().min(0).max(65_535).default(PORT_DEFAULT).describe("TCP port on loopback; 0 takes a free one"),
      expose: z.literal(false, { error: EXPOSED }).default(false).describe("Loopback is all that this version serves"),
    }),
  ),
  timezone: Zone.optional().describe("The machine's own when absent"),
  language: Language.default("en"),
  agents: section(
    z.strictObject({
      default: Name.default("butler").describe("Who answers where nothing else is said"),
      fallback: z.enum(["butler", "none"]).default("butler").describe("Who answers when a named agent does not"),
    }),
  ),
  models: z.array(ModelEntry).max(20).default([]),
  channels: z.array(channel).max(100).default([]).describe("A console is always there"),
  conversations: z.array(conversation).max(ENTRIES_MAX).default([]),
  people: z.array(person).max(ENTRIES_MAX).default([]),
  activation: section(
    z.strictObject({
      keywords: z
        .array(z.string().regex(/^[^\s,:\p{Lu}]{1,64}$/u, { error: "one word in lower case, without , or :" }))
        .max(KEYWORDS_MAX)
        .default([])
        .describe("First words that address the bot in a group"),
    }),
  ),
  approvals: section(
    z.strictObject({
      four_eyes: z.boolean().default(false).describe("Nobody approves what they asked for themselves"),
    }),
  ),
  policy: section(z.strictObject({ packs: z.array(Name).min(1).max(PACKS_MAX).default(["chat-mode"]) })),
  retention: section(
    z.strictObject({
      default: duration(KEPT).prefault("7d").describe("How long messages are kept"),
      on_delete: z.enum(["redact", "keep"]).default("redact").describe("Answers whose source is deleted"),
    }),
  ),
  budgets: section(
    z.strictObject({
      interactive: section(budget).describe("A run that somebody waits for"),
      background: section(budget).describe("Any other run"),
      day: section(
        z.strictObject({
          steps: z.int().min(0).max(1_000_000_000).default(POOL_DAY_STEPS_MAX).describe("Calls of all its runs"),
          tokens: z.int().min(0).max(1_000_000_000).default(POOL_DAY_TOKENS_MAX).describe("Model tokens, in and out"),
          cost: money({ least: "0 USD", most: "999999 USD" })
            .prefault("2.00 USD")
            .describe("What model calls may cost"),
        }),
      ).describe("All runs of one conversation in a day; the tenant has five times as much"),
      on_exhausted: z
        .enum(["fail", "ask"])
        .default("fail")
        .describe("ask: the owner may add as much again, once a run, before it ends"),
    }),
  ),
  limits: section(
    z.strictObject({
      sender_events_per_minute: z.int().min(1).max(100_000).default(SENDER_EVENTS_PER_MINUTE_MAX),
    }),
  ),
  replies: section(
    z.strictObject({
      link_domains: z.array(Domain).max(DOMAINS_MAX).default([]).describe("Domains whose links stay clickable"),
    }),
  ),
  checkpoints: section(
    z.strictObject({
      file: AbsolutePath.optional().describe("Signed checkpoints of the ledger are added to this file"),
      git: AbsolutePath.optional().describe("and committed to this git repository"),
      peer: Peer.optional().describe("and posted to another Lazaret"),
      bucket: Bucket.optional().describe("and put into an S3-compatible bucket with object lock"),
    }),
  ),
  secrets: z.array(secretPlace).max(100).default([]).describe("Secrets that are kept elsewhere than in the vault"),
  http: section(
    z.strictObject({
      allow: z
        .array(z.union([HostPort, httpHost]))
        .max(DOMAINS_MAX)
        .default([])
        .describe("Hosts that http.request may ask; one alone means GET and HEAD over https"),
    }),
  ),
  wall: section(
    z.strictObject({
      allow: z
        .array(WallEntry)
        .max(DOMAINS_MAX)
        .default([])
        .describe("Hosts that programs behind the network wall may reach: `lazaret run -- CMD`"),
    }),
  ),
});
export type ConfigFile = z.output<typeof ConfigFile>;
export type ChannelConfig = ConfigFile["channels"][number];

/** JSON Schema of what a person writes. */
export const configJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(ConfigFile, { io: "input", unrepresentable: "any" }),
  title: "Lazaret configuration",
});
