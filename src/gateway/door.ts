/**
 * The door for holders of a token: each method checks what this token may do before it does anything
 * (CONTRACT section 13).
 */
import { z } from "zod";
import type { RunId, SessionId } from "../core/ids.ts";
import { JUSTIFICATION_CHARS_MAX } from "../core/limits.ts";
import type { Conversation } from "../core/people.ts";
import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import { labelWords } from "./call.ts";
import { eventsOf } from "./events.ts";
import { answered } from "./execute.ts";
import type { Gateway } from "./gateway.ts";
import { isOn } from "./gateway.ts";
import { cancelRun } from "./inbound.ts";
import { answerOf, callIdOf, invoke } from "./invoke.ts";
import { awaited, NextEvents } from "./next-event.ts";
import { localOwner } from "./owned.ts";
import { entriesWhere } from "./owner-evidence.ts";
import { conversationBy } from "./people.ts";
import { activeRun, newRun, openSession } from "./start.ts";
import type { TokenDoor } from "./surface.ts";
import { transact } from "./transact.ts";
import { approvalView, channelView, entryView, policyView, runView, sessionView, tokenView } from "./views.ts";

const has = (token: Token, ...scopes: readonly Token["scopes"][number][]): boolean =>
  scopes.some((scope) => token.scopes.includes(scope));
const demand = (token: Token, ...scopes: readonly Token["scopes"][number][]): void => {
  if (!has(token, ...scopes)) throw new Refusal("auth.denied");
};

export function doorOf(gateway: Gateway): TokenDoor {
  return { ...readingDoor(gateway), ...runDoor(gateway), ...decidingDoor(gateway) };
}

/** An agent sees the runs it drives in conversations of its token; readers see all. Anything else is `not_found`. */
function runOf({ powers }: Gateway, token: Token, id: RunId): Run {
  const run = powers.store.get("run", id)?.value;
  const isTheirs = run?.external === true && run.agent === token.name && token.conversations.includes(run.conversation);
  if (run === undefined || (!isTheirs && !has(token, "owner", "operator", "auditor"))) throw new Refusal("not_found");
  return run;
}

function driven(gateway: Gateway, token: Token, id: RunId): Run {
  demand(token, "agent");
  const run = runOf(gateway, token, id);
  if (run.agent !== token.name) throw new Refusal("not_found");
  return run;
}

type Reading = Pick<
  TokenDoor,
  | "capabilities"
  | "conversations"
  | "value"
  | "sessions"
  | "trace"
  | "channels"
  | "checkpoint"
  | "entries"
  | "policy"
  | "tokens"
  | "secrets"
  | "receipts"
  | "events"
>;

function readingDoor(gateway: Gateway): Reading {
  const { powers, catalogue, invoking } = gateway;
  const { store } = powers;
  return {
    capabilities: () =>
      [...catalogue.manifests.values()]
        .filter(({ id }) => isOn(powers, catalogue, id))
        .map(({ id, version, title, effect, tier, risk, input, output }) => ({
          id,
          version,
          title,
          effect,
          tier,
          risk,
          input: z.toJSONSchema(input, { io: "input", reused: "inline" }),
          output: z.toJSONSchema(output, { io: "output", reused: "inline" }),
        })),
    conversations: (token) =>
      token.conversations
        .map((id) => store.get("conversation", id)?.value)
        .filter((it): it is Conversation => it?.status === "allowed" && it.alias !== null)
        .map(({ alias, kind, context }) => ({ alias: alias ?? "", kind, context })),
    value: (token, handle) => {
      const value = store.get("value", handle)?.value;
      if (value === undefined || value.expiresAt <= powers.clock.now()) throw new Refusal("not_found");
      runOf(gateway, token, value.run);
      const { kind, tier, label, chars, createdAt, expiresAt } = value;
      return { handle, kind, tier, label: labelWords(label), chars, created_at: createdAt, expires_at: expiresAt };
    },
    sessions: (token) => {
      const all = store.all("session", { limit: 1000, newestFirst: true }).map(({ value }) => value);
      const seen = has(token, "owner", "operator", "auditor")
        ? all
        : all.filter((it) => token.conversations.includes(it.conversation));
      return { sessions: seen.map((it) => sessionView(powers, it)) };
    },
    trace: (token, session) => {
      const found = store.get("session", session)?.value;
      const isTheirs = found !== undefined && token.conversations.includes(found.conversation);
      if (found === undefined || (!isTheirs && !has(token, "owner", "operator", "auditor")))
        throw new Refusal("not_found");
      const isSeen = (run: RunId | undefined): boolean =>
        has(token, "owner", "operator", "auditor") ||
        (run !== undefined && store.get("run", run)?.value.agent === token.name);
      return {
        session,
        entries: entriesWhere(powers, (entry) => entry.session === session && isSeen(entry.run), 10_000).map(entryView),
      };
    },
    channels: (token) => {
      demand(token, "owner", "operator", "auditor");
      return { channels: store.all("channel", { limit: 1000 }).map(({ value }) => channelView(powers, value)) };
    },
    checkpoint: (token) => {
      demand(token, "owner", "operator", "auditor");
      return store.ledger.checkpoint();
    },
    entries: (token, after, limit) => {
      demand(token, "owner", "operator", "auditor");
      return { size: store.ledger.size(), entries: entriesWhere(powers, () => true, limit, after).map(entryView) };
    },
    ...ownersViews(gateway),
    events: (token, after, stop) => {
      demand(token, "owner", "operator", "agent");
      return eventsOf(invoking, token, after, stop);
    },
  };
}

/** What an owner's or auditor's token may read of the owner's lists: names and dates, never a value. */
function ownersViews({ powers }: Gateway): Pick<TokenDoor, "policy" | "tokens" | "secrets" | "receipts"> {
  const { store, settings } = powers;
  const guarded = <T>(token: Token, read: () => T): T => {
    demand(token, "owner", "auditor", "operator");
    return read();
  };
  return {
    policy: (token) => guarded(token, () => policyView(powers)),
    tokens: (token) =>
      guarded(token, () => ({
        tokens: store.all("token", { limit: 1000 }).map(({ value }) => tokenView(powers, value)),
      })),
    secrets: (token) => guarded(token, () => ({ names: [...store.secretNames(settings.tenant)] })),
    receipts: (token) =>
      guarded(token, () => ({
        receipts: store
          .all("receipt", { limit: 1000, newestFirst: true })
          .map(({ value }) => ({ receipt: value.id, at: value.at })),
      })),
  };
}

function runDoor(
  gateway: Gateway,
): Pick<TokenDoor, "startRun" | "runs" | "run" | "invoke" | "invocation" | "finish" | "cancel" | "next" | "settled"> {
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
      return seen.map((run) => runView(powers, run));
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
      await transact(powers, (draft) => cancelRun(powers, draft, draft.run(run.id).run, "asked"));
      drives.sweep();
      return runView(powers, store.get("run", id)?.value ?? run);
    },
  };
}

async function startRun(
  gateway: Gateway,
  token: Token,
  order: Parameters<TokenDoor["startRun"]>[1],
): ReturnType<TokenDoor["startRun"]> {
  const { powers, drives } = gateway;
  demand(token, "agent");
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

function decidingDoor({ powers, supervisor, drives }: Gateway): Pick<TokenDoor, "approvals" | "decide" | "purge"> {
  const { store } = powers;
  return {
    approvals: (token) => {
      demand(token, "owner", "operator", "auditor");
      return {
        approvals: store
          .all("approval", { limit: 1000, newestFirst: true })
          .map(({ value }) => approvalView(powers, value)),
      };
    },
    decide: async (token, id, yes) => {
      demand(token, "owner", ...(yes ? [] : (["operator"] as const)));
      const result = await transact(powers, (draft) =>
        answered(powers, draft, draft.need("approval", id), localOwner(powers), { by: "http" }, yes),
      );
      if (result.granted) await supervisor.consume(id);
      else if (result.approval.run !== null) drives.drive(result.approval.run, "approval");
      if (result.refusal !== null) throw result.refusal;
      const found = store.get("approval", id)?.value;
      if (found === undefined) throw new Refusal("not_found");
      return { ...approvalView(powers, found), prompt: "" };
    },
    purge: async (token) => {
      demand(token, "owner");
      throw new Refusal("approval.required", {
        hint: "Erasure needs the owner's own word: lazaret purge on this machine.",
      });
    },
  };
}
