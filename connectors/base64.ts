/** Base64 read strictly (RFC 4648 section 4): one text for the same bytes, no other. */

/**
 * The bytes, or null for anything that is not exactly their base64: other characters, missing or stray padding, bits
 * left over. Node's decoder forgives all of these; megabytes are not encoded again to find out.
 */
export function decodeBase64(text: string): Buffer | null {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = Buffer.from(text, "base64");
  // Every character that the decoder skipped makes the bytes fewer than the text's length asks for.
  if (text.length % 4 !== 0 || bytes.length !== (text.length / 4) * 3 - padding) return null;
  if (text.includes("-") || text.includes("_")) return null;
  const tail = bytes.subarray(bytes.length - (3 - padding));
  return text === "" || tail.toString("base64") === text.slice(-4) ? bytes : null;
}
