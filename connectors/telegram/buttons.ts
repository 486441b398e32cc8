/**
 * The buttons of a question. What a press carries is a keyed hash of approval, chat and answer, made with the token as
 * the key: it outlives a restart, fits one question alone, and nobody else can make one. Which question a message is
 * comes from what we sent, never from the press.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { ApprovalId } from "../../src/core/ids.ts";
import { PLAN_STEPS_MAX } from "../../src/core/limits.ts";
import type { InboundEvent } from "../../src/core/message.ts";

/** As a press is read: all, none, or one step of a plan. */
const ANSWERS = ["approve", "deny"] as const;
type Answer = (typeof ANSWERS)[number] | `approve:${number}`;
const STEPS = Array.from({ length: PLAN_STEPS_MAX }, (_, at): Answer => `approve:${at + 1}`);
type WithToken = <T>(use: (token: Uint8Array) => T | Promise<T>) => Promise<T>;
type Button = { readonly text: string; readonly callback_data: string };

const wordsOf = (answer: Answer, isPlan: boolean): string =>
  answer === "deny"
    ? "❌ Refuse"
    : answer !== "approve"
      ? `✅ ${answer.slice(8)}`
      : isPlan
        ? "✅ Allow all"
        : "✅ Allow";
const MARK = "a:";
const MAC_BYTES = 16;

const macOf = (token: Uint8Array, approval: string, chat: string, answer: Answer): Buffer =>
  createHmac("sha256", token)
    .update(["lazaret.telegram.button.v1", approval, chat, answer].join("\0"))
    .digest()
    .subarray(0, MAC_BYTES);

type Buttons = { readonly id: ApprovalId; readonly denyOnly?: boolean; readonly steps?: readonly number[] };

/**
 * Rows of buttons, 24 bytes of data each (at most 64 are allowed): one a step where it is a plan, then all and none.
 * With `denyOnly` a yes would not count here.
 */
export function keyboardOf(
  withToken: WithToken,
  { id, denyOnly, steps = [] }: Buttons,
  chat: string,
): Promise<{ inline_keyboard: Button[][] }> {
  const single = steps.map((step): Answer => `approve:${step}`);
  const whole = ANSWERS.filter((answer) => answer === "deny" || denyOnly !== true);
  const rows: Answer[][] = [];
  for (let at = 0; at < single.length; at += ROW_MAX) rows.push(single.slice(at, at + ROW_MAX));
  rows.push(whole);
  return withToken((token) => ({
    inline_keyboard: rows.map((row) =>
      row.map((answer) => ({
        text: wordsOf(answer, steps.length > 0),
        callback_data: MARK + macOf(token, id, chat, answer).toString("base64url"),
      })),
    ),
  }));
}
/** So many fit beside each other on a telephone. */
const ROW_MAX = 5;

/** Which question a message of ours put, by its chat and its id there; null when it put none. */
export type PromptAt = (conversation: string, event: string) => ApprovalId | null;

/**
 * A press as the gateway reads it: `approve`, `deny` or `approve:N` when it is a button of the very question it was
 * pressed under. Any other data stays what it is, and means nothing; null when it poses as an answer.
 */
export async function readPress(event: InboundEvent, withToken: WithToken, promptAt: PromptAt) {
  const { envelope, content } = event;
  const { key = "" } = content;
  const all: readonly Answer[] = [...ANSWERS, ...STEPS];
  if (!key.startsWith(MARK)) return all.some((answer) => answer === key) ? null : event;
  const approval = envelope.target === undefined ? null : promptAt(envelope.conversation, envelope.target);
  const given = Buffer.from(key.slice(MARK.length), "base64url");
  if (approval === null || given.length !== MAC_BYTES) return event;
  const answer = await withToken((token) =>
    all.find((one) => timingSafeEqual(macOf(token, approval, envelope.conversation, one), given)),
  );
  return answer === undefined ? event : { envelope, content: { ...content, key: answer } };
}

/** Telegram's id of a press, under which it is answered. */
export const pressOf = ({ envelope }: InboundEvent): string | null =>
  envelope.kind === "action" && envelope.event_id.startsWith("press:") ? envelope.event_id.slice(6) : null;
