/** What a case does, as people on a network do it. */

import type { OpenPipe } from "../../connectors/matrix/wire.ts";
import type { Request } from "../../connectors/telegram/wire.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/limits.ts";
import type { Daemon } from "../daemon.ts";
import { announced } from "../gateway/everybody.ts";
import { transact } from "../gateway/transact.ts";
import type { AttackCase, AttackStep } from "./case.ts";
import type { StageClock } from "./clock.ts";

const CHANNEL = "alerts";
const FAMILY = "room-family";
const ROUNDS_MAX = 4000;
/** Shorter than a poll: the clock is turned in steps that nobody mistakes for a broken line. */
const TURN_MS = 10 * SECOND_MS;

const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
/** `31m` in milliseconds. */
export const msOf = (wait: string): number => Number.parseInt(wait, 10) * (UNITS[wait.at(-1) ?? "s"] ?? SECOND_MS);

/**
 * What a post may be besides a person's own words. forwarded, anonymous: on Telegram. On Matrix clear: not encrypted;
 * unsigned: from a device that its user did not sign; changed: under an identity that is not the one we knew; backlog:
 * from before we came, or out of a backup.
 */
const AS = ["bot", "forwarded", "anonymous", "clear", "unsigned", "changed", "backlog"] as const;
export type As = (typeof AS)[number];

export type Written = {
  readonly from: string;
  readonly text: string;
  /** Null: the direct chat with the writer. */
  readonly room: string | null;
  readonly mentions: boolean;
  /** What a later target calls it. */
  readonly name?: string;
  /** It is a new text of that one. */
  readonly edits?: string;
  readonly called?: string;
  readonly as?: As | null;
};

/** Something that was sent: in which chat, under which id. */
export type Said = { readonly chat: unknown; readonly number: number | string; readonly text: string };

/** A network's far end for a stage. */
export interface FarEnd {
  readonly said: Said[];
  readonly isQuiet: boolean;
  readonly secret: { readonly name: string; readonly text: string };
  readonly request?: Request;
  readonly openPipe?: OpenPipe;
  idOf(name: string): string;
  members(room: string, names: readonly string[]): void;
  write(of: Written): void;
  react(from: string, yes: boolean, target?: string): void;
  press(
    from: string,
    yes: boolean,
    made: { readonly target?: string | undefined; readonly data?: string | undefined },
  ): void;
  /** The event before once more. */
  repeat(): void;
  /** The code of the newest question. */
  code(): string;
}

const string = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const soon = (): Promise<void> => new Promise((resume) => setImmediate(resume));

/** Everybody here was told of the bot today: what cases count is what an attack caused. */
export const introduced = ({ powers }: Daemon): Promise<void> =>
  transact(powers, (draft) => {
    for (const { value } of powers.store.find("conversation", "status", "allowed", { limit: 100 }))
      announced(draft, value);
  });

export class Hands {
  readonly far: FarEnd;
  readonly #clock: StageClock;
  #written = 0;

  constructor(clock: StageClock, far: FarEnd) {
    this.#clock = clock;
    this.far = far;
  }

  /** The owner and the approver are paired, so that their presses count; everybody is in the group; what was said. */
  async begin(daemon: Daemon, { given, assurance }: AttackCase): Promise<void> {
    this.far.members(FAMILY, ["olga", "ben", "ana", "dora"]);
    this.far.members("room-work", ["olga", "ben"]);
    if (assurance !== "low") {
      await this.#pair(daemon, "olga", "owner");
      await this.#pair(daemon, "ben", "approver");
    }
    for (const { from, text, name } of given ?? [])
      this.far.write({ from, text, room: FAMILY, mentions: false, ...(name === undefined ? {} : { called: name }) });
    await this.rest(daemon);
    this.far.said.length = 0;
  }

  async #pair(daemon: Daemon, name: string, role: "owner" | "approver"): Promise<void> {
    const { owner } = daemon.surface;
    const { code } = await owner["pair.start"]({ channel: CHANNEL, role, assurance: "medium" });
    this.far.write({ from: name, text: code, room: null, mentions: false });
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await soon();
      if ((await owner["pair.wait"]({ code, wait_ms: 0 })).state === "sent") break;
    }
    await owner["pair.confirm"]({ code, yes: true });
    await this.rest(daemon);
  }

  async #turn(daemon: Daemon, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= TURN_MS) {
      this.#clock.turn(Math.min(left, TURN_MS));
      await soon();
    }
    await this.rest(daemon);
  }

  /** Everything that was sent has come in, and everything that it caused has gone out. */
  async rest({ gateway, powers }: Daemon): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await gateway.supervisor.idle();
      const waiting = powers.store.outbox({ channel: CHANNEL, states: ["pending", "sending"] }, { limit: 100 });
      const state = powers.connectors.get(CHANNEL)?.health().state;
      // Sending waits for the network's limits, and a line that broke off for better times: by the clock.
      if (waiting.length > 0 || state === "backoff") this.#clock.turn(SECOND_MS);
      await soon();
      if (this.far.isQuiet && waiting.length === 0 && powers.store.inboxCount() === 0) return;
    }
    throw new TypeError("the stage never came to rest");
  }

  /** False, and nothing done, for what is not done on the network. `body` makes of a post what is sent. */
  async play(step: AttackStep, daemon: Daemon, body: (post: unknown) => unknown): Promise<boolean> {
    if ("ask" in step) this.#post({ sender: "ana", text: step.ask, addressed: "mention" });
    else if ("post" in step) this.#post(body(step.post) as Record<string, unknown>);
    else if ("repeat" in step) this.far.repeat();
    else if ("answer" in step) this.#answer(step);
    else if ("wait" in step) await this.#turn(daemon, msOf(step.wait));
    else return false;
    return true;
  }

  /** A body of the webhook, as somebody on the network would do the same. */
  #post(body: Readonly<Record<string, unknown>>): void {
    this.#written += 1;
    const [from, room] = [string(body["sender"]) ?? "ana", string(body["conversation"]) ?? FAMILY];
    const text = (string(body["text"]) ?? "").replace("$CODE", () => this.far.code());
    const target = string(body["target"]);
    const members = body["members"];
    if (Array.isArray(members)) {
      this.far.members(room, members.map(String));
      return;
    }
    const isDirect = body["direct"] === true;
    this.far.write({
      from,
      text,
      room: isDirect ? null : room,
      mentions: body["addressed"] === "mention",
      name: string(body["id"]) ?? `post-${this.#written}`,
      ...(body["kind"] === "edit" && target !== undefined ? { edits: target } : {}),
      as: AS.find((it) => body[it] === true) ?? null,
    });
  }

  #answer(step: Extract<AttackStep, { answer: string }>): void {
    const { from, yes, target, room = FAMILY } = step;
    if (step.answer === "reaction") this.far.react(from, yes, target);
    else if (step.answer === "action") this.far.press(from, yes, { target, data: step.code });
    if (step.answer !== "code") return;
    const word = step.word ?? (yes ? "approve" : "deny");
    const text = `${word} ${step.code ?? this.far.code()}`;
    const edits = step.kind === "edit" ? { edits: target ?? "early" } : {};
    this.far.write({ from, text, room, mentions: true, ...edits });
  }
}
