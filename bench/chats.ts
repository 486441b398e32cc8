/**
 * Chats of the benchmark files as a transform sees them under `lazaret try`: names as given, the zone of each
 * message's own time.
 */
import type { Surroundings, Turn } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";

export type Said = { readonly sender: string; readonly text: string; readonly sent_at?: string };

export const surroundings: Surroundings = {
  ...readLexicon(),
  people: [],
  tokenOf: (_, text) => text,
  language: "en",
  now: 0,
  nowOffsetMinutes: 0,
};

function offsetOf(sentAt: string): number {
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})$/.exec(sentAt) ?? [];
  if (sign === undefined) return 0;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

export const turnsOf = (messages: readonly Said[]): Turn[] =>
  messages.map(({ sender, text, sent_at }, index) => ({
    index,
    sender,
    text,
    sentAt: sent_at === undefined ? null : Date.parse(sent_at),
    offsetMinutes: sent_at === undefined ? 0 : offsetOf(sent_at),
    replyTo: null,
    media: 0,
  }));
