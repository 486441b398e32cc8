/**
 * `memory.note` and `memory.recall`: labelled notes of a session. What is recalled keeps its label; what others said
 * stays behind a handle (CONTRACT sections 4 and 5).
 */
import { type NoteId, newId } from "../core/ids.ts";
import { BOTTOM, joinAll } from "../core/label.ts";
import { DAY_MS, NOTE_MS, NOTES_PER_SESSION_MAX } from "../core/limits.ts";
import { dayOf, type Note } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { contextOf } from "./asker.ts";
import { keptText, materialOf, opened } from "./brief.ts";
import type { Doing, Handler, Made } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import type { NoteInput } from "./later-capabilities.ts";
import type { Powers } from "./powers.ts";
import { judgeReveal } from "./reveal.ts";
import { transact } from "./transact.ts";

const PAGE = 1000;
const SWEEP_DAYS = 3;
const NOTHING = { bits: 0, chars: 0 } as const;

/** Notes of the run's session that have not expired, the newest last. */
function notesOf({ store, clock }: Powers, { asker }: Doing): readonly Note[] {
  const now = clock.now();
  const found = store.find("note", "session", asker.run.session, { limit: PAGE }).map(({ value }) => value);
  return found.filter(({ expiresAt }) => expiresAt > now);
}

/** False when there was none. */
export function dropNote(draft: Draft, id: NoteId): boolean {
  const note = draft.get("note", id);
  if (note === null) return false;
  draft.drop("note", id);
  draft.dropBlob(note.blob);
  return true;
}

export const memoryNote =
  (powers: Powers, catalogue: Catalogue): Handler =>
  async (doing): Promise<Made> => {
    const input = doing.input as NoteInput;
    const { run } = doing.asker;
    const known = notesOf(powers, doing);
    const gone = known.filter(({ id }) => input.forget === "all" || input.forget === id);
    if (input.forget !== undefined && input.forget !== "all" && gone.length === 0)
      throw new Refusal("not_found", { field: "forget" });
    const isNew = input.what !== undefined || input.text !== undefined;
    if (!isNew && input.forget === undefined)
      throw new Refusal("input.invalid", { field: "what", hint: "Say what to remember, or what to forget." });
    const material = isNew ? await materialOf(powers, catalogue, doing, input, contextOf(doing.asker)) : null;
    const now = powers.clock.now();
    const note: Note | null = material && {
      id: newId("NoteId", powers.random.bytes(16)),
      tenant: run.tenant,
      session: run.session,
      conversation: run.conversation,
      principal: run.principal,
      blob: newId("BlobId", powers.random.bytes(16)),
      label: material.label,
      by: material.by,
      source: material.source,
      at: now,
      expiresAt: now + NOTE_MS,
    };
    return {
      output: { note: note?.id ?? null, expires_at: note?.expiresAt ?? null, forgotten: gone.length },
      stripped: false,
      label: { ...BOTTOM, tenant: run.tenant },
      values: [],
      capacity: NOTHING,
      used: { steps: 1 },
      write: (draft) => {
        for (const { id } of gone) dropNote(draft, id);
        if (note !== null && material !== null) write(powers, draft, note, material.text, gone.length);
      },
    };
  };

/** The session's row changes with it, so that notes made side by side are counted one after the other. */
function write(powers: Powers, draft: Draft, note: Note, text: string, gone: number): void {
  const session = draft.need("session", note.session);
  draft.put("session", session.id, { ...session, lastAt: draft.now });
  const kept = powers.store.find("note", "session", note.session, { limit: PAGE }).length - gone;
  if (kept >= NOTES_PER_SESSION_MAX)
    throw new Refusal("rate.limited", { hint: "Too much to remember: forget something." });
  draft.seal({
    id: note.blob,
    kind: "note",
    schema: "note.v1",
    conversation: note.conversation,
    label: note.label,
    bytes: powers.hashing.utf8(JSON.stringify({ text })),
    expires: note.expiresAt,
  });
  draft.put("note", note.id, note);
}

export const memoryRecall =
  (powers: Powers): Handler =>
  async (doing): Promise<Made> => {
    const { last = NOTES_PER_SESSION_MAX } = doing.input as { readonly last?: number };
    const notes = notesOf(powers, doing).slice(-last);
    const texts = await opened(
      powers,
      doing,
      notes.map(({ blob }) => blob),
    );
    const read = notes.map((note, at) => {
      const text = texts[at] ?? "";
      // An agent's own words are shown to agents who may have been told what went into them.
      const isShown =
        note.by === "agent" &&
        judgeReveal(powers, doing.asker, "memory.recall", "own-request", note.label).effect === "allow";
      return { note, text, isShown, kept: keptText(powers, doing, "memory.note", text, note.label) };
    });
    const shown = read.filter(({ isShown }) => isShown).map(({ note }) => note.label);
    return {
      output: {
        notes: read.map(({ note, text, isShown, kept }) => ({
          note: note.id,
          at: note.at,
          expires_at: note.expiresAt,
          what: kept.handle,
          text: isShown ? text : null,
        })),
      },
      stripped: false,
      label: joinAll([{ ...BOTTOM, tenant: doing.asker.run.tenant }, ...shown]),
      values: read.flatMap(({ kept }) => kept.values),
      capacity: NOTHING,
      used: { steps: 1 },
      write: (draft) => {
        for (const { kept } of read) kept.write(draft);
      },
    };
  };

/** Notes past their age go with their words. */
export async function sweepNotes(powers: Powers): Promise<void> {
  const { store, clock } = powers;
  const now = clock.now();
  const days = Array.from({ length: SWEEP_DAYS }, (_, back) => dayOf(now - back * DAY_MS));
  const due = days.flatMap((day) => store.find("note", "day", day, { limit: PAGE }).map(({ value }) => value));
  const gone = due.filter(({ expiresAt }) => expiresAt <= now);
  if (gone.length === 0) return;
  await transact(powers, (draft) => {
    for (const { id } of gone) dropNote(draft, id);
  });
}
