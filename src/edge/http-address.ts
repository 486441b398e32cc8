/** IP addresses: what kind of place each is. One spelling only; whatever is spelt otherwise is `reserved`. Pure. */
import type { AddressKind } from "../core/http.ts";

type Range = readonly [bits: bigint, prefix: number, kind: AddressKind];

const v4 = (text: string): bigint => readV4(text) ?? 0n;
/** Most particular first. RFC 6890 and the registries it names; metadata services of the large clouds. */
const V4: readonly Range[] = [
  [v4("169.254.169.254"), 32, "metadata"],
  [v4("169.254.170.2"), 32, "metadata"],
  [v4("169.254.170.23"), 32, "metadata"],
  [v4("100.100.100.200"), 32, "metadata"],
  [v4("192.0.0.192"), 32, "metadata"],
  [v4("168.63.129.16"), 32, "metadata"],
  [v4("0.0.0.0"), 8, "reserved"],
  [v4("10.0.0.0"), 8, "private"],
  [v4("100.64.0.0"), 10, "private"],
  [v4("127.0.0.0"), 8, "loopback"],
  [v4("169.254.0.0"), 16, "link_local"],
  [v4("172.16.0.0"), 12, "private"],
  [v4("192.0.0.0"), 24, "reserved"],
  [v4("192.0.2.0"), 24, "reserved"],
  [v4("192.88.99.0"), 24, "reserved"],
  [v4("192.168.0.0"), 16, "private"],
  [v4("198.18.0.0"), 15, "reserved"],
  [v4("198.51.100.0"), 24, "reserved"],
  [v4("203.0.113.0"), 24, "reserved"],
  [v4("224.0.0.0"), 3, "reserved"],
  [0n, 0, "public"],
];

const v6 = (text: string): bigint => readV6(text) ?? 0n;
/** `embeds`: the IPv4 address inside decides. */
const V6: readonly (readonly [bits: bigint, prefix: number, kind: AddressKind | { readonly shift: bigint }])[] = [
  [v6("fd00:ec2::254"), 128, "metadata"],
  [v6("fd20:ce::254"), 128, "metadata"],
  [v6("::"), 128, "reserved"],
  [v6("::1"), 128, "loopback"],
  [v6("::ffff:0:0"), 96, { shift: 0n }],
  [v6("::ffff:0:0:0"), 96, { shift: 0n }],
  [v6("::"), 96, { shift: 0n }],
  [v6("64:ff9b::"), 96, { shift: 0n }],
  [v6("2002::"), 16, { shift: 80n }],
  [v6("2001::"), 23, "reserved"],
  [v6("2001:db8::"), 32, "reserved"],
  [v6("3fff::"), 20, "reserved"],
  [v6("fc00::"), 7, "private"],
  [v6("fe80::"), 10, "link_local"],
  [v6("fec0::"), 10, "private"],
  [v6("2000::"), 3, "public"],
  [0n, 0, "reserved"],
];

const within = (address: bigint, bits: bigint, prefix: number, width: bigint): boolean =>
  address >> (width - BigInt(prefix)) === bits >> (width - BigInt(prefix));

const kindOfV4 = (address: bigint): AddressKind =>
  V4.find(([bits, prefix]) => within(address, bits, prefix, 32n))?.[2] ?? "reserved";

function kindOfV6(address: bigint): AddressKind {
  const kind = V6.find(([bits, prefix]) => within(address, bits, prefix, 128n))?.[2] ?? "reserved";
  return typeof kind === "string" ? kind : kindOfV4((address >> kind.shift) & 0xffff_ffffn);
}

/** Of an address as a resolver gives it: dotted decimal, or colons; no zone, no octal, no single number. */
export function addressKind(text: string): AddressKind {
  const four = readV4(text);
  if (four !== null) return kindOfV4(four);
  const six = readV6(text);
  return six === null ? "reserved" : kindOfV6(six);
}

export const isAddress = (text: string): boolean => readV4(text) !== null || readV6(text) !== null;

/** Do two spellings mean one address, an IPv4 address mapped into IPv6 included? */
export function isSameAddress(a: string, b: string): boolean {
  const bits = (text: string): bigint | null => {
    const four = readV4(text);
    return four === null ? readV6(text) : (0xffffn << 32n) | four;
  };
  const first = bits(a);
  return first !== null && first === bits(b);
}

function readV4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return null;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function readV6(text: string): bigint | null {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return null;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const four = tail === null ? null : readV4(tail[2] ?? "");
  if (tail !== null && four === null) return null;
  const spelt = four === null ? text : `${tail?.[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  const halves = spelt.split("::");
  if (halves.length > 2) return null;
  const groupsOf = (half: string): string[] => (half === "" ? [] : half.split(":"));
  const head = groupsOf(halves[0] ?? "");
  const rest = halves.length === 2 ? groupsOf(halves[1] ?? "") : [];
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...rest];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
