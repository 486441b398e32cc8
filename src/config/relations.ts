/** What one key alone cannot show: names that occur twice, and names that must be somewhere else (threat A13). */
import { nearestWord } from "../../policy/spelling.ts";
import type { PackError, Path } from "../../policy/yaml-source.ts";
import { type ErrorAt, suggesting } from "./problems.ts";
import type { ChannelConfig, ConfigFile } from "./schema.ts";

/** What this build has, as far as a configuration may name it. */
export type Known = {
  /** Names of the packs that can be loaded. */
  readonly packs: readonly string[];
  /** Kinds of channel that have a connector. */
  readonly channelKinds: readonly string[];
  /** Does anything here use a model? */
  readonly models: boolean;
  /** Can anything here ask other hosts? */
  readonly http: boolean;
};

type PersonId = { readonly channel: string; readonly platform: string };

/** `home:@ana:example.org` → channel `home`, id `@ana:example.org`; null without a colon. */
export function personId(id: string): PersonId | null {
  const at = id.indexOf(":");
  return at < 1 || at === id.length - 1 ? null : { channel: id.slice(0, at), platform: id.slice(at + 1) };
}

const MATRIX_ID = /^@[!-9;-~]{1,190}:[A-Za-z0-9.:[\]-]{1,190}$/;
const TELEGRAM_ID = /^[1-9]\d{0,15}$/;

/** Why an id is not one that its network assigned; null when it is. Names and @usernames change hands. */
function idFault(platform: string, kind: ChannelConfig["kind"] | undefined): string | null {
  if (kind === "telegram" && !TELEGRAM_ID.test(platform))
    return "a Telegram person is named by the numeric id, because a @username or a name can change hands";
  if (kind === "matrix" && !MATRIX_ID.test(platform))
    return "a Matrix person is named by the full id, such as @ana:example.org";
  if (platform.startsWith("@") && !MATRIX_ID.test(platform))
    return "a @username can change hands: write the network's own id";
  if (/\s/.test(platform)) return "a display name can be anybody's: write the network's own id";
  return null;
}

type Check = { readonly config: ConfigFile; readonly known: Known; readonly errorAt: ErrorAt };

/** The channels of the file, and the console that is always there. */
export function channelsOf({ channels }: Pick<ConfigFile, "channels">): readonly ChannelConfig[] {
  const hasConsole = channels.some(({ kind }) => kind === "console");
  return hasConsole ? channels : [{ name: "console", kind: "console" }, ...channels];
}

function repeated(names: readonly string[], at: (index: number) => Path, what: string, errorAt: ErrorAt): PackError[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    const isFirst = !seen.has(name);
    seen.add(name);
    return isFirst ? [] : [errorAt(at(index), `the ${what} ${name.slice(0, 64)} occurs twice`)];
  });
}

function peopleFaults({ config, errorAt }: Check): PackError[] {
  const kinds = new Map(channelsOf(config).map(({ name, kind }) => [name, kind] as const));
  return config.people.flatMap(({ id, role, only }, index) => {
    const path = ["people", index, "id"];
    const parsed = personId(id);
    if (parsed === null)
      return [errorAt(path, 'an id is "channel:id", such as "home:@ana:example.org" or "family:123456789"')];
    const fault = idFault(parsed.platform, kinds.get(parsed.channel));
    const limited = only !== undefined && role !== "member" ? "only a member's role is limited to conversations" : null;
    return [
      ...(fault === null ? [] : [errorAt(path, fault)]),
      ...(limited === null ? [] : [errorAt(["people", index, "only"], limited, { atKey: true })]),
    ];
  });
}

function packFaults({ config, known, errorAt }: Check): PackError[] {
  return config.policy.packs.flatMap((pack, index) => {
    if (known.packs.includes(pack)) return [];
    const nearest = nearestWord(pack, known.packs);
    const message = suggesting(`there is no pack ${pack}: there are ${known.packs.join(", ")}`, nearest);
    return [errorAt(["policy", "packs", index], message, { nearest })];
  });
}

/** A console called like a channel of the file would make two of one name. */
function consoleFaults({ config, errorAt }: Check): PackError[] {
  const index = config.channels.findIndex(({ name, kind }) => name === "console" && kind !== "console");
  const isTwice = index >= 0 && !config.channels.some(({ kind }) => kind === "console");
  return isTwice
    ? [errorAt(["channels", index, "name"], "console is the name of the console that is always there")]
    : [];
}

export function relationFaults(check: Check): PackError[] {
  const { config, errorAt } = check;
  const room = ({ channel, room }: ConfigFile["conversations"][number]): string => `${channel}:${room}`;
  return [
    ...repeated(
      config.channels.map(({ name }) => name),
      (i) => ["channels", i, "name"],
      "channel",
      errorAt,
    ),
    ...repeated(
      config.models.map(({ name }) => name),
      (i) => ["models", i, "name"],
      "model",
      errorAt,
    ),
    ...repeated(
      config.conversations.map(({ alias }) => alias),
      (i) => ["conversations", i, "alias"],
      "alias",
      errorAt,
    ),
    ...repeated(config.conversations.map(room), (i) => ["conversations", i, "room"], "room", errorAt),
    ...repeated(
      config.people.map(({ id }) => id),
      (i) => ["people", i, "id"],
      "person",
      errorAt,
    ),
    ...consoleFaults(check),
    ...packFaults(check),
    ...peopleFaults(check),
  ];
}

/** What is valid and still may surprise: said by `config check`, `status` and at the start. */
export function notesOn(config: ConfigFile, known: Known): string[] {
  const channels = new Set(channelsOf(config).map(({ name }) => name));
  const named = [
    ...config.conversations.map(({ channel }) => channel),
    ...config.people.map(({ id }) => personId(id)?.channel),
  ];
  const elsewhere = [...new Set(named)].filter((name) => name !== undefined && !channels.has(name));
  const unbuilt = config.channels.filter(({ kind }) => !known.channelKinds.includes(kind));
  const { models, http } = config;
  return [
    ...(models.length > 0 && !known.models ? ["models are not used: this version works without one"] : []),
    ...(http.allow.length > 0 && !known.http ? ["http.allow is not used: this version asks no other host"] : []),
    ...elsewhere.map((name) => `channel ${name} is not in this file: it must have been added with lazaret channel add`),
    ...unbuilt.map(({ name, kind }) => `channel ${name} stays closed: this version has no ${kind} connector`),
  ];
}
