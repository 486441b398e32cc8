/**
 * `schedule.followup`: what is to be done later becomes a record of its session. Its time is a control argument: a
 * person named it in this request (CONTRACT sections 3, 5 and 8).
 */
import { cronOf, type Followup, isSet, type When } from "../core/followup.ts";
import { type FollowupId, newId } from "../core/ids.ts";
import { BOTTOM, type Label } from "../core/label.ts";
import {
  DAY_MS,
  FOLLOWUP_AHEAD_MS_MAX,
  FOLLOWUP_EVERY_MS_MIN,
  FOLLOWUP_KEPT_AFTER_MS,
  FOLLOWUP_REPEATS_MS_MAX,
  FOLLOWUPS_PER_PERSON_MAX,
  FOLLOWUPS_PER_SESSION_MAX,
  MINUTE_MS,
} from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import { INTENTS, type Intent } from "../core/request.ts";
import { instantOf, nextInstant, type OffsetAt } from "../core/zoned.ts";
import { contextOf } from "./asker.ts";
import { keptText, type Material, materialOf, opened, whenName } from "./brief.ts";
import type { Doing, Handler, Made } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import type { FollowupView, ScheduleInput } from "./later-capabilities.ts";
import { timezoneOf } from "./people.ts";
import type { Powers } from "./powers.ts";

/** How long something that waits for an event waits. */
const EVENT_MS_MAX = 7 * DAY_MS;
const LOOKED_AT_MAX = 1000;

const offsetsOf =
  ({ hashing }: Powers, zone: string): OffsetAt =>
  (at) =>
    hashing.offsetMinutes(zone, at) ?? 0;

/** The next time after an instant that a follow-up of this kind is due; null for none, and for an event. */
export function dueAfter(powers: Powers, when: When, zone: string, after: number): number | null {
  const offsets = offsetsOf(powers, zone);
  const cron = cronOf(when);
  if (cron !== null) {
    if (powers.nextLocal === undefined) throw new Refusal("capability.disabled");
    return nextInstant(cron, after, offsets, powers.nextLocal);
  }
  if ("in_minutes" in when) return Math.ceil(after / MINUTE_MS + when.in_minutes) * MINUTE_MS;
  if (!("day" in when)) return null;
  const at = instantOf(Date.parse(`${when.day}T00:00:00Z`) + when.minute * MINUTE_MS, offsets);
  return Number.isNaN(at) || at <= after ? null : at;
}

/**
 * When it is due for the first time and when it ends; what waits for an event is due when that did not come. Throws
 * `input.invalid` for a time that is none.
 */
function timesOf(powers: Powers, when: When, zone: string, now: number): { nextAt: number; endsAt: number } {
  if ("event" in when) {
    const endsAt = Math.ceil((now + EVENT_MS_MAX) / MINUTE_MS) * MINUTE_MS;
    return { nextAt: endsAt, endsAt };
  }
  const nextAt = dueAfter(powers, when, zone, now);
  const refuse = (hint: string): Refusal => new Refusal("input.invalid", { field: "when", hint });
  if (nextAt === null) throw refuse("That time has passed or never comes.");
  if (nextAt - now > FOLLOWUP_AHEAD_MS_MAX) throw refuse("That is more than a year away.");
  if (cronOf(when) === null) return { nextAt, endsAt: nextAt + FOLLOWUP_REPEATS_MS_MAX };
  for (let at = nextAt, n = 0; n < 4; n++) {
    const next = dueAfter(powers, when, zone, at);
    if (next === null) break;
    if (next - at < FOLLOWUP_EVERY_MS_MIN) throw refuse("Once in 15 minutes is the most.");
    at = next;
  }
  const endsAt = now + FOLLOWUP_REPEATS_MS_MAX;
  if (nextAt > endsAt) throw refuse("What repeats ends after 30 days, and that is later.");
  return { nextAt, endsAt };
}

/** What this person has set here. */
const setHere = ({ store }: Powers, { asker }: Doing): readonly Followup[] =>
  store
    .find("followup", "principal", asker.run.principal, { limit: LOOKED_AT_MAX })
    .map(({ value }) => value)
    .filter(({ conversation }) => conversation === asker.conversation.id)
    .toSorted((a, b) => (a.nextAt ?? a.endsAt) - (b.nextAt ?? b.endsAt));

type Order = { readonly followup: Followup; readonly material: Material };

async function ordered(powers: Powers, catalogue: Catalogue, doing: Doing, input: ScheduleInput, when: When) {
  const { asker } = doing;
  const named = powers.store.get("issued", asker.run.id)?.value.named ?? [];
  if (!named.includes(whenName(when)))
    throw new Refusal("egress.control", { field: "when", hint: "Take the time from slots.when of the request." });
  const zone = timezoneOf(powers, asker.conversation, asker.principal);
  const now = powers.clock.now();
  const material = await materialOf(powers, catalogue, doing, input, contextOf(asker));
  const does = INTENTS.find((intent): intent is Intent => named.includes(`does:${intent}`)) ?? "remind";
  const { id: run, tenant, session, conversation, thread, principal } = asker.run;
  const followup: Followup = {
    id: newId("FollowupId", powers.random.bytes(16)),
    tenant,
    session,
    conversation,
    thread,
    principal,
    when,
    zone,
    brief: {
      blob: newId("BlobId", powers.random.bytes(16)),
      label: material.label,
      by: material.by,
      does: material.by === "person" ? does : "remind",
    },
    source: material.source,
    setAt: now,
    ...timesOf(powers, when, zone, now),
    fired: 0,
    overAt: null,
  };
  return { followup, material, run };
}

/** Caps are counted in the commit that sets it: the session's row changes with it. */
function set(powers: Powers, draft: Draft, { followup, material }: Order): void {
  const { store } = powers;
  const session = draft.need("session", followup.session);
  draft.put("session", session.id, { ...session, lastAt: draft.now });
  const person = draft.need("principal", followup.principal);
  draft.put("principal", person.id, person);
  const ofSession = store.find("followup", "session", followup.session, { limit: FOLLOWUPS_PER_SESSION_MAX });
  const ofPerson = store.find("followup", "principal", followup.principal, { limit: FOLLOWUPS_PER_PERSON_MAX });
  if (ofSession.length >= FOLLOWUPS_PER_SESSION_MAX || ofPerson.length >= FOLLOWUPS_PER_PERSON_MAX)
    throw new Refusal("rate.limited", { hint: "Too much is set already: stop something first." });
  const { blob, label } = followup.brief;
  const expires = followup.endsAt + FOLLOWUP_REPEATS_MS_MAX + FOLLOWUP_KEPT_AFTER_MS;
  draft.seal({
    id: blob,
    kind: "note",
    schema: "brief.v1",
    conversation: followup.conversation,
    label,
    bytes: powers.hashing.utf8(JSON.stringify({ text: material.text })),
    expires,
  });
  draft.put("followup", followup.id, followup);
  const kind = cronOf(followup.when) !== null ? "cron" : "event" in followup.when ? "event" : "time";
  const body = { followup: followup.id, kind, at: followup.nextAt, ends: followup.endsAt };
  draft.entry("schedule.set", body, { session: followup.session, actor: followup.principal });
}

/** Ends one that is set; its words go a day later. False when it was over. */
export function stopFollowup(draft: Draft, id: FollowupId, reason: string): boolean {
  const followup = draft.get("followup", id);
  if (followup === null || !isSet(followup)) return false;
  draft.put("followup", id, { ...followup, nextAt: null, overAt: draft.now });
  if (draft.get("queued", id) !== null) draft.drop("queued", id);
  const who = { session: followup.session, actor: followup.principal };
  draft.entry("schedule.cancelled", { followup: id, reason }, who);
  return true;
}

export const scheduleFollowup =
  (powers: Powers, catalogue: Catalogue): Handler =>
  async (doing): Promise<Made> => {
    const input = doing.input as ScheduleInput;
    const { asker } = doing;
    if (asker.principal === null) throw new Refusal("not_found", { hint: "Nobody asked for this run." });
    const here = setHere(powers, doing);
    const goes = here.filter(({ id }) => input.stop === "all" || input.stop === id);
    if (input.stop !== undefined && input.stop !== "all" && goes.length === 0)
      throw new Refusal("not_found", { field: "stop" });
    const order = input.when === undefined ? null : await ordered(powers, catalogue, doing, input, input.when);
    const stays = here.filter((it) => !goes.includes(it)).slice(0, FOLLOWUPS_PER_SESSION_MAX);
    const texts = await opened(
      powers,
      doing,
      stays.map(({ brief }) => brief.blob),
    );
    const said = stays.map((followup, at) => ({ followup, text: texts[at] ?? "" }));
    if (order !== null) said.push({ followup: order.followup, text: order.material.text });
    const listed = said.map(({ followup, text }) => ({
      followup,
      kept: keptText(powers, doing, "schedule.followup", text, followup.brief.label),
    }));
    const label: Label = { ...BOTTOM, tenant: asker.run.tenant };
    return {
      output: {
        followups: listed.map(({ followup, kept }) => viewOf(powers, followup, kept.handle)),
        timezone: timezoneOf(powers, asker.conversation, asker.principal),
        set: order?.followup.id ?? null,
        stopped: goes.length,
      },
      stripped: false,
      label,
      values: listed.flatMap(({ kept }) => kept.values),
      capacity: { bits: 0, chars: 0 },
      used: { steps: 1 },
      write: (draft) => {
        for (const { id } of goes) stopFollowup(draft, id, "asked");
        if (order !== null) set(powers, draft, order);
        for (const { kept } of listed) kept.write(draft);
      },
    };
  };

function viewOf(powers: Powers, it: Followup, what: FollowupView["what"]): FollowupView {
  return {
    followup: it.id,
    does: it.brief.does,
    when: it.when,
    next_at: "event" in it.when ? null : it.nextAt,
    offset_minutes: it.nextAt === null ? null : offsetsOf(powers, it.zone)(it.nextAt),
    set_at: it.setAt,
    ends_at: it.endsAt,
    what,
  };
}
