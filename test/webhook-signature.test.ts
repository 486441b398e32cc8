/** The hook's first question: who signed these bytes, and when? */
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { checkHook, hookSignature } from "../connectors/webhook-signature.ts";
import type { HookHeaders } from "../src/core/ports.ts";
import { isRefusal } from "../src/core/refusal.ts";
import { HOOK_SECRET, signed } from "./contract/hook.ts";

const Vectors = z.strictObject({
  rule: z.string(),
  vectors: z.array(
    z.strictObject({
      name: z.string(),
      secret: z.string(),
      timestamp: z.string(),
      signed: z.string(),
      signature: z.string(),
    }),
  ),
});
const { vectors } = Vectors.parse(JSON.parse(readFileSync("test/vectors/webhook.json", "utf8")));

const AT = 1_767_225_600;
const BYTES = Buffer.from('{"id":"1"}');

/** What a check comes to: `ok`, or the refusal's code. */
async function verdict(headers: HookHeaders, bytes: Uint8Array, now: number, secret: Uint8Array | null = HOOK_SECRET) {
  const withSecret = async <T>(use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> => {
    if (secret === null) throw new Error("vault: hook-alerts");
    return use(secret);
  };
  try {
    await checkHook(headers, bytes, now, withSecret);
    return "ok";
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error.code;
  }
}

describe("vectors", () => {
  test.each(vectors)("$name", async (vector) => {
    const secret = Buffer.from(vector.secret, "hex");
    const bytes = Buffer.from(vector.signed, "base64");
    expect(hookSignature(secret, vector.timestamp, bytes)).toBe(vector.signature);
    const headers = { "x-lazaret-timestamp": vector.timestamp, "x-lazaret-signature": vector.signature };
    expect(await verdict(headers, bytes, Number(vector.timestamp) * 1000, secret)).toBe("ok");
  });

  test("there are enough of them", () => expect(vectors.length).toBeGreaterThanOrEqual(8));
});

test("header names count in any case, and so does the signature's hexadecimal", async () => {
  const { "x-lazaret-timestamp": time, "x-lazaret-signature": signature } = signed(BYTES, AT);
  const upper = `v1=${String(signature).slice(3).toUpperCase()}`;
  expect(await verdict({ "X-Lazaret-Timestamp": time, "X-LAZARET-SIGNATURE": upper }, BYTES, AT * 1000)).toBe("ok");
});

test("300 seconds of difference are let in, on both sides, and no millisecond more", async () => {
  const headers = signed(BYTES, AT);
  expect(await verdict(headers, BYTES, AT * 1000 + 300_000)).toBe("ok");
  expect(await verdict(headers, BYTES, AT * 1000 - 300_000)).toBe("ok");
  expect(await verdict(headers, BYTES, AT * 1000 + 300_001)).toBe("auth.denied");
  expect(await verdict(headers, BYTES, AT * 1000 - 300_001)).toBe("auth.denied");
});

test("only the holder of the secret learns that a clock is wrong", async () => {
  const hintOf = async (headers: HookHeaders): Promise<string> => {
    const withSecret = async <T>(use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> => use(HOOK_SECRET);
    const error: unknown = await checkHook(headers, BYTES, AT * 1000, withSecret).catch((e: unknown) => e);
    return isRefusal(error) ? (error.hint ?? "") : "";
  };
  expect(await hintOf(signed(BYTES, AT - 3600))).toContain("clock");
  const foreign = signed(BYTES, AT - 3600, Buffer.alloc(32, 1));
  expect(await hintOf(foreign)).not.toContain("clock");
  expect(await hintOf(foreign)).toBe(await hintOf(signed(BYTES, AT, Buffer.alloc(32, 1))));
});

test("a header that is absent asks for a signature", async () => {
  const { "x-lazaret-timestamp": time, "x-lazaret-signature": signature } = signed(BYTES, AT);
  expect(await verdict({}, BYTES, AT * 1000)).toBe("auth.required");
  expect(await verdict({ "x-lazaret-timestamp": time }, BYTES, AT * 1000)).toBe("auth.required");
  expect(await verdict({ "x-lazaret-signature": signature, "x-lazaret-timestamp": undefined }, BYTES, AT * 1000)).toBe(
    "auth.required",
  );
});

test("a header that came twice is refused, even when both say the same", async () => {
  const headers = signed(BYTES, AT);
  const [time, signature] = [String(headers["x-lazaret-timestamp"]), String(headers["x-lazaret-signature"])];
  const twice: HookHeaders[] = [
    { ...headers, "x-lazaret-signature": [signature, signature] },
    { ...headers, "x-lazaret-timestamp": [time, time] },
    { ...headers, "x-lazaret-signature": `${signature}, ${signature}` },
    { ...headers, "x-lazaret-timestamp": `${time}, ${time}` },
    { ...headers, "X-Lazaret-Timestamp": time },
    { ...headers, "X-Lazaret-Signature": signature },
  ];
  for (const hostile of twice) expect(await verdict(hostile, BYTES, AT * 1000)).toBe("auth.denied");
});

const MALFORMED = ["", "v1=", "v1", "v2=", "V1=", "v1= ", "v1=zz", "v1=%00", "v0=", "v1:"];
test.each(MALFORMED)("a signature that begins %j is refused", async (start) => {
  const hex = String(signed(BYTES, AT)["x-lazaret-signature"]).slice(3);
  const headers = { ...signed(BYTES, AT), "x-lazaret-signature": start === "v1=" ? start : start + hex };
  expect(await verdict(headers, BYTES, AT * 1000)).toBe("auth.denied");
});

test("a signature of any other length is refused before it is compared", async () => {
  const hex = String(signed(BYTES, AT)["x-lazaret-signature"]).slice(3);
  for (const length of [0, 1, 2, 32, 62, 63, 65, 66, 128, 100_000]) {
    const headers = { ...signed(BYTES, AT), "x-lazaret-signature": `v1=${hex.repeat(2000).slice(0, length)}` };
    expect(await verdict(headers, BYTES, AT * 1000)).toBe("auth.denied");
  }
});

test("a timestamp has one spelling", async () => {
  for (const time of [
    "",
    "0",
    "-1",
    "+1767225600",
    "01767225600",
    "1767225600.0",
    "1.7e9",
    "0x69",
    " 1767225600",
    "９",
  ]) {
    const headers = {
      "x-lazaret-timestamp": time,
      "x-lazaret-signature": hookSignature(HOOK_SECRET, time, BYTES),
    };
    expect(await verdict(headers, BYTES, AT * 1000)).toBe("auth.denied");
  }
});

test("a missing, failing or short secret lets nobody in", async () => {
  const short = Buffer.alloc(31, 7);
  expect(await verdict(signed(BYTES, AT), BYTES, AT * 1000, null)).toBe("channel.down");
  expect(await verdict(signed(BYTES, AT, short), BYTES, AT * 1000, short)).toBe("channel.down");
  expect(await verdict(signed(BYTES, AT, Buffer.alloc(0)), BYTES, AT * 1000, Buffer.alloc(0))).toBe("channel.down");
});

test("no flipped bit of body, timestamp or signature gets through", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(7), async (bytes, at, bit) => {
      const headers = signed(bytes, AT);
      const flipped = bytes.slice();
      const place = at % bytes.length;
      flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
      expect(await verdict(headers, bytes, AT * 1000)).toBe("ok");
      expect(await verdict(headers, flipped, AT * 1000)).toBe("auth.denied");
      expect(await verdict({ ...headers, "x-lazaret-timestamp": String(AT + 1) }, bytes, AT * 1000)).toBe(
        "auth.denied",
      );
      const hex = Buffer.from(String(headers["x-lazaret-signature"]).slice(3), "hex");
      hex[at % 32] = (hex[at % 32] ?? 0) ^ (1 << bit);
      const forged = { ...headers, "x-lazaret-signature": `v1=${hex.toString("hex")}` };
      expect(await verdict(forged, bytes, AT * 1000)).toBe("auth.denied");
    }),
    { numRuns: 60 },
  );
});

test("nobody gets in with headers made up at random", async () => {
  const value = fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 }), fc.constant(undefined));
  await fc.assert(
    fc.asyncProperty(value, value, fc.uint8Array({ maxLength: 64 }), async (time, signature, bytes) => {
      const headers = { "x-lazaret-timestamp": time, "x-lazaret-signature": signature };
      expect(["auth.denied", "auth.required"]).toContain(await verdict(headers, bytes, AT * 1000));
    }),
    { numRuns: 200 },
  );
});

test("no refusal holds the secret, the expected signature or what the vault said", async () => {
  const expected = String(signed(BYTES, AT)["x-lazaret-signature"]).slice(3);
  for (const secret of [HOOK_SECRET, null]) {
    const withSecret = async <T>(use: (bytes: Uint8Array) => T | Promise<T>): Promise<T> => {
      if (secret === null) throw new Error("vault: hook-alerts");
      return use(secret);
    };
    const headers = { ...signed(BYTES, AT), "x-lazaret-signature": `v1=${"0".repeat(64)}` };
    const error: unknown = await checkHook(headers, BYTES, AT * 1000, withSecret).catch((e: unknown) => e);
    const said = inspect(error, { depth: 9, showHidden: true });
    expect(isRefusal(error)).toBe(true);
    for (const word of [expected, Buffer.from(HOOK_SECRET).toString(), "hook-alerts"]) expect(said).not.toContain(word);
  }
});
