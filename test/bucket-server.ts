/**
 * An S3-compatible server of our own on loopback, strict where it matters here: it checks every signature by the rules,
 * keeps versions, and refuses to change or take away what is locked. It is no S3: it knows one bucket, put, get, delete
 * and the listing of versions. None of the package registries has a server with object lock that could be used instead.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

type Version = {
  readonly key: string;
  readonly id: string;
  readonly body: string | null;
  readonly lockedUntil: number;
};
type Headers = Readonly<Record<string, string | undefined>>;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();

export class BucketServer {
  readonly keyId = "AKIDEXAMPLE";
  readonly secret = "bucket-secret-0123456789-0123456789";
  readonly name = "evidence";
  readonly versions: Version[] = [];
  /** What the server itself takes for the time, milliseconds. */
  now: () => number;
  #made = 0;
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  constructor(now: () => number) {
    this.now = now;
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new TypeError("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const headers = request.headers as Headers;
    const fault = this.#unsigned(request.method ?? "", request.url ?? "", headers, body);
    const { status, text } = fault === null ? this.#answer(request.method ?? "", url, headers, body) : fault;
    response.writeHead(status, { "content-type": "application/xml" }).end(text);
  }

  /** AWS Signature Version 4, from the other end; null when all is well. */
  #unsigned(method: string, target: string, headers: Headers, body: string) {
    const no = (code: string) => ({ status: 403, text: `<Error><Code>${code}</Code></Error>` });
    const form =
      /^AWS4-HMAC-SHA256 Credential=(\S+)\/(\d{8})\/(\S+)\/s3\/aws4_request, SignedHeaders=(\S+), Signature=(\S{64})$/;
    const [, keyId, day = "", region = "", names = "", signature = ""] =
      form.exec(headers["authorization"] ?? "") ?? [];
    if (keyId !== this.keyId) return no("InvalidAccessKeyId");
    const date = headers["x-amz-date"] ?? "";
    const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
    if (!date.startsWith(day) || Math.abs(at - this.now()) > 900_000) return no("RequestTimeTooSkewed");
    if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.split(";").includes(name)))
      return no("AccessDenied");
    if (headers["x-amz-content-sha256"] !== sha256(body)) return no("XAmzContentSHA256Mismatch");
    const [path = "", query = ""] = target.split("?");
    const sorted = query.split("&").sort().join("&");
    const lines = names.split(";").map((name) => `${name}:${(headers[name] ?? "").trim()}`);
    const canonical = [method, path, sorted, ...lines, "", names, sha256(body)].join("\n");
    const text = ["AWS4-HMAC-SHA256", date, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join("\n");
    const key = ["s3", "aws4_request"].reduce(
      (from, part) => hmac(from, part),
      hmac(hmac(`AWS4${this.secret}`, day), region),
    );
    const right = hmac(key, text);
    return timingSafeEqual(right, Buffer.from(signature, "hex")) ? null : no("SignatureDoesNotMatch");
  }

  #answer(method: string, url: URL, headers: Headers, body: string): { status: number; text: string } {
    const [, bucket, ...rest] = url.pathname.split("/");
    if (bucket !== this.name) return { status: 404, text: "<Error><Code>NoSuchBucket</Code></Error>" };
    const key = decodeURIComponent(rest.join("/"));
    if (method === "PUT") return this.#put(key, headers, body);
    if (method === "DELETE") return this.delete(key, url.searchParams.get("versionId"));
    if (url.searchParams.has("versions")) return this.#list(url.searchParams);
    const id = url.searchParams.get("versionId");
    const found = this.versions.findLast((it) => it.key === key && (id === null || it.id === id));
    if (found === undefined || found.body === null)
      return { status: 404, text: "<Error><Code>NoSuchKey</Code></Error>" };
    return { status: 200, text: found.body };
  }

  #put(key: string, headers: Headers, body: string): { status: number; text: string } {
    const until = Date.parse(headers["x-amz-object-lock-retain-until-date"] ?? "");
    const isLocked = headers["x-amz-object-lock-mode"] === "COMPLIANCE" && until > this.now();
    if (!isLocked) return { status: 400, text: "<Error><Code>InvalidRequest</Code></Error>" };
    // With a lock, S3 wants a checksum of the body.
    if (headers["content-md5"] !== createHash("md5").update(body).digest("base64"))
      return { status: 400, text: "<Error><Code>BadDigest</Code></Error>" };
    const known = this.versions.findLast((it) => it.key === key);
    if (headers["if-none-match"] === "*" && known !== undefined && known.body !== null)
      return { status: 412, text: "<Error><Code>PreconditionFailed</Code></Error>" };
    return this.put(key, body, until);
  }

  /** Another version of an object, as anybody with the key may add one. */
  put(key: string, body: string, lockedUntil: number): { status: number; text: string } {
    this.#made += 1;
    this.versions.push({ key, id: `v${this.#made}`, body, lockedUntil });
    return { status: 200, text: "" };
  }

  /** Without a version it only puts a mark over it; a locked version stays. */
  delete(key: string, id: string | null): { status: number; text: string } {
    if (id === null) {
      this.#made += 1;
      this.versions.push({ key, id: `v${this.#made}`, body: null, lockedUntil: 0 });
      return { status: 204, text: "" };
    }
    const at = this.versions.findIndex((it) => it.key === key && it.id === id);
    if (at < 0) return { status: 404, text: "" };
    if ((this.versions[at]?.lockedUntil ?? 0) > this.now())
      return { status: 403, text: "<Error><Code>AccessDenied</Code></Error>" };
    this.versions.splice(at, 1);
    return { status: 204, text: "" };
  }

  /** By key, and of one key the newest first. */
  #list(query: URLSearchParams): { status: number; text: string } {
    const prefix = query.get("prefix") ?? "";
    const max = Number(query.get("max-keys") ?? 1000);
    const ordered = this.versions
      .filter(({ key }) => key.startsWith(prefix))
      .map((version, at) => ({ ...version, at }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : b.at - a.at));
    const [key, version] = [query.get("key-marker") ?? "", query.get("version-id-marker") ?? ""];
    const from = key === "" ? 0 : ordered.findIndex((it) => it.key === key && it.id === version) + 1;
    const page = ordered.slice(from, from + max);
    const last = page.at(-1);
    const isTruncated = from + max < ordered.length;
    const items = page.map(({ key: name, id, body }) => {
      const kind = body === null ? "DeleteMarker" : "Version";
      return `<${kind}><Key>${name.replaceAll("&", "&amp;")}</Key><VersionId>${id}</VersionId></${kind}>`;
    });
    const next =
      isTruncated && last !== undefined
        ? `<NextKeyMarker>${last.key}</NextKeyMarker><NextVersionIdMarker>${last.id}</NextVersionIdMarker>`
        : "";
    const truncated = `<IsTruncated>${isTruncated}</IsTruncated>`;
    return {
      status: 200,
      text: `<ListVersionsResult>${[truncated, next, ...items].join("")}</ListVersionsResult>`,
    };
  }
}
