/** How far a channel has read: the update to ask for next, and when it last had an answer, milliseconds since 1970. */

export type Cursor = { readonly offset: number; readonly at: number };

const FORM = /^(\d{1,16})@(\d{1,16})$/;

export const cursorText = ({ offset, at }: Cursor): string => `${offset}@${at}`;

/** Null for anything else than what `cursorText` wrote. */
export function parseCursor(text: string | null): Cursor | null {
  const [, offset, at] = FORM.exec(text ?? "") ?? [];
  return offset === undefined || at === undefined ? null : { offset: Number(offset), at: Number(at) };
}

/**
 * The update after the last one of a batch. Never the highest: after a week without updates Telegram draws a new id,
 * which may be lower (Bot API, Update). An answer whose last id is no number leaves the cursor where it is.
 */
export function offsetAfter(updates: readonly unknown[], offset: number): number {
  const last: unknown = updates.at(-1);
  const id: unknown = typeof last === "object" && last !== null ? Reflect.get(last, "update_id") : null;
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0 ? id + 1 : offset;
}
