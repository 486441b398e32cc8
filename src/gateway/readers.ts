/** Handlers that read: transforms over a range, the run's own request, and lists of pointers. */

import type { Decision } from "../../policy/decide.ts";
import type { Capacity } from "../core/capability.ts";
import { newId } from "../core/ids.ts";
import { BOTTOM, join, type Label } from "../core/label.ts";
import type { Found, Stop, TransformCall, TransformOutcome } from "../core/ports.ts";
import type { AnsweredBy } from "../core/quarantined.ts";
import { Refusal } from "../core/refusal.ts";
import { SCOPE, type Scope } from "../core/scope.ts";
import type { Turn } from "../core/transform.ts";
import type { Source, Value } from "../core/value.ts";
import { askedBy } from "./asked-by.ts";
import { contextOf } from "./asker.ts";
import type { Asked, Doing, Handler, Made } from "./call.ts";
import type { Catalogue, Reader } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import { isWithin } from "./egress.ts";
import { languageOf, timezoneOf } from "./people.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { issue, tokensIn, writeFound } from "./pseudonyms.ts";
import { type Crowd, crowdOf, type Range, rangeOf, withTurns } from "./range.ts";
import { book, fits, judgeReveal, labelAt, measured, noteSink, renderedReveal, withoutText } from "./reveal.ts";
import { transact } from "./transact.ts";
import { type NewValue, viewOf, writeValue } from "./values.ts";
import { whileOpen } from "./while-open.ts";
import { withModel } from "./with-model.ts";

const SCOPE_KEYS: ReadonlySet<string> = new Set(Object.keys(SCOPE));
const pick = (input: unknown, of: "scope" | "options"): Record<string, unknown> =>
  Object.fromEntries(Object.entries(input as object).filter(([key]) => SCOPE_KEYS.has(key) === (of === "scope")));

/** The pseudonyms that a range needs and the intent to read it, committed before anything is opened. */
export function crowdFor(powers: Powers, doing: Doing, range: Range): Promise<Crowd> {
  return transact(powers, (draft) => {
    noteAccess(draft, doing, range);
    return crowdOf(
      powers,
      draft,
      range.conversation,
      range.messages.map((message) => message.sender),
    );
  });
}

/** The intent entry: no justification, no entry; no entry, no decryption. */
function noteAccess(draft: Draft, doing: Doing, range: Range): void {
  const { run } = doing.asker;
  const note = {
    call: doing.call,
    capability: doing.manifest.id,
    conversation: range.conversation.id,
    blobs: range.messages.length,
    first: range.messages[0]?.id,
    last: range.messages.at(-1)?.id,
  };
  draft.entry("quarantine.accessed", note, { session: run.session, run: run.id, actor: run.agent });
}

export function runTransform(
  powers: Powers,
  doing: Doing,
  range: Range,
  crowd: Crowd,
  input: unknown,
  more: Pick<TransformCall, "model" | "answers"> = {},
): Promise<TransformOutcome> {
  const { asker, manifest } = doing;
  const now = powers.clock.now();
  const zone = timezoneOf(powers, range.conversation, asker.principal);
  const { conversation } = range;
  const tokenKey = powers.hashing.utf8(powers.store.mac("pseudonym", conversation.id, powers.hashing.utf8("text")));
  const work = (turns: readonly Turn[], stop: Stop): Promise<TransformOutcome> =>
    powers.transforms.run(
      {
        transform: manifest.id,
        turns,
        input,
        people: crowd.people,
        tokenKey,
        known: crowd.known.map(({ token, mac }) => ({ token, mac })),
        language: languageOf(powers, conversation, asker.principal),
        now,
        nowOffsetMinutes: powers.hashing.offsetMinutes(zone, now) ?? 0,
        ...more,
      },
      Math.max(0, doing.deadline - now),
      stop,
    );
  return withTurns(powers, asker, doing.call, manifest.id, range, crowd, (turns) =>
    whileOpen(powers, asker.run.id, (stop) => work(turns, stop)),
  );
}

/** A transform over a range: a labelled value by handle, and as much of it by value as policy and the caps allow. */
export const readerHandler =
  (powers: Powers, reader: Reader): Handler =>
  async (doing) => {
    const range = rangeOf(powers, doing.asker, pick(doing.input, "scope") as Scope);
    return reveal(powers, doing, reader, await readOver(powers, doing, reader, range, pick(doing.input, "options")));
  };

async function readOver(
  powers: Powers,
  doing: Doing,
  reader: Reader,
  range: Range,
  options: unknown,
): Promise<Reading> {
  const crowd = await crowdFor(powers, doing, range);
  const sources = sourceLabel(powers, doing, range);
  const work = { ...doing, manifest: reader };
  const { by, value, found } = await withModel(powers, work, sources, (of, more) =>
    runTransform(powers, of, range, crowd, options, more),
  );
  const parsed = reader.transform.output.safeParse(value);
  if (!parsed.success) throw new Refusal("transform.failed");
  const output = { ...(parsed.data as object), read: range.read, by };
  const capacity = measured(reader.transform.output, parsed.data);
  return { range, output, capacity, sources, found, by };
}

/**
 * A value made anew from the same messages as they are now;
 * `write` puts it in the old one's place under the same handle.
 */
export type Remade = { readonly value: Value; readonly output: unknown; readonly write: (draft: Draft) => void };

/** Once: a source was edited since. `not_found` when a source is gone or it was made anew before. */
export async function remake(powers: Powers, catalogue: Catalogue, doing: Doing, value: Value): Promise<Remade> {
  const reader = [...catalogue.readers.values()].find(({ id }) => id === value.kind);
  const calls = powers.store.find("call", "run", value.run, { limit: 200 });
  const call = calls.find((it) => it.value.values.includes(value.handle))?.value;
  if (reader === undefined || call?.input == null || value.remade)
    throw new Refusal("not_found", { field: value.handle });
  const grant = { by: "run", run: value.run, call: doing.call, reserved: true } as const;
  const input = await powers.store.open(
    grantPermit(grant, "request", reader.id, [call.input]),
    [call.input],
    ([opened]) => JSON.parse(powers.hashing.text(opened?.bytes ?? new Uint8Array())) as Record<string, unknown>,
  );
  const scope = pick(input, "scope") as Scope;
  const same = scope.conversation === undefined ? {} : { conversation: scope.conversation };
  const again = scope.file === undefined ? { ...same, messages: value.sources.map(({ message }) => message) } : scope;
  const range = rangeOf(powers, doing.asker, again);
  const read = await readOver(powers, doing, reader, range, pick(input, "options"));
  const known = reader.tier === "C" ? join(read.sources, value.label) : read.sources;
  const made: NewValue = { ...value, label: labelAt(reader.tier, known), sources: sourcesOf(range) };
  return {
    value: { ...value, ...made, remade: true },
    output: read.output,
    write: (draft) => {
      draft.dropBlob(value.blob);
      writeValue(draft, value.run, pickValue(made), read.output, value.expiresAt, true);
      writeFound(draft, range.conversation.id, read.sources, read.found, value.expiresAt);
      issue(draft, value.run, tokensIn(JSON.stringify(read.output)));
    },
  };
}

const pickValue = ({ handle, conversation, tier, kind, schema, label, sources }: NewValue): NewValue => ({
  handle,
  conversation,
  tier,
  kind,
  schema,
  label,
  sources,
});

const sourcesOf = (range: Range): readonly Source[] =>
  range.messages.map((message) => ({ message: message.id, blob: message.blob, revision: message.revision }));

/**
 * A range of another conversation may be shown to the asker here,
 * when here is the asker's direct chat within that audience.
 */
export function sourceLabel(powers: Powers, doing: Doing, range: Pick<Range, "conversation" | "label">): Label {
  const { conversation } = doing.asker;
  if (range.conversation.id === conversation.id) return range.label;
  const isAlone = conversation.kind !== "group";
  if (!isAlone || !isWithin(powers, doing.asker, conversation, range.label) || range.label.audience === "*")
    return range.label;
  return { ...range.label, audience: [...range.label.audience, conversation.id].sort() };
}

type Reading = {
  readonly range: Range;
  readonly output: object;
  readonly capacity: Capacity;
  readonly sources: Label;
  readonly found: readonly Found[];
  readonly by: AnsweredBy;
};

function reveal(powers: Powers, doing: Doing, reader: Reader, read: Reading): Made | Asked {
  const { asker } = doing;
  const { range, output, capacity, sources } = read;
  // A draft holds what the agent wrote: it knows what the run knows.
  const label = labelAt(reader.tier, reader.tier === "C" ? join(sources, contextOf(asker)) : sources);
  const value: NewValue = {
    handle: newId("Handle", powers.random.bytes(16)),
    conversation: range.conversation.id,
    tier: reader.tier,
    kind: reader.id,
    schema: `${reader.id}.v${reader.version}`,
    label,
    sources: sourcesOf(range),
  };
  const room = fits(powers, asker, capacity);
  const whole = judgeReveal(powers, asker, reader.id, reader.tier, label);
  if (whole.effect === "ask" && reader.tier === "R") return askReveal(powers, doing, whole, value, output);
  const isWhole = whole.effect === "allow" && room.chars && room.bits;
  const fieldsLabel = labelAt("A", sources);
  const areFields = room.bits && judgeReveal(powers, asker, reader.id, "A", fieldsLabel).effect === "allow";
  const shown = isWhole ? output : areFields ? withoutText(reader.output, output) : undefined;
  const told: Capacity = isWhole ? capacity : areFields ? { bits: capacity.bits, chars: 0 } : { bits: 0, chars: 0 };
  const how = isWhole ? "allow" : areFields ? "fields" : "handle";
  return {
    output: shown,
    stripped: true,
    label: shown === undefined ? BOTTOM : isWhole ? label : fieldsLabel,
    values: [viewOf(value, JSON.stringify(output).length)],
    capacity: told,
    used: { steps: 1 },
    write: (draft) => {
      const run = draft.run(asker.run.id);
      writeValue(draft, asker.run.id, value, output, draft.now + range.conversation.ttlMs);
      writeFound(draft, range.conversation.id, sources, read.found, draft.now + range.conversation.ttlMs);
      issue(draft, asker.run.id, tokensIn(JSON.stringify(output)));
      book(draft, asker, told);
      const { id: capability, version } = reader;
      run.note("transform.completed", {
        call: doing.call,
        capability,
        version,
        handle: value.handle,
        messages: range.messages.length,
        by: read.by,
      });
      run.note("decision.made", { call: doing.call, action: "reveal", capability, effect: how, rule: whole.rule });
      if (shown !== undefined) noteSink(draft, asker, doing.call, label);
    },
  };
}

/** Redacted messages are shown to the agent only when a person who saw them said yes. */
function askReveal(powers: Powers, doing: Doing, decision: Decision, value: NewValue, output: object): Asked {
  return {
    ask: {
      ...askedBy(powers, decision),
      destination: `agent ${doing.asker.run.agent}`,
      label: value.label,
      rendered: renderedReveal(output),
      what: `show these redacted messages to the agent ${doing.asker.run.agent}`,
      sources: value.sources,
      stored: { kind: "reveal", output, value },
    },
  };
}
