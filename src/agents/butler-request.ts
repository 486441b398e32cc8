/**
 * What the butler takes from the gateway's answers. It reads what it needs and passes over the rest, so new fields
 * break nothing.
 */
import type { Handle } from "../core/ids.ts";
import { type Intent, ReadRequest, type Slots } from "../core/request.ts";
import { PersonToken } from "../core/scope.ts";
import type { Read } from "./butler-words.ts";

export type Fields = Readonly<Record<string, unknown>>;
export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export type Asked = {
  readonly intent: Intent;
  readonly slots: Slots;
  /** The asker's own words, redacted. */
  readonly text: string;
  /** The asker's token. */
  readonly asker: string | null;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  readonly offsetMinutes: number;
  readonly lastAsked: number | null;
  readonly language: string;
  readonly kind: "direct" | "group" | "console";
  readonly alias: string | null;
  /** IANA name of the asker's zone. */
  readonly zone: string;
  /** What is to be done later or remembered, in the asker's own words. */
  readonly about: Handle | null;
};

const numberOr = <T>(value: unknown, other: T): number | T => (typeof value === "number" ? value : other);

/** The output of `request.read`, or null when it is none. */
export function askedOf(output: unknown, about: Handle | null = null): Asked | null {
  if (!isFields(output)) return null;
  const { intent, slots, text, asker, conversation, language, timezone } = output;
  const request = ReadRequest.safeParse({ intent, slots, text });
  if (!request.success) return null;
  const { kind, alias } = isFields(conversation) ? conversation : {};
  const token = PersonToken.safeParse(asker);
  return {
    ...request.data,
    asker: token.success ? token.data : null,
    now: numberOr(output["now"], 0),
    offsetMinutes: numberOr(output["offset_minutes"], 0),
    lastAsked: numberOr(output["last_asked"], null),
    language: typeof language === "string" ? language : "en",
    kind: kind === "direct" || kind === "console" ? kind : "group",
    alias: typeof alias === "string" ? alias : null,
    zone: typeof timezone === "string" ? timezone : "UTC",
    about,
  };
}

/** What an answer over a range says of its range; null when it was not shown. */
export function readOf(output: unknown): Read | null {
  const read = isFields(output) ? output["read"] : undefined;
  if (!isFields(read)) return null;
  return {
    messages: numberOr(read["messages"], 0),
    people: numberOr(read["people"], 0),
    from: numberOr(read["from"], null),
    to: numberOr(read["to"], null),
    unreadMedia: numberOr(read["unread_media"], 0),
    othersUnread: read["others_unread"] === true,
    gap: read["gap"] === true,
    cut: read["cut"] === true,
    withoutModel: isFields(output) && output["by"] === "fallback",
  };
}

/** A list of an output, or null when it was not shown. */
export function listOf(output: unknown, field: string): readonly unknown[] | null {
  const list = isFields(output) ? output[field] : undefined;
  return Array.isArray(list) ? list : null;
}

export type SeenTask = {
  readonly title: string;
  readonly assignee: string | null;
  readonly due: string | null;
  readonly status: string;
  readonly isUrgent: boolean;
};

/** Tasks whose words were shown; null when they stay behind their handle. */
export function tasksOf(output: unknown): readonly SeenTask[] | null {
  const list = listOf(output, "tasks");
  if (list === null) return null;
  const tasks: SeenTask[] = [];
  for (const task of list) {
    if (!isFields(task) || typeof task["title"] !== "string") return null;
    const { title, assignee, due, status, priority } = task;
    tasks.push({
      title: title as string,
      assignee: typeof assignee === "string" ? assignee : null,
      due: typeof due === "string" ? due : null,
      status: typeof status === "string" ? status : "open",
      isUrgent: priority === "high",
    });
  }
  return tasks;
}
