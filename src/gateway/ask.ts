/**
 * Puts a question to people: digest, code, prompt, route (CONTRACT section 7).
 * What cannot be shown in full is not asked.
 */
import { type Approval, ASSURANCE, digestText } from "../core/approval.ts";
import { type Canonical, canonical } from "../core/canonical.ts";
import { type ApprovalId, type ConversationId, hex, type MessageId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import {
  APPROVAL_BACKGROUND_MS,
  APPROVAL_INTERACTIVE_MS,
  APPROVAL_PROMPT_CHARS_MAX,
  MINUTE_MS,
} from "../core/limits.ts";
import type { Conversation } from "../core/people.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import { blindPair } from "./blind.ts";
import type { AskFor, Doing, PlannedStep } from "./call.ts";
import type { Draft } from "./draft.ts";
import { assertNoSecret } from "./leaks.ts";
import type { Powers } from "./powers.ts";
import { codeHash, codeOf, type Prompt, promptText } from "./question.ts";
import { assertFew, assertQuiet } from "./quiet.ts";
import { evidenceOn, isEnough, routesOf, type Surface, waysOn } from "./route.ts";
import { noteSaid } from "./said.ts";
import { post, say } from "./say.ts";

export type AskedPeople = { readonly id: ApprovalId; readonly where: string; readonly expiresAt: number };

/**
 * Writes the approval, the sealed stored call and a prompt for every place into the draft; of a plan also a question
 * for each step, behind the one prompt. The caller pauses the run in the same commit.
 */
export function askPeople(powers: Powers, draft: Draft, doing: Doing, ask: AskFor): AskedPeople {
  const { run, request, conversation } = doing.asker;
  assertFew(powers, run.id);
  const places = placesFor(powers, doing, ask);
  const at = places[0]?.conversation.id ?? conversation.id;
  for (const place of new Set([at, ...places.map((it) => it.conversation.id)])) assertQuiet(powers, place, draft.now);
  const id = draft.newId("ApprovalId");
  const ttlMs = request === null ? APPROVAL_BACKGROUND_MS : APPROVAL_INTERACTIVE_MS;
  const expiresAt = draft.now + ttlMs;
  const code = codeOf(powers, id);
  const textAt = (place: Conversation | null): string =>
    shownAt(powers, place, { ask, code, agent: run.agent, ttlMs, id });
  const text = textAt(places[0]?.conversation ?? null);
  const approval = approvalOf(powers, draft, doing, ask, { id, code, text, expiresAt, at });
  const steps = (ask.steps ?? []).map((step) => askStep(powers, draft, step, approval));
  const surfaces = places.map((place) => {
    const answers = { id, code, expiresAt, ...answersOn(powers, place.conversation, ask) };
    const shown = { op: "text", text: textAt(place.conversation), approval: answers } as const;
    return { conversation: place.conversation.id, message: postPrompt(draft, doing, ask, place, shown) };
  });
  noteAsked(draft, doing, ask, { ...approval, surfaces, ...(steps.length === 0 ? {} : { steps }) });
  const isHere = places.some(({ here }) => here);
  if (!isHere) say(draft, { conversation, thread: run.thread, replyTo: run.request }, ELSEWHERE, run.id);
  return { id, where: isHere ? "here" : places.length === 0 ? "cli" : "direct", expiresAt };
}

const ELSEWHERE = "This needs somebody's yes first. I have asked where it can be given, and I wait.";

/** As people read it there; null: at the owner's command line alone. */
function shownAt(
  powers: Powers,
  place: Conversation | null,
  of: Pick<Prompt, "ask" | "code" | "agent" | "ttlMs" | "id">,
): string {
  const ways = place === null ? NO_WAYS : waysOn(powers, place);
  const domains = [...powers.settings.linkDomains, ...(of.ask.domains ?? [])];
  const code = place === null ? null : of.code;
  const text = promptText({ ...of, code, ways, blind: blindPair(powers, of.id), domains });
  assertNoSecret(powers, text);
  if (text.length > APPROVAL_PROMPT_CHARS_MAX)
    throw new Refusal("approval.unshowable", { hint: "Make the text shorter." });
  return text;
}
const NO_WAYS = { code: null, nod: null, button: null, blind: null } as const;

/** Where all of it can be answered; of a plan, where any step can. */
function placesFor(powers: Powers, doing: Doing, ask: AskFor): readonly Surface[] {
  if (ask.steps === undefined) return routesOf(powers, doing, ask);
  const needed = ASSURANCE.findLast((level) => ask.steps?.some((step) => step.ask.assurance === level));
  try {
    return routesOf(powers, doing, { ...ask, assurance: needed ?? ask.assurance });
  } catch (error) {
    if (!isRefusal(error) || error.code !== "approval.no_route") throw error;
    return routesOf(powers, doing, ask);
  }
}

/** What a press can say where the question stands: nothing but no, or which steps. */
function answersOn(powers: Powers, at: Conversation, ask: AskFor): { denyOnly?: true; steps?: readonly number[] } {
  const evidence = evidenceOn(powers, at);
  const steps = (ask.steps ?? []).flatMap((step, n) => (isEnough(evidence, step.ask.assurance) ? [n + 1] : []));
  return { ...(isEnough(evidence, ask.assurance) ? {} : { denyOnly: true }), ...(steps.length === 0 ? {} : { steps }) };
}

/** A step: judged, bound and carried out by itself, asked and answered with its plan. */
function askStep(powers: Powers, draft: Draft, { doing, ask }: PlannedStep, plan: Approval): ApprovalId {
  const id = draft.newId("ApprovalId");
  const { expiresAt, conversation } = plan;
  const question = { id, code: null, text: null, expiresAt, at: conversation };
  noteAsked(draft, doing, ask, { ...approvalOf(powers, draft, doing, ask, question), plan: plan.id });
  const call = draft.need("call", doing.call);
  draft.put("call", call.id, { ...call, status: "waiting", approval: id });
  return id;
}

function noteAsked(draft: Draft, { asker: { run } }: Doing, ask: AskFor, approval: Approval): void {
  draft.put("approval", approval.id, approval);
  draft.entry(
    "approval.requested",
    {
      approval: approval.id,
      capability: approval.capability,
      digest: approval.digest,
      assurance: ask.assurance,
      four_eyes: ask.fourEyes,
      requester: approval.requester,
      rule: ask.rule,
      conversation: approval.conversation,
      expires: approval.expiresAt,
      plan: approval.plan,
    },
    { session: run.session, run: run.id, actor: run.agent },
  );
}

type Question = {
  readonly id: ApprovalId;
  /** Null for a step: its plan has one, and the prompt. */
  readonly code: string | null;
  readonly text: string | null;
  readonly expiresAt: number;
  readonly at: ConversationId | null;
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
  // What a step rests on voids that step alone.
  const own = ask.steps === undefined ? ask.sources.map(({ message }) => message) : [];
  const sources = [...own, ...(run.request === null ? [] : [run.request])];
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
    codeHash: code === null ? "" : codeHash(powers, code),
    wrongCodes: 0,
    sources: [...new Set(sources)],
    surfaces: [],
    answer: null,
    prompt: text === null || at === null ? null : sealFor(draft, at, ask.label, { text }, expiresAt),
    stored: sealFor(draft, run.conversation, ask.label, { call: ask.stored, bound }, expiresAt),
    createdAt: draft.now,
    expiresAt,
    status: { state: "pending" },
    ...(ask.standing === undefined || doing.planned === true
      ? {}
      : { control: controlOf(powers, run.session, ask.standing) }),
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

/** Control arguments as an approval keeps them: a web address is content, and stays under a keyed hash. */
export const controlOf = (powers: Powers, session: string, control: Canonical): string =>
  powers.store.mac("idempotency", session, powers.hashing.utf8(`lazaret.control.v1\u0000${canonical(control)}`));
