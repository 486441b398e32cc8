/** Runs in every state and events of every kind, for properties of the run machine. */
import fc from "fast-check";
import { type Amounts, type Budget, INTERACTIVE, newBudget, UNITS } from "../src/core/budget.ts";
import type { ApprovalId, CallId } from "../src/core/ids.ts";
import { BOTTOM } from "../src/core/label.ts";
import { RUN_AGE_MS_MAX } from "../src/core/limits.ts";
import type { Facts, Predicate, Run, RunEvent, RunState } from "../src/core/run.ts";
import { id } from "./store-home.ts";

export const BORN = 1_790_000_000_000;
export const CALLS = [id("CallId"), id("CallId"), id("CallId")] as const;
export const APPROVALS = [id("ApprovalId"), id("ApprovalId")] as const;
export const WAIT = { for: "message", until: BORN + 1000 } as const;

export const EVENT_TYPES = [
  "reserve",
  "settle",
  "revealed",
  "valued",
  "replied",
  "ask",
  "answered",
  "wait",
  "wake",
  "spawned",
  "child_over",
  "raise",
  "finish",
  "tick",
  "fail",
  "cancel",
  "restarted",
] as const satisfies readonly RunEvent["type"][];
// Every event of the machine is in the list above: this line does not compile otherwise.
export const ALL_TYPES: Readonly<Record<RunEvent["type"], true>> = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, true]),
) as Record<(typeof EVENT_TYPES)[number], true>;

export const STATES: readonly RunState[] = [
  { state: "active", since: BORN },
  { state: "paused.approval", approval: APPROVALS[0] },
  { state: "paused.event", wait: WAIT },
  { state: "done" },
  { state: "failed", reason: "agent" },
  { state: "cancelled", reason: "asked" },
];

export const NAMES: ReadonlySet<string> = new Set(STATES.map(({ state }) => state));

const CHILD = id("RunId");
const small = fc.nat({ max: 100 });
export const call = fc.constantFrom<CallId>(...CALLS);
const approval = fc.constantFrom<ApprovalId>(...APPROVALS);
const amounts: fc.Arbitrary<Amounts> = fc.record(
  Object.fromEntries(UNITS.map((unit) => [unit, small])) as Record<(typeof UNITS)[number], typeof small>,
);
const part: fc.Arbitrary<Partial<Amounts>> = fc.record(
  Object.fromEntries(UNITS.map((unit) => [unit, small])) as Record<(typeof UNITS)[number], typeof small>,
  { requiredKeys: [] },
);
/** Any budget a run can have: what is used and set aside may reach its limit, and time may lie beyond it. */
const budget: fc.Arbitrary<Budget> = fc
  .tuple(amounts, amounts, amounts)
  .map(([limit, used, reserved]) => ({ limit, used, reserved }));

export const EVENTS: { readonly [K in RunEvent["type"]]: fc.Arbitrary<Extract<RunEvent, { type: K }>> } = {
  reserve: fc.record({ type: fc.constant("reserve"), call, cost: part }),
  settle: fc.record({ type: fc.constant("settle"), call, reserved: part, used: part }),
  revealed: fc.record({ type: fc.constant("revealed"), context: fc.constant(BOTTOM), bits: small, chars: small }),
  valued: fc.record({ type: fc.constant("valued"), kind: fc.constantFrom("a", "b") }),
  replied: fc.record({ type: fc.constant("replied") }),
  ask: fc.record({ type: fc.constant("ask"), approval }),
  answered: fc.record({ type: fc.constant("answered"), approval, granted: fc.boolean() }),
  wait: fc.record({ type: fc.constant("wait"), wait: fc.constant(WAIT) }),
  wake: fc.record({ type: fc.constant("wake") }),
  restarted: fc.record({ type: fc.constant("restarted") }),
  spawned: fc.record({ type: fc.constant("spawned"), child: fc.constant(CHILD) }),
  child_over: fc.record({ type: fc.constant("child_over"), child: fc.constant(CHILD) }),
  raise: fc.record({ type: fc.constant("raise"), by: part }),
  finish: fc.record({ type: fc.constant("finish") }),
  tick: fc.record({ type: fc.constant("tick") }),
  fail: fc.record({ type: fc.constant("fail"), reason: fc.constantFrom("agent", "denied", "internal") }),
  cancel: fc.record({ type: fc.constant("cancel"), reason: fc.constantFrom("asked", "edited", "purged") }),
};
export const event: fc.Arbitrary<RunEvent> = fc.oneof(
  ...(EVENT_TYPES.map((type) => EVENTS[type]) as fc.Arbitrary<RunEvent>[]),
);
export const predicate: fc.Arbitrary<Predicate> = fc.oneof(
  fc.constant<Predicate>({ is: "replied" }),
  fc.record({ is: fc.constant("values" as const), kind: fc.constantFrom("a", "b"), n: fc.nat({ max: 2 }) }),
  fc.record({ is: fc.constant("approved" as const), id: approval }),
);
export const facts: fc.Arbitrary<Facts> = fc.record({
  replies: fc.nat({ max: 2 }),
  values: fc.dictionary(fc.constantFrom("a", "b"), fc.nat({ max: 3 }), { noNullPrototype: true }),
  approved: fc.subarray([...APPROVALS]),
  childrenOpen: fc.nat({ max: 1 }),
  openCalls: fc.subarray([...CALLS]),
});

export const BASE: Run = {
  id: id("RunId"),
  tenant: "default",
  session: id("SessionId"),
  conversation: id("ConversationId"),
  thread: null,
  principal: id("PrincipalId"),
  agent: "butler",
  external: false,
  request: null,
  createdAt: BORN,
  status: { state: "active", since: BORN },
  budget: newBudget(INTERACTIVE),
  doneWhen: { is: "replied" },
  facts: { replies: 0, values: {}, approved: [], childrenOpen: 0, openCalls: [] },
  context: BOTTOM,
  revealedBits: 0,
  revealedChars: 0,
  segment: 1,
  onExhausted: "fail",
};
export const run: fc.Arbitrary<Run> = fc
  .record({
    status: fc.constantFrom(...STATES),
    budget,
    doneWhen: predicate,
    facts,
    external: fc.boolean(),
    onExhausted: fc.constantFrom("fail" as const, "ask" as const),
  })
  .map((parts) => ({ ...BASE, ...parts }));
const later = fc.oneof(fc.nat({ max: 200 }), fc.constantFrom(RUN_AGE_MS_MAX - 1, RUN_AGE_MS_MAX, 2 * RUN_AGE_MS_MAX));

/** Every state × every event, each with many runs and times. */
export function everywhere(check: (before: Run, event: RunEvent, now: number) => unknown): void {
  for (const status of STATES) {
    for (const type of EVENT_TYPES) {
      fc.assert(
        fc.property(run, EVENTS[type] as fc.Arbitrary<RunEvent>, later, (any, what, ms) => {
          check({ ...any, status }, what, BORN + ms);
        }),
        { numRuns: 25 },
      );
    }
  }
}
