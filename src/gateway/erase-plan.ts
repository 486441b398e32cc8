/**
 * What a purge takes: read from records, nothing written. What is held is counted and left out (CONTRACT section 12).
 */
import type { RecordDrop, RecordPut } from "../core/batch.ts";
import type { BlobId, ConversationId, MessageId, PrincipalId, RunId } from "../core/ids.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { RecordKind, Records } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { PurgeScope } from "../core/verbs/evidence.ts";
import { type LaterPlan, laterGoing } from "./erase-later.ts";
import { isHeld, isMessageHeld } from "./holds.ts";
import { conversationBy } from "./people.ts";
import type { Powers } from "./powers.ts";

const EVERYTHING = 1_000_000;
const STATES = ["pending", "sending", "sent", "failed", "unknown"] as const satisfies readonly OutboxRow["state"][];

export type Plan = {
  readonly conversations: ReadonlySet<ConversationId>;
  readonly messages: ReadonlySet<MessageId>;
  readonly blobs: ReadonlySet<BlobId>;
  /** Runs whose records go; they are ended before. */
  readonly runs: ReadonlySet<RunId>;
  /** Those, and runs that stay but were told something of what goes. */
  readonly touched: ReadonlySet<RunId>;
  readonly values: ReadonlySet<string>;
  readonly approvals: ReadonlySet<string>;
  readonly drop: readonly RecordDrop[];
  readonly put: readonly RecordPut[];
  readonly refs: ReadonlySet<string>;
  readonly held: number;
};

export const all = <K extends RecordKind>(powers: Powers, kind: K): readonly Records[K][] =>
  powers.store.all(kind, { limit: EVERYTHING }).map(({ value }) => value);

function conversationsOf(powers: Powers, scope: PurgeScope): readonly ConversationId[] {
  switch (scope.by) {
    case "conversation": {
      const found = conversationBy(powers, scope.conversation);
      if (found === null) throw new Refusal("conversation.unknown");
      return [found.id];
    }
    case "channel":
      return powers.store
        .find("conversation", "channel", scope.channel, { limit: EVERYTHING })
        .map(({ value }) => value.id);
    case "all":
      return all(powers, "conversation").map(({ id }) => id);
    default:
      return [];
  }
}

export const messagesOf = (powers: Powers, conversation: ConversationId): readonly MessageId[] =>
  powers.store.messageIds({ conversation }, { limit: EVERYTHING });

function listedBy({ store }: Powers, scope: PurgeScope): readonly MessageId[] {
  if (scope.by === "sender") return store.messageIds({ sender: scope.principal }, { limit: EVERYTHING });
  if (scope.by === "before") return store.messageIds({ sentBefore: scope.time }, { limit: EVERYTHING });
  if (scope.by !== "session") return [];
  const runs = store.find("run", "session", scope.session, { limit: EVERYTHING });
  return runs.flatMap(({ value }) => (value.request === null ? [] : [value.request]));
}

/** Reads what the scope covers. */
export function planOf(powers: Powers, scope: PurgeScope): Plan {
  const isKept = (id: MessageId): boolean => {
    const message = powers.store.message(id);
    return message !== null && isMessageHeld(powers, message);
  };
  const wanted = conversationsOf(powers, scope).map((id) => ({ id, messages: messagesOf(powers, id) }));
  const isWhole = ({ id, messages }: (typeof wanted)[number]): boolean => !isHeld(powers, id) && !messages.some(isKept);
  const conversations = new Set(wanted.filter(isWhole).map(({ id }) => id));
  // Of a conversation that cannot go as a whole, everything goes that nobody holds.
  const parts = wanted.filter(({ id }) => !conversations.has(id)).flatMap(({ messages }) => messages);
  const listed = [...new Set([...parts, ...listedBy(powers, scope)])];
  const messages = new Set(listed.filter((id) => !isKept(id)));
  const later = laterGoing(powers, scope, conversations, messages);
  const begun = new Set(later.followups.map(({ id }) => id));
  const runs = new Set(
    all(powers, "run")
      .filter(
        (run) =>
          !isHeld(powers, run.session) &&
          (conversations.has(run.conversation) ||
            (run.request !== null && messages.has(run.request)) ||
            (run.parent !== undefined && isParentOurs(powers, run.parent.run, conversations, messages)) ||
            (run.brief?.followup !== undefined && begun.has(run.brief.followup)) ||
            (scope.by === "session" && run.session === scope.session)),
      )
      .map(({ id }) => id),
  );
  return new Derived(powers, {
    ...{ scope, conversations, messages, runs, later },
    held: listed.length - messages.size,
  }).plan();
}

/** A child goes with the run that started it. */
function isParentOurs(
  { store }: Powers,
  id: RunId,
  conversations: ReadonlySet<ConversationId>,
  messages: ReadonlySet<MessageId>,
): boolean {
  const run = store.get("run", id)?.value;
  return (
    run !== undefined && (conversations.has(run.conversation) || (run.request !== null && messages.has(run.request)))
  );
}

type Base = Pick<Plan, "conversations" | "messages" | "runs" | "held"> & {
  readonly scope: PurgeScope;
  readonly later: LaterPlan;
};

/** Everything that was made from what goes: values, answers, questions, calls, what the bot said, pseudonyms, names. */
class Derived {
  readonly #powers: Powers;
  readonly #base: Base;
  readonly #messages: Set<MessageId>;
  readonly #blobs = new Set<BlobId>();
  readonly #drop: RecordDrop[] = [];
  readonly #put: RecordPut[] = [];
  readonly #touched: Set<RunId>;

  constructor(powers: Powers, base: Base) {
    this.#powers = powers;
    this.#base = base;
    this.#messages = new Set(base.messages);
    this.#touched = new Set(base.runs);
  }

  plan(): Plan {
    const { conversations, runs, held } = this.#base;
    const values = this.#values();
    const approvals = this.#approvals();
    this.#calls(values);
    this.#said();
    this.#rest();
    for (const id of this.#places()) this.#shrunk(id);
    const refs = new Set<string>(this.#gone());
    for (const id of refs) this.#take("principal", id);
    const parts = { conversations, runs, held, values, approvals, refs };
    return {
      ...parts,
      messages: this.#messages,
      blobs: this.#blobs,
      touched: this.#touched,
      drop: this.#drop,
      put: this.#put,
    };
  }

  #take(kind: RecordKind, id: string, ...sealed: readonly (BlobId | null)[]): void {
    this.#drop.push({ kind, id });
    for (const blob of sealed) if (blob !== null) this.#blobs.add(blob);
  }

  #isOurs(conversation: ConversationId | null): boolean {
    return conversation !== null && this.#base.conversations.has(conversation);
  }

  #values(): ReadonlySet<string> {
    const { messages, runs } = this.#base;
    const gone = all(this.#powers, "value").filter(
      (it) => this.#isOurs(it.conversation) || runs.has(it.run) || it.sources.some((s) => messages.has(s.message)),
    );
    for (const { handle, blob, run } of gone) {
      this.#take("value", handle, blob);
      this.#touched.add(run);
    }
    return new Set(gone.map(({ handle }) => handle));
  }

  #approvals(): ReadonlySet<string> {
    const { messages, runs } = this.#base;
    const gone = all(this.#powers, "approval").filter(
      (it) =>
        this.#isOurs(it.conversation) ||
        it.surfaces.some((surface) => this.#isOurs(surface.conversation)) ||
        (it.run !== null && (runs.has(it.run) || this.#touched.has(it.run))) ||
        it.sources.some((source) => messages.has(source)),
    );
    for (const { id, prompt, stored } of gone) this.#take("approval", id, prompt, stored);
    return new Set(gone.map(({ id }) => id));
  }

  /** Calls of runs that go; of runs that stay, the answers that told something of it. */
  #calls(values: ReadonlySet<string>): void {
    for (const call of all(this.#powers, "call")) {
      if (this.#base.runs.has(call.run)) {
        this.#take("call", call.id, call.why, call.input, call.answer);
        continue;
      }
      if (call.answer === null || !call.values.some((handle) => values.has(handle))) continue;
      this.#blobs.add(call.answer);
      const stored = this.#powers.store.get("call", call.id);
      if (stored === null) continue;
      const value = { ...stored.value, answer: null, code: "not_found" } as const;
      this.#put.push({ kind: "call", id: call.id, expect: stored.version, value });
    }
  }

  /** What the bot said in runs that were told of it: the message and the row it went out by. */
  #said(): void {
    const { store } = this.#powers;
    const { messages, conversations } = this.#base;
    for (const { id, conversation, run, sources } of all(this.#powers, "said")) {
      const isTold = run !== null && this.#touched.has(run);
      if (!isTold && !conversations.has(conversation) && !sources.some((source) => messages.has(source))) continue;
      this.#take("said", id);
      if (store.message(id) !== null) this.#messages.add(id);
    }
    for (const { value: channel } of store.all("channel", { limit: EVERYTHING })) {
      for (const row of store.outbox({ channel: channel.id, states: STATES }, { limit: EVERYTHING })) {
        if (row.run === null || !this.#touched.has(row.run)) continue;
        if (row.message !== null && store.message(row.message) !== null) this.#messages.add(row.message);
        if (row.blob !== null) this.#blobs.add(row.blob);
      }
    }
  }

  #rest(): void {
    const { scope, messages, runs, later } = this.#base;
    const { store } = this.#powers;
    const followups = new Set<string>(later.followups.map(({ id }) => id));
    for (const { id, brief } of later.followups) this.#take("followup", id, brief.blob);
    for (const { id, blob } of later.notes) this.#take("note", id, blob);
    for (const { id } of all(this.#powers, "issued")) if (runs.has(id)) this.#take("issued", id);
    for (const { id, session } of all(this.#powers, "queued")) {
      const place = store.get("session", session)?.value.conversation ?? null;
      if (followups.has(id) || messages.has(id as MessageId) || this.#isOurs(place)) this.#take("queued", id);
    }
    for (const run of runs) this.#take("run", run);
    for (const { id, conversation } of all(this.#powers, "session"))
      if (this.#isOurs(conversation) || (scope.by === "session" && id === scope.session)) this.#take("session", id);
    // A standing yes goes with its session, its place and whoever suggested it.
    for (const { id, terms } of all(this.#powers, "grant"))
      if (this.#isOurs(terms.conversation) || (scope.by === "session" && terms.session === scope.session))
        this.#take("grant", id);
      else if (scope.by === "sender" && terms.by === scope.principal) this.#take("grant", id);
    for (const { id, conversation, principal, blob } of all(this.#powers, "pseudonym"))
      if (this.#isOurs(conversation) || (scope.by === "sender" && principal === scope.principal))
        this.#take("pseudonym", id, blob);
  }

  #places(): ReadonlySet<ConversationId> {
    const { store } = this.#powers;
    const of = [...this.#messages].flatMap((id) => store.message(id)?.conversation ?? []);
    return new Set([...this.#base.conversations, ...of]);
  }

  /** The conversation stays, with the quota that its messages took given back. */
  #shrunk(id: ConversationId): void {
    const stored = this.#powers.store.get("conversation", id);
    if (stored === null) return;
    const { value, version: expect } = stored;
    const sizes = [...this.#messages].map((it) => this.#powers.store.message(it));
    const gone = sizes.reduce((sum, it) => sum + (it?.conversation === id && !it.own ? it.bytes : 0), 0);
    const bytes = this.#isOurs(id) ? 0 : Math.max(0, value.bytes - gone);
    const gapAt = this.#isOurs(id) ? null : value.gapAt;
    if (bytes !== value.bytes || gapAt !== value.gapAt)
      this.#put.push({ kind: "conversation", id, expect, value: { ...value, bytes, gapAt } });
  }

  /** Persons whose mapping dies: those without a role who are known for nothing else. */
  #gone(): readonly PrincipalId[] {
    const { scope, conversations } = this.#base;
    const { store } = this.#powers;
    const isNobody = (id: PrincipalId): boolean => {
      const person = store.get("principal", id)?.value;
      // Whoever opted out is remembered for that alone.
      const isKnown = person === undefined || person.optedOut || isHeld(this.#powers, id);
      return !isKnown && (person.role === "participant" || person.role === "stranger");
    };
    if (scope.by === "sender") return isNobody(scope.principal) ? [scope.principal] : [];
    const members = new Set(
      all(this.#powers, "conversation")
        .filter(({ id }) => scope.by !== "all" || !conversations.has(id))
        .flatMap((it) => it.members ?? []),
    );
    const isLeft = (id: PrincipalId): boolean =>
      store
        .messageIds({ sender: id }, { limit: EVERYTHING })
        .some((message) => !this.#messages.has(message) && !this.#isOurs(store.message(message)?.conversation ?? null));
    const senders = [...conversations].flatMap((id) => messagesOf(this.#powers, id));
    const met = [...senders, ...this.#messages].flatMap((id) => store.message(id)?.sender ?? []);
    const candidates = scope.by === "all" ? all(this.#powers, "principal").map(({ id }) => id) : [...new Set(met)];
    return candidates.filter((id) => isNobody(id) && !members.has(id) && !isLeft(id));
  }
}
