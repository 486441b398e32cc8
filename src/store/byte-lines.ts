/** A file's lines as bytes, split at line feeds alone, one chunk in memory at a time. */
import { closeSync, openSync, readSync } from "node:fs";
import { Refusal } from "../core/refusal.ts";

const CHUNK_BYTES = 1_048_576;
const LINE_FEED = 0x0a;

/**
 * What follows the last line feed is a line unless it is empty. Throws what opening throws; `input.too_large` for a
 * longer line.
 */
export async function* byteLines(path: string, lineBytesMax: number): AsyncIterable<Buffer> {
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    for (;;) {
      const read = readSync(file, chunk);
      if (read === 0) break;
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      let from = 0;
      for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
        yield bounded(bytes.subarray(from, at), lineBytesMax);
        from = at + 1;
      }
      rest = bounded(Buffer.from(bytes.subarray(from)), lineBytesMax);
    }
    if (rest.length > 0) yield rest;
  } finally {
    closeSync(file);
  }
}

function bounded(line: Buffer, max: number): Buffer<ArrayBuffer> {
  if (line.length > max) throw new Refusal("input.too_large", { field: "a line" });
  return line as Buffer<ArrayBuffer>;
}
