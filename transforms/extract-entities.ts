/**
 * `message.extract_entities` without a model: people, organisations, places, dates, amounts and links with the number of times
 * each was named. In the daemon names and links come out as tokens (`tokenOf`), under `lazaret try` as written.
 */
import { z } from "zod";
import type { MaskKind, Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { amountsIn, linksIn, namesIn } from "./entities/recognise.ts";
import { Tally } from "./entities/tally.ts";
import { isUnfit } from "./summary/verify.ts";
import { findDates } from "./text/dates.ts";

const LIST_MAX = 20;
const TEXT_CHARS_MAX = 80;
const COUNT_MAX = 1_000_000;

const input = z.strictObject({ each_max: z.int().min(1).max(LIST_MAX).default(LIST_MAX) });
const entity = z.strictObject({
  text: z.string().min(1).max(TEXT_CHARS_MAX).meta({ tier: "B" }),
  count: z.int().min(1).max(COUNT_MAX).meta({ tier: "A" }),
});
const list = z.array(entity).max(LIST_MAX);
const output = z.strictObject({
  people: list,
  organisations: list,
  places: list,
  dates: list,
  amounts: list,
  links: list,
});

export type Entities = z.output<typeof output>;

type Kinds = Readonly<Record<keyof Entities, Tally>>;

function read(turn: Turn, kinds: Kinds, known: ReadonlyMap<string, string>, surroundings: Surroundings): void {
  const { language, tokenOf, people } = surroundings;
  const shown = (kind: MaskKind, text: string): string => tokenOf(kind, text).slice(0, TEXT_CHARS_MAX);
  const tokens = new Map(
    people.flatMap(({ names, token }) => names.map((name) => [name.toLowerCase(), token] as const)),
  );
  const links = linksIn(turn.text);
  for (const link of links) kinds.links.add(link.toLowerCase(), shown("URL", link));
  const text = links.reduce((rest, link) => rest.replace(link, " "), turn.text);
  for (const { kind, name } of namesIn(text, known, surroundings)) {
    if (kind === "person")
      kinds.people.add(
        name.toLowerCase(),
        known.get(name.toLowerCase()) ?? tokens.get(name.toLowerCase()) ?? shown("PERSON", name),
      );
    else if (kind === "organisation") kinds.organisations.add(name.toLowerCase(), shown("ORG", name));
    else kinds.places.add(name.toLowerCase(), shown("PLACE", name));
  }
  const written = { sentAt: turn.sentAt ?? 0, offsetMinutes: turn.offsetMinutes, language };
  for (const { start, end } of findDates(text, written)) {
    const said = text.slice(start, end).replace(/^(?:at|on|by|um|am|the|à|a las?)\s+/iu, "");
    kinds.dates.add(said.toLowerCase(), said.slice(0, TEXT_CHARS_MAX));
  }
  for (const amount of amountsIn(text)) kinds.amounts.add(amount.toLowerCase(), amount.slice(0, TEXT_CHARS_MAX));
}

/** All entities of a range, the most often named first. */
export const extractEntities: Transform<typeof input, typeof output> = {
  id: "message.extract_entities",
  version: 1,
  input,
  output,
  prepare: (turns, { each_max }, surroundings) => {
    const kinds = {
      people: new Tally(),
      organisations: new Tally(),
      places: new Tally(),
      dates: new Tally(),
      amounts: new Tally(),
      links: new Tally(),
    };
    const known = new Map(turns.map((turn) => [turn.sender.toLowerCase(), turn.sender.slice(0, TEXT_CHARS_MAX)]));
    for (const turn of turns) {
      read(turn, kinds, known, surroundings);
    }
    const top = (kind: Tally): { text: string; count: number }[] => kind.top(each_max, COUNT_MAX);
    return {
      kind: "value",
      value: {
        people: top(kinds.people),
        organisations: top(kinds.organisations),
        places: top(kinds.places),
        dates: top(kinds.dates),
        amounts: top(kinds.amounts),
        links: top(kinds.links),
      },
    };
  },
  finish: (answer, turns) => {
    const parsed = output.parse(answer);
    const whole = new Set(turns.map((turn) => turn.text.trim().toLowerCase()));
    for (const { text } of Object.values(parsed).flat()) {
      if (isUnfit(text)) throw new Error("an entity holds what tier B refuses");
      if (text.split(" ").length >= 3 && whole.has(text.toLowerCase())) throw new Error("an entity repeats its source");
    }
    return parsed;
  },
};
