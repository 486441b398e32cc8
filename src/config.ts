/** Configuration: text and environment to one typed object, or to problems to mend. Pure (CONTRACT section 14). */

import { platformId } from "../connectors/platform-id.ts";
import { ERRORS_MAX } from "../policy/bounds.ts";
import { type PackError, readYaml } from "../policy/yaml-source.ts";
import { atVariable, type Environment, overridesIn, withValue } from "./config/environment.ts";
import { isZone } from "./config/fields.ts";
import { type Leaf, Outline } from "./config/outline.ts";
import { type ErrorAt, problemLine, problemsOf, valueAt } from "./config/problems.ts";
import { channelsOf, type Known, notesOn, personId, relationFaults } from "./config/relations.ts";
import { type ChannelConfig, ConfigFile, configJsonSchema } from "./config/schema.ts";
import { wallHostFrom } from "./config/wall.ts";
import { type Amounts, BACKGROUND, INTERACTIVE } from "./core/budget.ts";
import type { HttpHost } from "./core/http.ts";
import { TENANT_DEFAULT } from "./core/ids.ts";
import { Refusal } from "./core/refusal.ts";
import type { WallHost } from "./core/wall.ts";
import type { Configured } from "./gateway/bootstrap.ts";
import type { Settings } from "./gateway/powers.ts";

export type ConfigSource = {
  /** What problems call the file. */
  readonly file: string;
  /** Its text; null where there is none, which leaves every default. */
  readonly text: string | null;
  readonly env: Environment;
  /** The machine's own time zone. */
  readonly zone: string;
  readonly known: Known;
};

/** The file with every default filled in. Times are milliseconds, sizes bytes, money millionths of a US dollar. */
export type Config = {
  readonly port: number;
  readonly timezone: string;
  readonly language: string;
  readonly agent: string;
  readonly fallback: "butler" | "none";
  readonly models: ConfigFile["models"];
  /** With the console, which is always there. */
  readonly channels: readonly ChannelConfig[];
  readonly conversations: ConfigFile["conversations"];
  readonly people: ConfigFile["people"];
  readonly packs: readonly string[];
  readonly keywords: readonly string[];
  readonly fourEyes: boolean;
  readonly ttlMs: number;
  readonly onDelete: "redact" | "keep";
  readonly interactive: Amounts;
  readonly background: Amounts;
  readonly pools: NonNullable<Settings["pools"]>;
  readonly onExhausted: "fail" | "ask";
  readonly senderEventsPerMinute: number;
  readonly linkDomains: readonly string[];
  /** Secrets that are kept elsewhere. */
  readonly secrets: ConfigFile["secrets"];
  readonly httpAllow: readonly HttpHost[];
  readonly wallAllow: readonly WallHost[];
  /** Where signed checkpoints are kept besides the home. */
  readonly checkpoints: ConfigFile["checkpoints"];
  /** What is valid and still may surprise. */
  readonly notes: readonly string[];
};

/** One key, the value in force as it would be written, and who said so. */
type Origin = {
  readonly key: string;
  readonly value: string;
  readonly from: "file" | "environment" | "machine" | "default";
  /** `config.yaml:3:5` or the variable's name; null for defaults. */
  readonly where: string | null;
};

export type ConfigReading =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Worked out when asked for. */
      readonly origins: () => readonly Origin[];
    }
  | { readonly ok: false; readonly problems: readonly PackError[] };

/** The same for every reading, and worked out when first needed. */
const outline = new Outline();

/** Reads and checks everything; at most 50 problems. Never throws on any text or environment. */
export function readConfig(source: ConfigSource): ConfigReading {
  const yaml = readYaml(source.file, source.text ?? "");
  const { set, problems } = overridesIn(source.env, outline);
  if (!yaml.ok) return { ok: false, problems: [...yaml.errors, ...problems].slice(0, ERRORS_MAX) };
  let root: unknown = yaml.value ?? {};
  for (const { path, value } of set) root = withValue(root, path, value);
  const variables = new Map(set.map(({ path, variable }) => [path.join("."), variable]));
  const errorAt: ErrorAt = (path, message, extra) => {
    const variable = path.map((_, i) => variables.get(path.slice(0, i + 1).join("."))).find((it) => it !== undefined);
    return variable === undefined ? yaml.places.errorAt(path, message, extra) : atVariable(variable, path, message);
  };
  const parsed = ConfigFile.safeParse(root);
  const faults = parsed.success
    ? relationFaults({ config: parsed.data, known: source.known, errorAt })
    : parsed.error.issues.flatMap((issue) => problemsOf(issue, root, outline, errorAt));
  const all = [...problems, ...inOrder(faults)].slice(0, ERRORS_MAX);
  if (!parsed.success || all.length > 0) return { ok: false, problems: all };
  const at = (path: readonly string[]): string => {
    const { file, line, column } = yaml.places.errorAt(path, "", { atKey: true });
    return `${file}:${line}:${column}`;
  };
  const origins = (): readonly Origin[] =>
    outline.leaves.map((leaf) => originOf(leaf, root, variables.get(leaf.path.join(".")), at, source.zone));
  const isUtc = !isZone(source.zone) || /^(?:Etc\/)?(?:UTC|GMT|UCT|Universal|Zulu)$/.test(source.zone);
  const notes =
    parsed.data.timezone === undefined && isUtc ? ["this machine's clock is on UTC: set timezone if you are not"] : [];
  return {
    ok: true,
    config: configOf(parsed.data, source.zone, [...notes, ...notesOn(parsed.data, source.known)]),
    origins,
  };
}

const inOrder = (problems: readonly PackError[]): PackError[] =>
  [...problems].sort((a, b) => a.line - b.line || a.column - b.column);

function originOf(
  leaf: Leaf,
  root: unknown,
  variable: string | undefined,
  at: (path: readonly string[]) => string,
  zone: string,
): Origin {
  const key = leaf.path.join(".");
  const given = valueAt(root, leaf.path);
  if (variable !== undefined) return { key, value: written(given), from: "environment", where: variable };
  if (given !== undefined) return { key, value: written(given), from: "file", where: at(leaf.path) };
  if (key === "timezone") return { key, value: zone, from: "machine", where: null };
  return { key, value: written(leaf.default ?? budgetDefault(leaf.path)), from: "default", where: null };
}

const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? null));

/** Budgets have their defaults in src/core/budget.ts, in the units of a run. */
const BUDGET_KEYS = {
  steps: "steps",
  wall_clock: "wall_clock_ms",
  agent_wait: "agent_wait_ms",
  tokens: "tokens",
  cost: "cost_micros",
  egress: "egress_bytes",
  children: "children",
} as const satisfies Record<keyof ConfigFile["budgets"]["interactive"], keyof Amounts>;

function budgetDefault([section, kind, key]: readonly string[]): string | null {
  if (section !== "budgets" || key === undefined || kind === "day") return null;
  const unit = BUDGET_KEYS[key as keyof typeof BUDGET_KEYS];
  const amount = (kind === "interactive" ? INTERACTIVE : BACKGROUND)[unit];
  if (unit === "wall_clock_ms" || unit === "agent_wait_ms") return `${amount}ms`;
  if (unit === "cost_micros") return `${(amount / 1_000_000).toFixed(6).replace(/0{1,4}$/, "")} USD`;
  return unit === "egress_bytes" ? `${amount}B` : String(amount);
}

function amountsOf(given: ConfigFile["budgets"]["interactive"], otherwise: Amounts): Amounts {
  const amounts: Record<keyof Amounts, number> = { ...otherwise };
  for (const [key, unit] of Object.entries(BUDGET_KEYS))
    amounts[unit] = given[key as keyof typeof given] ?? amounts[unit];
  return amounts;
}

function configOf(file: ConfigFile, zone: string, notes: readonly string[]): Config {
  return {
    port: file.listen.port,
    timezone: file.timezone ?? (isZone(zone) ? zone : "UTC"),
    language: file.language,
    agent: file.agents.default,
    fallback: file.agents.fallback,
    models: file.models,
    channels: channelsOf(file),
    conversations: file.conversations,
    people: file.people,
    packs: file.policy.packs,
    keywords: file.activation.keywords,
    fourEyes: file.approvals.four_eyes,
    ttlMs: file.retention.default,
    onDelete: file.retention.on_delete,
    interactive: amountsOf(file.budgets.interactive, INTERACTIVE),
    background: amountsOf(file.budgets.background, BACKGROUND),
    pools: { steps: file.budgets.day.steps, tokens: file.budgets.day.tokens, cost_micros: file.budgets.day.cost },
    onExhausted: file.budgets.on_exhausted,
    senderEventsPerMinute: file.limits.sender_events_per_minute,
    linkDomains: file.replies.link_domains,
    secrets: file.secrets,
    httpAllow: file.http.allow.map(hostOf),
    wallAllow: file.wall.allow.map(wallHostFrom),
    checkpoints: file.checkpoints,
    notes,
  };
}

/** The short form is the long one with its defaults. */
function hostOf(allowed: ConfigFile["http"]["allow"][number]): HttpHost {
  if (typeof allowed !== "string") return allowed;
  const [host = "", port = "443"] = allowed.split(":");
  const plain = { plain: false, methods: ["GET", "HEAD"], addresses: ["public"], paths: [], secrets: [] } as const;
  return { host, port: Number(port), ...plain };
}

/** What the gateway is told of it. */
export const settingsOf = (config: Config): Settings => ({
  tenant: TENANT_DEFAULT,
  timezone: config.timezone,
  language: config.language,
  agent: config.agent,
  fallback: config.fallback,
  ttlMs: config.ttlMs,
  onDelete: config.onDelete,
  interactive: config.interactive,
  background: config.background,
  pools: config.pools,
  onExhausted: config.onExhausted,
  fourEyes: config.fourEyes,
  keywords: config.keywords,
  linkDomains: config.linkDomains,
  senderEventsPerMinute: config.senderEventsPerMinute,
  httpHosts: config.httpAllow,
  wallHosts: config.wallAllow,
});

/** What has to be there before anybody speaks, as the gateway writes it down. */
export const configuredOf = ({ channels, people, conversations }: Config): Configured => ({
  channels: channels.map((channel) => ({
    id: channel.name,
    kind: channel.kind,
    // The owner sits at the console; everybody else proves less.
    assurance: channel.kind === "console" ? "medium" : channel.kind === "webhook" ? channel.assurance : "low",
    secret: "secret" in channel ? channel.secret : channel.kind === "matrix" ? `matrix-${channel.name}` : null,
    settings: channel.kind === "matrix" ? { homeserver: channel.homeserver } : {},
  })),
  people: people.flatMap(({ id, role, only, timezone, language }) => {
    const named = personId(id);
    if (named === null) return [];
    const { channel, platform } = named;
    return [
      {
        channel,
        platform: platformId(platform),
        role,
        only: only ?? null,
        timezone: timezone ?? null,
        language: language ?? null,
      },
    ];
  }),
  conversations: conversations.map(({ alias, channel, room, context, ttl, timezone, language, agent, members }) => ({
    channel,
    platform: platformId(room),
    alias,
    context: context ?? null,
    ttlMs: ttl ?? null,
    timezone: timezone ?? null,
    language: language ?? null,
    agent: agent ?? null,
    membersAll: members === "all",
  })),
});

/** What a person may want to know of a valid file: with `showOrigin` every key and who said it, then the notes. */
export const wordsOn = (reading: ConfigReading & { readonly ok: true }, showOrigin: boolean): readonly string[] => [
  ...(showOrigin
    ? reading.origins().map(({ key, value, from, where }) => `${key} = ${value}  (${where ?? from})`)
    : []),
  ...reading.config.notes.map((note) => `note: ${note}`),
];

/** The configuration, or `config.invalid` with every problem on a line of its hint. */
export function requireConfig(source: ConfigSource): ConfigReading & { readonly ok: true } {
  const reading = readConfig(source);
  if (reading.ok) return reading;
  throw new Refusal("config.invalid", { hint: reading.problems.map(problemLine).join("\n  ") });
}

/** `lazaret config schema`: JSON Schema for editors. */
export const configSchema = configJsonSchema;
