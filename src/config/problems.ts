/** What is wrong with a configuration, each with file, line, column, key and the nearest valid word. */
import type { z } from "zod";
import { nearestWord } from "../../policy/spelling.ts";
import type { PackError, Path } from "../../policy/yaml-source.ts";
import type { Outline } from "./outline.ts";

/** Where to point: into the file, or at the environment variable that set the value. */
export type ErrorAt = (
  path: Path,
  message: string,
  extra?: { readonly atKey?: boolean; readonly nearest?: string | undefined },
) => PackError;

/** Keys of other programs, and what is meant by them here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  address: "the daemon listens on 127.0.0.1 and ::1 only, see listen.port",
  bind: "the daemon listens on 127.0.0.1 and ::1 only, see listen.port",
  host: "the daemon listens on 127.0.0.1 and ::1 only, see listen.port",
  token: "the file holds no secret: `lazaret secrets set NAME` keeps it, `secret: NAME` names it",
  password: "the file holds no secret: `lazaret secrets set NAME` keeps it, `secret: NAME` names it",
  api_key: "the file holds no secret: `lazaret secrets set NAME` keeps it",
};

const SHOWN_CHARS_MAX = 64;
const shown = (value: unknown): string => String(value).slice(0, SHOWN_CHARS_MAX);

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** A sentence with a suggestion where there is one. */
export const suggesting = (sentence: string, nearest: string | undefined): string =>
  nearest === undefined ? sentence : `${sentence}; did you mean ${nearest}?`;

function unknownKey(key: string, path: Path, root: unknown, outline: Outline, errorAt: ErrorAt): PackError {
  const at = [...path, key];
  const elsewhere = ELSEWHERE[key];
  if (elsewhere !== undefined) return errorAt(at, `unknown key ${key}: ${elsewhere}`, { atKey: true });
  const valid = outline.keysAt(path, valueAt(root, path));
  const nearest = nearestWord(key, valid);
  const hint = nearest === undefined ? `known are ${valid.join(", ")}` : `did you mean ${nearest}?`;
  return errorAt(at, `unknown key ${shown(key)}: ${hint}`, { atKey: true, nearest });
}

function notAmong(values: readonly unknown[], path: Path, root: unknown, errorAt: ErrorAt): PackError {
  const given = valueAt(root, path);
  const words = values.map(String);
  if (given === undefined) return errorAt(path, `${String(path.at(-1))} is missing: one of ${words.join(", ")}`);
  const nearest = nearestWord(String(given), words);
  return errorAt(path, suggesting(`${shown(given)} is not one of ${words.join(", ")}`, nearest), { nearest });
}

const KINDS: Readonly<Record<string, string>> = {
  object: "a map of keys",
  array: "a list",
  string: "text",
  number: "a whole number",
  boolean: "true or false",
};

function wrongType(issue: z.core.$ZodIssueInvalidType, path: Path, root: unknown, errorAt: ErrorAt): PackError {
  if (path.length > 0 && valueAt(root, path) === undefined) return errorAt(path, `${String(path.at(-1))} is missing`);
  if (!issue.message.startsWith("Invalid input")) return errorAt(path, issue.message);
  return errorAt(path, `${KINDS[issue.expected] ?? issue.expected} is expected here`);
}

function unknownZone(zone: string, path: Path, message: string, errorAt: ErrorAt): PackError {
  const nearest = nearestWord(zone, Intl.supportedValuesOf("timeZone"));
  return errorAt(path, suggesting(message, nearest), { nearest });
}

/** One issue of the schema in our words. */
export function problemsOf(
  issue: z.core.$ZodIssue,
  root: unknown,
  outline: Outline,
  errorAt: ErrorAt,
): readonly PackError[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(key, path, root, outline, errorAt));
  if (issue.code === "invalid_value" && !(issue.values.length === 1 && issue.values[0] === false))
    return [notAmong(issue.values, path, root, errorAt)];
  if (issue.code === "invalid_union" && "options" in issue && Array.isArray(issue.options))
    return [notAmong(issue.options, path, root, errorAt)];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // A text is judged as the short form, anything else as the long one.
    const meant = issue.errors.at(typeof valueAt(root, path) === "string" ? 0 : -1) ?? [];
    return meant.flatMap((it) => problemsOf({ ...it, path: [...issue.path, ...it.path] }, root, outline, errorAt));
  }
  if (issue.code === "invalid_type") return [wrongType(issue, path, root, errorAt)];
  const given = valueAt(root, path);
  if (issue.code === "custom" && path.at(-1) === "timezone" && typeof given === "string")
    return [unknownZone(given, path, issue.message, errorAt)];
  return [errorAt(path, issue.message)];
}

/** `config.yaml:3:5 listen.prot: unknown key prot: did you mean port?` */
export const problemLine = ({ file, line, column, key, message }: PackError): string =>
  `${file}:${line}:${column}${key === "" ? "" : ` ${key}`}: ${message}`;
