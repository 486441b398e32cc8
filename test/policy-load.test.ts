/**
 * Loading rules on a whole daemon: the owner says yes to exactly what changes; what no longer compiles keeps nobody
 * from starting.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOADED_PACKS } from "../src/gateway/owner-policy.ts";
import { transact } from "../src/gateway/transact.ts";
import { type DaemonWorld, daemonOn } from "./daemon-world.ts";
import { type TestHome, testHome } from "./store-home.ts";

let home: TestHome;
let here: DaemonWorld;
beforeEach(async () => {
  home = testHome();
  here = await daemonOn(home);
});
afterEach(async () => {
  await here.close();
  home.remove();
});

const pack = (name: string, rules: string): { name: string; text: string } => ({
  name: "some-file",
  text: `version: 1\npack: ${name}\nrules:\n${rules}`,
});
const NARROW = pack(
  "quiet",
  `  - id: quiet.night
    effect: deny
    because: Nothing is sent to other conversations.
    when: { action: [invoke], capability: [chat.send] }
`,
);
const WIDE = pack(
  "open",
  `  - id: open.http
    effect: allow
    because: Anything may be fetched from the web.
    when: { action: [invoke], capability: [http.request], role: [member] }
`,
);
const BROKEN = pack("gone", "  - id: gone\n    effect: perhaps\n    because: This was valid in an older version.\n");

const entries = async (type: string) => (await here.owner["ledger.entries"]({ after: 0, type, limit: 1000 })).entries;
const digest = async (): Promise<string> => (await here.owner["policy.show"]({})).digest;

test("a dry run tells what changes, in words and with an example, and changes nothing", async () => {
  const before = await digest();
  const told = await here.owner["policy.load"]({ packs: [WIDE], dry_run: true });
  expect(told).toMatchObject({ permits_new: true, approval: null, more: 0 });
  expect(told.lines[0]).toMatchObject({ widens: true, text: expect.stringContaining("Newly allowed") });
  expect(told.lines[0]?.example).toContain("capability=http.request");
  expect([await digest(), (await entries("policy.loaded")).length]).toEqual([before, 0]);
});

test("what permits anything new is loaded against the digest of what was shown, and nothing else", async () => {
  const before = await digest();
  await expect(here.owner["policy.load"]({ packs: [WIDE] })).rejects.toMatchObject({ code: "approval.required" });
  const other = await here.owner["policy.load"]({ packs: [NARROW], dry_run: true });
  await expect(here.owner["policy.load"]({ packs: [WIDE], expect: other.diff })).rejects.toMatchObject({
    code: "approval.void",
  });
  expect(await digest()).toBe(before);
  const { diff } = await here.owner["policy.load"]({ packs: [WIDE], dry_run: true });
  const loaded = await here.owner["policy.load"]({ packs: [WIDE], expect: diff });
  expect(loaded.approval).toMatch(/^appr_/);
  expect(await digest()).toBe(loaded.digest);
  const [entry] = await entries("policy.loaded");
  expect(entry?.body).toMatchObject({ before, digest: loaded.digest, diff, widens: true, approval: loaded.approval });
  const consumed = (await entries("approval.consumed")).find(({ body }) => body["approval"] === loaded.approval);
  expect(consumed).toBeDefined();
  expect((await here.owner["policy.show"]({})).packs).toEqual(["chat-mode", "open"]);
});

test("a yes to one difference is none to the same packs on other rules", async () => {
  const { diff } = await here.owner["policy.load"]({ packs: [WIDE], dry_run: true });
  await here.owner["policy.load"]({ packs: [NARROW] });
  await expect(here.owner["policy.load"]({ packs: [WIDE], expect: diff })).rejects.toMatchObject({
    code: "approval.void",
  });
});

test("narrowing needs no question, taking it back does, and both are entries", async () => {
  const narrowed = await here.owner["policy.load"]({ packs: [NARROW] });
  expect(narrowed.permits_new).toBe(false);
  await expect(here.owner["policy.load"]({ packs: [] })).rejects.toMatchObject({ code: "approval.required" });
  const { diff } = await here.owner["policy.load"]({ packs: [], dry_run: true });
  await here.owner["policy.load"]({ packs: [], expect: diff });
  expect((await entries("policy.loaded")).map(({ body }) => body["widens"])).toEqual([false, true]);
});

test("an invalid pack is refused with its place, and what was in force stays", async () => {
  const before = await digest();
  await expect(here.owner["policy.load"]({ packs: [BROKEN] })).rejects.toMatchObject({
    code: "policy.invalid",
    hint: expect.stringMatching(/^some-file:5:\d+: .*perhaps/),
  });
  expect(await digest()).toBe(before);
});

test("what was loaded holds after a restart, or the configured packs do and say so", async () => {
  const loaded = await here.owner["policy.load"]({ packs: [NARROW] });
  await here.close();
  here = await daemonOn(home);
  expect(await digest()).toBe(loaded.digest);
  expect((await here.owner.status({})).notes).toEqual([]);
  await transact(here.daemon.powers, (draft) =>
    draft.put("setting", LOADED_PACKS, { id: LOADED_PACKS, tenant: draft.tenant, value: [BROKEN] }),
  );
  await here.close();
  here = await daemonOn(home);
  const status = await here.owner.status({});
  expect(status.notes.join()).toMatch(/not in force.*some-file:5/);
  expect(status.policy.packs).toEqual(["chat-mode"]);
  expect(here.daemon.policyFault()).toMatch(/some-file:5/);
  expect((await entries("daemon.started")).at(-1)?.body).toMatchObject({ fallback: true });
  await here.owner["policy.load"]({ packs: [NARROW] });
  expect((await here.owner.status({})).notes).toEqual([]);
});

test("an explanation says what would have to change, and a slip of the pen gets the nearest word", async () => {
  const verdict = await here.owner["policy.explain"]({
    request: { action: "invoke", capability: "chat.send", role: "member", destination: "http" },
  });
  expect(verdict).toMatchObject({ effect: "deny", rule: "default" });
  expect(verdict.changes).toContainEqual(expect.stringMatching(/^It would be asked by send\.outside if destination/));
  const cats = await here.owner["policy.explain"]({ request: { action: "egress", cats: "secret.token" } });
  expect(cats).toMatchObject({ effect: "deny", rule: "base.secret" });
  for (const [request, hint] of [
    [{ rol: "member" }, "Did you mean role?"],
    [{ role: "membr" }, "Did you mean member?"],
    [{ cats: "pii.redactd" }, "Did you mean pii.redacted?"],
  ] as const)
    await expect(here.owner["policy.explain"]({ request })).rejects.toMatchObject({ code: "input.invalid", hint });
});
