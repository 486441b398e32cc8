/** Regions, changes and findings as sentences for a person who has never seen a pack. */
import type { Finding } from "./analyse.ts";
import { atomsIn } from "./box.ts";
import type { Axis, Box, Space } from "./compile.ts";
import { catSubsets, RANGE_END } from "./condition.ts";
import type { Change } from "./diff.ts";
import { ACTION_VERBS, CATEGORY_WORDS, CONDITIONS, DESTINATIONS, ROLES, VALUES } from "./phrases.ts";
import { CATEGORIES, CATS_MAX, type Dimension, isClosed, OTHER } from "./request.ts";

const LISTED_MAX = 6;

/** One sentence about a change: what, for whom, where; `box` is the region to speak of. */
export function changeSentence(space: Space, change: Change, box: Box): string {
  const { from, to, demand, after } = change;
  const rule = after.rule === "default" ? "no rule permits it any more" : `rule ${after.rule}`;
  if (demand === "less") return `A weaker yes suffices (${rule}): ${regionWords(space, box, "may, after a yes,")}.`;
  if (demand === "more") return `A stronger yes is needed (${rule}): ${regionWords(space, box, "may, after a yes,")}.`;
  const was = { allow: "allowed before", ask: "asked before", deny: "denied before" }[from];
  const heading = { allow: "Newly allowed", ask: "Newly asked", deny: "Newly denied" }[to];
  const may = { allow: "may", ask: "may, after a yes,", deny: "may no longer" }[to];
  return `${heading} (${was}; ${rule}): ${regionWords(space, box, may)}.`;
}

/** Who may do what, where, and under which further conditions. */
function regionWords(space: Space, box: Box, may = "may"): string {
  const words = (dimension: Dimension, phrases: Readonly<Record<string, string>>): string | undefined => {
    const axis = space.axes.find((it) => it.dimension === dimension);
    return axis ? choiceWords(axis, box, (value) => phrases[value] ?? value) : undefined;
  };
  const who = words("role", ROLES) ?? "anybody";
  const what = words("capability", { none: "Lazaret itself", [OTHER]: "any other capability" }) ?? "any capability";
  const where = words("destination", DESTINATIONS);
  const target = where === undefined || where === DESTINATIONS.none ? "" : ` (to: ${where})`;
  const doing = words("action", ACTION_VERBS) ?? "do anything with";
  const conditions = space.axes.flatMap((axis) => conditionWords(axis, box) ?? []);
  return `${who} ${may} ${doing} ${what}${target}${conditions.map((text) => `; ${text}`).join("")}`;
}

/** The values of a box in one dimension, or what they leave out; undefined when it is all of them. */
function choiceWords(axis: Axis, box: Box, word: (value: string) => string): string | undefined {
  const atoms = atomsIn(box, axis);
  if (atoms.length === axis.atoms) return undefined;
  const name = (atom: number) => word(axis.values[atom] ?? "");
  const missing = Array.from({ length: axis.atoms }, (_, atom) => atom).filter((atom) => !atoms.includes(atom));
  const any = axis.dimension === "role" ? "anybody" : "anything";
  if (missing.length < atoms.length && missing.length <= 3) return `${any} but ${joined(missing.map(name), "and")}`;
  return joined(atoms.map(name), "or");
}

function conditionWords(axis: Axis, box: Box): string | undefined {
  const atoms = atomsIn(box, axis);
  if (atoms.length === axis.atoms) return undefined;
  if (axis.dimension === "cats") return catWords(atoms);
  const pattern = (CONDITIONS as Partial<Record<Dimension, string>>)[axis.dimension];
  if (pattern === undefined) return undefined;
  const special: Readonly<Record<string, string>> =
    (isClosed(axis.dimension) ? VALUES[axis.dimension] : undefined) ?? {};
  const word = (value: string) => (value === OTHER ? "any other" : (special[value] ?? value));
  const values = axis.lows.length > 0 ? rangeWords(axis, atoms) : choiceWords(axis, box, word);
  return pattern.replace("{}", values ?? "");
}

function rangeWords(axis: Axis, atoms: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const atom of atoms) {
    const from = axis.lows[atom] ?? 0;
    const to = axis.lows[atom + 1] ?? axis.end;
    const last = spans.at(-1);
    if (last && last[1] === from) last[1] = to;
    else spans.push([from, to]);
  }
  const words = spans.map(([from, to]) => {
    if (axis.dimension === "time") return `${weekHourWords(from)} to ${weekHourWords(to)}`;
    if (axis.dimension === "now") return from === 0 ? "until the rule's end" : "after the rule's end";
    if (to === RANGE_END) return `${from} or more`;
    return from === to - 1 ? String(from) : from === 0 ? `fewer than ${to}` : `${from} to ${to - 1}`;
  });
  return joined(words, "or");
}

function weekHourWords(hour: number): string {
  const day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][Math.floor(hour / 24) % 7];
  return `${day} ${String(hour % 24).padStart(2, "0")}:00`;
}

/** Sets of labels as a limit, as a mark, as both, or one by one. */
function catWords(atoms: readonly number[]): string {
  const set = atoms.reduce((subsets, cats) => subsets | (1 << cats), 0);
  const names = Object.keys(CATEGORIES);
  const nameOf = (cats: number) => names.filter((_, bit) => ((cats >>> bit) & 1) === 1);
  const reach = atoms.reduce((bits, cats) => bits | cats, 0);
  const common = atoms.reduce((bits, cats) => bits & cats, CATS_MAX);
  const marks = CATEGORY_WORDS.filter(([bit]) => (common & bit) !== 0).map(([, words]) => `with ${words}`);
  const limit = reach === CATS_MAX ? [] : [limitWords(reach)];
  const having = (subsets: number) => atoms.length > 0 && set === withAll(subsets, common);
  if (having(catSubsets(nameOf(reach), undefined))) return [...marks, ...limit].join(", ");
  for (let any = 1; any <= CATS_MAX; any++)
    if (having(catSubsets(nameOf(reach), nameOf(any))))
      return [...marks, `with ${listCats(any, "or")}`, ...limit].join(", ");
  return `labelled ${joined(
    atoms.map((cats) => (cats === 0 ? "public" : listCats(cats, "with"))),
    "or",
  )}`;
}

/** Of some sets of categories those that have all of `required`. */
function withAll(subsets: number, required: number): number {
  let kept = 0;
  for (let cats = 0; cats <= CATS_MAX; cats++) if ((cats & required) === required) kept |= subsets & (1 << cats);
  return kept;
}

function limitWords(reach: number): string {
  if (reach === 0) return "nothing private";
  const many = CATEGORY_WORDS.filter(([bit]) => (reach & bit) !== 0).length > 2;
  return many ? `without ${listCats(CATS_MAX & ~reach, "and")}` : `at most ${listCats(reach, "and")}`;
}

function listCats(cats: number, word: string): string {
  const words = CATEGORY_WORDS.filter(([bit]) => (cats & bit) !== 0).map(([, phrase]) => phrase);
  return joined(words, word);
}

function joined(words: readonly string[], last: string): string {
  if (words.length > LISTED_MAX)
    return `${words.slice(0, LISTED_MAX).join(", ")} ${last} ${words.length - LISTED_MAX} more`;
  if (words.length <= 1) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** One sentence for a finding. */
export function findingSentence(finding: Finding): string {
  const rule = finding.rule ?? "";
  const by = joined(finding.by, "and");
  switch (finding.kind) {
    case "impossible":
      return `No request can ever match ${rule}.`;
    case "unreachable":
      return `${rule} permits nothing: all of it is denied by ${by}.`;
    case "shadowed":
      return `${rule} never decides: ${by} is stronger and covers all of it.`;
    case "dead":
      return `${rule} never decides: ${by} together are stronger and cover all of it.`;
    case "redundant":
      return `${rule} can be left out: the same is decided by ${by}.`;
    case "guard":
      return `${rule} denies only what is denied without it.`;
    case "unused":
      return `In ${rule} the ${finding.dimension} ${finding.value} makes no difference: it is decided by ${by}.`;
    case "conflict":
      return `${rule} and ${by} answer some of the same requests differently; ${by} wins.`;
    case "gap":
      return `Nothing is ever permitted for ${finding.dimension} ${finding.value}, though no rule says so.`;
  }
}
