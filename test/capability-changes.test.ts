/** An upgrade that changes a capability: what is different is said in words, once, and is an entry. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Manifest } from "../src/core/capability.ts";
import { changesBetween, describedAs } from "../src/gateway/capability-changes.ts";
import { daemonOn } from "./daemon-world.ts";
import { type TestHome, testHome } from "./store-home.ts";

const before: Manifest = {
  id: "message.summarize",
  version: 1,
  title: "x",
  effect: "none",
  input: z.strictObject({ last: z.number().int().max(100).optional() }),
  output: z.strictObject({ points: z.array(z.strictObject({ text: z.string().max(280) })) }),
  tier: "B",
  cost: { steps: 1 },
  risk: "low",
};
const told = (change: Partial<Manifest>) => changesBetween(describedAs(before), describedAs({ ...before, ...change }));

describe("what differs is said", () => {
  test("of effect and permission", () => {
    expect(told({ effect: "once", egress: "http", risk: "high", tier: "C" })).toEqual([
      "effect none → once",
      "egress none → http",
      "tier B → C",
      "risk low → high",
    ]);
  });

  test("of what goes in and what comes out, by its place", () => {
    const input = z.strictObject({ last: z.number().int().max(1000).optional(), raw: z.boolean().optional() });
    const output = z.strictObject({ points: z.array(z.strictObject({ body: z.string().max(280) })) });
    expect(told({ input, output })).toEqual([
      "input gained raw",
      "input is another at last",
      "output gained points[].body",
      "output lost points[].text",
      "output is another at points[]",
    ]);
  });

  test("and nothing where nothing does, whatever it is called", () => {
    expect(told({ title: "another title", cost: { steps: 2 } })).toEqual([]);
  });
});

describe("at a start", () => {
  let home: TestHome;
  beforeEach(() => {
    home = testHome();
  });
  afterEach(() => home.remove());

  test("a new home has no news, and neither has one that was not upgraded", async () => {
    await (await daemonOn(home)).close();
    const here = await daemonOn(home);
    expect((await here.owner.status({})).notes.filter((note) => note.includes("version"))).toEqual([]);
    await here.close();
  });

  test("what was there before in another version is told once, and written down", async () => {
    await (await daemonOn(home)).close();
    const store = await home.open();
    const id = "capability/seen/request.read";
    const known = store.get("setting", id);
    const { version, ...rest } = (known?.value.value ?? {}) as { readonly version: number };
    const value = { ...rest, version: version - 1, effect: "once" };
    const put = {
      kind: "setting",
      id,
      expect: known?.version ?? null,
      value: { id, tenant: "default", value },
    } as const;
    await store.commit({ put: [put] });
    await store.close();
    const here = await daemonOn(home);
    const said = `request.read went from version ${version - 1} to ${version}: effect once → none`;
    expect((await here.owner.status({})).notes).toContain(said);
    const { entries } = await here.owner["ledger.entries"]({ after: 0, type: "policy.loaded" });
    expect(entries.map(({ body }) => [body["capability"], body["from"], body["to"], body["changes"]])).toEqual([
      ["request.read", version - 1, version, ["effect once → none"]],
    ]);
    const report = await here.owner.report({ from: 0, to: home.clock.now() + 1 });
    expect(report.policies.map(({ digest }) => digest.length)).toEqual([64]);
    await here.close();
    const again = await daemonOn(home);
    expect((await again.owner.status({})).notes).not.toContain(said);
    await again.close();
  });
});
