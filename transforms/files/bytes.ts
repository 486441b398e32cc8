/** Numbers and latin-1 text out of bytes. Pure. */

const CHUNK = 8192;

/** Zero beyond the end, as a short file has nothing there. */
export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
export const u32 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;

/** One character a byte. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = "";
  for (let at = from; at < to; at += CHUNK)
    text += String.fromCharCode(...bytes.subarray(at, Math.min(to, at + CHUNK)));
  return text;
}

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);

/** UTF-16, two bytes a unit; an odd last byte is dropped. */
export function utf16(bytes: Uint8Array, from: number, isBig: boolean): string {
  let text = "";
  for (let at = from; at + 1 < bytes.length; at += 2) {
    const [one = 0, two = 0] = [bytes[at], bytes[at + 1]];
    text += String.fromCharCode(isBig ? (one << 8) | two : one | (two << 8));
  }
  return text;
}

/** Windows-1252 from 0x80 to 0x9f; the rest of it is latin-1. */
const WINDOWS =
  "\u20ac\ufffd\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\ufffd\u017d\ufffd" +
  "\ufffd\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\ufffd\u017e\u0178";

export const windows1252 = (text: string): string =>
  text.replace(/[\x80-\x9f]/g, (char) => WINDOWS[char.charCodeAt(0) - 0x80] ?? char);
