/** A recovery key as people write it down (Matrix specification, appendix "Cryptographic key representation"). */

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const PREFIX = [0x8b, 0x01] as const;
const KEY_BYTES = 32;

/** 32 bytes as twelve groups of characters. */
export function encodeRecoveryKey(key: Uint8Array): string {
  const bytes = [...PREFIX, ...key];
  bytes.push(bytes.reduce((parity, byte) => parity ^ byte, 0));
  let number = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  while (number > 0n) {
    text = (ALPHABET[Number(number % 58n)] ?? "") + text;
    number /= 58n;
  }
  return text.replace(/.{4}(?=.)/g, "$& ");
}

/** Null for what is no recovery key, or was mistyped. */
export function decodeRecoveryKey(text: string): Uint8Array | null {
  const bare = text.replace(/\s/g, "");
  if (!/^[1-9A-HJ-NP-Za-km-z]{40,64}$/.test(bare)) return null;
  let number = 0n;
  for (const sign of bare) number = number * 58n + BigInt(ALPHABET.indexOf(sign));
  const bytes = Buffer.from(number.toString(16).padStart(2 * (KEY_BYTES + 3), "0"), "hex");
  const isWhole = bytes.length === KEY_BYTES + 3 && bytes.reduce((parity, byte) => parity ^ byte, 0) === 0;
  if (!isWhole || bytes[0] !== PREFIX[0] || bytes[1] !== PREFIX[1]) return null;
  return new Uint8Array(bytes.subarray(2, 2 + KEY_BYTES));
}
