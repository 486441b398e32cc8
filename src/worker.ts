/**
 * The worker thread's own main: word lists and a keyed hash for transforms. It can reach nothing else and keeps
 * nothing between calls.
 */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { runTransform } from "../transforms/harness.ts";
import { TRANSFORMS } from "../transforms/index.ts";
import { lexiconFrom } from "../transforms/text/lexicon.ts";
import { assert } from "./core/assert.ts";
import type { TransformCall } from "./core/ports.ts";
import { isRefusal } from "./core/refusal.ts";
import type { WorkerReply } from "./edge/worker-runner.ts";

const port = parentPort;
assert(port !== null, "this file runs as a worker thread");

/** Named in full, so that the bundle finds them and brings them along. */
const words = readFileSync(new URL("../transforms/data/words.txt", import.meta.url), "utf8");
const names = readFileSync(new URL("../transforms/data/names.txt", import.meta.url), "utf8");
const lexicon = lexiconFrom({ words, names });
const hmac = (key: Uint8Array, text: string): string => createHmac("sha256", key).update(text, "utf8").digest("hex");

function replyTo(call: TransformCall): WorkerReply {
  try {
    return { type: "outcome", outcome: runTransform(call, lexicon, hmac) };
  } catch (error) {
    if (!isRefusal(error)) return { type: "refused", code: "transform.failed" };
    return { type: "refused", code: error.code, ...(error.field === undefined ? {} : { field: error.field }) };
  } finally {
    call.tokenKey.fill(0);
  }
}

/** Input that a transform does not go without. */
const NEEDED: { readonly [id: string]: object } = {
  "message.answer": { question: "who brings the tent?" },
  "message.classify": { classes: ["task"] },
  "message.compose": { instruction: "say thanks" },
};

/** The first call of each kind compiles patterns and schemas: it happens before anybody waits. */
function warmUp(): void {
  const [sender, text] = ["PERSON_0000", "Could you bring the tent on Saturday?"];
  const turns = [{ index: 0, sender, text, sentAt: 0, offsetMinutes: 0, replyTo: null, media: 0 }];
  const around = { people: [], known: [], language: "en", now: 0, nowOffsetMinutes: 0 };
  for (const { id } of TRANSFORMS)
    replyTo({ transform: id, turns, input: NEEDED[id] ?? {}, tokenKey: new Uint8Array(32), ...around });
}

warmUp();
port.on("message", (call: TransformCall) => {
  port.postMessage(replyTo(call));
});
port.postMessage({ type: "ready" } satisfies WorkerReply);
