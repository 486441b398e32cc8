/**
 * The owner's verbs about the daemon itself: health, demo, import, secrets, tokens, policy, PIN
 * (CONTRACT sections 6, 10, 13, 14).
 */
import { hex } from "../core/ids.ts";
import { BOTTOM } from "../core/label.ts";
import { DAY_MS } from "../core/limits.ts";
import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import { TOKEN_PREFIX } from "../core/token-text.ts";
import type { Owner, VerbInput, VerbOutput } from "../core/verbs/all.ts";
import type { CARE_VERBS } from "../core/verbs/care.ts";
import { policyDigest } from "./ask.ts";
import { forgetGrants } from "./broker.ts";
import { cancelRun } from "./cancel.ts";
import { DEMO_ALIAS, DEMO_LINES, demoLines } from "./demo.ts";
import type { Draft } from "./draft.ts";
import type { Gateway } from "./gateway.ts";
import { confirmClock } from "./housekeeping.ts";
import { importLines } from "./import.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { policyVerbs } from "./owner-policy.ts";
import { conversationNamed } from "./people.ts";
import type { Powers } from "./powers.ts";
import { say } from "./say.ts";
import { transact } from "./transact.ts";
import { channelView, conversationView, tokenView } from "./views.ts";

type Verbs = Pick<Owner, keyof typeof CARE_VERBS>;
const DONE = { done: true } as const;
const TOKEN_TTL_MS = 90 * DAY_MS;

export function careVerbs(gateway: Gateway, outside: Outside): Verbs {
  return {
    ...healthVerbs(gateway, outside),
    ...materialVerbs(gateway),
    ...secretVerbs(gateway),
    ...tokenVerbs(gateway, outside),
    ...policyVerbs(gateway, outside),
  };
}

function healthVerbs(gateway: Gateway, outside: Outside): Pick<Verbs, "status" | "doctor" | "backup" | "stop"> {
  const { powers } = gateway;
  const { store } = powers;
  return {
    status: async () => {
      const counts = store.counts();
      const open = store.find("run", "open", "open", { limit: 10_000 }).map(({ value }) => value);
      return {
        version: outside.version,
        started_at: outside.startedAt,
        home: outside.home,
        http: outside.http(),
        channels: store.all("channel", { limit: 1000 }).map(({ value }) => channelView(powers, value)),
        conversations: store.all("conversation", { limit: 10_000 }).map(({ value }) => conversationView(powers, value)),
        runs: {
          active: open.filter((run) => run.status.state === "active").length,
          waiting: open.filter((run) => run.status.state !== "active" && !isTerminal(run)).length,
          queued: store.all("queued", { limit: 10_000 }).length,
        },
        approvals: store.find("approval", "open", "open", { limit: 10_000 }).length,
        store: {
          messages: counts.messages,
          blobs: counts.blobs,
          blob_bytes: counts.blobBytes,
          entries: counts.entries,
          inbox: counts.inbox,
          outbox: counts.outbox,
        },
        policy: {
          packs: [...outside.packs()],
          digest: policyDigest(powers),
          rules: powers.policy.current.rules.length,
        },
        notes: [...outside.notes()],
      };
    },
    doctor: async ({ residue, clock_is_right }) => {
      if (clock_is_right === true) await confirmClock(powers);
      return { checks: [...(await outside.doctor(residue === true))] };
    },
    backup: async ({ file }) => {
      const made = await outside.backup(file);
      await transact(powers, (draft) =>
        draft.entry("backup.made", { bytes: made.bytes, verified: made.verified }, { actor: localOwner(powers).id }),
      );
      return { file, ...made };
    },
    stop: async () => {
      outside.stop();
      return DONE;
    },
  };
}

function materialVerbs({ powers }: Gateway): Pick<Verbs, "demo.load" | "import"> {
  return {
    "demo.load": async () => {
      const { added } = await importLines(powers, DEMO_ALIAS, demoLines(powers.clock.now()));
      return { conversation: DEMO_ALIAS, messages: added, lines: [...DEMO_LINES] };
    },
    import: async ({ conversation, lines, format }) => {
      const { conversation: place, added, known } = await importLines(powers, conversation, lines, format ?? "jsonl");
      return { conversation: place.id, added, known };
    },
  };
}

function secretVerbs({ powers }: Gateway): Pick<Verbs, "secrets.set" | "secrets.list" | "secrets.remove"> {
  return {
    "secrets.set": async ({ name, value }) => {
      await transact(powers, (draft) => {
        owned(powers, draft, "secret.insert", name, { name });
        draft.secret(name, powers.hashing.utf8(value));
        forgetGrants(powers, draft, name);
        draft.entry("secret.set", { name }, { actor: localOwner(powers).id });
      });
      return DONE;
    },
    "secrets.list": async () => ({ names: [...powers.store.secretNames(powers.settings.tenant)] }),
    "secrets.remove": async ({ name }) => {
      if (!powers.store.secretNames(powers.settings.tenant).includes(name))
        throw new Refusal("not_found", { field: name });
      await transact(powers, (draft) => {
        owned(powers, draft, "secret.remove", name, { name });
        draft.secret(name, null);
        forgetGrants(powers, draft, name);
        draft.entry("secret.removed", { name }, { actor: localOwner(powers).id });
      });
      return DONE;
    },
  };
}

const tokenHash = (powers: Powers, token: string): string => hex(powers.hashing.sha256(powers.hashing.utf8(token)));

async function createToken(powers: Powers, order: VerbInput<"token.create">): Promise<VerbOutput<"token.create">> {
  const { name, scopes, conversations, runs_on, accepts, expires_ms } = order;
  const { store } = powers;
  if (scopes.includes("agent") && scopes.length > 1)
    throw new Refusal("input.invalid", { field: "scopes", hint: "An agent's token is an agent's alone." });
  if (scopes.includes("agent") && store.get("setting", "pin") === null) {
    throw new Refusal("auth.pin", {
      hint: "Set an owner PIN first: lazaret pin set. An agent on this machine must not say yes for you.",
    });
  }
  if (store.find("token", "name", name, { limit: 1000 }).some(({ value }) => isStanding(value)))
    throw new Refusal("conflict", { field: name, hint: "There is a token of that name." });
  const places = conversations.map((alias) => conversationNamed(powers, alias).id);
  const secret = TOKEN_PREFIX + hex(powers.random.bytes(32));
  const expiresAt = powers.clock.now() + (expires_ms ?? TOKEN_TTL_MS);
  const id = await transact(powers, (draft) => {
    const token = draft.newId("TokenId");
    owned(powers, draft, "token.create", name, { name, scopes });
    const ceiling = accepts ?? (runs_on === "local" ? 3 : 0);
    draft.put("token", token, {
      id: token,
      tenant: draft.tenant,
      name,
      scopes,
      hash: tokenHash(powers, secret),
      conversations: places,
      runsOn: runs_on,
      accepts: ceiling,
      context: { ...BOTTOM, tenant: draft.tenant },
      createdAt: draft.now,
      expiresAt,
      revokedAt: null,
    });
    draft.entry("token.created", { token, name, scopes, runs_on, accepts: ceiling }, { actor: localOwner(powers).id });
    return token;
  });
  return { id, token: secret, expires_at: expiresAt };
}

/** Tokens for one run go with their run and block no name. */
const isStanding = ({ revokedAt, run }: Token): boolean => revokedAt === null && run === undefined;

/** An agent that was shut out leaves nothing open, and whoever waits for it reads why. */
function endRuns(powers: Powers, draft: Draft, agent: string): void {
  for (const { value } of powers.store.find("run", "agent", agent, { limit: 10_000, newestFirst: true })) {
    if (isTerminal(value) || !value.external) continue;
    cancelRun(powers, draft, value, "revoked");
    const conversation = draft.get("conversation", value.conversation);
    if (conversation === null || value.request === null) continue;
    const where = { conversation, thread: value.thread, replyTo: value.request };
    say(
      draft,
      where,
      "The agent that answers here was shut out, so I stopped. Ask again for another answer.",
      value.id,
    );
  }
}

function tokenVerbs(
  { powers, drives }: Gateway,
  outside: Outside,
): Pick<Verbs, "token.create" | "token.list" | "token.revoke" | "pin.set"> {
  const { store } = powers;
  return {
    "token.create": (order) => createToken(powers, order),
    "token.list": async () => ({
      tokens: store
        .all("token", { limit: 1000 })
        .filter(({ value }) => value.run === undefined)
        .map(({ value }) => tokenView(powers, value)),
    }),
    "token.revoke": async ({ token }) => {
      // A name may have had tokens before: what is meant is the one that still opens something.
      const named = store.find("token", "name", token, { limit: 1000, newestFirst: true }).map(({ value }) => value);
      const found = store.get("token", token)?.value ?? named.find(isStanding) ?? named[0];
      if (found === undefined) throw new Refusal("not_found", { field: token });
      await transact(powers, (draft) => {
        draft.put("token", found.id, { ...draft.need("token", found.id), revokedAt: draft.now });
        draft.entry("token.revoked", { token: found.id }, { actor: localOwner(powers).id });
        if (found.scopes.includes("agent")) endRuns(powers, draft, found.name);
      });
      drives.sweep();
      return DONE;
    },
    "pin.set": async ({ next }) => {
      const hash = await outside.hashPin(next);
      await transact(powers, (draft) => {
        draft.put("setting", "pin", { id: "pin", tenant: draft.tenant, value: { hash, wrong: 0 } });
        draft.entry("key.rotated", { what: "pin" }, { actor: localOwner(powers).id });
      });
      return DONE;
    },
  };
}
