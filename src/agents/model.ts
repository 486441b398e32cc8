/**
 * An agent that thinks with the model that the owner configured for agents: a loop of questions and calls, under the
 * run's own budget. It is given what any agent is given (the request, typed fields, handles) and holds no other hands;
 * whoever writes into its context gains what it may do, which the gateway decides (CONTRACT sections 5 and 8).
 */
import type { AgentDriver, Invocation, InvocationReply, RunHandle } from "../core/agent.ts";
import type { RunId } from "../core/ids.ts";
import { MODEL_TURNS_MAX } from "../core/limits.ts";
import type { ModelAnswer, ModelMessage, ModelTool } from "../core/model.ts";
import type { Stop } from "../core/ports.ts";
import { isRefusal, type RefusalCode } from "../core/refusal.ts";
import { INSTRUCTIONS } from "./model-words.ts";

/** What was said so far in one run. It lives as long as the process; a run that lost it begins anew. */
type Talk = {
  readonly messages: ModelMessage[];
  turn: number;
  /** Answers that were refused or empty, in a row. */
  broken: number;
  hasReplied: boolean;
  /** A call that waits for a person: asked for again under the same key, it gives its answer. */
  waiting: { readonly id: string; readonly name: string; readonly invocation: Invocation } | null;
};

const TALKS_MAX = 64;
const RESULT_CHARS_MAX = 16_000;
const BROKEN_MAX = 3;
const TOKENS_MAX = 2048;
/** The run is over or has run dry: the gateway has said why. */
const OVER: ReadonlySet<RefusalCode> = new Set(["run.ended", "run.waiting", "budget.exhausted"]);

/**
 * `standIn` answers when the model cannot be asked or says nothing usable: an addressed message never meets silence.
 */
export function modelAgent(standIn: AgentDriver): AgentDriver {
  const talks = new Map<RunId, Talk>();
  return {
    name: "model",
    drive: async (wake, run, stop) => {
      const talk = talks.get(run.run) ?? (await begun(run));
      if (talk === "over") return;
      talks.delete(run.run);
      const end = talk === null ? "stand-in" : await goOn(talk, run, stop);
      if (end === "stand-in") return standIn.drive(wake, run, stop);
      if (end === "waits" && talk !== null) keep(talks, run.run, talk);
    },
  };
}

function keep(talks: Map<RunId, Talk>, run: RunId, talk: Talk): void {
  talks.set(run, talk);
  const [oldest] = talks.keys();
  if (talks.size > TALKS_MAX && oldest !== undefined) talks.delete(oldest);
}

type End = "over" | "waits" | "stand-in";

/** The request as the first thing said. Null: the stand-in has to see to it. */
async function begun(run: RunHandle): Promise<Talk | null | "over"> {
  if (run.think === undefined || run.tools === undefined) return null;
  const reply = await run.invoke(order("request.read", {}, "m-read"));
  if (reply.next !== "invoke") return "over";
  if (reply.status !== "done") return null;
  // With the handle of what is to be done later or remembered: without it no model could set a reminder.
  const text = JSON.stringify({ ...(reply.output as object), values: reply.values ?? [] });
  const messages: ModelMessage[] = [{ from: "user", text }];
  return { messages, turn: 0, broken: 0, hasReplied: false, waiting: null };
}

const order = (capability: string, input: unknown, key: string): Invocation => ({
  capability,
  input,
  justification: "The model asked for it on its way to an answer.",
  idempotency_key: key,
});

async function goOn(talk: Talk, run: RunHandle, stop: Stop): Promise<End> {
  const tools = run.tools?.() ?? [];
  if (talk.waiting !== null) {
    const { id, name, invocation } = talk.waiting;
    talk.waiting = null;
    const end = heard(talk, { id, name, invocation }, await run.invoke(invocation));
    if (end !== null) return end;
  }
  while (talk.turn < MODEL_TURNS_MAX && talk.broken < BROKEN_MAX) {
    if (stop.aborted) return "over";
    talk.turn += 1;
    const answer = await thought(talk, run, tools);
    if (typeof answer === "string") return answer;
    talk.messages.push({ from: "model", text: answer.text, calls: answer.calls });
    const end = answer.calls.length > 0 ? await called(talk, run, tools, answer) : await spoken(talk, run, answer.text);
    if (end !== null) return end;
  }
  return talk.hasReplied ? finished(talk, run) : "stand-in";
}

async function thought(talk: Talk, run: RunHandle, tools: readonly ModelTool[]): Promise<ModelAnswer | End> {
  const { messages, hasReplied } = talk;
  try {
    const ask = { instructions: INSTRUCTIONS, messages, tools, tokensMax: TOKENS_MAX };
    return (await run.think?.(ask)) ?? "stand-in";
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (OVER.has(error.code)) return "over";
    return hasReplied ? finished(talk, run) : "stand-in";
  }
}

/** Carries out what the model calls, one after the other. A call is a wish: the gateway decides. */
async function called(
  talk: Talk,
  run: RunHandle,
  tools: readonly ModelTool[],
  answer: ModelAnswer,
): Promise<End | null> {
  for (const [at, { id, name, input }] of answer.calls.entries()) {
    const invocation = order(capabilityOf(name, tools), inputOf(input), `m-${talk.turn}-${at}`);
    const end = heard(talk, { id, name, invocation }, await invoked(run, invocation));
    if (end === null) continue;
    for (const other of answer.calls.slice(at + 1))
      talk.messages.push({ from: "tool", id: other.id, name: other.name, text: '{"status":"not begun"}' });
    return end;
  }
  return null;
}

/** What the model calls something that nobody offered stays what it is, and is refused as unknown. */
const capabilityOf = (name: string, tools: readonly ModelTool[]): string =>
  tools.some((tool) => tool.name === name) ? name.replace("_", ".") : name.slice(0, 64);

function inputOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text.slice(0, 64); // refused by the schema, which is the answer that the model gets
  }
}

/** After a crash the model may say something else under the same key: then it is a call of its own. */
async function invoked(run: RunHandle, invocation: Invocation): Promise<InvocationReply> {
  const reply = await run.invoke(invocation);
  if (reply.code !== "idempotency.mismatch") return reply;
  return run.invoke({ ...invocation, idempotency_key: `${invocation.idempotency_key}-again` });
}

function heard(talk: Talk, call: NonNullable<Talk["waiting"]>, reply: InvocationReply): End | null {
  const { id, name, invocation } = call;
  if (reply.next === "ended") return "over";
  if (reply.status === "approval_required" || reply.next === "wait") {
    talk.waiting = call;
    return "waits";
  }
  if (reply.status === "done" && invocation.capability === "chat.reply") talk.hasReplied = true;
  const { status, output, values, code, hint } = reply;
  const text = JSON.stringify({ status, output, values, code, hint }).slice(0, RESULT_CHARS_MAX);
  talk.messages.push({ from: "tool", id, name, text });
  return null;
}

/** Words without a call are the answer. After an answer they are nothing: one request, one answer. */
async function spoken(talk: Talk, run: RunHandle, text: string): Promise<End | null> {
  if (talk.hasReplied) return finished(talk, run);
  const template = text.trim();
  if (template === "") {
    talk.broken += 1;
    talk.messages.push({ from: "user", text: "That was empty. Answer the request, or call a tool." });
    return null;
  }
  const reply = await invoked(run, order("chat.reply", { template }, `say-${talk.turn}`));
  if (reply.status === "done") {
    talk.hasReplied = true;
    return finished(talk, run);
  }
  if (reply.next !== "invoke") return reply.next === "ended" ? "over" : "waits";
  talk.broken += 1;
  const why = `${reply.code ?? "refused"}: ${reply.hint ?? ""}`;
  talk.messages.push({ from: "user", text: `This answer was not sent (${why}). Write another one.` });
  return null;
}

async function finished(talk: Talk, run: RunHandle): Promise<End> {
  try {
    await run.finish();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (!talk.hasReplied) return "stand-in";
    await run.fail("agent");
  }
  return "over";
}
