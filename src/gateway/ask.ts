/**
 * Puts a question to people: digest, code, prompt, route (CONTRACT section 7).
 * What cannot be shown in full is not asked.
 */
import { type Approval, type Assurance, digestText } from "../core/approval.ts";
import type { Canonical } from "../core/canonical.ts";
import { type ApprovalId, type ConversationId, hex, type MessageId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import {
  APPROVAL_BACKGROUND_MS,
  APPROVAL_INTERACTIVE_MS,
  APPROVAL_PROMPT_CHARS_MAX,
  APPROVALS_PER_DAY_MAX,
  APPROVALS_PER_RUN_MAX,
  DAY_MS,
  MINUTE_MS,
} from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import { type BlindPair, blindPair } from "./blind.ts";
import { type AskFor, type Doing, labelWords } from "./call.ts";
import type { Draft } from "./draft.ts";
import { assertNoSecret } from "./leaks.ts";
import { visibly } from "./plain-text.ts";
import type { Powers } from "./powers.ts";
import { evidenceOn, isEnough, routeOf, type Surface, type Ways, waysOn } from "./route.ts";
import { noteSaid } from "./said.ts";
import { post, say } from "./say.ts";
import { CODE_ALPHABET, CODE_CHARS } from "./words.ts";

export type AskedPeople = { readonly id: ApprovalId; readonly where: string; readonly expiresAt: number };

export const codeHash = (powers: Powers, code: string): string =>
  hex(powers.hashing.sha256(powers.hashing.utf8(`lazaret.code.v1\u0000${code}`)));

/** Eight characters of an alphabet of 31, drawn without bias. */
function newCode(powers: Powers): string {
  let code = "";
  while (code.length < CODE_CHARS) {
    for (const byte of powers.random.bytes(16)) {
      if (byte < CODE_ALPHABET.length * 8 && code.length < CODE_CHARS)
        code += CODE_ALPHABET[byte % CODE_ALPHABET.length];
    }
  }
  return code;
}

const minutes = (ms: number): string => `${Math.max(1, Math.round(ms / MINUTE_MS))} minutes`;

type Prompt = {
  readonly ask: AskFor;
  readonly code: string;
  readonly agent: string;
  readonly ttlMs: number;
  readonly ways: Ways;
  readonly blind: BlindPair;
  readonly id: ApprovalId;
  readonly domains: readonly string[];
};

/** Only what counts here is named. */
function answerLines({ ask, code, ways, blind, id }: Prompt): string {
  const counts = (way: Assurance | null): boolean => isEnough(way, ask.assurance);
  if (counts(ways.code) && counts(ways.nod))
    return `To allow it: approve ${code}\nTo refuse: deny ${code}\nOn this message ✅ or ❌ counts too.`;
  if (counts(ways.blind))
    return (
      `To allow it: react with ${blind.yes} on this message, or approve ${code}\n` +
      `To refuse: react with ${blind.no} or ❌, or deny ${code}\n` +
      "Any other reaction ends the question: these two are known to you and me alone."
    );
  if (counts(ways.code))
    return `To allow it: approve ${code}\nTo refuse: deny ${code}, or ❌ on this message; ✅ does not suffice.`;
  if (counts(ways.button))
    return `To allow it: the button below; neither words nor reactions suffice.\nTo refuse: the other, or deny ${code}`;
  return `To allow it, the owner types on this machine: lazaret approvals approve ${id}\nTo refuse: deny ${code}`;
}

/**
 * The question as people read it: what, to whom, with what, why asked, what may go wrong, how to answer, until when.
 */
function promptText(prompt: Prompt): string {
  const { ask, agent, ttlMs, domains } = prompt;
  return [
    `May I ${ask.what}?`,
    "",
    ...visibly(ask.rendered, domains)
      .split("\n")
      .map((line) => `> ${line}`),
    "",
    `Asked by: ${agent}. It contains: ${labelWords(ask.label)}.`,
    `Why I ask: ${ask.because}`,
    `What may go wrong: ${ask.risk ?? "whoever reads it there can keep it and pass it on; it cannot be called back."}`,
    answerLines(prompt),
    `The question ends in ${minutes(ttlMs)}; without an answer nothing happens.`,
  ].join("\n");
}

/** Two hundred questions are no question: a place is asked so often a day and no more (threat B19). */
function assertQuiet(powers: Powers, draft: Draft, place: ConversationId): void {
  const page = { limit: APPROVALS_PER_DAY_MAX, newestFirst: true };
  const asked = powers.store.find("approval", "conversation", place, page);
  const oldest = asked.length < APPROVALS_PER_DAY_MAX ? undefined : asked.at(-1)?.value;
  if (oldest !== undefined && oldest.createdAt > draft.now - DAY_MS)
    throw new Refusal("rate.limited", { hint: "Enough was asked there for today." });
}

/**
 * Writes the approval, the sealed stored call and the prompt into the draft.
 * The caller pauses the run in the same commit.
 */
export function askPeople(powers: Powers, draft: Draft, doing: Doing, ask: AskFor): AskedPeople {
  const { run, request, conversation } = doing.asker;
  const open = powers.store.find("approval", "run", run.id, { limit: APPROVALS_PER_RUN_MAX });
  if (open.length >= APPROVALS_PER_RUN_MAX)
    throw new Refusal("rate.limited", { hint: "This run has asked often enough." });
  const surface = routeOf(powers, doing, ask);
  assertQuiet(powers, draft, surface.conversation.id);
  const id = draft.newId("ApprovalId");
  const code = newCode(powers);
  const ttlMs = request === null ? APPROVAL_BACKGROUND_MS : APPROVAL_INTERACTIVE_MS;
  const expiresAt = draft.now + ttlMs;
  const evidence = evidenceOn(powers, surface.conversation);
  const ways = waysOn(powers, surface.conversation);
  const blind = blindPair(powers, id);
  const domains = [...powers.settings.linkDomains, ...(ask.domains ?? [])];
  const text = promptText({ ask, code, agent: run.agent, ttlMs, ways, blind, id, domains });
  assertNoSecret(powers, text);
  if (text.length > APPROVAL_PROMPT_CHARS_MAX)
    throw new Refusal("approval.unshowable", { hint: "Make the text shorter." });
  const approval = approvalOf(powers, draft, doing, ask, { id, code, text, expiresAt, at: surface.conversation.id });
  const denyOnly = isEnough(evidence, ask.assurance) ? {} : { denyOnly: true };
  const shown = { op: "text", text, approval: { id, code, expiresAt, ...denyOnly } } as const;
  const message = postPrompt(draft, doing, ask, surface, shown);
  draft.put("approval", id, { ...approval, surfaces: [{ conversation: surface.conversation.id, message }] });
  draft.entry(
    "approval.requested",
    {
      approval: id,
      capability: approval.capability,
      digest: approval.digest,
      assurance: ask.assurance,
      four_eyes: ask.fourEyes,
      requester: approval.requester,
      rule: ask.rule,
      conversation: surface.conversation.id,
      expires: expiresAt,
    },
    { session: run.session, run: run.id, actor: run.agent },
  );
  if (!surface.here) {
    say(
      draft,
      { conversation, thread: run.thread, replyTo: run.request },
      "This needs somebody's yes first. I have asked where it can be given, and I wait.",
      run.id,
    );
  }
  return { id, where: surface.here ? "here" : "direct", expiresAt };
}

type Question = {
  readonly id: ApprovalId;
  readonly code: string;
  readonly text: string;
  readonly expiresAt: number;
  readonly at: ConversationId;
};

/** What the digest of a question binds: everything that was shown and everything that will be done (section 7). */
function boundTo(powers: Powers, draft: Draft, doing: Doing, ask: AskFor, { id, expiresAt }: Question) {
  const { run, principal } = doing.asker;
  return {
    approval: id,
    tenant: draft.tenant,
    session: run.session,
    run: run.id,
    call: doing.call,
    capability: doing.manifest.id,
    version: doing.manifest.version,
    input: doing.input as Canonical,
    rendered: hex(powers.hashing.sha256(powers.hashing.utf8(ask.rendered))),
    destination: ask.destination,
    label: ask.label,
    sources: ask.sources.map(({ message, revision }) => `${message}/${revision}`),
    requester: principal?.id ?? null,
    policy: policyDigest(powers),
    assurance: ask.assurance,
    expires: expiresAt,
  };
}

function approvalOf(powers: Powers, draft: Draft, doing: Doing, ask: AskFor, question: Question): Approval {
  const { run } = doing.asker;
  const { id, code, text, expiresAt, at } = question;
  const bound = boundTo(powers, draft, doing, ask, question);
  const sources = [...ask.sources.map(({ message }) => message), ...(run.request === null ? [] : [run.request])];
  return {
    id,
    tenant: draft.tenant,
    session: run.session,
    run: run.id,
    call: doing.call,
    capability: doing.manifest.id,
    version: doing.manifest.version,
    requester: bound.requester,
    conversation: at,
    destination: ask.destination,
    label: ask.label,
    assurance: ask.assurance,
    fourEyes: ask.fourEyes,
    approvers: ask.approvers,
    digest: hex(powers.hashing.sha256(powers.hashing.utf8(digestText(bound)))),
    codeHash: codeHash(powers, code),
    wrongCodes: 0,
    sources: [...new Set(sources)],
    surfaces: [],
    answer: null,
    prompt: sealFor(draft, at, ask.label, { text }, expiresAt),
    stored: sealFor(draft, run.conversation, ask.label, { call: ask.stored, bound }, expiresAt),
    createdAt: draft.now,
    expiresAt,
    status: { state: "pending" },
  };
}

type Prompted = Parameters<typeof post>[2] & { readonly approval: { readonly id: ApprovalId } };

/** The prompt as a message into the conversation where it can be answered, and only there. */
function postPrompt(draft: Draft, doing: Doing, ask: AskFor, surface: Surface, shown: Prompted): MessageId {
  const { run } = doing.asker;
  const place = {
    conversation: surface.conversation,
    thread: surface.here ? run.thread : null,
    replyTo: surface.here ? run.request : null,
  };
  const label: Label = { ...ask.label, audience: [surface.conversation.id] };
  const message = post(draft, place, shown, label, run.id, { approval: shown.approval.id });
  const where = { channel: surface.conversation.channel, conversation: surface.conversation.id, run: run.id };
  noteSaid(
    draft,
    message,
    where,
    ask.sources.map((source) => source.message),
  );
  return message;
}

const sealFor = (
  draft: Draft,
  conversation: ConversationId,
  label: Label,
  value: unknown,
  expires: number,
): NonNullable<Approval["prompt"]> =>
  draft.sealJson("prompt", "approval.v1", conversation, label, value, expires + 30 * MINUTE_MS);

/** Hexadecimal SHA-256 of the compiled policy in force. */
export const policyDigest = (powers: Powers): string =>
  hex(powers.hashing.sha256(powers.hashing.utf8(powers.policy.current.canonical)));
