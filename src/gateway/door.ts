/**
 * The door for holders of a token: each method checks what this token may do before it does anything
 * (CONTRACT section 13).
 */
import { z } from "zod";
import type { RunId } from "../core/ids.ts";
import type { Conversation } from "../core/people.ts";
import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { labelWords } from "./call.ts";
import { purges } from "./erase.ts";
import { eventsOf } from "./events.ts";
import { answered } from "./execute.ts";
import type { Gateway } from "./gateway.ts";
import { isOn } from "./gateway.ts";
import { localOwner } from "./owned.ts";
import { entriesWhere } from "./owner-evidence.ts";
import { demand, has, runDoor, runOf } from "./run-door.ts";
import type { TokenDoor } from "./surface.ts";
import { transact } from "./transact.ts";
import { approvalView, channelView, entryView, policyView, sessionView, tokenView } from "./views.ts";

export function doorOf(gateway: Gateway): TokenDoor {
  return { ...readingDoor(gateway), ...runDoor(gateway), ...decidingDoor(gateway) };
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
        tokens: store
          .all("token", { limit: 1000 })
          .filter(({ value }) => value.run === undefined)
          .map(({ value }) => tokenView(powers, value)),
      })),
    secrets: (token) => guarded(token, () => ({ names: [...store.secretNames(settings.tenant)] })),
    receipts: (token) => guarded(token, () => purges(powers)),
  };
}

function decidingDoor({ powers, supervisor, drives }: Gateway): Pick<TokenDoor, "approvals" | "decide" | "purge"> {
  const { store } = powers;
  return {
    approvals: (token) => {
      demand(token, "owner", "operator", "auditor");
      return {
        approvals: store
          .all("approval", { limit: 1000, newestFirst: true })
          .filter(({ value }) => value.plan === undefined)
          .map(({ value }) => approvalView(powers, value)),
      };
    },
    decide: async (token, id, yes, steps = null) => {
      demand(token, "owner", ...(yes ? [] : (["operator"] as const)));
      const result = await transact(powers, (draft) =>
        answered(powers, draft, draft.need("approval", id), localOwner(powers), { by: "http" }, yes, {
          steps,
          others: "refused",
        }),
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
