/** AWS Signature Version 4 for one request (docs.aws.amazon.com, Create a signed AWS API request). */
import { createHash, createHmac } from "node:crypto";

export type Signing = {
  readonly keyId: string;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
};
export type Signed = {
  readonly method: string;
  readonly host: string;
  /** Already encoded, beginning with a slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names; `host` and `x-amz-date` are added. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, hexadecimal. */
  readonly bodyHash: string;
};

export const sha256Hex = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** RFC 3986 section 2.3 leaves these as they are, and nothing else. */
export const uriEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

export const queryText = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${uriEncoded(name)}=${uriEncoded(value)}`)
    .sort()
    .join("&");

const amzDate = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "");

/** The headers to send: those given, the date, and the authorisation. `secret` is the secret access key. */
export function signedHeaders(
  request: Signed,
  { keyId, region, service, at }: Signing,
  secret: Uint8Array,
): Readonly<Record<string, string>> {
  const date = amzDate(at);
  const headers: Record<string, string> = { ...request.headers, host: request.host, "x-amz-date": date };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.path,
    queryText(request.query),
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    request.bodyHash,
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256Hex(canonical)].join("\n");
  const key = [date.slice(0, 8), region, service, "aws4_request"].reduce<Buffer>(
    (from, part) => hmac(from, part),
    Buffer.concat([Buffer.from("AWS4"), secret]),
  );
  const signature = hmac(key, text).toString("hex");
  const parts = [`Credential=${keyId}/${scope}`, `SignedHeaders=${names.join(";")}`, `Signature=${signature}`];
  return { ...headers, authorization: `AWS4-HMAC-SHA256 ${parts.join(", ")}` };
}
