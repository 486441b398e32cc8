/**
 * The buttons of a question. What a press carries is a keyed hash of approval, chat and answer, made with the token as
 * the key: it outlives a restart, fits one question alone, and nobody else can make one. Which question a message is
 * comes from what we sent, never from the press.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { ApprovalId } from "../../src/core/ids.ts";
import type { InboundEvent } from "../../src/core/message.ts";

const ANSWERS = ["approve", "deny"] as const;
type Answer = (typeof ANSWERS)[number];
type WithToken = <T>(use: (token: Uint8Array) => T | Promise<T>) => Promise<T>;
type Button = { readonly text: string; readonly callback_data: string };

const WORDS: Readonly<Record<Answer, string>> = { approve: "✅ Allow", deny: "❌ Refuse" };
const MARK = "a:";
const MAC_BYTES = 16;

const macOf = (token: Uint8Array, approval: string, chat: string, answer: Answer): Buffer =>
  createHmac("sha256", token)
    .update(["lazaret.telegram.button.v1", approval, chat, answer].join("\0"))
    .digest()
    .subarray(0, MAC_BYTES);

/** One row of buttons, 24 bytes of data each (at most 64 are allowed). With `denyOnly` a yes would not count here. */
export function keyboardOf(
  withToken: WithToken,
  approval: { readonly id: ApprovalId; readonly denyOnly?: boolean },
  chat: string,
): Promise<{ inline_keyboard: Button[][] }> {
  const answers = ANSWERS.filter((answer) => answer === "deny" || approval.denyOnly !== true);
  return withToken((token) => ({
    inline_keyboard: [
      answers.map((answer) => ({
        text: WORDS[answer],
        callback_data: MARK + macOf(token, approval.id, chat, answer).toString("base64url"),
      })),
    ],
  }));
}

/** Which question a message of ours put, by its chat and its id there; null when it put none. */
export type PromptAt = (conversation: string, event: string) => ApprovalId | null;

/**
 * A press as the gateway reads it: `approve` or `deny` when it is a button of the very question it was pressed under.
 * Any other data stays what it is, and means nothing; null when it poses as an answer.
 */
export async function readPress(event: InboundEvent, withToken: WithToken, promptAt: PromptAt) {
  const { envelope, content } = event;
  const { key = "" } = content;
  if (!key.startsWith(MARK)) return ANSWERS.some((answer) => answer === key) ? null : event;
  const approval = envelope.target === undefined ? null : promptAt(envelope.conversation, envelope.target);
  const given = Buffer.from(key.slice(MARK.length), "base64url");
  if (approval === null || given.length !== MAC_BYTES) return event;
  const answer = await withToken((token) =>
    ANSWERS.find((one) => timingSafeEqual(macOf(token, approval, envelope.conversation, one), given)),
  );
  return answer === undefined ? event : { envelope, content: { ...content, key: answer } };
}

/** Telegram's id of a press, under which it is answered. */
export const pressOf = ({ envelope }: InboundEvent): string | null =>
  envelope.kind === "action" && envelope.event_id.startsWith("press:") ? envelope.event_id.slice(6) : null;
