/** What a run may call done, and how many of them a session has: in a whole Lazaret. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, RunHandle } from "../src/core/agent.ts";
import { isRefusal } from "../src/core/refusal.ts";
import { isTerminal } from "../src/core/run.ts";
import { importLines } from "../src/gateway/import.ts";
import { newRun } from "../src/gateway/start.ts";
import { transact } from "../src/gateway/transact.ts";
import { until, type World, world } from "./world.ts";

let here: World;
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (isRefusal(error) ? error.code : String(error)),
  );
const reply = (key: string) => ({
  capability: "chat.reply",
  input: { template: "Here you are." },
  justification: "the answer",
  idempotency_key: key,
});
const summary = (key: string) => ({
  capability: "message.summarize",
  input: { conversation: "family", last: 5 },
  justification: "it was asked for",
  idempotency_key: key,
});

/** Does what each segment of the test says, in order; a run is answered by `said` of the driver's own hands. */
async function place(work: (run: RunHandle) => Promise<void>): Promise<void> {
  const driver: AgentDriver = { name: "butler", drive: (_wake, run) => work(run) };
  here = await world({ drivers: [driver] });
  const sent_at = here.home.clock.now() - 60_000;
  await importLines(here.powers, "family", [{ id: "m1", sender: "Ana", text: "Bring the tent.", sent_at }]);
}

test("a run that has not answered is not done, and after its answer it is", async () => {
  const codes: string[] = [];
  await place(async (run) => {
    codes.push(await code(run.finish()));
    await run.invoke(reply("one"));
    codes.push(await code(run.finish()));
    codes.push(await code(run.finish()));
  });
  await here.type("hello there");
  expect(codes).toEqual(["run.not_done", "done", "run.ended"]);
});

test("a run with a call under way is not done, whatever it has said already", async () => {
  const codes: string[] = [];
  await place(async (run) => {
    await run.invoke(reply("one"));
    const working = run.invoke(summary("work"));
    await until(() => here.store.find("call", "open", "open", { limit: 9 }).length > 0);
    codes.push(await code(run.finish()));
    await working;
    codes.push(await code(run.finish()));
  });
  await here.type("summarise family");
  expect(codes).toEqual(["run.not_done", "done"]);
});

test("values count by their kind", async () => {
  const codes: string[] = [];
  await place(async () => {});
  await here.type("hello");
  const session = here.store.all("session", { limit: 1 })[0]?.value;
  const doneWhen = { is: "all", of: [{ is: "values", kind: "message.summarize", n: 2 }, { is: "replied" }] } as const;
  if (session === undefined) throw new Error("no session");
  const run = await transact(here.powers, (draft) =>
    newRun(here.powers, draft, {
      session,
      principal: session.requester,
      request: here.store.all("run", { limit: 1 })[0]?.value.request ?? null,
      agent: "butler",
      external: false,
      context: { v: 1, cats: 0, integrity: 0, tenant: "-", audience: "*" },
      doneWhen,
    }),
  );
  const hands = here.gateway.drives.handle(run.id);
  await hands.invoke(summary("one"));
  await hands.invoke(reply("two"));
  codes.push(await code(hands.finish()));
  await hands.invoke(summary("three"));
  codes.push(await code(hands.finish()));
  expect(codes).toEqual(["run.not_done", "done"]);
});

test("one run a session is active, eight wait and are told their place, the rest are told why not", async () => {
  let open = Promise.withResolvers<void>();
  const driven: string[] = [];
  await place(async (run) => {
    driven.push(run.run);
    await open.promise;
    await run.invoke(reply("one"));
    await run.finish();
  });
  for (let n = 0; n < 11; n++) await here.console.submit(`summarise family ${n}`);
  await until(() => here.said.length === 10);
  expect(driven).toHaveLength(1);
  const active = here.store.all("run", { limit: 100 }).filter(({ value }) => !isTerminal(value));
  expect(active).toHaveLength(1);
  expect(here.store.all("queued", { limit: 100 })).toHaveLength(8);
  for (let n = 0; n < 8; n++)
    expect(here.said[n]).toBe(`I am still working on your earlier request; this one is number ${n + 1} in line.`);
  for (const line of here.said.slice(8)) expect(line).toMatch(/^Too many of your requests are waiting/);
  let together = 0;
  const states = () => here.store.all("run", { limit: 100 }).filter(({ value }) => !isTerminal(value)).length;
  open.resolve();
  open = Promise.withResolvers<void>();
  open.resolve();
  await until(() => {
    together = Math.max(together, states());
    return driven.length === 9 && states() === 0;
  });
  await here.rest();
  expect(together).toBe(1);
  expect(new Set(driven).size).toBe(9);
  expect(here.store.all("queued", { limit: 100 })).toEqual([]);
  // In the order in which they were asked.
  const requests = here.store.all("run", { limit: 100 }).map(({ value }) => value);
  const times = requests.toSorted((a, b) => driven.indexOf(a.id) - driven.indexOf(b.id)).map(({ request }) => request);
  const asked = times.map((id) => (id === null ? 0 : (here.store.message(id)?.sentAt ?? 0)));
  expect(asked).toEqual(asked.toSorted((a, b) => a - b));
});

test("what is taken back while it waits in line is never begun", async () => {
  const open = Promise.withResolvers<void>();
  let driven = 0;
  await place(async (run) => {
    driven++;
    await open.promise;
    await run.invoke(reply("one"));
    await run.finish();
  });
  for (const line of ["summarise family", "and again", "and once more"]) await here.console.submit(line);
  await until(() => here.said.length === 2);
  await here.console.submit("cancel");
  await until(() => here.said.length === 3);
  expect(here.said[2]).toBe("Stopped: 3 requests.");
  open.resolve();
  await here.rest();
  expect(driven).toBe(1);
  expect(here.store.all("queued", { limit: 9 })).toEqual([]);
  expect(here.store.all("run", { limit: 9 }).map(({ value }) => value.status)).toEqual([
    { state: "cancelled", reason: "asked" },
  ]);
});
