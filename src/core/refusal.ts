/**
 * The one error a caller may see: a code from this closed list, a plain sentence, a hint.
 * docs/refusals.md lists them 1:1.
 */

type Meaning = {
  readonly sentence: string;
  readonly status: number;
  readonly exit: number;
  readonly retryable: boolean;
};
const meaning = (status: number, exit: number, retryable: boolean, sentence: string): Meaning => ({
  sentence,
  status,
  exit,
  retryable,
});

/** Code → sentence, HTTP status (RFC 9457 problem), exit code of the command line (CONTRACT section 14). */
export const REFUSALS = {
  "input.invalid": meaning(400, 2, false, "The input does not fit its schema."),
  "input.too_large": meaning(413, 2, false, "The input is larger than allowed."),
  not_found: meaning(404, 7, false, "There is no such thing here, or it is not yours."),
  conflict: meaning(409, 1, true, "Somebody else changed this at the same time."),
  "idempotency.mismatch": meaning(409, 1, false, "This idempotency key was used with another body."),
  "auth.required": meaning(401, 4, false, "A token is needed here."),
  "auth.denied": meaning(403, 4, false, "This token may not do that."),
  "auth.locked": meaning(429, 4, true, "Too many wrong attempts."),
  "auth.pin": meaning(403, 4, false, "The owner's PIN is needed or was wrong."),
  "request.host": meaning(421, 4, false, "This Host header is not served."),
  "request.origin": meaning(403, 4, false, "Requests from web pages are not served."),
  "request.token_in_url": meaning(400, 2, false, "A token never goes into a URL."),
  "rate.limited": meaning(429, 1, true, "Too many requests."),
  "policy.denied": meaning(403, 4, false, "The owner's rules do not allow this."),
  "policy.invalid": meaning(400, 78, false, "The policy pack is not valid."),
  "approval.required": meaning(202, 5, true, "A person has to say yes first."),
  "approval.denied": meaning(403, 4, false, "A person said no."),
  "approval.expired": meaning(410, 4, false, "Nobody answered in time."),
  "approval.void": meaning(410, 4, false, "What was asked has changed since."),
  "approval.decided": meaning(409, 4, false, "This was already decided."),
  "approval.locked": meaning(423, 4, false, "Too many wrong codes; this approval is locked."),
  "approval.unshowable": meaning(413, 4, false, "What cannot be shown in full is not asked."),
  "approval.no_route": meaning(403, 4, false, "Nobody who may approve can be reached."),
  "approval.weak": meaning(403, 4, false, "This kind of yes does not suffice here."),
  "budget.exhausted": meaning(403, 6, false, "The run's budget is used up."),
  "budget.pool": meaning(403, 6, true, "Today's budget of this conversation is used up."),
  "budget.unpriced": meaning(403, 6, false, "This model has no price, so no budget can hold it."),
  "run.ended": meaning(409, 1, false, "The run has ended."),
  "run.waiting": meaning(409, 1, true, "The run is waiting and takes no calls."),
  "run.queue_full": meaning(429, 1, true, "Too many requests are waiting in this session."),
  "run.not_done": meaning(409, 1, false, "The run has not done what it declared."),
  "label.flow": meaning(403, 4, false, "This may not go there: the destination is not cleared for what it contains."),
  "label.mixed": meaning(403, 4, false, "Values of two tenants were mixed."),
  "egress.control": meaning(403, 4, false, "No person named this destination."),
  "egress.text": meaning(422, 4, false, "The text holds something that is never sent."),
  "egress.template": meaning(400, 2, false, "The template holds braces that are not a value."),
  "egress.pseudonym": meaning(400, 2, false, "The text names a person token that this run was not given."),
  "http.unlisted": meaning(403, 4, false, "The owner's list has no such host, port or method."),
  "http.address": meaning(403, 4, false, "This host leads to an address that is not asked."),
  "http.failed": meaning(502, 1, false, "The server could not be reached or did not answer properly."),
  "http.timeout": meaning(504, 1, false, "The server took too long."),
  "wall.missing": meaning(503, 1, false, "No network wall can be built here, so the program is not started."),
  "secret.slot": meaning(403, 4, false, "A secret is named where it may not be used."),
  "secret.leak": meaning(403, 4, false, "The text holds a secret, so it is not sent."),
  "effect.unknown": meaning(502, 1, false, "It is not known whether this had its effect; it is not tried again."),
  "capability.unknown": meaning(404, 7, false, "There is no such capability."),
  "capability.disabled": meaning(403, 4, false, "This capability is switched off."),
  "capability.schema": meaning(500, 78, false, "The capability's schema is too wide for its tier."),
  "transform.failed": meaning(422, 1, true, "The transform could not give a checked answer."),
  "model.unknown": meaning(404, 7, false, "There is no model by that name."),
  "model.failed": meaning(502, 1, true, "The model could not be reached or gave no usable answer."),
  "model.timeout": meaning(504, 1, true, "The model took too long."),
  "transform.timeout": meaning(504, 1, true, "The transform took too long and was ended."),
  "attachment.opaque": meaning(422, 1, false, "This file is of a kind that is not read."),
  "attachment.refused": meaning(422, 1, false, "This file could not be read safely."),
  "tier.cap": meaning(403, 6, false, "No more text may be revealed in this run or today."),
  "quarantine.integrity": meaning(422, 1, false, "Sealed content was altered and stays closed."),
  "channel.unknown": meaning(404, 7, false, "There is no such channel."),
  "channel.unsupported": meaning(422, 1, false, "This channel cannot do that."),
  "channel.down": meaning(503, 1, true, "The channel is not connected."),
  "conversation.unknown": meaning(404, 7, false, "There is no conversation by that name."),
  "pairing.failed": meaning(403, 4, false, "The pairing code does not fit or has expired."),
  "purge.held": meaning(409, 4, false, "A hold keeps this content."),
  "purge.pending": meaning(409, 1, true, "The erasure is not finished."),
  "import.line": meaning(400, 2, false, "A line of the import cannot be read."),
  "import.quota": meaning(413, 1, false, "The conversation's quota is full."),
  "home.locked": meaning(409, 1, true, "Another daemon holds this home."),
  "home.missing": meaning(404, 78, false, "There is no home here yet."),
  "home.insecure": meaning(403, 78, false, "Somebody else could read or swap the home's files."),
  "home.newer": meaning(409, 78, false, "This home was written by a newer version."),
  "home.unlock": meaning(403, 78, false, "The home could not be unlocked."),
  "store.full": meaning(507, 1, true, "The disk is full; nothing was lost and intake has stopped."),
  "store.failed": meaning(500, 1, true, "The database could not be written."),
  "ledger.broken": meaning(500, 1, false, "The ledger does not verify."),
  "clock.leapt": meaning(409, 1, true, "The clock leapt; deletion waits for the owner."),
  "config.invalid": meaning(400, 78, false, "The configuration is not valid."),
  "daemon.unreachable": meaning(503, 3, true, "No daemon answers."),
  "daemon.stopping": meaning(503, 3, true, "The daemon is stopping."),
  internal: meaning(500, 1, false, "Something went wrong inside."),
} as const satisfies Readonly<Record<string, Meaning>>;

export type RefusalCode = keyof typeof REFUSALS;
export const REFUSAL_CODES = Object.keys(REFUSALS) as readonly RefusalCode[];

/** Details: a hint says what to do; `rule` and `field` are for the operator. None of them ever holds content. */
export type RefusalDetail = { readonly hint?: string; readonly rule?: string; readonly field?: string };

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly hint: string | undefined;
  readonly rule: string | undefined;
  readonly field: string | undefined;

  constructor(code: RefusalCode, detail: RefusalDetail = {}) {
    super(REFUSALS[code].sentence);
    this.code = code;
    this.hint = detail.hint;
    this.rule = detail.rule;
    this.field = detail.field;
  }

  get retryable(): boolean {
    return REFUSALS[this.code].retryable;
  }
}

/** Is this what a caller may see? Anything else is answered as `internal`. */
export const isRefusal = (error: unknown): error is Refusal => error instanceof Refusal;
