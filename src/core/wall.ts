/** The network wall around a program that works on a run: one way out, judged host by host. Pure. */
import type { AddressKind } from "./http.ts";
import type { Stop } from "./ports.ts";
import type { Refusal } from "./refusal.ts";

/** A place that the owner opened to programs behind the wall. */
export type WallHost = {
  /** A host, or `*.` and a domain: whatever lies below it, and not the domain itself. */
  readonly host: string;
  readonly ports: readonly number[];
  /** `http:` too, which is read on its way by whoever carries it. */
  readonly plain: boolean;
  readonly addresses: readonly AddressKind[];
  /** Category bits that a run may have been told and still speak to it; 0: a run that was told nothing private. */
  readonly accepts: number;
};

/** What a client asks of a proxy: a tunnel of which nothing but its ends is seen, or one plain request. */
export type WallPlace = { readonly how: "connect" | "plain"; readonly host: string; readonly port: number };

/** A way out that was judged; good until `stop`. */
export type Passage = {
  readonly addresses: readonly AddressKind[];
  /** Books bytes before they leave. Rejects with a Refusal when they may not. */
  readonly pay: (bytes: number) => Promise<void>;
  /** The run is over, or was told what may not go there. */
  readonly stop: Stop;
  /** Once, whatever became of it. `code` is a refusal's where no connection came about. */
  readonly done: (facts: { readonly sent: number; readonly received: number; readonly code: string | null }) => void;
};

/** Judges before a name is looked up: a lookup tells somebody the name. Rejects with a Refusal. */
export type Gate = (place: WallPlace) => Promise<Passage>;

export type OpenWall = {
  /** Holds three sockets: `proxy`, `door` (the daemon's own), and `hold`, with whose first connection the wall ends. */
  readonly directory: string;
  /** Says why to whoever holds it, who has a moment to end the program; until then every place is still judged. */
  end(why: Refusal): void;
  /** At once, and with everything that goes through it. */
  close(): void;
  readonly closed: Promise<void>;
};

export interface WallPort {
  open(gate: Gate): Promise<OpenWall>;
}

export const wallHostOf = (hosts: readonly WallHost[], { how, host, port }: WallPlace): WallHost | null =>
  hosts.find((it) => isHost(it.host, host) && it.ports.includes(port) && (how === "connect" || it.plain)) ?? null;

const isHost = (pattern: string, host: string): boolean =>
  pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : host === pattern;
