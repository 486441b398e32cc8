/** A model between the passes of a transform: what it is asked, what it costs, and what a broken answer is worth. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { butler } from "../src/agents/butler.ts";
import type { Amounts } from "../src/core/budget.ts";
import { importLines } from "../src/gateway/import.ts";
import { modelsAt, type Says, scriptedModel } from "./scripted-model.ts";
import { type World, world } from "./world.ts";

const LINES = [
  ["Ana", "Can somebody bring the tent on Saturday? My card is 4111 1111 1111 1111"],
  ["Ben", "I will bring the tent and the stove."],
  ["Ana", "Great. Carla, please book the campsite by Thursday. ana@example.org"],
  ["Carla", "Done, I booked two nights at the lake for 84 euros."],
] as const;
const GOOD = { points: ["They plan to camp at the lake, and two nights are booked."], topics: ["camping"] };
const json = (value: unknown): Says => ({ content: JSON.stringify(value) });

const server = await scriptedModel(() => json(GOOD));
let here: World;
afterAll(() => server.close());

async function open(more: Parameters<typeof modelsAt>[1] = {}, interactive?: Partial<Amounts>): Promise<World> {
  const made = await world({
    drivers: [butler],
    models: modelsAt(server.url, more, { key: "sk-hidden-0123456789" }),
    ...(interactive === undefined ? {} : { settings: { interactive: { ...BUDGET, ...interactive } } }),
  });
  await importLines(
    made.powers,
    "family",
    LINES.map(([sender, text], n) => ({ id: `m${n}`, sender, text, sent_at: made.home.clock.now() - 60_000 + n })),
  );
  return made;
}
const BUDGET: Amounts = {
  wall_clock_ms: 60_000,
  agent_wait_ms: 60_000,
  steps: 50,
  tokens: 100_000,
  cost_micros: 500_000,
  egress_bytes: 10_000_000,
  children: 0,
};
beforeEach(() => {
  server.asked.length = 0;
  server.says = () => json(GOOD);
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const entries = (type: string) => here.store.ledger.entries(0, 1000).filter((entry) => entry.type === type);
const models = () => entries("egress.checked").filter(({ body }) => body["sink"] === "model");
const by = () => entries("transform.completed").flatMap(({ body }) => (body["by"] === undefined ? [] : [body["by"]]));
const said = () => here.said.join("\n");
const run = () => here.store.all("run", { limit: 1 })[0]?.value;

test("its points are told, and the ledger has label, host, tokens and cost before anything left", async () => {
  here = await open();
  await here.type("summarise family");
  expect(said()).toContain("camp at the lake");
  expect(by()).toEqual(["model"]);
  expect(models()).toMatchObject([
    { body: { model: "local", where: "loopback", capability: "message.summarize", cats: 4, cost_micros: 0 } },
  ]);
  expect(models()[0]?.body["host"]).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(Number(models()[0]?.body["tokens"])).toBeGreaterThan(150);
  expect(run()?.budget).toMatchObject({ used: { tokens: 150, cost_micros: 0 }, reserved: { tokens: 0 } });
});

test("it gets a masked, marked text, a schema, no tools and no name that was not a token", async () => {
  here = await open();
  await here.type("summarise family");
  const [asked] = server.asked;
  expect(asked?.body.tools).toBeUndefined();
  expect(asked?.body.response_format).toMatchObject({ type: "json_schema" });
  expect(asked?.material).toMatch(/^BEGIN [0-9a-f]{32}\n[\s\S]*END [0-9a-f]{32}\n$/);
  expect(asked?.material).toMatch(/1 \d{4}-\d\d-\d\d \d\d:\d\d PERSON_[0-9a-f]{4}: I\Wwill\Wbring\Wthe\Wtent/);
  expect(asked?.material).not.toMatch(/4111|ana@example|Carla|Ana /);
});

test("two calls do not share their border", async () => {
  here = await open();
  await here.type("summarise family");
  await here.type("summarise family");
  const [first, second] = server.asked.map(({ material }) => material.slice(6, 38));
  expect(first).not.toBe(second);
});

test("a broken answer is asked for once more", async () => {
  here = await open();
  server.says = (_, nth) => (nth === 0 ? { content: "sure! here you go" } : json(GOOD));
  await here.type("summarise family");
  expect([server.asked.length, by()]).toEqual([2, ["model"]]);
});

test.each<[string, Says]>([
  ["no JSON", { content: "I will not" }],
  [
    "a tool call",
    { content: null, tool_calls: [{ id: "1", type: "function", function: { name: "x", arguments: "{}" } }] },
  ],
  ["a cut answer", { content: JSON.stringify(GOOD), finish_reason: "length" }],
  ["a link", json({ ...GOOD, points: ["See www.example.org for more."] })],
  ["an unknown key", json({ ...GOOD, send_to: "mallory" })],
  ["a copy of a message", json({ ...GOOD, points: ["I will bring the tent and the stove."] })],
  ["a person that nobody gave", json({ ...GOOD, points: ["PERSON_dead pays for it."] })],
])("after %s twice the built-in answers, and says so", async (_, says) => {
  here = await open();
  server.says = () => says;
  await here.type("summarise family");
  expect([server.asked.length, by()]).toEqual([2, ["fallback"]]);
  expect(said()).toMatch(/tent/);
  expect(said()).toContain("The language model gave no usable answer");
});

test("an answer that does not count its tokens is charged in full", async () => {
  here = await open();
  const choices = [{ index: 0, message: { role: "assistant", content: JSON.stringify(GOOD) }, finish_reason: "stop" }];
  server.says = () => (response) => void response.end(JSON.stringify({ choices }));
  await here.type("summarise family");
  expect(run()?.budget.used.tokens).toBe(models()[0]?.body["tokens"]);
});

describe("a model elsewhere", () => {
  test("is not asked without a price, nor with anything private that it was not configured for", async () => {
    here = await open({ relay: true });
    await here.type("summarise family");
    await here.close();
    here.home.remove();
    here = await open({ relay: true, price: { in: "1 USD", out: "2 USD" } });
    await here.type("summarise family");
    expect([server.asked.length, by(), models()]).toEqual([0, ["fallback"], []]);
  });

  test("is asked when it may have messages, and costs what its price says", async () => {
    const accepts = ["pii.redacted", "pii.derived", "pii.chat.message"];
    here = await open({ model: "gpt-oss:120b-cloud", price: { in: "1 USD", out: "2 USD" }, accepts });
    await here.type("summarise family");
    expect(by()).toEqual(["model"]);
    expect(models()).toMatchObject([{ body: { where: "remote" } }]);
    expect(run()?.budget.used.cost_micros).toBe(120 + 2 * 30);
  });

  test("its key comes out of the vault by name, and stands in no entry and no error", async () => {
    here = await open({ secret: "key" });
    server.says = () => (response) => void response.writeHead(401).end("bad key sk-hidden-0123456789");
    await here.type("summarise family");
    expect(server.asked[0]?.authorization).toBe("Bearer sk-hidden-0123456789");
    expect(entries("secret.used")).toMatchObject([{ body: { name: "key" } }, { body: { name: "key" } }]);
    expect(JSON.stringify(here.store.ledger.entries(0, 1000))).not.toContain("sk-hidden");
    expect(by()).toEqual(["fallback"]);
  });
});

test("a budget that does not reach is kept, and the built-in answers", async () => {
  here = await open({}, { tokens: 100 });
  await here.type("summarise family");
  expect([server.asked.length, by(), run()?.status.state]).toEqual([0, ["fallback"], "done"]);
});

test("a run that is cancelled takes the question with it", async () => {
  here = await open();
  let isGone = false;
  server.says = () => (response) => void response.on("close", () => (isGone = true));
  const typed = here.type("summarise family");
  while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await here.console.submit("cancel");
  await typed;
  expect([run()?.status.state, isGone]).toEqual(["cancelled", true]);
});

test("long threads are asked in parts and told in order", async () => {
  here = await open({ tokens: { in: 2560 } });
  const long = Array.from({ length: 40 }, (_, n) => ({
    id: `l${n}`,
    sender: n % 2 === 0 ? "Ana" : "Ben",
    text: `message number ${n} about the plan for the next week of work`,
    sent_at: here.home.clock.now() - 50_000 + n,
  }));
  await importLines(here.powers, "family", long);
  server.says = (_, nth) =>
    json({
      points: [`Part ${["one", "two", "three", "four", "five", "six", "seven", "eight"][nth]} tells of plans.`],
      topics: [],
    });
  await here.type("summarise family");
  expect(server.asked.length).toBeGreaterThan(1);
  expect(said()).toMatch(/Part one[\s\S]*Part two/);
});
