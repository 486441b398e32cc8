/** Takes what waits in the inbox: what starts nothing all at once, everything else one by one and in order. */
import { isRefusal } from "../core/refusal.ts";
import type { Powers } from "./powers.ts";
import { type Aftermath, type Handlers, NOTHING, receive, receiveQuietly } from "./receive.ts";
import type { Rejections, Weighed } from "./rejections.ts";
import { transact } from "./transact.ts";

/** Read at a time; those of them that start nothing share one batch. */
const DRAIN_MAX = 128;

type Row = ReturnType<Powers["store"]["inbox"]>[number] & { readonly weighed: Weighed };

/**
 * Drains what waits. Returns what is to be done after; an event that cannot be read is named in the ledger and dropped.
 */
export async function drain(powers: Powers, rejections: Rejections, handlers: Handlers): Promise<readonly Aftermath[]> {
  const rows = powers.store.inbox(DRAIN_MAX).map((row): Row => ({ ...row, weighed: rejections.weigh() }));
  const later = await takeTogether(powers, rows);
  const taken = rows.length - later.length;
  const aftermath: Aftermath[] = Array.from({ length: taken }, () => NOTHING);
  for (const group of independent(later)) {
    aftermath.push(...(await Promise.all(group.map((row) => takeAlone(powers, row, handlers)))));
  }
  return aftermath;
}

/**
 * Messages that start nothing, all in one batch. What may start something waits, with everything that came after it
 * in its conversation; so does all when the batch fails for a reason of its own, since each for itself shows which
 * event has it.
 */
async function takeTogether(powers: Powers, rows: readonly Row[]): Promise<readonly Row[]> {
  try {
    const { later, taken } = await transact(powers, (draft) => {
      const later = new Map<string, Row[]>();
      const taken = rows.filter((row) => {
        const key = placeOf(row);
        const waiting = later.get(key);
        if (waiting === undefined && row.event !== "altered" && receiveQuietly(powers, draft, row.event, row))
          return true;
        later.set(key, [...(waiting ?? []), row]);
        return false;
      });
      return { later: [...later.values()].flat(), taken };
    });
    for (const { weighed } of taken) weighed.settle();
    return later;
  } catch (error) {
    if (isRefusal(error) && error.code !== "conflict" && error.retryable) throw error;
    return rows;
  }
}

async function takeAlone(powers: Powers, row: Row, handlers: Handlers): Promise<Aftermath> {
  const aftermath = await transact(powers, (draft): Aftermath => {
    draft.taken(row.seq);
    if (row.event !== "altered") return receive(powers, draft, row.event, row.weighed, handlers);
    draft.entry("quarantine.integrity_failed", { what: "inbox", seq: row.seq });
    return NOTHING;
  });
  row.weighed.settle();
  return aftermath;
}

const placeOf = ({ event }: Pick<Row, "event">): string =>
  event === "altered" ? "" : `${event.envelope.channel}/${event.envelope.conversation}`;

/**
 * Rows that touch different conversations may share a group commit; those of one conversation keep their order. Each
 * group holds the first waiting row of every conversation.
 */
function independent(rows: readonly Row[]): readonly (readonly Row[])[] {
  const groups: Row[][] = [];
  const depth = new Map<string, number>();
  for (const row of rows) {
    const key = placeOf(row);
    const at = depth.get(key) ?? 0;
    depth.set(key, at + 1);
    const group = groups[at];
    if (group === undefined) groups.push([row]);
    else group.push(row);
  }
  return groups;
}
