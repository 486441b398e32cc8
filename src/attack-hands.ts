/** What a case does, as people on Telegram do it. */
import type { AttackCase, AttackStep } from "./attack-case.ts";
import type { StageClock } from "./attack-clock.ts";
import { AttackTelegram } from "./attack-telegram.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./core/limits.ts";
import type { Daemon } from "./daemon.ts";

const CHANNEL = "alerts";
const FAMILY = "room-family";
const ROUNDS_MAX = 4000;
/** Shorter than a poll: the clock is turned in steps that nobody mistakes for a broken line. */
const TURN_MS = 10 * SECOND_MS;

const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
/** `31m` in milliseconds. */
export const msOf = (wait: string): number => Number.parseInt(wait, 10) * (UNITS[wait.at(-1) ?? "s"] ?? SECOND_MS);

/** What a post may be besides a person's own words: on Telegram alone. */
const AS = ["bot", "forwarded", "anonymous"] as const;

const string = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const soon = (): Promise<void> => new Promise((resume) => setImmediate(resume));

export class TelegramHands {
  readonly far: AttackTelegram;
  readonly #clock: StageClock;
  #written = 0;

  constructor(clock: StageClock) {
    this.#clock = clock;
    this.far = new AttackTelegram(clock);
  }

  /** The owner and the approver are paired, so that their presses count; everybody is in the group; what was said. */
  async begin(daemon: Daemon, { given, assurance }: AttackCase): Promise<void> {
    for (const room of [FAMILY, "room-work"]) this.far.members(room, ["olga", "ben", "ana", "dora"]);
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

  /** A body of the webhook, as somebody on Telegram would do the same. */
  #post(body: Readonly<Record<string, unknown>>): void {
    this.#written += 1;
    const [from, room] = [string(body["sender"]) ?? "ana", string(body["conversation"]) ?? FAMILY];
    const [text, target] = [string(body["text"]) ?? "", string(body["target"])];
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
    const text = `${word} ${step.code ?? this.far.question()?.code ?? "NONE"}`;
    const edits = step.kind === "edit" ? { edits: target ?? "early" } : {};
    this.far.write({ from, text, room, mentions: true, ...edits });
  }
}
