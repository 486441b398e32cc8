/** Everything the gateway is handed in. It reaches the world through these alone. */
import type { Policy } from "../../policy/compile.ts";
import type { AgentDriver } from "../core/agent.ts";
import type { AttachmentReader } from "../core/attachment.ts";
import type { Amounts } from "../core/budget.ts";
import type { HttpHost, HttpPort } from "../core/http.ts";
import type { RunId } from "../core/ids.ts";
import type { ModelPort } from "../core/model.ts";
import type { Clock, Connector, Hashing, Random, Store, TransformRunner } from "../core/ports.ts";
import type { WallHost, WallPort } from "../core/wall.ts";
import type { NextLocal } from "../core/zoned.ts";

/** Words of the daemon's own log: an event of a closed kind with numbers and internal ids. Content has no way in. */
export type Log = (
  event: "daemon" | "channel" | "run" | "store" | "clock" | "retention",
  fields: Readonly<Record<string, string | number | boolean | null>>,
) => void;

export type Settings = {
  readonly tenant: string;
  readonly timezone: string;
  readonly language: string;
  readonly agent: string;
  /** Who answers when a named agent does not; the butler when absent. */
  readonly fallback?: "butler" | "none";
  readonly ttlMs: number;
  readonly interactive: Amounts;
  readonly background: Amounts;
  /** What a conversation may use in a day; as in src/gateway/pool.ts when absent. */
  readonly pools?: Pick<Amounts, "steps" | "tokens" | "cost_micros">;
  /** What comes of a run that needs more; it ends when absent. */
  readonly onExhausted?: "fail" | "ask";
  readonly fourEyes: boolean;
  /** Configured whole first words that address the bot in a group. */
  readonly keywords: readonly string[];
  readonly linkDomains: readonly string[];
  readonly senderEventsPerMinute: number;
  /** What becomes of our own messages when what they were made from is deleted: taken back when absent. */
  readonly onDelete?: "redact" | "keep";
  /** Places that `http.request` may ask; none when absent. */
  readonly httpHosts?: readonly HttpHost[];
  /** Places that programs behind the wall may reach; none when absent. */
  readonly wallHosts?: readonly WallHost[];
};

export type Powers = {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly hashing: Hashing;
  readonly transforms: TransformRunner;
  readonly drivers: readonly AgentDriver[];
  /** The way out; `http.request` is not there when absent. */
  readonly http?: HttpPort;
  /** Walls around programs; none is built when absent. */
  readonly wall?: WallPort;
  readonly settings: Settings;
  /** Reads attachments behind proved walls; `attachment.extract_text` is not there when absent. */
  readonly files?: AttachmentReader;
  /** Models that the owner configured; none is asked when absent. */
  readonly models?: ModelPort;
  /** Reads cron patterns; what repeats is refused when absent. */
  readonly nextLocal?: NextLocal;
  readonly log: Log;
  /** Connected channels by name; supervise.ts is the only writer. */
  readonly connectors: Map<string, Connector>;
  /** Rung after a commit that put something into the outbox; supervise.ts hangs it up. */
  readonly bell: {
    ring: () => void;
    /** After a commit in which a run's waiting ended, or one began beside another. */
    rouse?: (run: RunId) => void;
    /** After a commit in which a run was cancelled: what still works for it stops. */
    over?: (run: RunId) => void;
  };
  /** Called after a commit that wrote entries; whoever shows events listens here. */
  readonly news: Set<() => void>;
  /** The policy in force; replaced as a whole when a pack is loaded. */
  readonly policy: { current: Policy };
};
