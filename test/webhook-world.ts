/**
 * A whole Lazaret with a signed webhook channel beside the console: bytes go in through the real door, texts come out
 * of it.
 */
import { WebhookConnector } from "../connectors/webhook.ts";
import { hookSignature } from "../connectors/webhook-signature.ts";
import type { AgentDriver, InvocationReply, RunHandle } from "../src/core/agent.ts";
import type { Approval } from "../src/core/approval.ts";
import type { Entry, EntryType } from "../src/core/entry.ts";
import type { InboundEvent } from "../src/core/message.ts";
import type { Conversation, Principal } from "../src/core/people.ts";
import type { HookItem } from "../src/core/ports.ts";
import { Refusal } from "../src/core/refusal.ts";
import type { Run } from "../src/core/run.ts";
import type { Owner } from "../src/core/verbs/all.ts";
import { bootstrap, type Configured } from "../src/gateway/bootstrap.ts";
import { doorOf } from "../src/gateway/door.ts";
import { HookOutbox } from "../src/gateway/hooks.ts";
import type { Outside } from "../src/gateway/outside.ts";
import { ownerOf } from "../src/gateway/owner.ts";
import { conversationBy } from "../src/gateway/people.ts";
import { grantPermit } from "../src/gateway/permit.ts";
import type { TokenDoor } from "../src/gateway/surface.ts";
import { transact } from "../src/gateway/transact.ts";
import { homeKeys } from "../src/home-keys.ts";
import { writeSealed } from "../src/sealed-file.ts";
import type { TestHome } from "./store-home.ts";
import { policyOf, type World, type WorldOptions, world } from "./world.ts";

export const HOOK = "alerts";
const SECRET = "not a secret but at least as long as one";
const SECRET_NAME = "hook-alerts";

export type Person = Configured["people"][number];
export const person = (platform: string, role: Principal["role"], more: Partial<Person> = {}): Person => ({
  channel: HOOK,
  platform,
  role,
  ...more,
});

type Place = Configured["conversations"][number];
export const group = (alias: string, more: Partial<Place> = {}): Place => ({
  channel: HOOK,
  platform: `room-${alias}`,
  alias,
  context: null,
  ttlMs: null,
  ...more,
});

/** A posted body but for its id, which is drawn when it is absent. */
export type Body = { readonly [field: string]: unknown };

export type HookWorld = World & {
  readonly owner: Owner;
  readonly door: TokenDoor;
  /** Posts one signed body and waits until everything it caused has come to rest. */
  post(body: Body): Promise<"committed" | "duplicate">;
  /** Posts several at once: they are committed and drained together. */
  postAll(...bodies: readonly Body[]): Promise<void>;
  /** Everything in the outbox that was not acknowledged. */
  items(): Promise<readonly HookItem[]>;
  /** Fetches and acknowledges what waits; gives the texts for one room. */
  read(alias: string): Promise<readonly string[]>;
  ack(upto: number): Promise<void>;
  /** The newest question that waits in the outbox. */
  question(): Promise<HookItem & { readonly approval: NonNullable<HookItem["approval"]> }>;
  /** Hands an event to the gateway as a connector with other evidence would. */
  inject(event: InboundEvent): Promise<void>;
  place(alias: string): Conversation;
  approvals(): readonly Approval[];
  runs(): readonly Run[];
  entries(...types: readonly EntryType[]): readonly Entry[];
};

export type HookOptions = Partial<WorldOptions> & {
  readonly people?: readonly Person[];
  readonly conversations?: readonly Place[];
  readonly assurance?: "low" | "medium";
  readonly outside?: Partial<Outside>;
};

const NEWEST_FIRST = { limit: 1_000_000, newestFirst: true };

/** What the verbs need of the world, on paper: a PIN's hash is the PIN turned around. */
const outsideOf = (here: World, more: Partial<Outside>): Outside => ({
  version: "0.0.0",
  home: here.home.dir,
  startedAt: here.home.clock.now(),
  http: () => null,
  connect: async () => {},
  readsAll: async () => null,
  introduce: async () => {
    throw new Refusal("channel.unsupported");
  },
  submit: async (text, place) => void (await here.console.submit(text, place === null ? {} : { conversation: place })),
  doctor: async () => [],
  backup: async () => ({ bytes: 0, verified: true }),
  exportLedger: async () => ({ entries: 0, bytes: 0 }),
  seal: writeSealed,
  keys: homeKeys(here.store, { keysDir: here.home.keysDir, credentialFile: null }),
  hashPin: async (pin) => [...pin].reverse().join(""),
  checkPin: async (pin, hash) => [...pin].reverse().join("") === hash,
  compilePolicy: (packs) => policyOf("chat-mode", ...packs.map(({ name }) => name)),
  packs: () => ["chat-mode"],
  notes: () => [],
  stop: () => {},
  ...more,
});

async function hookOf(here: World, options: HookOptions): Promise<WebhookConnector> {
  const { powers } = here;
  const { store, clock, random, settings } = powers;
  if (!store.secretNames("default").includes(SECRET_NAME))
    await transact(powers, (draft) => draft.secret(SECRET_NAME, Buffer.from(SECRET)));
  const console = { id: "console", kind: "console", assurance: "medium", secret: null, settings: {} } as const;
  const hook = { id: HOOK, kind: "webhook", assurance: options.assurance ?? "low", secret: SECRET_NAME, settings: {} };
  await bootstrap(powers, {
    channels: [console, hook as Configured["channels"][number]],
    people: options.people ?? [],
    conversations: options.conversations ?? [],
  });
  const rows = new HookOutbox(powers, HOOK);
  const connector = new WebhookConnector(
    { tenant: "default", channel: HOOK },
    {
      clock,
      random,
      rows,
      seen: (delivery) => store.ref("delivery", settings.tenant, HOOK, delivery) !== null,
      withSecret: (use) => {
        const permit = grantPermit({ by: "gateway", why: "send" }, "secret", "channel.hook", []);
        return store.useSecret(permit, settings.tenant, SECRET_NAME, use);
      },
    },
  );
  await here.gateway.supervisor.connect(connector, rows);
  return connector;
}

/** The headers of a system that has the channel's secret. */
function signedAt(now: number, bytes: string): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = hookSignature(Buffer.from(SECRET), timestamp, Buffer.from(bytes));
  return { "x-lazaret-timestamp": timestamp, "x-lazaret-signature": signature };
}

export async function hookWorld(options: HookOptions): Promise<HookWorld> {
  const here = await world({ drivers: [], ...options });
  const hook = await hookOf(here, options);
  const { store, powers, gateway, rest } = here;
  let posted = 0;
  const signed = (bytes: string): Record<string, string> => signedAt(powers.clock.now(), bytes);
  const deliver = (body: Body): Promise<"committed" | "duplicate"> => {
    posted += 1;
    const bytes = JSON.stringify({ id: `post-${store.ledger.size()}-${posted}`, ...body });
    return hook.accept(signed(bytes), Buffer.from(bytes));
  };
  const target = `/hooks/${HOOK}/outbox`;
  const items = async (): Promise<readonly HookItem[]> => (await hook.outbox(signed(target), target)).items;
  const ack = async (upto: number): Promise<void> => {
    const bytes = JSON.stringify({ upto });
    await hook.ack(signed(bytes), Buffer.from(bytes));
  };
  return {
    ...here,
    owner: ownerOf(gateway, outsideOf(here, options.outside ?? {})),
    door: doorOf(gateway),
    post: async (body) => {
      const answer = await deliver(body);
      await rest();
      return answer;
    },
    postAll: async (...bodies) => {
      await Promise.all(bodies.map(deliver));
      await rest();
    },
    items,
    ack,
    read: async (alias) => {
      const all = await items();
      const last = all.at(-1);
      if (last !== undefined) await ack(last.seq);
      return all.filter(({ conversation }) => conversation === `room-${alias}`).map(({ text }) => text);
    },
    question: async () => {
      const found = (await items()).findLast(({ approval }) => approval !== undefined);
      if (found?.approval === undefined) throw new Error("nothing was asked");
      return found as HookItem & { approval: NonNullable<HookItem["approval"]> };
    },
    inject: async (event) => {
      await store.commit({
        inbox: { tenant: "default", channel: event.envelope.channel, cursor: null, events: [event] },
      });
      gateway.supervisor.drainSoon();
      await rest();
    },
    place: (alias) => {
      const found = conversationBy(powers, alias);
      if (found === null) throw new Error(`no conversation ${alias}`);
      return found;
    },
    approvals: () =>
      store
        .all("approval", NEWEST_FIRST)
        .map(({ value }) => value)
        .reverse(),
    runs: () =>
      store
        .all("run", NEWEST_FIRST)
        .map(({ value }) => value)
        .reverse(),
    entries: (...types) => store.ledger.entries(0, 100_000).filter(({ type }) => types.includes(type)),
  };
}

/** A butler that does what the test says, once a segment, and never more. */
export const butlerThat = (work: (run: RunHandle) => Promise<void>): AgentDriver => ({
  name: "butler",
  drive: async (_wake, run) => work(run),
});

/** One invocation whose key is its capability unless said otherwise. */
export const call = (
  run: RunHandle,
  capability: string,
  input: unknown = {},
  key: string = capability,
): Promise<InvocationReply> =>
  run.invoke({ capability, input, justification: "it was asked for", idempotency_key: key });

/** Sends one text to another conversation, and finishes once it is known what became of that. */
export const sender = (to: string, template: string, replies: InvocationReply[] = []): AgentDriver =>
  butlerThat(async (run) => {
    const reply = await call(run, "chat.send", { to, template });
    replies.push(reply);
    if (reply.status === "approval_required") return;
    if (reply.status !== "done") await call(run, "chat.reply", { template: "It was not sent." });
    await run.finish();
  });

export async function closeWorld(here: World & { readonly home: TestHome }): Promise<void> {
  await here.close();
  here.home.remove();
}

/** The code of a refusal, answered or thrown; `done` for what went through. */
const _codeOf = (doing: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(doing)
    .then(
      (it) => (it as InvocationReply | undefined)?.code ?? "done",
      (error: { code?: string }) => error.code ?? String(error),
    );
