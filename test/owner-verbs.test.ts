/** What only the owner may do is asked, answered and carried out like any other question; the PIN stands before it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { VERB_NAMES, VERBS } from "../src/core/verbs/all.ts";
import { setWrong } from "../src/gateway/owner.ts";
import { closeWorld, group, type HookWorld, hookWorld, person } from "./webhook-world.ts";
import { policyOf } from "./world.ts";

const HOOK_SECRET = "another secret that is long enough for a hook";
let here: HookWorld;
let checks = 0;
beforeEach(async () => {
  checks = 0;
  const checkPin = async (pin: string, hash: string): Promise<boolean> => {
    checks += 1;
    await new Promise<void>((resolve) => setImmediate(resolve));
    return [...pin].reverse().join("") === hash;
  };
  here = await hookWorld({
    people: [person("ana", "owner"), person("ben", "member")],
    conversations: [group("family")],
    outside: { checkPin },
  });
});
afterEach(() => closeWorld(here));

type Verbs = Readonly<Record<string, (input: object) => Promise<unknown>>>;
const verb = (name: string, input: object): Promise<unknown> =>
  (here.owner as unknown as Verbs)[name]?.(input) ?? Promise.reject(name);
const codeOf = (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => "done",
    (error: { code?: string }) => error.code ?? String(error),
  );

/** Verb, its input, and the question that stands in the ledger for it. */
async function governing(): Promise<readonly (readonly [string, object, string])[]> {
  const { principals } = await here.owner["principal.list"]({});
  const idOf = (platform: string) => principals.find((it) => it.platform === platform)?.id;
  const hold = await here.owner["hold.add"]({ scope: "conversation", target: "family" });
  return [
    ["channel.add", { name: "door", kind: "webhook", secret: HOOK_SECRET }, "channel.connect"],
    ["channel.remove", { name: "door" }, "channel.remove"],
    ["capability.enable", { id: "message.summarize" }, "capability.enable"],
    ["secrets.set", { name: "api", value: "s3cr3t-value" }, "secret.insert"],
    ["secrets.remove", { name: "api" }, "secret.remove"],
    ["conversation.allow", { conversation: "family" }, "conversation.allow"],
    ["pair.start", { channel: "alerts", role: "member" }, "principal.pair"],
    ["principal.link", { a: idOf("ana"), b: idOf("ben") }, "principal.link"],
    ["hold.remove", { hold: hold.hold }, "hold.remove"],
    ["policy.load", { packs: [{ name: "strict", text: "" }] }, "policy.load"],
    ["purge", { scope: { by: "conversation", conversation: "family" } }, "purge.run"],
  ];
}

test("every governing verb leaves a question, its answer and its use, bound to what was done", async () => {
  const owner = (await here.owner["principal.list"]({})).principals.find(({ channel }) => channel === "console");
  for (const [name, input, capability] of await governing()) {
    const before = here.store.ledger.size();
    expect([name, await codeOf(verb(name, input))]).toEqual([name, "done"]);
    const entries = here.store.ledger.entries(before, 100).filter(({ type }) => type.startsWith("approval."));
    expect([name, ...entries.map(({ type }) => type)]).toEqual([
      name,
      "approval.requested",
      "approval.decided",
      "approval.consumed",
    ]);
    // Somebody else is an owner too, but not the one at this machine.
    expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set([owner?.id]));
    const [asked] = entries;
    const stored = here.approvals().find(({ id }) => id === asked?.body["approval"]);
    expect(stored).toMatchObject({
      capability,
      assurance: "high",
      status: { state: "consumed" },
      digest: asked?.body["digest"],
    });
  }
  expect(JSON.stringify(here.store.ledger.entries(0, 10_000))).not.toMatch(/s3cr3t|another secret/);
  expect((await here.owner["ledger.replay"]({})).differences).toEqual([]);
});

test("with a PIN, every verb of high assurance asks for it first, and does nothing without", async () => {
  expect(await codeOf(verb("pin.set", { next: "4711" }))).toBe("done");
  const before = here.store.ledger.size();
  const high = VERB_NAMES.filter((name) => VERBS[name].assurance === "high");
  expect(high.length).toBeGreaterThan(12);
  for (const name of high) expect([name, await codeOf(verb(name, {}))]).toEqual([name, "auth.pin"]);
  for (const [name, input] of (await governing()).filter(([name]) => VERBS[name as "purge"].assurance === "high"))
    expect([name, await codeOf(verb(name, input))]).toEqual([name, "auth.pin"]);
  expect(here.store.ledger.entries(before, 100).filter(({ type }) => type !== "hold.added")).toEqual([]);
  expect([await codeOf(verb("secrets.set", { name: "api", value: "x", pin: "4711" })), checks]).toEqual(["done", 1]);
  expect(await codeOf(verb("purge", { scope: { by: "all" }, dry_run: true }))).toBe("done");
});

test("changing the PIN needs the old one", async () => {
  await verb("pin.set", { next: "4711" });
  expect(await codeOf(verb("pin.set", { next: "0000" }))).toBe("auth.pin");
  expect(await codeOf(verb("pin.set", { next: "0815", pin: "4711" }))).toBe("done");
  expect(await codeOf(verb("secrets.set", { name: "api", value: "x", pin: "4711" }))).toBe("auth.pin");
});

test("five wrong PINs lock it, for the right one too, until the daemon starts anew; each is written down", async () => {
  await verb("pin.set", { next: "4711" });
  const guess = (pin: string) => codeOf(verb("secrets.set", { name: "api", value: "x", pin }));
  for (let n = 0; n < 5; n++) expect(await guess(`000${n}`)).toBe("auth.pin");
  expect([await guess("4711"), await guess("4711"), checks]).toEqual(["auth.locked", "auth.locked", 5]);
  expect(here.entries("auth.denied").map(({ body }) => body["tries"])).toEqual([1, 2, 3, 4, 5]);
  await setWrong(here.powers, 0);
  expect(await guess("4711")).toBe("done");
  // The right one forgives the wrong ones before it.
  for (let n = 0; n < 4; n++) await guess("0000");
  expect([await guess("4711"), await guess("0000"), await guess("4711")]).toEqual(["done", "auth.pin", "done"]);
});

test("a hundred guesses at once are a hundred tries", async () => {
  await verb("pin.set", { next: "4711" });
  const pins = Array.from({ length: 40 }, (_, n) => String(4680 + n));
  const codes = await Promise.all(pins.map((pin) => codeOf(verb("secrets.set", { name: "api", value: "x", pin }))));
  expect(checks).toBeLessThanOrEqual(5);
  expect(codes).not.toContain("done");
});

test("an agent's token is made only where a PIN is set, and with it", async () => {
  const order = { name: "helper", scopes: ["agent"], conversations: ["family"], runs_on: "local" };
  expect(await codeOf(verb("token.create", order))).toBe("auth.pin");
  expect(await codeOf(verb("token.create", { ...order, name: "reader", scopes: ["auditor"], conversations: [] }))).toBe(
    "done",
  );
  await verb("pin.set", { next: "4711" });
  expect(await codeOf(verb("token.create", order))).toBe("auth.pin");
  expect(await codeOf(verb("token.create", { ...order, pin: "4711" }))).toBe("done");
  expect(await codeOf(verb("token.create", { ...order, pin: "4711" }))).toBe("conflict");
  expect(await codeOf(verb("token.create", { ...order, name: "both", scopes: ["agent", "owner"], pin: "4711" }))).toBe(
    "input.invalid",
  );
  expect(JSON.stringify(await here.owner["token.list"]({}))).not.toMatch(/hash|lzt_/);
});

test("what the rules deny even to the owner is not done", async () => {
  const { policy } = here.powers;
  const before = policy.current;
  policy.current = policyOf();
  expect(await codeOf(verb("secrets.set", { name: "api", value: "x" }))).toBe("policy.denied");
  expect(await codeOf(verb("channel.add", { name: "door", kind: "webhook", secret: HOOK_SECRET }))).toBe(
    "policy.denied",
  );
  expect(here.store.secretNames("default")).toEqual(["hook-alerts"]);
  expect(here.store.get("channel", "door")).toBeNull();
  policy.current = before;
});
