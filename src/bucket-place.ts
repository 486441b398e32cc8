/**
 * Checkpoints in an S3-compatible bucket with object lock: what was put cannot be changed or taken away until its time
 * is over, not even with the key that put it. An object's name says size and root, so that a listing is enough to hold
 * the ledger against all of them (docs/ledger-format.md).
 */
import { createHash } from "node:crypto";
import { type Request, readBytes } from "../connectors/telegram/wire.ts";
import type { CheckpointPlace, Head } from "./checkpoint-places.ts";
import { SECOND_MS } from "./core/limits.ts";
import type { Clock } from "./core/ports.ts";
import { queryText, sha256Hex, signedHeaders, uriEncoded } from "./sigv4.ts";
import { parseCheckpoint } from "./store/checkpoint.ts";

const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const ANSWER_MS_MAX = 30 * SECOND_MS;
const PAGES_MAX = 100;
const PAGE_KEYS = 1000;
const EMPTY = sha256Hex("");

export type BucketSettings = {
  /** `https://host`; http on loopback alone. */
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  readonly prefix: string;
  readonly key_id: string;
  /** How long an object is locked, milliseconds. */
  readonly retain: number;
};
export type BucketPowers = {
  readonly clock: Clock;
  readonly request: Request;
  /** The secret access key, wiped after. */
  readonly withSecret: <T>(use: (secret: Uint8Array) => T | Promise<T>) => Promise<T>;
};

type Asked = {
  readonly method: "GET" | "PUT";
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
/** One stored object: its first version, whatever was put over it or marked as deleted later. */
type Stored = Head & { readonly key: string; readonly version: string };

/** Why a bucket does not answer as it should, as a code and never with an address. */
class BucketFault extends Error {
  override readonly name = "BucketFault";
}

class Bucket {
  readonly #settings: BucketSettings;
  readonly #powers: BucketPowers;

  constructor(settings: BucketSettings, powers: BucketPowers) {
    this.#settings = settings;
    this.#powers = powers;
  }

  async ask({ method, key = "", query = {}, headers = {}, body }: Asked): Promise<{ status: number; text: string }> {
    const { url, bucket, region, key_id: keyId } = this.#settings;
    const { clock, request, withSecret } = this.#powers;
    const path = `/${bucket}${key === "" ? "" : `/${key.split("/").map(uriEncoded).join("/")}`}`;
    const bodyHash = body === undefined ? EMPTY : sha256Hex(body);
    const host = new URL(url).host;
    const given = { ...headers, "x-amz-content-sha256": bodyHash };
    const signing = { keyId, region, service: "s3", at: clock.now() };
    const signed = await withSecret((secret) =>
      signedHeaders({ method, host, path, query, headers: given, bodyHash }, signing, secret),
    );
    const late = new AbortController();
    const forget = clock.at(clock.now() + ANSWER_MS_MAX, () => late.abort());
    const asked = queryText(query);
    try {
      const answer = await request(`${url}${path}${asked === "" ? "" : `?${asked}`}`, {
        method,
        // The client itself says whom it asks.
        headers: Object.fromEntries(Object.entries(signed).filter(([name]) => name !== "host")),
        ...(body === undefined ? {} : { body }),
        signal: late.signal,
        redirect: "error",
      });
      const text = new TextDecoder().decode(await readBytes(answer, ANSWER_BYTES_MAX));
      return { status: answer.status, text };
    } catch {
      // A client's error quotes the address and may quote headers.
      throw new BucketFault("unreachable");
    } finally {
      forget();
    }
  }

  /** Every object's first version, in the order of their names. */
  async stored(): Promise<readonly Stored[]> {
    const first = new Map<string, Stored>();
    let marker: Readonly<Record<string, string>> = {};
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = { prefix: this.#settings.prefix, versions: "", "max-keys": String(PAGE_KEYS), ...marker };
      const { status, text } = await this.ask({ method: "GET", query });
      if (status !== 200) throw new BucketFault(`status ${status}`);
      // The newest version of a key comes first, so that the last one that is seen is the first that was put.
      for (const found of versionsIn(text, this.#settings.prefix)) first.set(found.key, found);
      if (tagIn(text, "IsTruncated") !== "true") return [...first.values()];
      marker = {
        "key-marker": tagIn(text, "NextKeyMarker") ?? "",
        "version-id-marker": tagIn(text, "NextVersionIdMarker") ?? "",
      };
    }
    throw new BucketFault("too many objects");
  }
}

const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

function tagIn(text: string, name: string): string | null {
  const start = text.indexOf(`<${name}>`);
  const end = text.indexOf(`</${name}>`, start);
  return start < 0 || end < 0 ? null : unescaped(text.slice(start + name.length + 2, end));
}

const OBJECT = /^([0-9a-f]{64})\/(\d{16})-([0-9a-f]{64})$/;

/** Of a ListObjectVersions answer the versions whose names are ours; what else lies there is nobody's business. */
function* versionsIn(text: string, prefix: string): Iterable<Stored> {
  for (const piece of text.split("<Version>").slice(1)) {
    const [key, version] = [tagIn(piece, "Key") ?? "", tagIn(piece, "VersionId") ?? ""];
    const [, origin, size, root] = OBJECT.exec(key.startsWith(prefix) ? key.slice(prefix.length) : "") ?? [];
    if (origin !== undefined && root !== undefined)
      yield { key, version, origin, size: Number(size), root: Buffer.from(root, "hex") };
  }
}

export function bucketPlace(settings: BucketSettings, powers: BucketPowers): CheckpointPlace {
  const bucket = new Bucket(settings, powers);
  return {
    name: `the bucket ${settings.bucket}`,
    heads: async () => bucket.stored(),
    read: async () => {
      const newest = new Map<string, Stored>();
      for (const stored of await bucket.stored())
        if ((newest.get(stored.origin)?.size ?? -1) <= stored.size) newest.set(stored.origin, stored);
      return Promise.all(
        [...newest.values()].map(async ({ key, version }) => {
          const query = version === "" ? {} : { versionId: version };
          const { status, text } = await bucket.ask({ method: "GET", key, query });
          if (status !== 200) throw new BucketFault(`status ${status}`);
          return text;
        }),
      );
    },
    add: async (note) => {
      const parsed = parseCheckpoint(note);
      if (parsed === null) throw new BucketFault("no checkpoint");
      const { origin, size, root } = parsed;
      const name = `${sha256Hex(origin)}/${String(size).padStart(16, "0")}-${root.toString("hex")}`;
      const until = new Date(powers.clock.now() + settings.retain).toISOString();
      const headers = {
        "content-md5": createHash("md5").update(note).digest("base64"),
        "content-type": "text/plain; charset=utf-8",
        // The first one that is put counts; where a server does not know this, the first version does.
        "if-none-match": "*",
        "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": until,
      };
      const { status } = await bucket.ask({ method: "PUT", key: settings.prefix + name, headers, body: note });
      if (status !== 200 && status !== 412) throw new BucketFault(`status ${status}`);
    },
  };
}
