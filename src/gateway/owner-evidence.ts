/** The owner's verbs about runs, approvals, ledger and erasure (CONTRACT sections 7, 8, 11, 12, 14). */
import type { Entry } from "../core/entry.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner } from "../core/verbs/all.ts";
import type { EVIDENCE_VERBS } from "../core/verbs/evidence.ts";
import { cancelRun } from "./cancel.ts";
import { dryRun, purge, purges } from "./erase.ts";
import { answered } from "./execute.ts";
import type { Gateway } from "./gateway.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { conversationBy } from "./people.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { replay, replaySession } from "./replay.ts";
import { transact } from "./transact.ts";
import { approvalView, entryView, runView, sessionView } from "./views.ts";

type Verbs = Pick<Owner, keyof typeof EVIDENCE_VERBS>;
const LIMIT_DEFAULT = 50;
const PAGE = 1000;
const DONE = { done: true } as const;

export function evidenceVerbs(gateway: Gateway, outside: Outside): Verbs {
  return {
    ...runVerbs(gateway),
    ...approvalVerbs(gateway),
    ...ledgerVerbs(gateway, outside),
    ...erasureVerbs(gateway),
  };
}

/** Entries after number `from` that `wanted` picks, in order, at most `limit`. */
export function entriesWhere(
  powers: Powers,
  wanted: (entry: Entry) => boolean,
  limit: number,
  from = 0,
): readonly Entry[] {
  const found: Entry[] = [];
  for (let after = from; found.length < limit; ) {
    const page = powers.store.ledger.entries(after, PAGE);
    if (page.length === 0) break;
    found.push(...page.filter(wanted));
    after = page.at(-1)?.seq ?? after;
  }
  return found.slice(0, limit);
}

function runVerbs({
  powers,
  drives,
}: Gateway): Pick<
  Verbs,
  "runs.list" | "runs.show" | "runs.cancel" | "sessions.list" | "sessions.show" | "trace.export" | "trace.replay"
> {
  const { store } = powers;
  const need = <K extends "run" | "session">(kind: K, id: string) => {
    const found = store.get(kind, id)?.value;
    if (found === undefined) throw new Refusal("not_found", { field: id });
    return found;
  };
  return {
    "runs.list": async ({ open, limit }) => {
      const page = { limit: limit ?? LIMIT_DEFAULT, newestFirst: true };
      const runs = open === true ? store.find("run", "open", "open", page) : store.all("run", page);
      return { runs: runs.map(({ value }) => runView(powers, value)) };
    },
    "runs.show": async ({ run }) => ({
      run: runView(powers, need("run", run)),
      entries: entriesWhere(powers, (entry) => entry.run === run, 2000).map(entryView),
    }),
    "runs.cancel": async ({ run }) => {
      await transact(powers, (draft) => cancelRun(powers, draft, draft.run(run).run, "asked"));
      drives.sweep();
      return runView(powers, need("run", run));
    },
    "sessions.list": async ({ limit }) => ({
      sessions: store
        .all("session", { limit: limit ?? LIMIT_DEFAULT, newestFirst: true })
        .map(({ value }) => sessionView(powers, value)),
    }),
    "sessions.show": async ({ session }) => ({
      session: sessionView(powers, need("session", session)),
      runs: store.find("run", "session", session, { limit: 1000 }).map(({ value }) => runView(powers, value)),
    }),
    "trace.export": async ({ session }) => ({
      session: need("session", session).id,
      entries: entriesWhere(powers, (entry) => entry.session === session, 100_000).map(entryView),
    }),
    "trace.replay": async ({ session }) => replaySession(powers, need("session", session).id),
  };
}

function approvalVerbs({
  powers,
  supervisor,
  drives,
}: Gateway): Pick<Verbs, "approvals.list" | "approvals.show" | "approvals.decide"> {
  const { store } = powers;
  const need = (id: string) => {
    const found = store.get("approval", id)?.value;
    if (found === undefined) throw new Refusal("not_found", { field: id });
    return found;
  };
  return {
    "approvals.list": async ({ open }) => {
      const page = { limit: 1000, newestFirst: true };
      const found = open === true ? store.find("approval", "open", "open", page) : store.all("approval", page);
      return {
        approvals: found
          .filter(({ value }) => value.plan === undefined)
          .map(({ value }) => approvalView(powers, value))
          .filter(({ state }) => open !== true || state === "pending"),
      };
    },
    "approvals.show": async ({ approval }) => {
      const found = need(approval);
      if (found.prompt === null) return { ...approvalView(powers, found), prompt: "" };
      const permit = grantPermit({ by: "gateway", why: "owner" }, "prompt", found.capability, [found.prompt]);
      const prompt = await store.open(
        permit,
        [found.prompt],
        ([opened]) => (JSON.parse(powers.hashing.text(opened?.bytes ?? new Uint8Array())) as { text: string }).text,
      );
      return { ...approvalView(powers, found), prompt };
    },
    "approvals.decide": async ({ approval, yes, steps = null }) => {
      const owner = localOwner(powers);
      const named = { steps, others: "refused" } as const;
      const result = await transact(powers, (draft) =>
        answered(powers, draft, draft.need("approval", approval), owner, { by: "socket" }, yes, named),
      );
      if (result.granted) await supervisor.consume(result.approval.id);
      else if (result.approval.run !== null) drives.drive(result.approval.run, "approval");
      if (result.refusal !== null) throw result.refusal;
      return approvalView(powers, need(approval));
    },
  };
}

const LOOK_MS = 250;

/** Waits at most `waitMs` for an entry after that number. */
async function grownBeyond({ store, clock }: Powers, after: number, waitMs: number): Promise<void> {
  const until = clock.now() + waitMs;
  while (clock.now() < until && store.ledger.entries(after, 1).length === 0)
    await new Promise<void>((resolve) => clock.at(Math.min(until, clock.now() + LOOK_MS), resolve));
}

function ledgerVerbs({ powers }: Gateway, outside: Outside): Pick<Verbs, Extract<keyof Verbs, `ledger.${string}`>> {
  const { ledger } = powers.store;
  return {
    "ledger.entries": async ({ after, limit, run, type, wait_ms }) => {
      await grownBeyond(powers, after, wait_ms ?? 0);
      const wanted = (entry: Entry): boolean =>
        (run === undefined || entry.run === run) && (type === undefined || entry.type === type);
      const entries = entriesWhere(powers, wanted, limit ?? LIMIT_DEFAULT, after).map(entryView);
      return { size: ledger.size(), entries };
    },
    "ledger.verify": async ({ against }) => {
      const report = await ledger.verify(against ?? null);
      const { badSeq: bad_seq, notExcluded: not_excluded, dangling, ...rest } = report;
      return { ...rest, bad_seq, not_excluded, dangling: dangling.slice(0, 1000) };
    },
    "ledger.checkpoint": async () => ({ checkpoint: await ledger.checkpoint() }),
    "ledger.export": async ({ file }) => {
      await transact(powers, (draft) => void owned(powers, draft, "ledger.export", "a file", {}));
      const made = await outside.exportLedger(file);
      await transact(powers, (draft) =>
        draft.entry("export.made", { what: "ledger", ...made }, { actor: localOwner(powers).id }),
      );
      return { file, ...made };
    },
    "ledger.replay": async () => replay(powers),
  };
}

function erasureVerbs({
  powers,
  drives,
}: Gateway): Pick<Verbs, "purge" | "purge.list" | "purge.receipt" | "hold.add" | "hold.remove" | "hold.list"> {
  const { store } = powers;
  return {
    purge: async ({ scope, dry_run }) => {
      if (dry_run === true) return dryRun(powers, scope);
      await transact(powers, (draft) => void owned(powers, draft, "purge.run", scope.by, { by: scope.by }));
      const done = await purge(powers, scope);
      drives.sweep();
      return done;
    },
    "purge.list": async ({ wait_ms }) => {
      const { clock } = powers;
      if (wait_ms !== undefined) await new Promise<void>((resolve) => clock.at(clock.now() + wait_ms, resolve));
      return purges(powers);
    },
    "purge.receipt": async ({ receipt }) => {
      const found = store.get("receipt", receipt)?.value;
      if (found === undefined) throw new Refusal("not_found", { field: receipt });
      return { receipt, text: found.text };
    },
    "hold.add": async ({ scope, target }) => {
      const id = scope === "conversation" ? (conversationBy(powers, target)?.id ?? null) : target;
      if (id === null || store.get(scope === "principal" ? "principal" : scope, id) === null)
        throw new Refusal("not_found", { field: target });
      return transact(powers, (draft) => {
        const hold = draft.newId("HoldId");
        draft.put("hold", hold, { id: hold, tenant: draft.tenant, scope, target: id, at: draft.now });
        draft.entry("hold.added", { hold, scope, target: id }, { actor: localOwner(powers).id });
        return { hold };
      });
    },
    "hold.remove": async ({ hold }) => {
      await transact(powers, (draft) => {
        const { target } = draft.need("hold", hold);
        owned(powers, draft, "hold.remove", hold, { hold });
        draft.drop("hold", hold);
        draft.entry("hold.removed", { hold, target }, { actor: localOwner(powers).id });
      });
      return DONE;
    },
    "hold.list": async () => ({
      holds: store
        .all("hold", { limit: 1000 })
        .map(({ value: { id, scope, target, at } }) => ({ id, scope, target, at })),
    }),
  };
}
