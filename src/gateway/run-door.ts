/** Runs at the door: whose they are, and what their agents may do with them (CONTRACT sections 8 and 13). */
import type { RunId, SessionId } from "../core/ids.ts";
import { JUSTIFICATION_CHARS_MAX } from "../core/limits.ts";
import type { Conversation } from "../core/people.ts";
import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { cancelRun } from "./cancel.ts";
import type { Draft } from "./draft.ts";
import type { Gateway } from "./gateway.ts";
import { answerOf, callIdOf, invoke } from "./invoke.ts";
import { awaited, NextEvents } from "./next-event.ts";
import { conversationBy } from "./people.ts";
import { issueRunToken, opensRun } from "./run-token.ts";
import { say } from "./say.ts";
import { activeRun, newRun, openSession } from "./start.ts";
import type { TokenDoor } from "./surface.ts";
import { transact } from "./transact.ts";
import { runView } from "./views.ts";

export const has = (token: Token, ...scopes: readonly Token["scopes"][number][]): boolean =>
  scopes.some((scope) => token.scopes.includes(scope));
export const demand = (token: Token, ...scopes: readonly Token["scopes"][number][]): void => {
  if (!has(token, ...scopes)) throw new Refusal("auth.denied");
};

/** An agent sees the runs it drives in conversations of its token; readers see all. Anything else is `not_found`. */
export function runOf({ powers }: Gateway, token: Token, id: RunId): Run {
  const run = powers.store.get("run", id)?.value;
  const isTheirs =
    run?.external === true &&
    run.agent === token.name &&
    token.conversations.includes(run.conversation) &&
    opensRun(token, run.id);
  if (run === undefined || (!isTheirs && !has(token, "owner", "operator", "auditor"))) throw new Refusal("not_found");
  return run;
}

function driven(gateway: Gateway, token: Token, id: RunId): Run {
  demand(token, "agent");
  const run = runOf(gateway, token, id);
  if (run.agent !== token.name) throw new Refusal("not_found");
  return run;
}

export function runDoor(
  gateway: Gateway,
): Pick<
  TokenDoor,
  "startRun" | "runs" | "run" | "invoke" | "invocation" | "finish" | "cancel" | "next" | "settled" | "runToken"
> {
  const { powers, invoking, drives } = gateway;
  const { store } = powers;
  const events = new NextEvents(invoking);
  return {
    startRun: (token, order) => startRun(gateway, token, order),
    runs: (token, open) => {
      const page = { limit: 1000, newestFirst: true };
      const all = (open ? store.find("run", "open", "open", page) : store.all("run", page)).map(({ value }) => value);
      const seen = has(token, "owner", "operator", "auditor")
        ? all
        : all.filter((run) => run.agent === token.name && token.conversations.includes(run.conversation));
      return seen.filter((run) => opensRun(token, run.id)).map((run) => runView(powers, run));
    },
    run: (token, id) => runView(powers, runOf(gateway, token, id)),
    next: async (token, waitMs, stop) => {
      demand(token, "agent");
      return events.next(token, waitMs, stop);
    },
    settled: async (token, id, waitMs, stop) => {
      const isAsking = (): boolean => runOf(gateway, token, id).status.state === "paused.approval";
      await awaited(invoking, waitMs, stop, async () => (isAsking() ? null : true));
      return runView(powers, runOf(gateway, token, id));
    },
    runToken: async (token, id) => issueRunToken(powers, token, driven(gateway, token, id)),
    invoke: async (token, id, invocation) => invoke(invoking, driven(gateway, token, id).id, invocation),
    invocation: async (token, id, key, waitMs) => {
      const run = driven(gateway, token, id);
      const call = callIdOf(powers, run.id, key);
      if (store.get("call", call) === null) throw new Refusal("not_found");
      const until = powers.clock.now() + waitMs;
      for (;;) {
        const reply = await answerOf(invoking, call);
        if (reply.status !== "approval_required" || powers.clock.now() >= until) return reply;
        await new Promise<void>((resolve) => powers.clock.at(Math.min(until, powers.clock.now() + 250), resolve));
      }
    },
    finish: async (token, id, wait) => {
      const run = driven(gateway, token, id);
      await drives.handle(run.id).finish(wait ?? undefined);
      drives.sweep();
      return runView(powers, store.get("run", id)?.value ?? run);
    },
    cancel: async (token, id) => {
      const run = has(token, "owner", "operator") ? runOf(gateway, token, id) : driven(gateway, token, id);
      await transact(powers, (draft) => {
        const { run: now } = draft.run(run.id);
        cancelRun(powers, draft, now, "asked");
        if (token.scopes.includes("agent")) givenUp(draft, now);
      });
      drives.sweep();
      return runView(powers, store.get("run", id)?.value ?? run);
    },
  };
}

/** A member's request that its agent drops unanswered is not met with silence. */
function givenUp(draft: Draft, { id, agent, request, facts, thread, conversation: place, status }: Run): void {
  const conversation = draft.get("conversation", place);
  if (request === null || facts.replies > 0 || conversation === null || isTerminal({ status })) return;
  const text = `${agent} gave this up. Ask again in other words, or ask the owner who should answer here.`;
  say(draft, { conversation, thread, replyTo: request }, text, id);
}

async function startRun(
  gateway: Gateway,
  token: Token,
  order: Parameters<TokenDoor["startRun"]>[1],
): ReturnType<TokenDoor["startRun"]> {
  const { powers, drives } = gateway;
  demand(token, "agent");
  if (token.run !== undefined) throw new Refusal("auth.denied", { hint: "This token is for one run." });
  const place =
    order.session === undefined
      ? order.conversation === undefined
        ? null
        : conversationBy(powers, order.conversation)
      : sessionPlace(gateway, order.session);
  const isOpen = place?.status === "allowed" && !place.closed;
  if (place === null || !isOpen || !token.conversations.includes(place.id)) throw new Refusal("not_found");
  if ((order.goal?.length ?? 0) > JUSTIFICATION_CHARS_MAX) throw new Refusal("input.too_large", { field: "goal" });
  const run = await transact(powers, (draft) => {
    // A run that an agent starts itself has its token as principal (CONTRACT section 5).
    const principal = token.id as never;
    const session = openSession(powers, draft, place.id, null, principal);
    // One run a session: without end otherwise, and each could ask people twenty times.
    if (activeRun(powers, session.id) !== null)
      throw new Refusal("run.queue_full", { hint: "Finish or cancel the run you have there first." });
    return newRun(powers, draft, {
      session,
      principal,
      request: null,
      agent: token.name,
      external: true,
      context: draft.need("token", token.id).context,
      background: true,
      ...(order.budget === undefined ? {} : { budget: order.budget }),
      ...(order.done_when === undefined ? {} : { doneWhen: order.done_when }),
    });
  });
  drives.drive(run.id, "started");
  return runView(powers, run);
}

function sessionPlace({ powers }: Gateway, id: SessionId): Conversation | null {
  const session = powers.store.get("session", id)?.value;
  return session === undefined ? null : (powers.store.get("conversation", session.conversation)?.value ?? null);
}
