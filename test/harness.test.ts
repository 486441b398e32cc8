import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import type { TransformCall, TransformOutcome } from "../src/core/ports.ts";
import { isRefusal, Refusal } from "../src/core/refusal.ts";
import type { Transform, Turn } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";
import { runTransform } from "../transforms/harness.ts";

const lexicon = readLexicon();
const hmac = (key: Uint8Array, text: string): string => createHmac("sha256", key).update(text, "utf8").digest("hex");

const ANA = "PERSON_7f3a";
const BEN = "PERSON_0b1c";
const NOW = Date.UTC(2025, 5, 18, 12, 30);

const turn = (text: string, index = 0, sender = ANA): Turn => ({
  index,
  sender,
  text,
  sentAt: NOW + index * 60_000,
  offsetMinutes: 120,
  replyTo: null,
  media: 0,
});

const call = (texts: readonly string[], more: Partial<TransformCall> = {}): TransformCall => ({
  transform: "test",
  turns: texts.map((text, index) => turn(text, index, index % 2 === 0 ? ANA : BEN)),
  input: {},
  people: [
    { names: ["Ana", "Ana Horvat"], token: ANA },
    { names: ["Ben"], token: BEN },
  ],
  tokenKey: new Uint8Array(32).fill(5),
  known: [],
  language: "en",
  now: NOW,
  nowOffsetMinutes: 120,
  ...more,
});

type Find = (id: string) => Transform | undefined;

/** A transform whose words the test chooses, from what it was given. */
function saying(output: z.ZodType, words: (turns: readonly Turn[]) => unknown): Find {
  const transform: Transform = {
    id: "test",
    version: 1,
    input: z.strictObject({ last: z.number().optional(), ids: z.array(z.string()).optional() }),
    output,
    prepare: (turns) => ({ kind: "value", value: words(turns) }),
    finish: ([answer]) => answer,
  };
  return (id) => (id === "test" ? transform : undefined);
}

const Points = z.strictObject({ points: z.array(z.string().max(400).meta({ tier: "B" })).max(9) });
const Title = z.strictObject({ title: z.string().max(400).meta({ tier: "B" }).nullable() });

const valueIn = (outcome: TransformOutcome): unknown => (outcome.kind === "value" ? outcome.value : outcome.fallback);
const run = (texts: readonly string[], find: Find, more: Partial<TransformCall> = {}): unknown =>
  valueIn(runTransform(call(texts, more), lexicon, hmac, find));

function refusal(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

const OFFER = "the quick offer ends on the second friday of march next year";

test("a field that repeats eight words of a source is refused by its name", () => {
  const catalogue = saying(Title, () => ({ title: "So the quick offer ends on the second friday." }));
  const refused = refusal(() => run([OFFER], catalogue));
  expect(refused).toMatchObject({ code: "transform.failed", field: "title" });
  expect(JSON.stringify([refused, refused.message, refused.stack])).not.toContain("offer");
});

test("a whole short message is a copy too, and case and commas do not hide it", () => {
  const catalogue = saying(Title, () => ({ title: "She says: Sell, the boat!" }));
  expect(refusal(() => run(["sell the boat"], catalogue))).toMatchObject({ field: "title" });
});

test("a name behind a token does not hide a copy", () => {
  const catalogue = saying(Title, () => ({ title: `${ANA} sells the boat` }));
  expect(refusal(() => run(["Ana sells the boat"], catalogue))).toMatchObject({ field: "title" });
  expect(run(["Ben sells the boat"], catalogue)).toEqual({ title: `${ANA} sells the boat` });
});

test("a run of words across two fields is no copy", () => {
  const points = ["the quick offer ends on the second", "friday of march next year"];
  expect(
    run(
      [OFFER],
      saying(Points, () => ({ points })),
    ),
  ).toEqual({ points });
});

test.each([
  ["a link", "see https://example.org/x"],
  ["an address", "write to ana@example.org"],
  ["a mention", "ask @ana about it"],
  ["markup", "**bold** claim"],
  ["code", "run `rm -rf`"],
  ["a template", "say {{v:val_1}}"],
  ["a phone number", "call +43 660 1234567"],
  ["a card", "pay with 4111 1111 1111 1111"],
  ["more than 280 characters", "word ".repeat(60)],
  ["an invisible character", "zero\u200bwidth"],
])("%s is refused in tier B", (_, title) => {
  expect(
    refusal(() =>
      run(
        ["hello"],
        saying(Title, () => ({ title })),
      ),
    ),
  ).toMatchObject({ field: "title" });
});

test("a list of the built-in loses the wrong item and keeps the others; a model is asked again", () => {
  const points = ["They want to sell.", "sell the boat today", "Somebody else asks why."];
  const catalogue = saying(Points, () => ({ points }));
  expect(run(["sell the boat today"], catalogue)).toEqual({ points: [points[0], points[2]] });
  expect(refusal(() => run(["sell the boat today"], catalogue, { answers: [{ points }] }))).toMatchObject({
    code: "transform.failed",
    field: "points[1]",
  });
});

test("text without a tier never leaves", () => {
  const untiered = z.strictObject({ note: z.string().max(20) });
  expect(
    refusal(() =>
      run(
        ["hello"],
        saying(untiered, () => ({ note: "hi" })),
      ),
    ),
  ).toMatchObject({ field: "note" });
  const wrong = z.strictObject({ when: z.string().max(40).meta({ tier: "date" }) });
  expect(
    refusal(() =>
      run(
        ["hello"],
        saying(wrong, () => ({ when: "on a day" })),
      ),
    ),
  ).toMatchObject({ field: "when" });
  expect(
    run(
      ["hello"],
      saying(wrong, () => ({ when: "2025-06-18" })),
    ),
  ).toEqual({ when: "2025-06-18" });
});

test("an id is one of those that went in", () => {
  const named = z.strictObject({ who: z.string().max(80).meta({ tier: "id" }) });
  const says = (who: string): Find => saying(named, () => ({ who }));
  expect(run(["hello"], says(BEN))).toEqual({ who: BEN });
  expect(run(["hello"], says("family"), { input: { ids: ["family"] } })).toEqual({ who: "family" });
  expect(refusal(() => run(["hello"], says("PERSON_dead")))).toMatchObject({ field: "who" });
  expect(refusal(() => run(["the code is 4711"], says("the code is 4711")))).toMatchObject({ field: "who" });
});

test("own text longer than 4,000 or not normal is refused", () => {
  const own = z.strictObject({ text: z.string().meta({ tier: "R" }) });
  expect(
    refusal(() =>
      run(
        ["hello"],
        saying(own, () => ({ text: "a".repeat(4001) })),
      ),
    ),
  ).toMatchObject({ field: "text" });
  expect(
    refusal(() =>
      run(
        ["hello"],
        saying(own, () => ({ text: "e\u0301" })),
      ),
    ),
  ).toMatchObject({ field: "text" });
  expect(
    run(
      ["hello"],
      saying(own, () => ({ text: "\u00e9" })),
    ),
  ).toEqual({ text: "\u00e9" });
});

test("a value outside its schema names the field of the schema, and never a key that the value invented", () => {
  const canary = "zorblatt";
  const extra = refusal(() =>
    run(
      ["hello"],
      saying(Points, () => ({ points: [], [canary]: canary })),
    ),
  );
  expect(extra.code).toBe("transform.failed");
  expect(extra.field ?? "").not.toContain(canary);
  const wrong = refusal(() =>
    run(
      ["hello"],
      saying(Points, () => ({ points: [7] })),
    ),
  );
  expect(wrong).toMatchObject({ code: "transform.failed", field: "points[0]" });
});

test("what a transform throws is a code without words, and an unknown transform or input says so", () => {
  const angry = saying(Points, (turns) => {
    throw new Error(`cannot read ${turns[0]?.text}`);
  });
  const refused = refusal(() => run(["zorblatt"], angry));
  expect(refused.code).toBe("transform.failed");
  expect(`${refused.stack}${refused.cause}${refused.hint}`).not.toContain("zorblatt");
  const hinting = saying(Points, (turns) => {
    throw new Refusal("not_found", { hint: turns[0]?.text ?? "" });
  });
  expect(refusal(() => run(["zorblatt"], hinting))).toMatchObject({ code: "not_found", hint: undefined });
  expect(refusal(() => run([], angry, { transform: "message.none" })).code).toBe("capability.unknown");
  expect(refusal(() => run(["a"], angry, { input: { last: "many" } }))).toMatchObject({
    code: "input.invalid",
    field: "last",
  });
});

test("a known person's name is refused in tier B, an ordinary word is not", () => {
  const says = (title: string): Find => saying(Title, () => ({ title }));
  expect(refusal(() => run(["hello"], says("Then Ana will call.")))).toMatchObject({ field: "title" });
  expect(run(["hello"], says("Then somebody will call."))).toEqual({ title: "Then somebody will call." });
});

test("what was found is handed over once, with what it stands for", () => {
  const outcome = runTransform(
    call(["call Zoltan Nagy on +43 660 1234567", "Zoltan Nagy again"], { transform: "message.redact" }),
    lexicon,
    hmac,
  );
  expect(outcome.found.map(({ kind, original }) => [kind, original])).toEqual([
    ["PERSON", "Zoltan Nagy"],
    ["PHONE", "+436601234567"],
  ]);
  expect(JSON.stringify(valueIn(outcome))).toMatch(/call PERSON_[0-9a-f]{4} on PHONE_[0-9a-f]{4}/);
});

test("a request of the model carries a checked fallback", () => {
  const asking = saying(Title, () => ({ title: null }));
  const transform = asking("test");
  if (transform === undefined) throw new Error("no transform");
  const request = { instructions: "answer", material: "", answer: {}, tokensMax: 10 };
  const with_ =
    (title: string): Find =>
    () => ({ ...transform, prepare: () => ({ kind: "model", requests: [request], fallback: { title } }) });
  expect(runTransform(call(["sell the boat"]), lexicon, hmac, with_("A sale."))).toMatchObject({
    kind: "model",
    fallback: { title: "A sale." },
  });
  expect(refusal(() => run(["sell the boat"], with_("sell the boat")))).toMatchObject({ field: "title" });
});
