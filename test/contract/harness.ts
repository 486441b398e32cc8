/** What a connector brings to be examined: itself, its network's far end, and a few facts about that network. */
import type { EventKind, InboundEvent } from "../../src/core/message.ts";
import type { Operation } from "../../src/core/outbox.ts";
import type { Connector } from "../../src/core/ports.ts";

type SenderKind = InboundEvent["envelope"]["sender"]["kind"];

/** refused: nothing can have landed. lost_answer, server_error: it may have. hang: no answer comes until stop. */
export const FAULTS = ["refused", "rate_limited", "lost_answer", "server_error", "hang"] as const;
export type Fault = (typeof FAULTS)[number];

export type Traits = {
  /**
   * cursor: the network keeps events and gives them again. told: whoever sends waits for our word and sends again
   * without it. typed: waits for our word as well, but nobody types the same line twice.
   */
  readonly delivery: "cursor" | "told" | "typed";
  /** push: send puts it on the wire. pull: the far end fetches its rows. */
  readonly outward: "push" | "pull";
  readonly kinds: readonly EventKind[];
  /** Who gives ids to events, conversations and senders. */
  readonly ids: "sender" | "network";
  readonly senders: readonly SenderKind[];
  /** Do events carry names of people and conversations? */
  readonly names: boolean;
  /** Does the far end say when something was sent? */
  readonly clocks: boolean;
  readonly files: boolean;
  /** list: a membership states everybody. changes: it says of one person what became of them. */
  readonly members?: "list" | "changes";
  /** What a delete takes: messages, or on a network that tells of no others, reactions alone. */
  readonly deletes?: "messages" | "reactions";
  readonly faults: readonly Fault[];
};

type NamedFile = { readonly name: string; readonly mime: string; readonly bytes: Uint8Array };

/** One thing that somebody does on the network. What the network cannot say is left out by its harness. */
export type Deed = {
  readonly kind?: EventKind;
  readonly text?: string;
  readonly key?: string;
  readonly target?: string;
  readonly members?: readonly string[];
  readonly id?: string;
  readonly conversation?: string;
  readonly thread?: string;
  readonly replyTo?: string;
  readonly sender?: { readonly id?: string; readonly kind?: SenderKind; readonly name?: string };
  readonly title?: string;
  /** Milliseconds, by the far end's clock. */
  readonly sentAt?: number;
  readonly files?: readonly NamedFile[];
};

export type Act = {
  /** What a later deed names as target or replyTo. */
  readonly event: string;
  /** Settles when the far end was told that it is kept, or refused; null on a network that tells nobody. */
  readonly told: Promise<unknown> | null;
};

export type Landed = {
  readonly op: Operation["op"];
  readonly conversation: string;
  readonly thread?: string | undefined;
  readonly target?: string | undefined;
  readonly text?: string | undefined;
};

export type ConnectorHarness = {
  readonly connector: Connector;
  readonly tenant: string;
  /** The clock that the connector was given. */
  readonly now: () => number;
  /** A connector after a crash: nothing in memory is left, the network is as it was, hanging requests are cut. */
  readonly restart: () => Connector;
  readonly act: (deed: Deed) => Act;
  /**
   * Things a network may send that are malformed or mean harm. Each is refused or left out; gives what each was told.
   */
  readonly garble: () => readonly (Promise<unknown> | null)[];
  readonly wire: {
    readonly attempts: () => number;
    readonly landed: () => readonly Landed[];
    /** What the next send meets. */
    readonly fault: (fault: Fault) => void;
  };
  /** Texts that must appear nowhere. */
  readonly secrets: readonly string[];
  /** The conversation that deeds go to unless they say otherwise, and where sends are tried. */
  readonly conversation: string;
  /** A thread there, where the network has its own idea of what one is called. */
  readonly thread?: string;
  /** How long anything may take, where a second is too short: a far end in another process, say. */
  readonly patienceMs?: number;
  readonly end: () => Promise<void>;
};

export type Check = {
  readonly name: string;
  readonly when?: (traits: Traits) => boolean;
  readonly run: (harness: ConnectorHarness, traits: Traits) => Promise<void>;
};
