/**
 * Whatever arrives at a door that takes text or bytes is either taken or refused by the words of that door: never
 * another error, never a different answer the second time. Inputs that once taught something stay in
 * test/corpus/fuzz.json.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hookAck, hookEvent } from "../../connectors/webhook-body.ts";
import { readYaml } from "../../policy/yaml-source.ts";
import { Envelope } from "../../src/core/message.ts";
import { isRefusal, REFUSALS } from "../../src/core/refusal.ts";
import { parseTemplate } from "../../src/gateway/template.ts";
import { openBlob, sealBlob, unpadded } from "../../src/store/blob.ts";
import { parseCheckpoint } from "../../src/store/checkpoint.ts";
import { RandomPool, SealBroken } from "../../src/store/seal.ts";
import { normalise } from "../../transforms/text/unicode.ts";
import type { OpenDoors } from "../open-doors.ts";
import { paperDoors, runOn } from "../paper-cli.ts";
import { random } from "../store-home.ts";

const RUNS = 3000;
type Corpus = Readonly<Record<"webhook" | "yaml" | "template" | "checkpoint" | "text", readonly string[]>> & {
  readonly argv: readonly (readonly string[])[];
};
const corpus = JSON.parse(readFileSync(new URL("../corpus/fuzz.json", import.meta.url), "utf8")) as Corpus;
const PLACE = { tenant: "default", channel: "home", receivedAt: 1_767_000_000_000 };

/** Text as attackers and accidents make it: pieces of the corpus cut, joined and broken, or anything at all. */
const shaped = (pieces: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 400 }) },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...pieces), fc.nat(80), fc.nat(80), fc.string({ maxLength: 6 })), {
          minLength: 1,
          maxLength: 4,
        })
        .map((cuts) => cuts.map(([piece, from, length, more]) => piece.slice(from, from + length) + more).join("")),
    },
  );

/** The answer, or the code of the refusal. Anything else that is thrown is a finding. */
function answerOf<T>(ask: () => T): { readonly answer: T } | { readonly code: string } {
  try {
    return { answer: ask() };
  } catch (error) {
    if (isRefusal(error)) return { code: error.code };
    throw error;
  }
}

function fuzz(pieces: readonly string[], check: (text: string) => void): void {
  for (const piece of pieces) check(piece);
  fc.assert(fc.property(shaped(pieces), check), { numRuns: RUNS });
}

const same = <T>(ask: () => T) => {
  const first = answerOf(ask);
  expect(answerOf(ask)).toEqual(first);
  return first;
};

test("a posted body is an event with a strict envelope, or refused", () => {
  fuzz(corpus.webhook, (text) => {
    const got = same(() => hookEvent(Buffer.from(text), PLACE));
    if ("answer" in got) expect(Envelope.safeParse(got.answer.envelope).success).toBe(true);
    else expect(["input.invalid", "input.too_large"]).toContain(got.code);
  });
});

test("an acknowledgement is a whole number, or refused", () => {
  fuzz(corpus.webhook, (text) => {
    const got = same(() => hookAck(Buffer.from(text)));
    if ("answer" in got) expect(Number.isSafeInteger(got.answer) && got.answer >= 0).toBe(true);
  });
});

test("an envelope holds only what its schema names, whatever is put into it", () => {
  const body = JSON.parse('{"id":"a","conversation":"b","sender":"c","text":"hello"}') as Record<string, unknown>;
  const { envelope } = hookEvent(Buffer.from(JSON.stringify(body)), PLACE);
  const names = Object.keys(envelope);
  fc.assert(
    fc.property(fc.constantFrom(...names, "text", "name", "__proto__", "x"), fc.jsonValue(), (name, value) => {
      const parsed = Envelope.safeParse({ ...envelope, [name]: value });
      if (!parsed.success) return;
      expect(names).toContain(name);
      expect(Envelope.parse(parsed.data)).toEqual(parsed.data);
    }),
    { numRuns: RUNS },
  );
});

test("YAML is plain data or a list of problems with a place", () => {
  fuzz(corpus.yaml, (text) => {
    const got = readYaml("fuzz.yaml", text);
    if (got.ok) JSON.stringify(got.value ?? null);
    else {
      expect(got.errors.length).toBeGreaterThan(0);
      for (const { line, column } of got.errors) expect(line >= 1 && column >= 1).toBe(true);
    }
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });
});

test("a template is its own pieces, or refused", () => {
  fuzz(corpus.template, (text) => {
    const got = same(() => parseTemplate(text));
    if ("code" in got) {
      expect(got.code).toBe("egress.template");
      return;
    }
    const again = got.answer.map((piece) =>
      "text" in piece ? piece.text : `{{v:${piece.handle}${piece.field === null ? "" : `.${piece.field}`}}}`,
    );
    expect(again.join("")).toBe(text);
  });
});

test("a checkpoint is read as it is written, or not at all", () => {
  fuzz(corpus.checkpoint, (text) => {
    const read = parseCheckpoint(text);
    if (read !== null) expect(Number.isSafeInteger(read.size) && read.size >= 0 && read.root.length === 32).toBe(true);
  });
});

test("normal text stays as it is, and lone surrogates, marks and hidden characters never get through", () => {
  fuzz(corpus.text, (text) => {
    const { text: normal } = normalise(text);
    expect(normalise(normal)).toEqual({ text: normal, removed: 0 });
    expect(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/.test(normal)).toBe(false);
  });
});

describe("sealed bytes", () => {
  const key = new Uint8Array(32).fill(7);
  const context = {
    id: "blob_00000000000000000000000000000001",
    tenant: "default",
    conversation: "conv_00000000000000000000000000000001",
    kind: "message",
    schema: "text.v1",
    label: "{}",
    created: 1,
  } as const;
  const sealed = sealBlob(key, context, Buffer.from("content"), new RandomPool(random).salt());
  const opens = (bytes: Uint8Array): boolean => {
    try {
      openBlob(key, context, bytes);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(SealBroken);
      return false;
    }
  };

  test("anything but what was sealed does not open, and says so in one way", () => {
    expect(opens(sealed)).toBe(true);
    const changed = fc
      .tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, by]) => sealed.map((byte, n) => (n === at ? byte ^ by : byte)));
    const cut = fc.nat(sealed.length - 1).map((length) => sealed.subarray(0, length));
    fc.assert(
      fc.property(fc.oneof(changed, cut, fc.uint8Array({ maxLength: 600 })), (bytes) => {
        expect(opens(bytes)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  test("a frame gives a part of itself, or is broken", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (frame) => {
        try {
          expect(unpadded(frame).length).toBeLessThanOrEqual(Math.max(0, frame.length - 4));
        } catch (error) {
          expect(error).toBeInstanceOf(SealBroken);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

describe("the command line", () => {
  const EXITS = new Set([0, 1, 2, ...Object.values(REFUSALS).map(({ exit }) => exit)]);
  const WORDS = corpus.argv.flat();
  let doors: OpenDoors;
  beforeAll(async () => {
    doors = await paperDoors();
  });
  afterAll(() => doors[Symbol.asyncDispose]());

  test("ends with an exit code of the list, whatever its words are", async () => {
    const words = fc.oneof(
      fc.constantFrom(...WORDS, "--help", "--yes", "list", "show", "add", "remove", "set", "create", "-"),
      fc.string({ unit: "binary", maxLength: 20 }),
    );
    const check = async (argv: readonly string[]): Promise<void> => {
      const { code, stderr } = await runOn(doors)([...argv], "");
      expect(EXITS).toContain(code);
      expect(stderr).not.toContain("please report this");
    };
    for (const argv of corpus.argv) await check(argv);
    await fc.assert(fc.asyncProperty(fc.array(words, { maxLength: 5 }), check), { numRuns: RUNS / 10 });
  });
});
