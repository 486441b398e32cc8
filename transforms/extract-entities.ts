/**
 * `message.extract_entities` without a model: people, organisations, places, dates, amounts and links with the number
 * of times
 * each was named. In the daemon names and links come out as tokens (`tokenOf`), under `lazaret try` as written.
 */
import { z } from "zod";
import type { MaskKind, Surroundings, Transform, Turn } from "../src/core/transform.ts";
import { amountsIn, linksIn, namesIn } from "./entities/recognise.ts";
import { Tally } from "./entities/tally.ts";
import { masked, standIn } from "./summary/masked.ts";
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
  const { language } = surroundings;
  const shown = (kind: MaskKind, text: string): string => standIn(kind, text, surroundings).slice(0, TEXT_CHARS_MAX);
  const links = linksIn(turn.text);
  for (const link of links) kinds.links.add(link.toLowerCase(), shown("URL", link));
  const text = links.reduce((rest, link) => rest.replace(link, " "), turn.text);
  for (const { kind, name } of namesIn(text, known, surroundings)) {
    if (kind === "person") kinds.people.add(name.toLowerCase(), known.get(name.toLowerCase()) ?? shown("PERSON", name));
    else if (kind === "organisation") kinds.organisations.add(name.toLowerCase(), shown("ORG", name));
    else kinds.places.add(name.toLowerCase(), shown("PLACE", name));
  }
  // Dates of life and numbers of cards are neither dates nor amounts here.
  const told = masked(text, surroundings);
  const written = { sentAt: turn.sentAt ?? 0, offsetMinutes: turn.offsetMinutes, language };
  for (const { start, end } of findDates(told, written)) {
    const said = told.slice(start, end).replace(/^(?:at|on|by|um|am|the|à|a las?)\s+/iu, "");
    kinds.dates.add(said.toLowerCase(), said.slice(0, TEXT_CHARS_MAX));
  }
  for (const amount of amountsIn(told)) kinds.amounts.add(amount.toLowerCase(), amount.slice(0, TEXT_CHARS_MAX));
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
  finish: () => {
    throw new RangeError("no model looks for entities");
  },
};
