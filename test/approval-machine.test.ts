/** The machine of a question and the words that answer it, without anything around them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Approval, type ApprovalEvent, ASSURANCE, decideStep, isOpen, suffices } from "../src/core/approval.ts";
import { CODE_ALPHABET, parseReaction, parseWord } from "../src/gateway/words.ts";
import { pending } from "./approval-sample.ts";
import { id } from "./store-home.ts";

const [ANA, BEN] = [id("PrincipalId"), id("PrincipalId")];
const PENDING = pending({ requester: BEN });
const yes = (more: object = {}): ApprovalEvent => ({
  type: "decide",
  yes: true,
  by: ANA,
  assurance: "medium",
  ...more,
});
const GRANTED = decideStep(PENDING, yes(), 10);

test("a yes is granted only in time, strong enough, unlocked and by another where that is asked", () => {
  expect(GRANTED.status.state).toBe("granted");
  expect(decideStep(PENDING, yes(), 999).status.state).toBe("granted");
  expect(decideStep(PENDING, yes(), 1000).status.state).toBe("expired");
  expect(decideStep(PENDING, yes({ assurance: "low" }), 10)).toBe(PENDING);
  expect(decideStep(PENDING, yes({ by: BEN }), 10)).toBe(PENDING);
  const locked = { ...PENDING, wrongCodes: 5 };
  expect(decideStep(locked, yes(), 10)).toBe(locked);
  expect(decideStep({ ...PENDING, wrongCodes: 4 }, yes(), 10).status.state).toBe("granted");
  expect(decideStep(locked, yes({ yes: false }), 10).status.state).toBe("denied");
});

test("only a granted question is consumed, and only by its own digest", () => {
  const consume = (digest: string): ApprovalEvent => ({ type: "consume", digest });
  expect(decideStep(PENDING, consume("aa"), 10)).toBe(PENDING);
  expect(decideStep(GRANTED, consume("ab"), 10).status).toEqual({ state: "void", reason: "changed" });
  expect(decideStep(GRANTED, consume("aa"), 1000).status.state).toBe("expired");
  const consumed = decideStep(GRANTED, consume("aa"), 10);
  expect(consumed.status.state).toBe("consumed");
  expect(decideStep(consumed, consume("aa"), 10)).toBe(consumed);
});

const event: fc.Arbitrary<ApprovalEvent> = fc.oneof(
  fc.record({
    type: fc.constant("decide" as const),
    yes: fc.boolean(),
    by: fc.constantFrom(ANA, BEN),
    assurance: fc.constantFrom(...ASSURANCE),
  }),
  fc.record({ type: fc.constant("consume" as const), digest: fc.constantFrom("aa", "bb") }),
  fc.constant({ type: "wrong_code" as const }),
  fc.constant({ type: "tick" as const }),
  fc.record({ type: fc.constant("void" as const), reason: fc.constantFrom("edited", "deleted", "taken_back") }),
);

test("whatever comes, what is over stays over, and nothing is consumed without a yes that sufficed before it", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.integer({ min: 0, max: 1100 })), { maxLength: 30 }), (events) => {
      let now: Approval = PENDING;
      let good = false;
      for (const [what, at] of events) {
        const before = now;
        now = decideStep(before, what, at);
        if (before.status.state !== "pending" && before.status.state !== "granted") expect(now).toBe(before);
        if (now.status.state === "granted" && before.status.state === "pending") {
          good =
            what.type === "decide" && what.yes && what.by !== BEN && suffices(what.assurance, "medium") && at < 1000;
          expect([good, before.wrongCodes < 5]).toEqual([true, true]);
        }
        if (now.status.state === "consumed") expect(good).toBe(true);
        expect(isOpen(now)).toBe(now.status.state === "pending");
      }
    }),
  );
});

const code = fc.string({ unit: fc.constantFrom(...CODE_ALPHABET), minLength: 8, maxLength: 8 });

test("a code in any case is read with its word, and the words are read from a slash too", () => {
  fc.assert(
    fc.property(code, fc.boolean(), (text, slash) => {
      const written = `${slash ? "/" : ""}Approve ${text.toLowerCase()}`;
      expect(parseWord(written)).toEqual({ word: "approve", code: text, steps: null, always: false });
      expect(parseWord(`deny ${text} because I say so`)).toEqual({ word: "deny", code: text });
    }),
  );
  expect(parseWord("approve ABCDEFGH 1-3 always")).toEqual({
    word: "approve",
    code: "ABCDEFGH",
    steps: [1, 2, 3],
    always: true,
  });
  expect(["status", "/help", " stop "].map((text) => parseWord(text)?.word)).toEqual(["status", "help", "cancel"]);
});

test("a sentence, a homoglyph, a hidden character or a code that cannot be is no word", () => {
  const none = [
    "please approve ABCDEFGH",
    "approve",
    "approve ABCDEFG",
    "approve ABCDEFGHJ",
    "approve ABCDEFG0",
    "approve ABCDEFGI",
    "арprove ABCDEFGH",
    "appro\u200bve ABCDEFGH",
    "approve ABCD\u2060EFGH",
    "approve\u200bABCDEFGH",
    "approve: ABCDEFGH",
    "approve ABCDEFGH and more",
    "approve ABCDEFGH 0",
    "approve ABCDEFGH 3-1",
    "approve ABCDEFGH 1-99",
    "approve ABCDEFGH 1 2",
    "status please",
    "help!",
    "constructor",
    "__proto__",
    `approve ${"A".repeat(400)}`,
    "",
    "> approve ABCDEFGH",
  ];
  expect(none.filter((text) => parseWord(text) !== null)).toEqual([]);
});

test("only the agreed signs nod, in any skin tone; nothing that looks like them", () => {
  expect(["✅", "👍", "👍🏻", "👍🏿", "✅\ufe0f"].map(parseReaction)).toEqual(["yes", "yes", "yes", "yes", "yes"]);
  expect(["❌", "👎", "👎🏽"].map(parseReaction)).toEqual(["no", "no", "no"]);
  expect(parseReaction("2️⃣")).toEqual({ step: 2 });
  const none = ["✔", "☑", "👍👍", "✅❌", "yes", "✅ ", "🏻", "", "0️⃣", "👍\u200d", "✅".repeat(40), "+1"];
  expect(none.map(parseReaction).filter((nod) => nod !== null)).toEqual([]);
});
