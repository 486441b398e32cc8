/** A permit is used once, for what it was minted for, and by nobody who made one up. */
import { expect, test } from "vitest";
import { type BlobId, newId } from "../src/core/ids.ts";
import { Permit, redeem } from "../src/core/permit.ts";
import { grantPermit } from "../src/gateway/permit.ts";
import { random } from "./store-home.ts";

const blob = newId("BlobId", random.bytes(16)) as BlobId;
const run = newId("RunId", random.bytes(16));
const call = newId("CallId", random.bytes(16));
const granted = (): Permit =>
  grantPermit({ by: "run", run, call, reserved: true }, "transform", "message.summarize", [blob]);

test("it says for whom it was minted, for which call, and for exactly which blobs", () => {
  const permit = granted();
  expect(permit).toMatchObject({ use: "transform", run, call, capability: "message.summarize" });
  expect([...permit.blobs]).toEqual([blob]);
});

test("it is spent once", () => {
  const permit = granted();
  expect(redeem(permit, "transform")).toBe(permit);
  expect(() => redeem(permit, "transform")).toThrow("a permit is spent once");
});

test("it serves no other use, and is spent by the try", () => {
  const permit = granted();
  expect(() => redeem(permit, "send")).toThrow("a permit serves the use it was minted for");
  expect(() => redeem(permit, "transform")).toThrow("a permit is spent once");
});

test("one that somebody made, or copied, opens nothing", () => {
  const { use, run: of, call: within, blobs, capability } = granted();
  const made = new Permit(use, { run: of, call: within, blobs, capability });
  expect(() => redeem(made, "transform")).toThrow("a permit is spent once");
  expect(() => redeem(Object.create(granted()) as Permit, "transform")).toThrow("a permit is spent once");
});

test("it cannot be written down", () => {
  expect(() => JSON.stringify(granted())).toThrow("a permit is never serialised");
});
