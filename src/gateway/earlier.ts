/**
 * What the person of a run asked before, redacted as the request itself, and what was answered: by handle, each answer
 * under its own label (CONTRACT section 5).
 */
import type { RevealedValue } from "../core/agent.ts";
import { type Handle, newId } from "../core/ids.ts";
import { EARLIER_CHARS_MAX, EARLIER_REQUESTS_MAX } from "../core/limits.ts";
import type { Message } from "../core/message.ts";
import { ReadRequest } from "../core/request.ts";
import type { Doing } from "./call.ts";
import type { Draft } from "./draft.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { issue, tokensIn, writeFound } from "./pseudonyms.ts";
import type { Range } from "./range.ts";
import { crowdFor, runTransform } from "./readers.ts";
import { type NewValue, viewOf, writeValue } from "./values.ts";

const LOOKED_AT_MAX = 200;
const ANSWERS_MAX = 4;
/** What a value of an answer is called. */
const ANSWER = "request.answer";

export type Earlier = {
  readonly shown: readonly {
    readonly message: Message["id"];
    readonly asked_at: number;
    readonly text: string;
    readonly answers: readonly Handle[];
  }[];
  readonly values: readonly RevealedValue[];
  readonly write: (draft: Draft) => void;
};

/** The last so many requests of this person here before this one, the oldest first. */
function requestsBefore({ store }: Powers, request: Message, count: number): readonly Message[] {
  if (count === 0) return [];
  return store
    .messages({ conversation: request.conversation, sender: request.sender, last: LOOKED_AT_MAX })
    .filter((it) => it.addressed !== "none" && it.id !== request.id && it.sentAt <= request.sentAt)
    .slice(-count);
}

export async function earlierOf(
  powers: Powers,
  doing: Doing,
  request: Message,
  me: string,
  count: number,
): Promise<Earlier> {
  const { conversation, run } = doing.asker;
  const requests = requestsBefore(powers, request, Math.min(count, EARLIER_REQUESTS_MAX));
  const answers = await answersTo(powers, doing, requests);
  const writes: ((draft: Draft) => void)[] = [];
  const shown: Earlier["shown"][number][] = [];
  for (const message of requests) {
    const range: Range = { conversation, messages: [message], label: message.label, read: NOBODY };
    const crowd = await crowdFor(powers, doing, range);
    const outcome = await runTransform(powers, doing, range, crowd, { aliases: [], me });
    const { text } = ReadRequest.parse(outcome.kind === "value" ? outcome.value : outcome.fallback);
    const short = text.slice(0, EARLIER_CHARS_MAX).toWellFormed();
    writes.push((draft) => {
      writeFound(draft, conversation.id, message.label, outcome.found, draft.now + conversation.ttlMs);
      issue(draft, run.id, tokensIn(short));
    });
    const handles = answers.filter(({ to }) => to === message.id).map(({ value }) => value.handle);
    shown.push({ message: message.id, asked_at: message.sentAt, text: short, answers: handles });
  }
  for (const { value, text } of answers)
    writes.push((draft) => void writeValue(draft, run.id, value, text, draft.now + conversation.ttlMs));
  return {
    shown,
    values: answers.map(({ value, text }) => viewOf(value, JSON.stringify(text).length)),
    write: (draft) => {
      for (const write of writes) write(draft);
    },
  };
}

const NOBODY: Range["read"] = {
  messages: 1,
  people: 1,
  from: 0,
  to: 0,
  unread_media: 0,
  others_unread: false,
  gap: false,
  cut: false,
};

type Answer = { readonly to: Message["id"]; readonly value: NewValue; readonly text: string };

/** Our own words in reply to these, each as a value of this run. */
async function answersTo(powers: Powers, doing: Doing, requests: readonly Message[]): Promise<readonly Answer[]> {
  const { store, random, hashing } = powers;
  const { conversation, run } = doing.asker;
  if (requests.length === 0) return [];
  const own = store
    .messages({ conversation: conversation.id, last: LOOKED_AT_MAX })
    .filter((it) => it.own && requests.some(({ id }) => id === it.replyTo));
  const kept = requests.flatMap(({ id }) => own.filter(({ replyTo }) => replyTo === id).slice(0, ANSWERS_MAX));
  const blobs = kept.map(({ blob }) => blob);
  const permit = grantPermit(
    { by: "run", run: run.id, call: doing.call, reserved: true },
    "transform",
    doing.manifest.id,
    blobs,
  );
  return store.open(permit, blobs, (opened) =>
    kept.map((message, at): Answer => {
      const { text } = JSON.parse(hashing.text(opened[at]?.bytes ?? new Uint8Array())) as { readonly text: string };
      const value: NewValue = {
        handle: newId("Handle", random.bytes(16)),
        conversation: conversation.id,
        tier: "C",
        kind: ANSWER,
        schema: `${ANSWER}.v1`,
        label: message.label,
        sources: [{ message: message.id, blob: message.blob, revision: message.revision }],
      };
      return { to: message.replyTo as Message["id"], value, text };
    }),
  );
}
