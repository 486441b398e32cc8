/** Answers that meet: at the same moment, before and after a crash, from the network's backlog. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver } from "../src/core/agent.ts";
import { digestText } from "../src/core/approval.ts";
import type { InboundEvent } from "../src/core/message.ts";
import { decide } from "../src/gateway/answer.ts";
import { Draft } from "../src/gateway/draft.ts";
import { race, raceWorld } from "./approval-rounds.ts";
import {
  butlerThat,
  call,
  closeWorld,
  group,
  HOOK,
  type HookWorld,
  hookWorld,
  person,
  sender,
} from "./webhook-world.ts";

let here: HookWorld;
afterEach(() => closeWorld(here));

test("B08: concurrent yes and no have one outcome, in twenty rounds (1,000 in the slow suite)", async () => {
  here = await raceWorld();
  const outcomes = await race(here, 20);
  expect(outcomes).toEqual({ consumed: expect.any(Number), denied: expect.any(Number) });
  expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
});

const PEOPLE = [person("ana", "approver"), person("ben", "member")];
const PLACES = [group("family"), group("work")];
const begin = async (home?: HookWorld["home"], driver: AgentDriver = sender("work", "We are late.")): Promise<void> => {
  here = await hookWorld({
    drivers: [driver],
    people: PEOPLE,
    conversations: PLACES,
    ...(home === undefined ? {} : { home }),
  });
};
async function asked(): Promise<void> {
  await begin();
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben"] });
  await here.post({ conversation: "room-family", sender: "ben", text: "tell work", addressed: true });
}
const restart = async (driver?: AgentDriver): Promise<void> => {
  const { home } = here;
  await here.close();
  await begin(home, driver);
  await here.rest();
};
const sent = async (): Promise<number> =>
  (await here.items()).filter(({ conversation }) => conversation === "room-work").length;
const state = (): string | undefined => here.approvals()[0]?.status.state;

test("B10: a question survives a restart, is no yes by itself, and is answered by the same code once", async () => {
  await asked();
  const { approval } = await here.question();
  const yes = { conversation: "room-family", sender: "ana", text: `approve ${approval.code}`, addressed: true };
  await restart();
  expect([state(), await sent(), (await here.question()).approval.code]).toEqual(["pending", 0, approval.code]);
  await here.post({ id: "yes", ...yes });
  expect([state(), await sent(), here.runs()[0]?.status.state]).toEqual(["consumed", 1, "done"]);
  await restart();
  expect(await here.post({ id: "yes", ...yes })).toBe("duplicate");
  await here.post({ id: "again", ...yes });
  expect([state(), await sent(), here.entries("approval.consumed").length]).toEqual(["consumed", 1, 1]);
});

test("B10: what expired while the daemon was down is expired when it is answered", async () => {
  await asked();
  const { id: target, approval } = await here.question();
  await here.close();
  here.home.clock.turn(Date.parse(approval.expires_at) - here.home.clock.now());
  await begin(here.home);
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" });
  expect([state(), await sent()]).toEqual(["expired", 0]);
});

/** As if the process had ended between the commit that grants and the one that consumes. */
async function grantedAndGone(change: { readonly digest?: string } = {}): Promise<void> {
  await asked();
  const found = here.store.get("approval", here.approvals()[0]?.id ?? "");
  const ana = (await here.owner["principal.list"]({})).principals.find(({ platform }) => platform === "ana");
  if (found === null || ana === undefined) throw new Error("nothing was asked");
  const status = { state: "granted", by: ana.id, assurance: "low", at: here.home.clock.now() } as const;
  const value = { ...found.value, status, ...change };
  await here.store.commit({ put: [{ kind: "approval", id: value.id, expect: found.version, value }] });
}

test("a yes that a crash cut off is carried out at the next start, once", async () => {
  await grantedAndGone();
  expect(await sent()).toBe(0);
  await restart();
  expect([state(), await sent(), here.runs()[0]?.status.state]).toEqual(["consumed", 1, "done"]);
  await restart();
  expect([await sent(), here.entries("approval.consumed").length]).toEqual([1, 1]);
});

test("a yes whose digest does not fit what would be sent voids", async () => {
  await grantedAndGone({ digest: "0".repeat(64) });
  await restart();
  expect([state(), await sent(), here.entries("approval.voided").length]).toEqual(["void", 0, 1]);
});

test("a yes that was cut off past its expiry does nothing", async () => {
  await grantedAndGone();
  here.home.clock.turn(31 * 60_000);
  await restart();
  expect([state(), await sent()]).toEqual(["expired", 0]);
});

test("a yes for a run that was cancelled meanwhile does nothing", async () => {
  await grantedAndGone();
  await here.owner["runs.cancel"]({ run: here.runs()[0]?.id as never });
  await restart();
  expect([state(), await sent()]).toEqual(["void", 0]);
});

/** A reaction with other evidence than the webhook can give. */
const reaction = (target: string, more: Partial<InboundEvent["envelope"]>): InboundEvent => ({
  envelope: {
    tenant: "default",
    channel: HOOK,
    delivery_id: `d-${JSON.stringify(more).length}-${more.trust?.flags.join("-")}-${more.sender?.kind}`,
    event_id: `e-${more.trust?.flags.join("-")}-${more.sender?.kind}`,
    kind: "reaction",
    conversation: "room-family",
    conversation_kind: "group",
    sender: { id: "ana", kind: "person" },
    sent_at: 1_767_323_045_000,
    received_at: 1_767_323_045_000,
    target,
    addressed: { how: "none" },
    content: { bytes: 0, media: [] },
    trust: { transport: "local", verified: "platform", flags: [] },
    ...more,
  },
  content: { key: "✅" },
});

test("B07, A08, A10: a yes from backfill, forwarded, imported, or by a bot or nobody is none", async () => {
  await asked();
  const { id } = await here.question();
  for (const flag of ["backfill", "forwarded", "imported"] as const)
    await here.inject(reaction(id, { trust: { transport: "local", verified: "platform", flags: [flag] } }));
  for (const kind of ["bot", "anonymous"] as const) await here.inject(reaction(id, { sender: { id: "ana", kind } }));
  expect([state(), await sent()]).toEqual(["pending", 0]);
  await here.inject(reaction(id, {}));
  expect([state(), await sent()]).toEqual(["consumed", 1]);
});

test("a yes to a run that has failed meanwhile does nothing", async () => {
  const driver = butlerThat(async (run) => {
    await call(run, "chat.send", { to: "work", template: "We are late." });
    await run.fail("agent");
  });
  await begin(undefined, driver);
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben"] });
  await here.post({ conversation: "room-family", sender: "ben", text: "tell work", addressed: true });
  const { id: target } = await here.question();
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" });
  expect([here.runs()[0]?.status.state, state(), await sent()]).toEqual(["failed", "void", 0]);
});

test("a rule that routes to the owner is not answered by an approver", async () => {
  await asked();
  const found = here.store.get("approval", here.approvals()[0]?.id ?? "");
  if (found === null) throw new Error("nothing was asked");
  const value = { ...found.value, approvers: ["owner"] };
  await here.store.commit({ put: [{ kind: "approval", id: value.id, expect: found.version, value }] });
  const { id: target } = await here.question();
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" });
  expect([state(), await sent()]).toEqual(["pending", 0]);
  await here.owner["approvals.decide"]({ approval: value.id, yes: true });
  expect([state(), await sent()]).toEqual(["consumed", 1]);
});

test("the decision itself looks at the place, whoever hands it the evidence", async () => {
  await asked();
  const [approval] = here.approvals();
  const ana = (await here.owner["principal.list"]({})).principals.find(({ platform }) => platform === "ana");
  const principal = here.store.get("principal", ana?.id ?? "")?.value;
  if (approval === undefined || principal === undefined) throw new Error("nothing was asked");
  const codeFrom = (alias: string): string | undefined => {
    const evidence = { by: "code", code: "", conversation: here.place(alias), verified: "platform" } as const;
    return decide(here.powers, new Draft(here.powers), approval, principal, evidence, true).refusal?.code;
  };
  expect([codeFrom("work"), codeFrom("family")]).toEqual(["auth.denied", undefined]);
  await here.owner["conversation.block"]({ conversation: "family" });
  expect(codeFrom("family")).toBe("auth.denied");
});

test("an agent that asks again under the same key gets what came of the first, another body a conflict", async () => {
  const codes: (string | undefined)[] = [];
  const driver = butlerThat(async (run) => {
    for (const template of ["We are late.", "We are early."]) {
      const input = { to: "work", template };
      const reply = await run.invoke({ capability: "chat.send", input, justification: "asked", idempotency_key: "k" });
      codes.push(reply.code ?? reply.status);
    }
    if (codes.includes("done")) await run.finish();
  });
  await begin(undefined, driver);
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben"] });
  await here.post({ conversation: "room-family", sender: "ben", text: "tell work", addressed: true });
  const { id: target } = await here.question();
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" });
  expect(codes.slice(-2)).toEqual(["done", "idempotency.mismatch"]);
  expect(await sent()).toBe(1);
});

test("the digest of a question changes with every part of what was bound", async () => {
  await asked();
  const { label, ...approval } = here.approvals()[0] as NonNullable<ReturnType<HookWorld["approvals"]>[0]>;
  const bound = {
    approval: approval.id,
    tenant: "t",
    session: approval.session,
    run: approval.run,
    call: approval.call,
    capability: "chat.send",
    version: 1,
    input: { a: 1 },
    rendered: "00",
    destination: "work",
    label,
    sources: ["a/1"],
    requester: approval.requester,
    policy: "p",
    assurance: "low",
    expires: 1,
  } as const;
  const changes = {
    approval: "apr_2",
    tenant: "u",
    session: null,
    run: null,
    call: null,
    capability: "chat.reply",
    version: 2,
    input: { a: 2 },
    rendered: "01",
    destination: "press",
    label: { ...label, cats: 3 },
    sources: ["a/2"],
    requester: null,
    policy: "q",
    assurance: "high",
    expires: 2,
  } as const;
  const texts = Object.entries(changes).map(([key, value]) => digestText({ ...bound, [key]: value } as never));
  expect(new Set([digestText(bound), ...texts]).size).toBe(17);
  expect(Object.keys(changes).sort()).toEqual(Object.keys(bound).sort());
});
