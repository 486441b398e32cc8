/**
 * The sandboxed child's own main: one file on standard input, one line of JSON on standard output. The first line of
 * the input says what is asked; the rest is the file. It reaches nothing else, which file-probe.ts tries.
 */
import { readFileSync, writeSync } from "node:fs";
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

function say(line: object): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; at += writeSync(STDOUT, bytes, at));
}

const input = readFileSync(STDIN);
const end = input.indexOf(LINE_FEED);
const order = JSON.parse(input.toString("utf8", 0, end)) as Order;
if ("read" in order) say((await import("./file-answer.ts")).fileAnswer(order.read, input.subarray(end + 1)));
else say(await (await import("./file-probe.ts")).probe(order.probe));
