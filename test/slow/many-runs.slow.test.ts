/** Five hundred runs at once: children of one another's conversations, and the day's pools, to the unit. */
import { expect, test } from "vitest";
import type { AgentDriver } from "../../src/core/agent.ts";
import { BACKGROUND } from "../../src/core/budget.ts";
import { newPrincipal } from "../../src/gateway/people.ts";
import { replay } from "../../src/gateway/replay.ts";
import { newRun, openSession } from "../../src/gateway/start.ts";
import { transact } from "../../src/gateway/transact.ts";
import { world } from "../world.ts";

const RUNS = 500;
const CALLS = 4;
const STEPS = 3;
const POOL = 1200;

test("five hundred concurrent runs stay within their own budgets and within the day's, to the unit", async () => {
  let admitted = 0;
  const codes: string[] = [];
  const driver: AgentDriver = {
    name: "butler",
    drive: async (_wake, run) => {
      const order = (n: number) => ({
        capability: "conversation.list",
        input: {},
        justification: `call ${n}`,
        idempotency_key: `call-${n}`,
      });
      const replies = await Promise.all(Array.from({ length: CALLS }, (_, n) => run.invoke(order(n))));
      admitted += replies.filter(({ status }) => status === "done").length;
      codes.push(...replies.map(({ code, status }) => code ?? status));
      await run.fail("agent");
    },
  };
  const pools = { steps: POOL, tokens: 0, cost_micros: 0 };
  const background = { ...BACKGROUND, steps: STEPS };
  const here = await world({ drivers: [driver], settings: { pools, background } });
  const place = here.store.all("conversation", { limit: 1 })[0]?.value;
  if (place === undefined) throw new Error("no conversation");
  const ids = await transact(here.powers, (draft) =>
    Array.from({ length: RUNS }, (_, n) => {
      const person = newPrincipal(draft, "console", `person-${n}`, "person", "member");
      const session = openSession(here.powers, draft, place.id, null, person.id);
      const { id: principal } = person;
      const order = { session, principal, request: null, agent: "butler", external: false, background: true };
      return newRun(here.powers, draft, {
        ...order,
        context: { v: 1, cats: 0, integrity: 0, tenant: "-", audience: "*" },
      }).id;
    }),
  );
  for (const id of ids) here.gateway.drives.drive(id, "started");
  await here.rest();
  const runs = here.store.all("run", { limit: RUNS }).map(({ value }) => value);
  expect(runs).toHaveLength(RUNS);
  for (const { budget } of runs) {
    expect(budget.used.steps + budget.reserved.steps).toBeLessThanOrEqual(STEPS);
  }
  const pool = here.store.all("pool", { limit: 9 }).map(({ value }) => value.used.steps);
  // Each began its three until the day was spent; what was turned away drew nothing from it.
  expect(pool).toEqual([POOL, POOL]);
  expect(admitted).toBeLessThanOrEqual(POOL);
  expect(codes.filter((code) => code === "budget.pool").length).toBeGreaterThan(0);
  const booked = runs.reduce((sum, { budget }) => sum + budget.used.steps + budget.reserved.steps, 0);
  expect(booked).toBeGreaterThanOrEqual(POOL);
  expect(replay(here.powers)).toMatchObject({ ok: true, differences: [] });
  await here.close();
  here.home.remove();
});
