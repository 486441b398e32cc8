/**
 * Starts what was set for later: the firing and the record's advance are one commit, so each fires once whatever ends
 * the process (CONTRACT section 8).
 */
import { cronOf, type Followup, isSet, isWaiting } from "../core/followup.ts";
import type { FollowupId, RunId } from "../core/ids.ts";
import {
  DAY_MS,
  FOLLOWUP_KEPT_AFTER_MS,
  FOLLOWUP_LATE_MS,
  MINUTE_MS,
  QUEUED_RUNS_PER_SESSION_MAX,
} from "../core/limits.ts";
import type { Message } from "../core/message.ts";
import type { Conversation } from "../core/people.ts";
import { dayOf, minuteOf } from "../core/records.ts";
import type { Run } from "../core/run.ts";
import { roleIn } from "./activate.ts";
import { answererFor } from "./answerer.ts";
import { judge, requestOf } from "./asker.ts";
import { seen } from "./call.ts";
import type { Draft } from "./draft.ts";
import { isMemberNow } from "./people.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { dueAfter, stopFollowup } from "./schedule.ts";
import { activeRun, beginRun, openSession, runFrom, waitsFor } from "./start.ts";
import { transact } from "./transact.ts";
import { clockText } from "./zone-text.ts";

/** Looking further back minute by minute costs more than looking at everything that is set. */
const MINUTES_BACK_MAX = 1440;
const PAGE = 1000;
const AT_ONCE = 32;
const SWEEP_DAYS = 3;

export class Followups {
  readonly #powers: Powers;
  readonly #isOn: () => boolean;
  readonly #drive: (run: RunId) => void;
  #forget: () => void = () => {};
  /** The last minute that was looked at; null before the first look. */
  #looked: number | null = null;
  #working: Promise<void> = Promise.resolve();
  #pending = 0;
  #stopped = false;

  constructor(powers: Powers, isOn: () => boolean, drive: (run: RunId) => void) {
    this.#powers = powers;
    this.#isOn = isOn;
    this.#drive = drive;
  }

  /** Is something being fired? */
  get busy(): boolean {
    return this.#pending > 0;
  }

  /** Looks now, at what came due while nobody did, and at the beginning of every minute. */
  start(): void {
    this.#stopped = false;
    const { clock } = this.#powers;
    const look = (): void => {
      if (this.#stopped) return;
      void this.look();
      this.#forget = clock.at((Math.floor(clock.now() / MINUTE_MS) + 1) * MINUTE_MS, look);
    };
    look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#forget();
    await this.#working;
  }

  /** One look after the other. */
  look(): Promise<void> {
    this.#pending += 1;
    this.#working = this.#working
      .then(() => this.#fireAll())
      .catch((error: unknown) => this.#powers.log("run", { what: "followups", code: seen(error).code }))
      .finally(() => {
        this.#pending -= 1;
      });
    return this.#working;
  }

  async #fireAll(): Promise<void> {
    const now = Number(minuteOf(this.#powers.clock.now()));
    const due = this.#due(now);
    for (let at = 0; at < due.length && !this.#stopped; at += AT_ONCE)
      await Promise.all(due.slice(at, at + AT_ONCE).map((id) => this.#fire(id)));
    this.#looked = Math.max(now, this.#looked ?? now);
  }

  #due(now: number): readonly FollowupId[] {
    const { store } = this.#powers;
    const from = this.#looked;
    const found: Followup[] = [];
    if (from !== null && now - from <= MINUTES_BACK_MAX) {
      // The minute that was looked at last may have got another one since.
      for (let minute = from; minute <= now; minute++)
        found.push(
          ...store.find("followup", "minute", String(minute), { limit: PAGE * AT_ONCE }).map(({ value }) => value),
        );
      return found.map(({ id }) => id);
    }
    for (let after = ""; ; ) {
      const page = store.all("followup", { limit: PAGE, after });
      found.push(...page.map(({ value }) => value));
      after = page.at(-1)?.value.id ?? after;
      if (page.length < PAGE) break;
    }
    const isDue = (it: Followup): boolean => isSet(it) && it.nextAt !== null && Number(minuteOf(it.nextAt)) <= now;
    return found.filter(isDue).map(({ id }) => id);
  }

  async #fire(id: FollowupId): Promise<void> {
    try {
      const run = await transact(this.#powers, (draft) => fire(this.#powers, draft, id, this.#isOn()));
      if (run !== null) this.#drive(run);
    } catch (error) {
      // A full disk, or too many at its session: it is still due, and the next look tries again.
      this.#looked = null;
      this.#powers.log("run", { followup: id, code: seen(error).code });
    }
  }
}

/** The run that a follow-up starts now; null when it was fired already, waits for another run, or may not. */
function fire(powers: Powers, draft: Draft, id: FollowupId, isOn: boolean): RunId | null {
  const followup = draft.get("followup", id);
  if (followup === null || !isSet(followup) || followup.nextAt === null || followup.nextAt > draft.now) return null;
  const conversation = draft.get("conversation", followup.conversation);
  const why = conversation === null ? "gone" : whyNot(powers, draft, followup, conversation, isOn);
  if (conversation === null || why !== null) {
    stopFollowup(draft, id, why ?? "gone");
    if (conversation?.status === "allowed" && why === "policy") say(draft, place(conversation, followup), NOT_ALLOWED);
    return null;
  }
  if (isWaiting(followup)) {
    stopFollowup(draft, id, "vain");
    say(
      draft,
      place(conversation, followup),
      "I waited for somebody to write, as you asked, and nobody did. I stopped.",
    );
    return null;
  }
  advance(powers, draft, followup, conversation);
  return begin(powers, draft, followup, conversation);
}

const NOT_ALLOWED = "Something was set for now, but the rules do not allow it any more, so I dropped it.";
const place = (conversation: Conversation, { thread }: Followup) => ({ conversation, thread });
const MAY_ASK: ReadonlySet<string> = new Set(["owner", "approver", "member"]);

/** Who may ask is looked at when it fires, as for every request: roles, membership, rules. */
function whyNot(
  powers: Powers,
  draft: Draft,
  followup: Followup,
  conversation: Conversation,
  isOn: boolean,
): "gone" | "role" | "policy" | null {
  const principal = draft.get("principal", followup.principal);
  if (principal === null || conversation.status !== "allowed" || conversation.closed) return "gone";
  const role = roleIn(conversation, principal);
  const hasLeft =
    conversation.gone?.includes(principal.id) === true ||
    (conversation.members !== null && !isMemberNow(powers, conversation, principal.id));
  if (!MAY_ASK.has(role) || hasLeft || principal.optedOut) return "role";
  const session = draft.get("session", followup.session);
  if (session === null) return "gone";
  const run = newRunOf(powers, draft, followup, conversation);
  const asker = { run, conversation, principal, role, request: null, token: null };
  const about = { action: "invoke", capability: "schedule.followup", effect: "once" } as const;
  const { effect } = judge(powers, requestOf(powers, asker, about, run.context));
  return effect === "allow" && isOn ? null : "policy";
}

/** The record as it is after this time. */
function advance(powers: Powers, draft: Draft, followup: Followup, conversation: Conversation): void {
  const { id, when, zone, endsAt, nextAt, fired, session, principal } = followup;
  const due = nextAt ?? draft.now;
  const next = cronOf(when) === null ? null : dueAfter(powers, when, zone, draft.now);
  const isLast = next === null || next > endsAt;
  draft.put("followup", id, {
    ...followup,
    fired: fired + 1,
    nextAt: isLast ? null : next,
    overAt: isLast ? draft.now : null,
  });
  const late = draft.now - due;
  const body = { followup: id, due, late_ms: late, next: isLast ? null : next };
  draft.entry("schedule.fired", body, { session, actor: principal });
  const where = place(conversation, followup);
  if (late > FOLLOWUP_LATE_MS) say(draft, where, lateText(powers, followup, due, draft.now));
  if (isLast && cronOf(when) !== null)
    say(draft, where, "This was the last time: what repeats ends after 30 days. Ask again and it goes on.");
}

function lateText(powers: Powers, { when, zone }: Followup, due: number, now: number): string {
  const at = clockText(powers, zone, due);
  const second = cronOf(when) === null ? null : dueAfter(powers, when, zone, due);
  const more = second !== null && second <= now ? " I missed it more than once; this is for all of them." : "";
  return `I was not running at ${at}, so this comes late.${more}`;
}

function newRunOf(powers: Powers, draft: Draft, followup: Followup, conversation: Conversation): Run {
  const session = openSession(powers, draft, conversation.id, followup.thread, followup.principal);
  const { instead: _said, ...answerer } = answererFor(powers, conversation);
  return runFrom(powers, draft, {
    session,
    principal: followup.principal,
    request: null,
    brief: { ...followup.brief, followup: followup.id },
    background: true,
    ...answerer,
  });
}

/** A run now, or a place in the queue behind the one that its session has. */
function begin(powers: Powers, draft: Draft, followup: Followup, conversation: Conversation): RunId | null {
  const session = openSession(powers, draft, conversation.id, followup.thread, followup.principal);
  if (activeRun(powers, session.id) === null) return beginFollowup(powers, draft, followup, conversation).id;
  const waiting = powers.store.find("queued", "session", session.id, { limit: QUEUED_RUNS_PER_SESSION_MAX });
  if (waiting.length >= QUEUED_RUNS_PER_SESSION_MAX) {
    const text = "Something was set for now, but too many of your requests are waiting, so I left it out.";
    say(draft, place(conversation, followup), text);
    return null;
  }
  const { id } = followup;
  draft.put("queued", id, { id, tenant: draft.tenant, session: session.id, addressed: "none", at: draft.now });
  return null;
}

export function beginFollowup(powers: Powers, draft: Draft, followup: Followup, conversation: Conversation): Run {
  const run = beginRun(draft, newRunOf(powers, draft, followup, conversation));
  const { instead } = answererFor(powers, conversation);
  if (instead !== null) say(draft, place(conversation, followup), instead, run.id);
  return run;
}

/**
 * Somebody else said something: a run that waits for that goes on, and a follow-up is due at the beginning of the next
 * minute.
 */
export function hearFor(powers: Powers, draft: Draft, message: Message): void {
  if (message.trust.flags.includes("imported")) return;
  for (const { value } of powers.store.find("run", "waiting", message.conversation, { limit: PAGE }))
    if (waitsFor(value, "event") && value.principal !== message.sender) draft.run(value.id).apply({ type: "wake" });
  for (const { value } of powers.store.find("followup", "event", message.conversation, { limit: PAGE })) {
    const followup = draft.get("followup", value.id);
    const isTheirs = followup === null || followup.principal === message.sender || !isWaiting(followup);
    if (isTheirs) continue;
    draft.put("followup", followup.id, { ...followup, nextAt: (Math.floor(draft.now / MINUTE_MS) + 1) * MINUTE_MS });
  }
}

/** What is over for a day goes with its words. */
export async function sweepFollowups(powers: Powers): Promise<void> {
  const { store, clock } = powers;
  const now = clock.now();
  const days = Array.from({ length: SWEEP_DAYS }, (_, back) => dayOf(now - FOLLOWUP_KEPT_AFTER_MS - back * DAY_MS));
  const over = days.flatMap((day) => store.find("followup", "over", day, { limit: PAGE }).map(({ value }) => value));
  const gone = over.filter(({ overAt }) => overAt !== null && now - overAt >= FOLLOWUP_KEPT_AFTER_MS);
  if (gone.length === 0) return;
  await transact(powers, (draft) => {
    for (const { id, brief } of gone) {
      draft.drop("followup", id);
      draft.dropBlob(brief.blob);
    }
  });
}
