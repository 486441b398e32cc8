/**
 * What connectors hand over, made durable before it is acknowledged. Messages that start nothing are kept in the commit
 * of their cursor; everything else waits in the inbox, sealed, until it is drained. Those of one conversation keep
 * their order.
 */
import type { ConnectorBatch } from "../core/ports.ts";
import { isRefusal } from "../core/refusal.ts";
import type { Draft } from "./draft.ts";
import type { Aftermath, Handlers } from "./handlers.ts";
import type { Powers } from "./powers.ts";
import { receive, receiveQuietly } from "./receive.ts";
import type { Rejections, Weighed } from "./rejections.ts";
import { transact } from "./transact.ts";

/** Drained at a time. */
const DRAIN_MAX = 128;
/** The most that is kept without a stop in the inbox: one cursor is one commit, and nothing else is done meanwhile. */
const TOGETHER_MAX = 512;
const NOTHING: Aftermath = { do: "nothing" };

type Waiting = ReturnType<Powers["store"]["inbox"]>[number]["event"];
type Row = { readonly event: Waiting; readonly weighed: Weighed };
type InboxRow = Row & { readonly seq: number };

/** Resolves once the batch and its cursor are durable. */
export async function takeIn(
  powers: Powers,
  rejections: Rejections,
  channel: string,
  { cursor, events }: ConnectorBatch,
): Promise<void> {
  const { store, settings } = powers;
  const toInbox = (): Promise<void> => store.commit({ inbox: { tenant: settings.tenant, channel, cursor, events } });
  // Nothing overtakes what waits already.
  if (store.inboxCount() > 0 || events.length > TOGETHER_MAX) return toInbox();
  const rows = events.map((event) => ({ event, weighed: rejections.weigh() }));
  try {
    const taken = await transact(powers, (draft) => {
      const { taken, later } = quiet(powers, draft, rows);
      draft.inbox(
        channel,
        cursor,
        later.map(({ event }) => event),
      );
      return taken;
    });
    for (const { weighed } of taken) weighed.settle();
  } catch (error) {
    if (mustStop(error)) throw error;
    await toInbox();
  }
}

/** Drains what waits. Returns what is to be done after; a row that was altered is named in the ledger and dropped. */
export async function drain(powers: Powers, rejections: Rejections, handlers: Handlers): Promise<readonly Aftermath[]> {
  const rows = powers.store.inbox(DRAIN_MAX).map((row): InboxRow => ({ ...row, weighed: rejections.weigh() }));
  const later = await takeTogether(powers, rows);
  const aftermath: Aftermath[] = Array.from({ length: rows.length - later.length }, () => NOTHING);
  for (const group of independent(later)) {
    aftermath.push(...(await Promise.all(group.map((row) => takeAlone(powers, row, handlers)))));
  }
  return aftermath;
}

/** Those that start nothing, all in one batch. When that cannot be taken, each for itself shows which one it is. */
async function takeTogether(powers: Powers, rows: readonly InboxRow[]): Promise<readonly InboxRow[]> {
  try {
    const { taken, later } = await transact(powers, (draft) => {
      const both = quiet(powers, draft, rows);
      for (const { seq } of both.taken) draft.taken(seq);
      return both;
    });
    for (const { weighed } of taken) weighed.settle();
    return later;
  } catch (error) {
    if (mustStop(error)) throw error;
    return rows;
  }
}

/** A disk that does not take it takes nothing else either. */
const mustStop = (error: unknown): boolean => isRefusal(error) && error.code !== "conflict" && error.retryable;

/** What may start something waits, and with it whatever came after it in its conversation. */
function quiet<T extends Row>(
  powers: Powers,
  draft: Draft,
  rows: readonly T[],
): { readonly taken: readonly T[]; readonly later: readonly T[] } {
  const [taken, later]: [T[], T[]] = [[], []];
  const waiting = new Set<string>();
  for (const row of rows) {
    const place = placeOf(row);
    const { event, weighed } = row;
    const isQuiet = event !== "altered" && !waiting.has(place) && receiveQuietly(powers, draft, event, weighed);
    if (!isQuiet) waiting.add(place);
    (isQuiet ? taken : later).push(row);
  }
  return { taken, later };
}

async function takeAlone(powers: Powers, { seq, event, weighed }: InboxRow, handlers: Handlers): Promise<Aftermath> {
  const aftermath = await transact(powers, (draft): Aftermath => {
    draft.taken(seq);
    if (event !== "altered") return receive(powers, draft, event, weighed, handlers);
    draft.entry("quarantine.integrity_failed", { what: "inbox", seq });
    return NOTHING;
  });
  weighed.settle();
  return aftermath;
}

const placeOf = ({ event }: Row): string =>
  event === "altered" ? "" : `${event.envelope.channel}/${event.envelope.conversation}`;

/**
 * Rows that touch different conversations may share a group commit; those of one conversation keep their order. Each
 * group holds the first waiting row of every conversation.
 */
function independent(rows: readonly InboxRow[]): readonly (readonly InboxRow[])[] {
  const groups: InboxRow[][] = [];
  const depth = new Map<string, number>();
  for (const row of rows) {
    const place = placeOf(row);
    const at = depth.get(place) ?? 0;
    depth.set(place, at + 1);
    const group = groups[at];
    if (group === undefined) groups.push([row]);
    else group.push(row);
  }
  return groups;
}
