/** A standing yes: prepared in chat, made by the owner alone, and never wider than what was said. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InvocationReply } from "../src/core/agent.ts";
import type { Approval } from "../src/core/approval.ts";
import { BOTTOM, join } from "../src/core/label.ts";
import { covers, type Grant, type Matter } from "../src/core/standing.ts";
import { transact } from "../src/gateway/transact.ts";
import { id } from "./store-home.ts";
import { butlerThat, call, closeWorld, group, type HookWorld, hookWorld, person } from "./webhook-world.ts";
import { policyOf } from "./world.ts";

const PEOPLE = [person("ana", "approver"), person("ben", "member"), person("carla", "member")];
const PLACES = [group("family", { context: "everyone" }), group("work"), group("club")];

let here: HookWorld;
let replies: InvocationReply[];
/** What the butler does next: where to, what, and whether it looks at messages before. */
let next: { to: string; text: string; reads?: boolean; key?: string };
const driver = butlerThat(async (run) => {
  if (next.reads === true) await call(run, "message.summarize", { last: 5 });
  const reply = await call(run, "chat.send", { to: next.to, template: next.text });
  replies.push(reply);
  if (reply.status === "approval_required") return;
  if (reply.status !== "done") await call(run, "chat.reply", { template: "It was not sent." });
  else await call(run, "chat.reply", { template: "It was sent." });
  await run.finish();
});

const open = async (more: Parameters<typeof hookWorld>[0] = {}): Promise<void> => {
  replies = [];
  next = { to: "work", text: "Late today." };
  here = await hookWorld({ drivers: [driver], people: PEOPLE, conversations: PLACES, assurance: "medium", ...more });
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben", "carla"] });
  await here.post({ id: "m1", conversation: "room-family", sender: "carla", text: "I book the campsite." });
};
afterEach(() => closeWorld(here));

const ask = (who = "ben") =>
  here.post({ conversation: "room-family", sender: who, text: "tell work", addressed: true });
const say = (who: string, text: string) =>
  here.post({ conversation: "room-family", sender: who, text, addressed: true });
const code = async (): Promise<string> => (await here.question()).approval.code;
const sent = async (alias = "work"): Promise<number> =>
  (await here.items()).filter(({ conversation }) => conversation === `room-${alias}`).length;
const prepared = (): readonly Approval[] => here.approvals().filter(({ capability }) => capability === "standing.yes");
const confirm = () => here.owner["approvals.decide"]({ approval: prepared()[0]?.id as never, yes: true });
const grants = async () => (await here.owner["grants.list"]({})).grants;
/** Everything up to the owner's yes. */
async function stand(): Promise<void> {
  await ask();
  await say("ana", `approve ${await code()} always`);
  await confirm();
  replies = [];
}
/** Did the last send go without a question? Ends what was asked otherwise. */
async function wasAsked(): Promise<boolean> {
  const asked = replies.at(-1)?.status === "approval_required";
  if (asked) await say("ana", `deny ${await code()}`);
  return asked;
}
const edit = (change: (grant: Grant) => Grant): Promise<void> =>
  transact(here.powers, (draft) => {
    const [stored] = here.store.all("grant", { limit: 1 });
    if (stored !== undefined) draft.put("grant", stored.value.id, change(stored.value));
  });

describe("a standing yes", () => {
  beforeEach(() => open());

  test("takes effect after the owner's own yes and not before; then it asks nothing and is counted", async () => {
    await ask();
    await say("ana", `approve ${await code()} always`);
    expect([await sent(), await grants(), prepared().map(({ assurance }) => assurance)]).toEqual([1, [], ["high"]]);
    expect((await here.read("family")).join("\n")).toMatch(
      /the owner types on this machine: lazaret approvals approve/,
    );
    await ask();
    expect(await wasAsked()).toBe(true);
    await confirm();
    await ask();
    expect([await sent(), await wasAsked()]).toEqual([1, false]);
    const [grant] = await grants();
    expect(grant).toMatchObject({
      state: "active",
      uses: 1,
      uses_max: 100,
      capability: "chat.send",
      destination: "work",
    });
    const used = here.entries("decision.made").filter(({ body }) => body["grant"] === grant?.id);
    expect(used.map(({ body }) => [body["effect"], body["use"], body["approval"]])).toEqual([
      ["allow", 1, prepared()[0]?.id],
    ]);
    expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
  });

  test("the question to the owner says what, from where, how much at most and how to end it", async () => {
    await ask();
    await say("ana", `approve ${await code()} always`);
    const { prompt } = await here.owner["approvals.show"]({ approval: prepared()[0]?.id as never });
    expect(prompt).toMatch(/chat\.send to work, by butler, for the same person's requests in family\./);
    expect(prompt).toMatch(/At most: public; trusted\. 100 times, or 30 days\./);
  });

  test("another destination, another person and anything labelled higher are asked", async () => {
    await stand();
    next = { to: "club", text: "Late today." };
    await ask();
    expect(await wasAsked()).toBe(true);
    next = { to: "work", text: "Late today." };
    await ask("carla");
    expect(await wasAsked()).toBe(true);
    next = { to: "work", text: "Late today.", reads: true };
    await ask();
    expect(await wasAsked()).toBe(true);
    expect([(await grants())[0]?.uses, await sent("club")]).toEqual([0, 0]);
  });

  test("the hundredth use is the last one", async () => {
    await stand();
    await edit((grant) => ({ ...grant, uses: 99 }));
    await ask();
    expect([await wasAsked(), (await grants())[0]?.state]).toEqual([false, "used_up"]);
    await ask();
    expect(await wasAsked()).toBe(true);
  });

  test("now == expires is expired, a millisecond before it is not", async () => {
    await stand();
    const ends = (await grants())[0]?.expires_at ?? 0;
    here.home.clock.turn(ends - here.home.clock.now() - 1);
    expect((await grants())[0]?.state).toBe("active");
    here.home.clock.turn(1);
    expect((await grants())[0]?.state).toBe("expired");
    await ask();
    expect(await wasAsked()).toBe(true);
  });

  test("revoked, it is asked again, and that it was is in the ledger", async () => {
    await stand();
    const [grant] = await grants();
    await here.owner["grants.revoke"]({ grant: grant?.id as never });
    await here.owner["grants.revoke"]({ grant: grant?.id as never });
    await ask();
    expect([await wasAsked(), (await grants())[0]?.state]).toEqual([true, "revoked"]);
    expect(here.entries("approval.voided").filter(({ body }) => body["grant"] === grant?.id)).toHaveLength(1);
  });

  test("other rules end it, and the old rules do not bring another's back", async () => {
    await stand();
    here.powers.policy.current = policyOf("chat-mode", "team");
    await ask();
    expect([replies.at(-1)?.status, (await grants())[0]?.state]).toEqual(["approval_required", "changed"]);
  });

  test("a rule that was edited in the database fits its seal no more, however it was widened", async () => {
    await stand();
    const wider: ((grant: Grant) => Grant)[] = [
      (grant) => ({ ...grant, terms: { ...grant.terms, usesMax: 100_000 } }),
      (grant) => ({ ...grant, terms: { ...grant.terms, expiresAt: Number.MAX_SAFE_INTEGER } }),
      (grant) => ({ ...grant, terms: { ...grant.terms, label: { ...grant.terms.label, cats: 3 } } }),
    ];
    const [whole] = here.store.all("grant", { limit: 1 });
    for (const change of wider) {
      await edit(() => change(whole?.value as Grant));
      await ask();
      expect(await wasAsked()).toBe(true);
    }
    await edit(() => whole?.value as Grant);
    await ask();
    expect(await wasAsked()).toBe(false);
  });

  test("whoever may not say yes prepares nothing with always, and a no with it is a no", async () => {
    await ask();
    for (const who of ["ben", "carla", "mallory"]) await say(who, `approve ${await code()} always`);
    await say("ana", "approve AAAAAAAA always");
    expect([prepared(), await sent()]).toEqual([[], 0]);
    await say("ana", `deny ${await code()} always`);
    expect([prepared(), await grants(), await sent()]).toEqual([[], [], 0]);
  });

  test("a yes that proves less than the owner's own does not make it: no token, no chat, no wrong PIN", async () => {
    await ask();
    await say("ana", `approve ${await code()} always`);
    const made = await here.owner["token.create"]({
      name: "panel",
      scopes: ["owner"],
      conversations: [],
      runs_on: "local",
    });
    const token = here.store.get("token", made.id)?.value;
    const approval = prepared()[0]?.id as never;
    await expect(here.door.decide(token as never, approval, true)).rejects.toMatchObject({ code: "approval.weak" });
    await here.owner["pin.set"]({ next: "1234" });
    await expect(confirm()).rejects.toMatchObject({ code: "auth.pin" });
    await expect(here.owner["approvals.decide"]({ approval, yes: true, pin: "9999" })).rejects.toThrow();
    expect(await grants()).toEqual([]);
    await here.owner["approvals.decide"]({ approval, yes: true, pin: "1234" });
    expect((await grants()).map(({ state }) => state)).toEqual(["active"]);
  });

  test("prepared under one policy, it is not made under another", async () => {
    await ask();
    await say("ana", `approve ${await code()} always`);
    here.powers.policy.current = policyOf("chat-mode", "team");
    await confirm();
    expect([await grants(), prepared()[0]?.status.state]).toEqual([[], "void"]);
  });

  test("it goes with its conversation", async () => {
    await stand();
    await here.owner["purge"]({ scope: { by: "conversation", conversation: "family" } } as never);
    expect(await grants()).toEqual([]);
  });
});

test("what needs a second person cannot be allowed for good", async () => {
  await open({ packs: ["chat-mode", "team"] });
  await ask("ben");
  await say("ana", `approve ${await code()} always`);
  expect([prepared(), await sent()]).toEqual([[], 1]);
  expect((await here.read("family")).join("\n")).toMatch(/cannot be allowed for good/);
});

test("for every question that differs from the terms in anything, or is labelled higher, it is no answer", () => {
  const base: Matter = {
    capability: "chat.send",
    version: 1,
    control: "aa",
    label: { ...BOTTOM, cats: 2, tenant: "default", audience: ["a", "b"] },
    session: id("SessionId"),
    agent: "butler",
    policy: "p",
  };
  const grant = {
    terms: { ...base, usesMax: 100, expiresAt: 1000 },
    uses: 0,
    revokedAt: null,
  } as unknown as Grant;
  const matter = fc.record({
    capability: fc.constantFrom("chat.send", "chat.reply"),
    version: fc.constantFrom(1, 2),
    control: fc.constantFrom("aa", "ab"),
    session: fc.constantFrom(base.session, id("SessionId")),
    agent: fc.constantFrom("butler", "model"),
    policy: fc.constantFrom("p", "q"),
    label: fc.record({
      v: fc.constant(1 as const),
      cats: fc.nat({ max: 31 }),
      integrity: fc.constantFrom(0 as const, 1 as const, 2 as const),
      tenant: fc.constantFrom("default", "-", "other"),
      audience: fc.constantFrom("*" as const, ["a", "b"], ["a"], [], ["a", "b", "c"]),
    }),
  });
  const at = fc.constantFrom(0, 999, 1000);
  fc.assert(
    fc.property(matter, at, fc.constantFrom(0, 99, 100), (about, now, uses) => {
      const given = about as unknown as Matter;
      if (!covers({ ...grant, uses }, given, now)) return;
      expect({ ...given, label: null }).toEqual({ ...base, label: null });
      expect([now < 1000, uses < 100]).toEqual([true, true]);
      expect(join(given.label, base.label)).toEqual(base.label);
    }),
    { numRuns: 500 },
  );
  expect(covers(grant, base, 0)).toBe(true);
});
