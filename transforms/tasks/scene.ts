/** One message while it is read: who wrote it to whom, and what its words about days and people resolve to. */
import type { Turn } from "../../src/core/transform.ts";
import { isoDay, localOf } from "../text/civil.ts";
import { findDates, type Written } from "../text/dates.ts";
import type { Found } from "./asks.ts";
import type { People } from "./people.ts";

export type Scene = {
  readonly turn: Turn;
  readonly text: string;
  readonly written: Written;
  readonly called: string | null;
  /** The message begins with a yes: what it promises answers the last request. */
  readonly yes: boolean;
};

/** The first date to come that a text names. */
export function dueOf(text: string, scene: Scene): string | null {
  const { sentAt, offsetMinutes } = scene.written;
  const today = sentAt === null ? "" : isoDay(localOf(sentAt, offsetMinutes).day);
  return findDates(text, scene.written).find(({ value }) => value.slice(0, 10) >= today)?.value ?? null;
}

export function assigneeOf(
  item: Found,
  scene: Scene,
  people: People,
  turns: readonly Turn[],
): { readonly who: string | null; readonly guessed: boolean } {
  const { turn, called } = scene;
  if (item.who === "speaker") return { who: turn.sender, guessed: false };
  if (item.who === "named") return { who: item.name === null ? null : people.named(item.name), guessed: false };
  if (item.who === "open") {
    const name = item.name === null ? null : people.named(item.name);
    return { who: name ?? (called !== null && !/^we\b/iu.test(scene.text) ? called : null), guessed: true };
  }
  if (called !== null) return { who: called, guessed: false };
  const { senders } = people;
  if (senders.length === 2) return { who: senders.find((sender) => sender !== turn.sender) ?? null, guessed: false };
  const replied = turn.replyTo === null ? undefined : turns[turn.replyTo];
  if (replied !== undefined && replied.sender !== turn.sender) return { who: replied.sender, guessed: false };
  return { who: null, guessed: true };
}

/** Who "you" is, for a title. */
export function listenerOf(scene: Scene, people: People): string | null {
  const { senders } = people;
  if (scene.called !== null) return scene.called;
  return senders.length === 2 ? (senders.find((sender) => sender !== scene.turn.sender) ?? null) : null;
}
