/** Live secrets are found in bytes, plain and encoded, and nothing else is. */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LeakIndex } from "../src/store/leaks.ts";
import { ECHOES } from "./hostile-upstream.ts";

const SECRET = 'pa$$ "w/ö+rd\\ & 100%~z';
const PLAIN = "ghs_Zm9vYmFyYmF6cXV4";

function indexOf(...secrets: readonly string[]): LeakIndex {
  const index = new LeakIndex(randomBytes(32));
  for (const [at, secret] of secrets.entries()) index.add(`s${at}`, Buffer.from(secret));
  return index;
}
const cut = (bytes: Uint8Array, index: LeakIndex): string => {
  let at = 0;
  let out = "";
  for (const { start, end } of index.find(bytes)) {
    out += `${Buffer.from(bytes.subarray(at, start)).toString()}[secret]`;
    at = end;
  }
  return out + Buffer.from(bytes.subarray(at)).toString();
};

test.each(Object.keys(ECHOES))("an echo as %s is found, wherever it stands", (form) => {
  for (const secret of [SECRET, PLAIN, randomBytes(24).toString("base64url"), "twelve bytes"]) {
    const index = indexOf("another one entirely", secret);
    const echo = Buffer.from(ECHOES[form]?.(secret) ?? "");
    expect(index.find(echo).map(({ name }) => name)).toEqual(["s1"]);
    if (form.includes("gzip")) continue;
    const wrapped = Buffer.concat([Buffer.from("before ( "), echo, Buffer.from(" ) after")]);
    const left = cut(wrapped, index);
    expect(left).toContain("[secret]");
    expect([left.startsWith("before ("), left.includes(secret)]).toEqual([true, false]);
  }
});

test("what is escaped twice, broken into lines or inside base64 of something longer is found", () => {
  const index = indexOf(PLAIN);
  const twice = encodeURIComponent(JSON.stringify(PLAIN)).replaceAll("%", "%25");
  const lines = Buffer.from(`user:${PLAIN}:more and more`).toString("base64").replace(/.{10}/g, "$&\r\n");
  const nested = Buffer.from(Buffer.from(`a ${PLAIN} b`).toString("base64")).toString("base64");
  for (const text of [twice, lines, nested, PLAIN.replace(/.{7}/g, "$&\n")])
    expect(index.find(Buffer.from(text))).toHaveLength(1);
});

test("a stretch covers the secret and not its neighbours", () => {
  const index = indexOf(PLAIN);
  expect(cut(Buffer.from(`key=${PLAIN}; next`), index)).toBe("key=[secret]; next");
  expect(cut(Buffer.from(`${PLAIN}${PLAIN}`), index)).toBe("[secret]");
  expect(cut(Buffer.from(`a ${Buffer.from(PLAIN).toString("hex")} b`), index)).toBe("a [secret] b");
});

test("nothing is found where nothing is, and secrets too short to tell are left out", () => {
  const index = indexOf(PLAIN, "short");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(index.find(bytes)).toEqual([]);
    }),
  );
  expect(index.find(Buffer.from(`short ${PLAIN.slice(0, -1)}`))).toEqual([]);
  expect(indexOf().find(Buffer.from(PLAIN))).toEqual([]);
});

test("a secret anywhere in anything is found", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), fc.string({ minLength: 8 }), (a, b, it) => {
      if (Buffer.byteLength(it.replace(/[\r\n]+$/, "")) < 8) return;
      expect(indexOf(it).find(Buffer.from(a + it + b)).length).toBeGreaterThan(0);
    }),
  );
});
