/** S01: whatever a model answers, nothing outside the schema comes out, nothing is called, and there is an end. */
import { createHmac } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { TransformCall } from "../../src/core/ports.ts";
import { type Answered, quarantined, questionOf } from "../../src/core/quarantined.ts";
import { grantPermit } from "../../src/gateway/permit.ts";
import { readLexicon } from "../../src/word-lists.ts";
import { runTransform } from "../../transforms/harness.ts";
import { HOSTILE_ANSWERS, type HostileAnswer, saysOf } from "../hostile-model.ts";
import { modelsAt, scriptedModel } from "../scripted-model.ts";

const lexicon = readLexicon();
const hmac = (key: Uint8Array, text: string): string => createHmac("sha256", key).update(text).digest("hex");
const TURNS = [
  ["PERSON_aaaa", "Can somebody please bring the big tent to the lake on Saturday morning?"],
  ["PERSON_bbbb", "I will bring the tent and the stove."],
] as const;
const NEVER_SLOW_MS = 1500;

const server = await scriptedModel(() => ({ content: "" }));
afterAll(() => server.close());

async function told(transform: string, answer: HostileAnswer): Promise<Answered> {
  server.says = () => saysOf(answer);
  const models = modelsAt(server.url);
  const call: TransformCall = {
    transform,
    turns: TURNS.map(([sender, text], index) => {
      return { index, sender, text, sentAt: 1_750_000_000_000, offsetMinutes: 120, replyTo: null, media: 0 };
    }),
    input: {},
    people: [
      { names: ["Ana Silva"], token: "PERSON_aaaa" },
      { names: ["Ben"], token: "PERSON_bbbb" },
    ],
    tokenKey: new Uint8Array(32),
    known: [],
    language: "en",
    now: 1_750_000_000_000,
    nowOffsetMinutes: 120,
    model: { nonce: "0123456789abcdef0123456789abcdef", charsMax: 10_000 },
  };
  return quarantined({
    prepare: async () => runTransform(call, lexicon, hmac),
    finish: async (answers) => runTransform({ ...call, answers }, lexicon, hmac),
    ask: (request) => {
      const permit = grantPermit({ by: "gateway", why: "send" }, "model", "test", []);
      const stop = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };
      return models.ask(permit, "local", questionOf(request), NEVER_SLOW_MS, stop);
    },
  });
}

/** What no answer may say in any of its fields, however it was written down. */
const NEVER =
  /https?:|evil\.|javascript:|@|\{\{|[<>`|]|\d{4} \d{4}|PERSON_(?:dead|beef)|sk-proj|AKIA|[\u200b-\u202e\ue000]/u;
const NEVER_COPIED = /I will bring the tent and|Can somebody please bring/i;
const keysOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.flatMap(keysOf)
    : typeof value === "object" && value !== null
      ? [...Object.keys(value), ...Object.values(value).flatMap(keysOf)]
      : [];
const KEYS = new Set([
  ..."points topics participants name messages counts people media questions not_read without_text".split(" "),
  ..."tasks title assignee due priority status sources".split(" "),
]);

test("there are at least two hundred hostile answers, each with a name of its own", () => {
  expect(new Set(HOSTILE_ANSWERS.map(({ id }) => id)).size).toBeGreaterThanOrEqual(200);
});

for (const transform of ["message.summarize", "message.extract_tasks"])
  test(`${transform}: every hostile answer ends as a checked value or as the built-in one`, async () => {
    const wrong: string[] = [];
    const ends = { model: 0, fallback: 0, "built-in": 0 };
    for (const answer of HOSTILE_ANSWERS) {
      server.asked.length = 0;
      const { by, value } = await told(transform, answer);
      ends[by] += 1;
      const said = JSON.stringify(value);
      if (NEVER.test(said) || NEVER_COPIED.test(said)) wrong.push(`${answer.id} says ${said.slice(0, 200)}`);
      if (keysOf(value).some((key) => !KEYS.has(key))) wrong.push(`${answer.id} has a key of its own`);
      if (server.asked.length > 2) wrong.push(`${answer.id} was asked ${server.asked.length} times`);
      if (server.asked.some(({ body }) => body.tools !== undefined)) wrong.push(`${answer.id} was offered tools`);
    }
    expect(wrong).toEqual([]);
    expect(ends["built-in"]).toBe(0);
    expect(ends.fallback).toBeGreaterThan(150);
  }, 60_000);

test("no refusal holds a word of the answer", async () => {
  const models = modelsAt(server.url);
  for (const answer of HOSTILE_ANSWERS.filter(({ raw, wire }) => raw !== undefined || wire !== undefined)) {
    server.says = () => saysOf(answer);
    const permit = grantPermit({ by: "gateway", why: "send" }, "model", "test", []);
    const stop = new AbortController().signal;
    const ask = { instructions: "x", messages: [{ from: "user" as const, text: "unspeakable" }], tokensMax: 64 };
    const error: unknown = await models.ask(permit, "local", ask, NEVER_SLOW_MS, stop).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error === null) continue;
    const words = JSON.stringify([error, (error as Error).message, (error as Error).stack, (error as Error).cause]);
    expect(error).toMatchObject({ name: "Refusal", code: expect.stringMatching(/^model\.(?:failed|timeout)$/) });
    expect(words).not.toMatch(/unspeakable|prompt was|bad key|oops|teapot|steal|xxxx/);
  }
}, 30_000);
