/** Which words carry meaning, and how much of a conversation each of them carries. */
import { lowerWords } from "../text/sentences.ts";

const STOP = new Set(
  (
    "a about above after again against ain all almost already also although always am an and another any " +
    "anyone anything anyway are around as ask " +
    "at away back be because been before being best better between both but by bye call came can cannot " +
    "come could course day definitely did do " +
    "does doing done down each else enough even ever every everyone everything exactly excuse far few fine " +
    "first for from get getting give go goes " +
    "going gonna good got gotta great had hardly has have having he hello help her here hers hey hi him " +
    "his hope how however i if in into is it its just keep kind " +
    "know last later least let like likely little ll long look looks lot lots made make makes many may " +
    "maybe me mean mind mine more most much must " +
    "my need never new next nice no none nor not nothing now of off oh ok okay on once one only or other " +
    "our ours out over own people perhaps please " +
    "pretty probably quite rather re really right said same saw say see seem seems shall she should since " +
    "so some someone something sometimes soon " +
    "sorry still such sure take tell than thank thanks that the their them then there these they thing " +
    "things think this those though thought through " +
    "time to today told too try two under until up us use used usually ve very want was way we welcome " +
    "well went were what when where whether which while " +
    "who whole whom whose why will wish with without won wonder would wow yeah year years yes yet you your " +
    "yours s t d m o'clock " +
    "und oder aber der die das ein eine ist nicht ich du wir ihr sie es den dem zu mit auf für von im am " +
    "um bis auch noch schon mal ja nein " +
    "le la les un une des et ou est pas je tu il elle nous vous ils de du en au aux pour sur avec dans que " +
    "qui ce ça oui non " +
    "el los las una unos y o es no yo él ella nosotros de del al en por para con que se lo su sí"
  ).split(" "),
);

/** A rough stem: plural, -ing, -ed, -ly. Enough to see that "booking" and "booked" are one matter. */
export function stem(word: string): string {
  let base = word.replace(/'s?$/u, "").replace(/'.*$/u, "");
  if (base.length > 5) base = base.replace(/(?:ations?|ings?|ed|ly|ment|ers?)$/u, "");
  if (base.length > 4) base = base.replace(/(?:ies)$/u, "y").replace(/(?:es|s)$/u, "");
  return base.length > 4 ? base.replace(/(.)\1$/u, "$1").replace(/e$/u, "") : base;
}

export const isStop = (word: string): boolean => STOP.has(word);

/** Stems of the words that carry meaning, in order. */
export function contentWords(text: string): string[] {
  return lowerWords(text)
    .filter((word) => word.length > 1 && !STOP.has(word) && !STOP.has(word.replace(/'.*$/u, "")))
    .map(stem);
}

/** For each stem the number of turns that use it. */
export function spread(turns: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const words of turns) for (const word of new Set(words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
