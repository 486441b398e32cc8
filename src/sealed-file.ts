/** A new file that only the holder of an age key reads (age-encryption.org/v1). */
import { createWriteStream, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Refusal } from "./core/refusal.ts";

/** Refuses a recipient that is none, and a file that is there; what is half written goes. Answers the bytes. */
export async function writeSealed(file: string, recipient: string, lines: AsyncIterable<string>): Promise<number> {
  const age = await import("age-encryption");
  const encrypter = new age.Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    // The library's words would repeat what was given.
    throw new Refusal("input.invalid", { field: "recipient", hint: "An age recipient begins with age1." });
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const line of lines) yield Buffer.from(`${line}\n`);
  }
  const sealed = await encrypter.encrypt(ReadableStream.from(bytes()) as ReadableStream<Uint8Array>);
  const out = createWriteStream(file, { flags: "wx", mode: 0o600 });
  let isOurs = false;
  out.once("open", () => {
    isOurs = true;
  });
  try {
    await pipeline(Readable.fromWeb(sealed as Parameters<typeof Readable.fromWeb>[0]), out);
    return out.bytesWritten;
  } catch (error) {
    if (isOurs) rmSync(file, { force: true });
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new Refusal("input.invalid", { field: "file", hint: `It cannot be written (${code}).` });
  }
}
