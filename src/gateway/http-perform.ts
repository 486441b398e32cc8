/**
 * A web request on its way: intent first, then one attempt, then what came of it (HOUSE section 4). What is cut off in
 * between is unknown, and is said so.
 */
import type { HttpAnswer } from "../core/http.ts";
import type { CallId, Handle, RunId } from "../core/ids.ts";
import { CATEGORY, type Label } from "../core/label.ts";
import { DAY_MS, HTTP_ANSWER_BYTES_MAX, HTTP_MS_MAX } from "../core/limits.ts";
import type { Stop } from "../core/ports.ts";
import type { Call } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { deadlineOf, isTerminal, type Run } from "../core/run.ts";
import { askerOf } from "./asker.ts";
import { lease, placeOf, rememberGrants, withSecrets } from "./broker.ts";
import { type Doing, type Made, seen } from "./call.ts";
import { closeDone, closeFailed } from "./closing.ts";
import type { Draft } from "./draft.ts";
import type { HttpCall } from "./http-request.ts";
import { bytesOf, type HttpOutput, mediaKind } from "./http-shape.ts";
import { scrubbedText } from "./leaks.ts";
import type { Powers } from "./powers.ts";
import { labelAt, noteSink } from "./reveal.ts";
import { transact } from "./transact.ts";
import { type NewValue, viewOf, writeValue } from "./values.ts";
import { whileOpen } from "./while-open.ts";

const CAPABILITY = "http.request";

const msFor = ({ clock }: Powers, run: Run): number =>
  Math.max(1, Math.min(HTTP_MS_MAX, deadlineOf(run) - clock.now()));

/** The text of an answer, sealed; `text` is null when it is none. */
type Kept = { readonly status: number; readonly media: HttpOutput["media"]; readonly text: string | null };
type Outcome = {
  readonly output: HttpOutput;
  readonly kept: Kept;
  readonly value: NewValue;
  readonly bytes: number;
};

/** Whatever a server says is untrusted, carries what it was sent, and stays where the request came from. */
function labelOf(doing: Pick<Doing, "asker">, call: HttpCall): Label {
  const { run } = doing.asker;
  const answered = call.secrets.length === 0 ? 0 : CATEGORY["pii.derived"];
  const audience = call.label.audience === "*" ? [run.conversation] : call.label.audience;
  return { ...call.label, cats: call.label.cats | answered, integrity: 2, tenant: run.tenant, audience };
}

/** Written before anything leaves; a yes that brought a secret along is remembered for this value of it. */
export function intend(draft: Draft, id: CallId, runId: RunId, call: HttpCall): void {
  const { host, prepared, secrets, label } = call;
  const record = draft.need("call", id);
  // No longer one that did nothing: after a crash it is unknown.
  draft.put("call", id, { ...record, status: "waiting" });
  rememberGrants(draft, CAPABILITY, placeOf(host), secrets);
  const run = draft.run(runId);
  const place = placeOf(host);
  // Whoever asks for an erasure later reads in its receipt who was told something.
  const about = { call: id, sink: "http", place, recipient: place, cats: label.cats };
  run.note("egress.checked", { ...about, rule: call.rule });
  run.note("effect.intended", { effect: id, call: id, op: "http", place, method: prepared.method });
}

/** One attempt. Rejects with `effect.unknown` when something may have left and no whole answer came. */
async function attempt(powers: Powers, run: RunId, id: CallId, call: HttpCall, msMax: number, stop?: Stop) {
  const { http, hashing } = powers;
  if (http === undefined) throw new Refusal("capability.disabled");
  const { host, prepared, secrets, rule } = call;
  const place = placeOf(host);
  const leases = secrets.map((it) => lease({ run, call: id, capability: CAPABILITY, place, ...it }));
  const blank = bytesOf(prepared, hashing.utf8, () => "secret");
  let isSent = false;
  let sent = 0;
  const fill = (secret: (slot: string, name: string) => string) => {
    const ask = bytesOf(prepared, hashing.utf8, secret);
    sent = ask.url.length + (ask.body?.length ?? 0) + JSON.stringify(ask.headers).length;
    return ask;
  };
  try {
    const answer = await http.ask(
      blank,
      {
        addresses: host.addresses,
        plain: host.plain,
        bytesMax: HTTP_ANSWER_BYTES_MAX,
        msMax,
        ...(stop === undefined ? {} : { stop }),
        inject: (at) => withSecrets(powers, leases, `${at.host}:${at.port}`, rule, fill),
      },
      () => {
        isSent = true;
      },
    );
    return { answer, sent };
  } catch (error) {
    const refusal = seen(error);
    // A server that never saw the request did nothing with it.
    throw isSent && refusal.code !== "http.timeout" ? new Refusal("effect.unknown") : refusal;
  }
}

function outcomeOf(
  powers: Powers,
  doing: Pick<Doing, "asker">,
  call: HttpCall,
  handle: Handle,
  answer: HttpAnswer,
  sent: number,
): Outcome {
  const { status, headers, bytes, cut } = answer;
  const text = scrubbedText(powers, bytes);
  const isText = !text.includes("\uFFFD");
  const media = mediaKind(headers["content-type"], bytes.length);
  const { run } = doing.asker;
  const value: NewValue = {
    handle,
    conversation: run.conversation,
    tier: "C",
    kind: CAPABILITY,
    schema: `${CAPABILITY}.v1`,
    label: labelOf(doing, call),
    sources: call.sources,
  };
  const output = { status, media, bytes: bytes.length, cut };
  return { output, kept: { status, media, text: isText ? text : null }, value, bytes: sent };
}

function noteDone(draft: Draft, run: RunId, id: CallId, call: HttpCall, { output }: Outcome): void {
  const place = placeOf(call.host);
  draft.run(run).note("effect.done", { effect: id, call: id, place, status: output.status, bytes: output.bytes });
}

function noteFailed(draft: Draft, run: RunId, id: CallId, call: HttpCall, code: string): void {
  const isUnknown = code === "effect.unknown" || code === "http.timeout";
  const body = { effect: id, call: id, place: placeOf(call.host), code };
  draft.run(run).note(isUnknown ? "effect.unknown" : "effect.failed", body);
}

/** Where the rules let it go without a question. */
export async function sendNow(
  powers: Powers,
  doing: Doing,
  call: HttpCall,
  handle: Handle,
  permitted: (draft: Draft) => void = () => {},
): Promise<Made> {
  const { run } = doing.asker;
  await transact(powers, (draft) => {
    permitted(draft);
    intend(draft, doing.call, run.id, call);
  });
  const msMax = msFor(powers, run);
  const outcome = await whileOpen(powers, run.id, (over) => attempt(powers, run.id, doing.call, call, msMax, over))
    .then(({ answer, sent }) => outcomeOf(powers, doing, call, handle, answer, sent))
    .catch(async (error: unknown) => {
      const refusal = seen(error);
      await transact(powers, (draft) => noteFailed(draft, run.id, doing.call, call, refusal.code));
      throw refusal;
    });
  const { output, kept, value, bytes } = outcome;
  return {
    output,
    stripped: false,
    label: labelAt("A", value.label),
    values: [viewOf(value, JSON.stringify(kept).length)],
    capacity: { bits: 0, chars: 0 },
    used: { steps: 1, egress_bytes: bytes },
    write: (draft) => {
      noteDone(draft, run.id, doing.call, call, outcome);
      writeValue(draft, run.id, value, kept, draft.now + DAY_MS);
      noteSink(draft, doing.asker, doing.call, value.label);
    },
  };
}

/** After a yes was consumed and the intent is durable: sends, and closes the call with what came of it. */
export async function sendApproved(
  powers: Powers,
  id: CallId,
  call: HttpCall,
  handle: Handle,
  stop?: Stop,
): Promise<void> {
  const record = powers.store.get("call", id)?.value;
  const stored = record === undefined ? undefined : powers.store.get("run", record.run)?.value;
  if (record === undefined || stored === undefined) return;
  const doing = { asker: askerOf(powers, stored) };
  const msMax = msFor(powers, stored);
  try {
    if (isTerminal(stored)) throw new Refusal("run.ended");
    const { answer, sent } = await whileOpen(
      powers,
      record.run,
      (over) => attempt(powers, record.run, id, call, msMax, over),
      stop,
    );
    const outcome = outcomeOf(powers, doing, call, handle, answer, sent);
    await transact(powers, (draft) => close(draft, doing, id, call, outcome));
  } catch (error) {
    await transact(powers, (draft) => endFailed(draft, id, call, seen(error)));
  }
}

function close(draft: Draft, { asker }: Pick<Doing, "asker">, id: CallId, call: HttpCall, outcome: Outcome): void {
  const record = draft.need("call", id);
  if (record.status !== "waiting") return;
  noteDone(draft, record.run, id, call, outcome);
  const used = { steps: 1, egress_bytes: outcome.bytes };
  closeDone(draft, asker, record, { ...outcome, capacity: { bits: 0, chars: 0 }, used });
}

/** In full on doubt: what may have left counts as sent. */
function endFailed(draft: Draft, id: CallId, call: HttpCall, refusal: Refusal): void {
  const record = draft.need("call", id);
  if (record.status !== "waiting") return;
  noteFailed(draft, record.run, id, call, refusal.code);
  settleFailed(draft, record, refusal.code, refusal.hint);
}

function settleFailed(draft: Draft, record: Call, code: Refusal["code"], hint?: string | undefined): void {
  const isUnknown = code === "effect.unknown" || code === "http.timeout";
  const used = isUnknown ? record.reserved : { steps: 1 };
  closeFailed(draft, record, isUnknown ? "unknown" : "failed", used, { code, hint });
}

/** After a start: a request that was on its way is unknown, and its run is told. Returns runs that go on. */
export async function settleUnknown(powers: Powers): Promise<readonly RunId[]> {
  const open = powers.store.find("call", "open", "open", { limit: OPEN_MAX }).map(({ value }) => value);
  const cut = open.filter(
    (call) => call.capability === CAPABILITY && call.status === "waiting" && !isAsked(powers, call),
  );
  for (const { id } of cut) {
    await transact(powers, (draft) => {
      const record = draft.need("call", id);
      draft.run(record.run).note("effect.unknown", { effect: id, call: id, code: "restarted" });
      settleFailed(draft, record, "effect.unknown");
    });
  }
  return cut.map(({ run }) => run);
}
const OPEN_MAX = 10_000;

/** Is its question still open, or said yes to and not yet begun? */
function isAsked({ store }: Powers, { approval }: Call): boolean {
  const state = approval === null ? undefined : store.get("approval", approval)?.value.status.state;
  return state === "pending" || state === "granted";
}
