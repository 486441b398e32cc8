/** The worker thread's own main: word lists and a keyed hash for transforms. It can reach nothing else and keeps nothing between calls. */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { runTransform } from "../transforms/harness.ts";
import { lexiconFrom } from "../transforms/text/lexicon.ts";
import { assert } from "./core/assert.ts";
import type { TransformCall } from "./core/ports.ts";
import { isRefusal } from "./core/refusal.ts";
import type { WorkerReply } from "./edge/worker-runner.ts";

const port = parentPort;
assert(port !== null, "this file runs as a worker thread");

/** The same place seen from src/worker.ts and from dist/worker.js. */
const list = (name: string): string => readFileSync(new URL(`../transforms/data/${name}`, import.meta.url), "utf8");
const lexicon = lexiconFrom({ words: list("words.txt"), names: list("names.txt") });
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

port.on("message", (call: TransformCall) => {
  port.postMessage(replyTo(call));
});
port.postMessage({ type: "ready" } satisfies WorkerReply);
