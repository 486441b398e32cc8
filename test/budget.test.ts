import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Amounts,
  BACKGROUND,
  capped,
  crossed,
  INTERACTIVE,
  left,
  newBudget,
  overdrawn,
  raised,
  reserve,
  settle,
  UNITS,
} from "../src/core/budget.ts";

const record = (amount: fc.Arbitrary<number>) =>
  Object.fromEntries(UNITS.map((unit) => [unit, amount])) as Record<(typeof UNITS)[number], typeof amount>;
const amounts: fc.Arbitrary<Amounts> = fc.record(record(fc.nat({ max: 1000 })));
const some: fc.Arbitrary<Partial<Amounts>> = fc.record(record(fc.nat({ max: 1000 })), { requiredKeys: [] });

test("the defaults are those of the contract", () => {
  expect(INTERACTIVE).toEqual({
    wall_clock_ms: 60_000,
    agent_wait_ms: 300_000,
    steps: 50,
    tokens: 100_000,
    cost_micros: 500_000,
    egress_bytes: 10_485_760,
    children: 8,
  });
  expect(BACKGROUND).toEqual({ ...INTERACTIVE, wall_clock_ms: 600_000 });
});

test("a limit is a whole number from 0 on", () => {
  for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    expect(() => newBudget({ ...INTERACTIVE, steps: wrong })).toThrow(RangeError);
  }
  expect(left(newBudget({ ...INTERACTIVE, steps: 0 })).steps).toBe(0);
});

test("what somebody wants never widens what policy allows", () => {
  fc.assert(
    fc.property(some, amounts, (wanted, cap) => {
      const given = capped(wanted, cap);
      for (const unit of UNITS) expect(given[unit]).toBe(Math.min(wanted[unit] ?? Number.MAX_VALUE, cap[unit]));
    }),
  );
});

test("a reservation fits whole or changes nothing, and names the first unit that is short", () => {
  fc.assert(
    fc.property(amounts, some, some, (limit, first, second) => {
      const one = reserve(newBudget(limit), first);
      const budget = one.ok ? one.budget : newBudget(limit);
      const free = left(budget);
      const two = reserve(budget, second);
      const short = UNITS.find((unit) => (second[unit] ?? 0) > free[unit]);
      expect(two.ok ? undefined : two.unit).toBe(short);
      if (!two.ok) return;
      for (const unit of UNITS) expect(left(two.budget)[unit]).toBe(free[unit] - (second[unit] ?? 0));
      expect(overdrawn(two.budget)).toBeNull();
    }),
  );
});

test("a settlement gives the reservation back and books what was used", () => {
  fc.assert(
    fc.property(amounts, some, some, (limit, cost, used) => {
      const reserved = reserve(newBudget(limit), cost);
      fc.pre(reserved.ok);
      const after = settle((reserved as Extract<typeof reserved, { ok: true }>).budget, cost, used);
      for (const unit of UNITS) {
        expect([after.reserved[unit], after.used[unit]]).toEqual([0, used[unit] ?? 0]);
        expect(left(after)[unit]).toBe(Math.max(0, limit[unit] - (used[unit] ?? 0)));
      }
      expect(overdrawn(after)).toBe(UNITS.find((unit) => (used[unit] ?? 0) > limit[unit]) ?? null);
    }),
  );
});

test("nothing that was used comes back, whatever a settlement claims", () => {
  const budget = settle(newBudget(INTERACTIVE), {}, { steps: 5 });
  expect(settle(budget, {}, { steps: -5 }).used.steps).toBe(5);
  expect(settle(budget, { steps: 9 }, {}).reserved.steps).toBe(0);
});

test("a raise adds to the limit alone", () => {
  fc.assert(
    fc.property(amounts, some, (limit, by) => {
      const before = newBudget(limit);
      const after = raised(before, by);
      expect([after.used, after.reserved]).toEqual([before.used, before.reserved]);
      for (const unit of UNITS) expect(after.limit[unit]).toBe(limit[unit] + (by[unit] ?? 0));
    }),
  );
});

test("half and four fifths of a unit warn once each on the way up, and a limit of 0 never", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.array(fc.nat({ max: 20 }), { maxLength: 40 }), (limit, uses) => {
      let budget = newBudget({ ...INTERACTIVE, steps: limit, tokens: 0 });
      const warned: number[] = [];
      for (const steps of uses) {
        const after = settle(budget, {}, { steps, tokens: steps });
        const marks = crossed(budget, after);
        expect(marks.every(({ unit }) => unit === "steps")).toBe(true);
        warned.push(...marks.map(({ percent }) => percent));
        budget = after;
      }
      const share = (100 * budget.used.steps) / limit;
      expect(warned).toEqual([50, 80].filter((mark) => share >= mark));
    }),
  );
});
