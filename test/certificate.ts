/** A certificate of our own for servers of our own: P-256, self-signed, for one day, written in DER by hand. */
import { generateKeyPairSync, sign } from "node:crypto";

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const hexed = (hex: string): Buffer => Buffer.from(hex, "hex");
const ECDSA_SHA256 = sequence(hexed("06082a8648ce3d040302"));
const name = (text: string): Buffer => sequence(der(0x31, sequence(hexed("0603550403"), der(0x0c, Buffer.from(text)))));
const time = (at: number): Buffer => der(0x17, Buffer.from(new Date(at).toISOString().replace(/^20|[-:T]|\.\d+/g, "")));

/** For these host names and for 127.0.0.1 where `loopback` is set. */
export function certificate(
  hosts: readonly string[],
  now = Date.now(),
): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = [...hosts.map((host) => der(0x82, Buffer.from(host))), der(0x87, Buffer.from([127, 0, 0, 1]))];
  const alternative = sequence(hexed("0603551d11"), der(0x04, sequence(...names)));
  const authority = sequence(hexed("0603551d13"), hexed("0101ff"), der(0x04, sequence(hexed("0101ff"))));
  const signed = sequence(
    der(0xa0, hexed("020102")),
    hexed("020101"),
    ECDSA_SHA256,
    name("test"),
    sequence(time(now - 3_600_000), time(now + 86_400_000)),
    name("test"),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternative, authority)),
  );
  const signature = sign("sha256", signed, privateKey);
  const bytes = sequence(signed, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  const body = bytes.toString("base64").replace(/.{1,64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----\n`,
  };
}
