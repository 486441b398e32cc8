/**
 * The sandboxed child's own main: one file on standard input, one line of JSON on standard output. The first line of
 * the input says what is asked; the rest is the file. It reaches nothing else, which file-probe.ts tries.
 */
import { readFileSync, writeSync } from "node:fs";
import { constants, inflateRawSync, inflateSync } from "node:zlib";
import { type FilePowers, Unreadable } from "../transforms/files/meter.ts";
import { readFile } from "../transforms/files/read-file.ts";
import type { TextHint } from "./core/attachment.ts";

export type Order = { readonly read: TextHint } | { readonly probe: ProbeOrder };
/** What must be out of reach: a port where somebody listens, and files and folders that are there. */
export type ProbeOrder = {
  readonly port: number;
  readonly hidden: readonly string[];
  readonly writable: readonly string[];
};

const STDIN = 0;
const STDOUT = 1;
const LINE_FEED = 10;

const powers: FilePowers = {
  inflate: (bytes, how, max) => {
    const options = { maxOutputLength: Math.max(1, max) };
    try {
      // Writers of PDF end streams early; what came until then is the stream.
      if (how === "zlib") return inflateSync(bytes, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
      return inflateRawSync(bytes, options);
    } catch (error) {
      return (error as { readonly code?: string }).code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : null;
    }
  },
  utf8: (bytes) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // Not UTF-8 is an answer here.
      return null;
    }
  },
};

function answer(hint: TextHint, bytes: Uint8Array): object {
  try {
    return { read: readFile(bytes, hint, powers) };
  } catch (error) {
    // Whatever else goes wrong over a file is the file's doing.
    return { problem: error instanceof Unreadable ? error.why : "broken" };
  }
}

function say(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; at += writeSync(STDOUT, bytes, at));
}

const input = readFileSync(STDIN);
const end = input.indexOf(LINE_FEED);
const order = JSON.parse(input.toString("utf8", 0, end)) as Order;
if ("read" in order) say(answer(order.read, input.subarray(end + 1)));
else say(await (await import("./file-probe.ts")).probe(order.probe));
