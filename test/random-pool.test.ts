import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Random } from "../src/core/ports.ts";
import { systemRandom } from "../src/powers.ts";
import { RandomPool } from "../src/store/seal.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A source that can be read twice: what the pool gives must be what it gave. */
function counted(kind: (bytes: Buffer) => Uint8Array): { readonly random: Random; readonly given: () => string } {
  let given = "";
  let n = 0;
  const bytes = (count: number): Uint8Array => {
    const parts: Buffer[] = [];
    for (let have = 0; have < count; have += 32) parts.push(createHash("sha256").update(String(n++)).digest());
    const out = Buffer.concat(parts).subarray(0, count);
    given += hex(out);
    return kind(Buffer.from(out));
  };
  return { random: { bytes }, given: () => given };
}

test.each([
  ["Buffers", (bytes: Buffer) => bytes],
  ["plain arrays", (bytes: Buffer) => new Uint8Array(bytes)],
] as const)("the pool gives what its source gave, each byte once, from %s", (_, kind) => {
  const { random, given } = counted(kind);
  const pool = new RandomPool(random);
  const drawn = [pool.key(), pool.salt(), pool.bytes(8), pool.key()];
  expect(given().startsWith(drawn.map(hex).join(""))).toBe(true);
});

test("with the daemon's own randomness no two draws are alike and none is empty", () => {
  const pool = new RandomPool(systemRandom);
  const drawn = Array.from({ length: 2000 }, (_, index) => hex(index % 2 === 0 ? pool.key() : pool.salt()));
  expect(new Set(drawn).size).toBe(drawn.length);
  expect(drawn.some((text) => /^0+$/u.test(text))).toBe(false);
});
