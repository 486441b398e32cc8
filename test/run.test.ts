import fc from "fast-check";
import { expect, test } from "vitest";
import { INTERACTIVE, newBudget, UNITS } from "../src/core/budget.ts";
import { RUN_AGE_MS_MAX } from "../src/core/limits.ts";
import { deadlineOf, holds, isTerminal, mayFinish, type Run, type RunEvent, step } from "../src/core/run.ts";
import {
  ALL_TYPES,
  APPROVALS,
  BASE,
  BORN,
  CALLS,
  call,
  EVENT_TYPES,
  EVENTS,
  event,
  everywhere,
  facts,
  NAMES,
  predicate,
  run,
  STATES,
  WAIT,
} from "./run-arbitraries.ts";

test("every event is in the sweep, and every state", () => {
  expect(Object.keys(ALL_TYPES)).toHaveLength(EVENT_TYPES.length);
  expect(new Set(STATES.map(({ state }) => state)).size).toBe(6);
});

test("an ended run absorbs every event: the same object comes back", () => {
  everywhere((before, what, now) => {
    if (isTerminal(before)) expect(step(before, what, now)).toBe(before);
  });
});

test("a limit changes by a raise alone, and what was used never comes back", () => {
  everywhere((before, what, now) => {
    const after = step(before, what, now);
    for (const unit of UNITS) {
      const raised = what.type === "raise" && !isTerminal(before) ? (what.by[unit] ?? 0) : 0;
      const more = after.budget.limit[unit] - before.budget.limit[unit];
      const isKept = after.budget.used[unit] >= before.budget.used[unit] && after.budget.reserved[unit] >= 0;
      if ((more !== 0 && more !== raised) || !isKept) expect(after.budget).toBe(`less of ${unit} than there was`);
    }
  });
});

test("a run that is not ended ends, goes on or waits, and nothing but cancel outlives its age", () => {
  everywhere((before, what, now) => {
    const after = step(before, what, now);
    if (!NAMES.has(after.status.state)) expect(after.status.state).toBe("a state of the list");
    if (isTerminal(before) || now < BORN + RUN_AGE_MS_MAX) return;
    if (what.type === "cancel") expect(after.status.state).toBe("cancelled");
    else expect(after.status).toEqual({ state: "failed", reason: "age" });
  });
});

test("the deadline wins over everything but a cancellation, and a late settlement is booked all the same", () => {
  everywhere((before, what, now) => {
    if (before.status.state !== "active" || now >= BORN + RUN_AGE_MS_MAX || now < deadlineOf(before)) return;
    const unit = before.external && before.facts.openCalls.length === 0 ? "agent_wait_ms" : "wall_clock_ms";
    const after = step(before, what, now);
    if (what.type === "cancel") return expect(after.status).toEqual({ state: "cancelled", reason: what.reason });
    // Time in which the daemon was not there is given back first.
    if (what.type === "restarted") return expect(after.status.state).toBe("active");
    if (what.type !== "settle") return expect(after.status).toEqual({ state: "failed", reason: `budget.${unit}` });
    if (!before.facts.openCalls.includes(what.call)) return expect(after).toBe(before);
    expect(after.status.state).toBe("failed");
    expect(after.budget.used.steps).toBe(before.budget.used.steps + (what.used.steps ?? 0));
  });
});

test("a reservation beyond what is left ends the run by name, or changes nothing where it may ask", () => {
  fc.assert(
    fc.property(run, EVENTS.reserve, (any, what) => {
      const before: Run = { ...any, status: { state: "active", since: BORN } };
      const short = UNITS.find((unit) => {
        const { limit, used, reserved } = before.budget;
        return (what.cost[unit] ?? 0) > Math.max(0, limit[unit] - used[unit] - reserved[unit]);
      });
      fc.pre(short !== undefined && deadlineOf(before) > BORN);
      const after = step(before, what, BORN);
      if (before.onExhausted === "ask") expect(after).toBe(before);
      else expect(after.status).toEqual({ state: "failed", reason: `budget.${short}` });
    }),
  );
});

test.each(UNITS)("a budget of 0 %s means none", (unit) => {
  const before: Run = { ...BASE, external: true, budget: newBudget({ ...INTERACTIVE, [unit]: 0 }) };
  const timed = unit === "wall_clock_ms" ? { ...before, external: false } : before;
  const after = step(timed, { type: "reserve", call: CALLS[0], cost: { steps: 0, [unit]: 1 } }, BORN);
  expect(after.status).toEqual({ state: "failed", reason: `budget.${unit}` });
  expect(after.budget.reserved[unit]).toBe(0);
});

test("an external agent thinks on its own time and a call runs on ours; waiting costs neither", () => {
  const mine: Run = { ...BASE, external: true };
  const asked = step(mine, { type: "reserve", call: CALLS[0], cost: { steps: 1 } }, BORN + 70);
  expect(asked.budget.used).toMatchObject({ agent_wait_ms: 70, wall_clock_ms: 0 });
  const settled = step(
    asked,
    { type: "settle", call: CALLS[0], reserved: { steps: 1 }, used: { steps: 1 } },
    BORN + 100,
  );
  expect(settled.budget.used).toMatchObject({ agent_wait_ms: 70, wall_clock_ms: 30 });
  const waiting = step(settled, { type: "wait", wait: WAIT }, BORN + 105);
  expect(waiting.budget.used).toMatchObject({ agent_wait_ms: 75, wall_clock_ms: 30 });
  const woken = step(waiting, { type: "wake" }, BORN + 10_000_000);
  expect(woken.budget.used).toEqual(waiting.budget.used);
  expect([woken.status, woken.segment]).toEqual([{ state: "active", since: BORN + 10_000_000 }, 2]);
});

test("one of ours pays wall clock for everything it does while it is active", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat({ max: 50 })), { maxLength: 12 }), (steps) => {
      let now = BORN;
      let active = 0;
      let at: Run = BASE;
      for (const [what, ms] of steps) {
        // While the daemon is not there nothing is done: that time alone is free.
        if (at.status.state === "active" && what.type === "restarted") active -= now - at.status.since;
        else if (at.status.state === "active") active += ms;
        now += ms;
        const after = step(at, what, now);
        // What changed nothing booked nothing: its time is in the next event.
        if (after === at && at.status.state === "active") {
          expect(after.status).toEqual(at.status);
        }
        at = after;
        if (isTerminal(at)) break;
      }
      const pending = at.status.state === "active" ? now - at.status.since : 0;
      expect(at.budget.used.agent_wait_ms).toBeLessThanOrEqual(sumOf(steps));
      expect(at.budget.used.wall_clock_ms + pending).toBeGreaterThanOrEqual(active);
    }),
  );
});
/** Time that settlements of the story claim for themselves. */
const sumOf = (steps: readonly (readonly [RunEvent, number])[]): number =>
  steps.reduce((sum, [what]) => sum + (what.type === "settle" ? (what.used.agent_wait_ms ?? 0) : 0), 0);

test("done needs the declared predicate, nothing pending, and somebody who says so", () => {
  everywhere((before, what, now) => {
    const after = step(before, what, now);
    if (isTerminal(before) || after.status.state !== "done") return;
    expect(what.type).toBe("finish");
    expect(before.status.state).toBe("active");
    expect([holds(before.doneWhen, before.facts), before.facts.openCalls]).toEqual([true, []]);
  });
  fc.assert(
    fc.property(run, (any) => {
      const before: Run = { ...any, status: { state: "active", since: BORN } };
      fc.pre(deadlineOf(before) > BORN);
      const may = before.facts.openCalls.length === 0 && holds(before.doneWhen, before.facts);
      expect([step(before, { type: "finish" }, BORN).status.state === "done", mayFinish(before)]).toEqual([may, may]);
    }),
  );
});

test("predicates are judged by facts alone, and all and any by their parts", () => {
  fc.assert(
    fc.property(fc.array(predicate, { maxLength: 4 }), facts, (of, known) => {
      const parts = of.map((one) => holds(one, known));
      expect(holds({ is: "all", of }, known)).toBe(parts.every(Boolean));
      expect(holds({ is: "any", of }, known)).toBe(parts.some(Boolean));
      expect(holds({ is: "children_done" }, known)).toBe(known.childrenOpen === 0);
    }),
  );
});

test("a paused run takes an answer to its own question and no other, and no new work", () => {
  const paused: Run = { ...BASE, status: { state: "paused.approval", approval: APPROVALS[0] } };
  const refused: readonly RunEvent[] = [
    { type: "reserve", call: CALLS[0], cost: { steps: 1 } },
    { type: "finish" },
    { type: "wake" },
    { type: "answered", approval: APPROVALS[1], granted: true },
    { type: "ask", approval: APPROVALS[1] },
  ];
  for (const what of refused) expect(step(paused, what, BORN + 5)).toBe(paused);
  const yes = step(paused, { type: "answered", approval: APPROVALS[0], granted: true }, BORN + 9);
  expect([yes.status, yes.facts.approved]).toEqual([{ state: "active", since: BORN + 9 }, [APPROVALS[0]]]);
  const no = step(paused, { type: "answered", approval: APPROVALS[0], granted: false }, BORN + 9);
  expect([no.status.state, no.facts.approved]).toEqual(["active", []]);
});

test("what is set aside is what open calls have set aside, and nothing when none is open", () => {
  const cost = { steps: 2, tokens: 5, egress_bytes: 3 } as const;
  const moves = fc.array(fc.tuple(fc.constantFrom("reserve" as const, "settle" as const), call), { maxLength: 20 });
  fc.assert(
    fc.property(moves, (list) => {
      let at: Run = { ...BASE, budget: newBudget({ ...INTERACTIVE, steps: 9 }) };
      for (const [type, which] of list) {
        const what: RunEvent =
          type === "reserve"
            ? { type, call: which, cost }
            : { type, call: which, reserved: cost, used: { steps: 1, tokens: 5 } };
        at = step(at, what, BORN);
        expect(at.budget.reserved.steps).toBe(2 * at.facts.openCalls.length);
        expect(at.budget.used.steps + at.budget.reserved.steps).toBeLessThanOrEqual(9);
      }
    }),
  );
});
