/** What a caller sees when something is refused: RFC 9457 with our code, hint and whether trying again may help. */
import { z } from "zod";
import { isRefusal, REFUSAL_CODES, REFUSALS, Refusal, type RefusalCode } from "../core/refusal.ts";

export const Problem = z.strictObject({
  type: z.string().max(128),
  title: z.string().max(256),
  status: z.number().int().min(100).max(599),
  code: z.enum(REFUSAL_CODES as [RefusalCode, ...RefusalCode[]]),
  hint: z.string().max(2000).optional(),
  /** Rule and field are for the owner on the local socket, and `field` for whoever sent the field. */
  rule: z.string().max(256).optional(),
  field: z.string().max(256).optional(),
  retryable: z.boolean(),
  docs: z.string().max(128),
});
export type Problem = z.infer<typeof Problem>;

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** Codes whose `field` names a place in the caller's own request. */
const OWN_FIELD: ReadonlySet<RefusalCode> = new Set(["input.invalid", "input.too_large"]);

/** `toOwner` adds rule and field; agents and chats get code and hint (CONTRACT section 6). */
export function problemOf(refusal: Refusal, toOwner = false): Problem {
  const { sentence, status, retryable } = REFUSALS[refusal.code];
  const field = toOwner || OWN_FIELD.has(refusal.code) ? refusal.field : undefined;
  return {
    type: `urn:lazaret:refusal:${refusal.code}`,
    title: sentence,
    status,
    code: refusal.code,
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint.slice(0, 2000) }),
    ...(toOwner && refusal.rule !== undefined ? { rule: refusal.rule.slice(0, 256) } : {}),
    ...(field === undefined ? {} : { field: field.slice(0, 256) }),
    retryable,
    docs: `docs/refusals.md#${refusal.code}`,
  };
}

/** The web server's own complaints, by its code. Anything else is our fault and says nothing. */
const FOREIGN: Readonly<Record<string, RefusalCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "input.too_large",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "input.invalid",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "input.invalid",
  FST_ERR_CTP_INVALID_TYPE: "input.invalid",
  FST_ERR_CTP_EMPTY_JSON_BODY: "input.invalid",
  FST_ERR_CTP_INVALID_JSON_BODY: "input.invalid",
  FST_ERR_BAD_URL: "input.invalid",
  FST_ERR_MAX_PARAM_LENGTH: "input.invalid",
};
const HINTS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "send the body as content-type: application/json",
  FST_ERR_CTP_EMPTY_JSON_BODY: "send a JSON object as the body",
  FST_ERR_CTP_INVALID_JSON_BODY: "the body is not JSON",
};

/** The refusal an error stands for; null when it is a fault of ours. */
export function refusalOf(error: unknown): Refusal | null {
  if (isRefusal(error)) return error;
  if (!(error instanceof Error)) return null;
  const foreign = "code" in error && typeof error.code === "string" ? error.code : "";
  const code = FOREIGN[foreign];
  // Malformed JSON comes as a plain SyntaxError with a 400 on it.
  const isSyntax = error instanceof SyntaxError && "statusCode" in error && error.statusCode === 400;
  if (code === undefined && !isSyntax) return null;
  const hint = isSyntax ? "the body is not JSON" : HINTS[foreign];
  return new Refusal(code ?? "input.invalid", hint === undefined ? {} : { hint });
}

/** Parses what came from outside; the refusal names the field and what is wrong with it, never the whole input. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = [where, ...(issue?.path ?? [])].map(String).join(".").slice(0, 256);
  throw new Refusal("input.invalid", { field, hint: `${field}: ${wordsOf(issue)}`.slice(0, 500) });
}

/** The library's own words, but for names of unknown keys: those are the sender's. */
const wordsOf = (issue: z.core.$ZodIssue | undefined): string =>
  issue?.code === "unrecognized_keys" ? "a key that is not known here" : (issue?.message ?? "invalid");
