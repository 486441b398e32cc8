import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { paddedBytes } from "../src/core/padding.ts";
import { type BlobContext, openBlob, sealBlob, unwrapKey, wrapKey } from "../src/store/blob.ts";
import { context, derivedKey, open, RandomPool, SealBroken, seal } from "../src/store/seal.ts";
import { random } from "./store-home.ts";

type Vectors = {
  whole: { name: string; key: string; salt: string; context: BlobContext; aad: string; text: string; sealed: string }[];
  stream: { name: string; key: string; context: BlobContext; text: { byte: string; count: number }; sealed: string }[];
  wrapped: {
    parent: string;
    context: { id: string; parent: string; epoch: number };
    salt: string;
    key: string;
    wrapped: string;
  };
  derived: { key: string; purpose: string; derived: string };
};
const vectors = JSON.parse(readFileSync(new URL("vectors/blob.json", import.meta.url), "utf8")) as Vectors;
const hex = (text: string): Buffer => Buffer.from(text, "hex");
const pool = new RandomPool(random);

const of: BlobContext = (vectors.whole[0] as Vectors["whole"][number]).context;
const checkOf = (attempt: () => unknown): string => {
  try {
    attempt();
    return "opened";
  } catch (error) {
    if (error instanceof SealBroken) return error.check;
    throw error;
  }
};

test.each(vectors.whole)("the blob format is frozen: $name", ({ key, salt, context: c, aad, text, sealed }) => {
  const fields = [c.id, c.tenant, c.conversation, c.kind, c.schema, c.label, c.created];
  expect(Buffer.from(context("lazaret.blob.v1", fields)).toString("hex")).toBe(aad);
  expect(sealBlob(hex(key), c, Buffer.from(text), hex(salt)).toString("hex")).toBe(sealed);
  expect(Buffer.from(openBlob(hex(key), c, hex(sealed))).toString()).toBe(text);
});

test.each(vectors.stream)("the attachment format is frozen: $name", ({ key, context: c, text, sealed }) => {
  const opened = openBlob(hex(key), c, Buffer.from(sealed, "base64"));
  expect(Buffer.from(opened).equals(Buffer.alloc(text.count, text.byte, "hex"))).toBe(true);
});

test("the format of wrapped and derived keys is frozen", () => {
  const { parent, context: c, salt, key, wrapped } = vectors.wrapped;
  expect(wrapKey(hex(parent), c, hex(key), hex(salt)).toString("hex")).toBe(wrapped);
  expect(Buffer.from(unwrapKey(hex(parent), c, hex(wrapped))).toString("hex")).toBe(key);
  const { derived } = vectors;
  expect(Buffer.from(derivedKey(hex(derived.key), derived.purpose)).toString("hex")).toBe(derived.derived);
});

test("a wrong key fails at the commitment, before anything is decrypted", () => {
  const key = pool.key();
  const sealed = sealBlob(key, of, Buffer.from("text"), pool.salt());
  expect(checkOf(() => openBlob(pool.key(), of, sealed))).toBe("commitment");
  expect(checkOf(() => openBlob(key, of, sealed))).toBe("opened");
});

test.each(Object.keys(of) as (keyof BlobContext)[])("content that was moved to another %s does not open", (field) => {
  const key = pool.key();
  const moved = { ...of, [field]: field === "created" ? of.created + 1 : `${of[field]}x` };
  // An attachment is another format altogether, so the kind is moved between kinds of one format.
  const elsewhere = field === "kind" ? { ...of, kind: "value" as const } : moved;
  const sealed = sealBlob(key, of, Buffer.from("text"), pool.salt());
  expect(checkOf(() => openBlob(key, elsewhere, sealed))).toBe("commitment");
});

test("two contexts never give the same bytes", () => {
  const fields = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      const [first, second] = [context("domain", a), context("domain", b)].map((bytes) => Buffer.from(bytes));
      const same = JSON.stringify(a) === JSON.stringify(b);
      expect(Buffer.from(context("domain", a)).equals(Buffer.from(context("domain", b)))).toBe(same);
      expect(first === undefined || second === undefined).toBe(false);
    }),
  );
});

test("sizes are those of the buckets, and the length inside brings the content back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 140_000 }), (length) => {
      const size = paddedBytes(length);
      expect(size).toBeGreaterThanOrEqual(length + 4);
      expect([256, 1024, 4096, 16_384].includes(size) || size % 65_536 === 0).toBe(true);
    }),
  );
  const key = pool.key();
  for (const length of [0, 1, 251, 252, 253, 1020, 1021, 4092, 16_380, 65_532, 65_533]) {
    const content = Buffer.alloc(length, 7);
    for (const kind of ["message", "attachment"] as const) {
      const sealed = sealBlob(key, { ...of, kind }, content, pool.salt());
      expect(Buffer.from(openBlob(key, { ...of, kind }, sealed)).equals(content)).toBe(true);
    }
  }
});

test("a stream that was cut, swapped, repeated or continued gives nothing", () => {
  const key = pool.key();
  const kind = { ...of, kind: "attachment" as const };
  const sealed = sealBlob(key, kind, Buffer.alloc(140_000, 1), pool.salt());
  const start = 1 + 24 + 32 + 4 + 24;
  const chunk = 65_536 + 17;
  const [head, first, second, third] = [
    sealed.subarray(0, start),
    sealed.subarray(start, start + chunk),
    sealed.subarray(start + chunk, start + 2 * chunk),
    sealed.subarray(start + 2 * chunk),
  ];
  const tries = {
    "without the last": [head, first, second],
    "first twice": [head, first, first, third],
    swapped: [head, second, first, third],
    "last in the middle": [head, first, third, second],
    "one more": [head, first, second, third, third],
    "without the first": [head, second, third],
  };
  expect(openBlob(key, kind, Buffer.concat([head, first, second, third])).length).toBe(140_000);
  for (const parts of Object.values(tries)) {
    expect(checkOf(() => openBlob(key, kind, Buffer.concat(parts)))).toMatch(/^(?:length|seal|commitment)$/);
  }
  // A shorter total with as many chunks taken off is another commitment.
  const shorter = Buffer.from(Buffer.concat([head, first, second]));
  shorter.writeUInt32BE(131_072, 57);
  expect(checkOf(() => openBlob(key, kind, shorter))).toBe("commitment");
});

test("a padding that claims more than there is does not open", () => {
  const key = pool.key();
  const frame = Buffer.alloc(256);
  frame.writeUInt32BE(253);
  const fields = [of.id, of.tenant, of.conversation, of.kind, of.schema, of.label, of.created];
  const sealed = seal(key, context("lazaret.blob.v1", fields), frame, pool.salt());
  expect(checkOf(() => openBlob(key, of, sealed))).toBe("padding");
});

test("random bytes from the pool are handed out once and wiped from it", () => {
  const drawn: Uint8Array[] = [];
  const watched = new RandomPool({
    bytes: (count) => {
      const bytes = random.bytes(count);
      drawn.push(bytes);
      return bytes;
    },
  });
  const seen = new Set<string>();
  for (let i = 0; i < 1000; i++) seen.add(Buffer.from(watched.key()).toString("hex"));
  expect(seen.size).toBe(1000);
  expect(drawn.length).toBe(2);
  expect(drawn[0]?.every((byte) => byte === 0)).toBe(true);
});

test("what was sealed for one purpose does not open for another", () => {
  const key = pool.key();
  const sealed = seal(key, context("lazaret.ref.v1", ["a"]), Buffer.from("x"), pool.salt());
  expect(checkOf(() => open(key, context("lazaret.key.v1", ["a"]), sealed))).toBe("commitment");
});
