/** Checkpoints with another Lazaret and in a bucket with object lock: kept, read back, and not to be taken away. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bucketPlace } from "../src/bucket-place.ts";
import { sha256Hex, signedHeaders } from "../src/sigv4.ts";
import { CheckpointSigner, parseCheckpoint } from "../src/store/checkpoint.ts";
import { BucketServer } from "./bucket-server.ts";
import { configOf } from "./config-reading.ts";
import { daemonOn } from "./daemon-world.ts";
import { peerOf } from "./peer.ts";
import { type TestHome, testHome } from "./store-home.ts";

const DAY_MS = 86_400_000;
let home: TestHome;
beforeEach(() => {
  home = testHome();
});
afterEach(() => home.remove());
const request = (url: string, asking: object) => fetch(url, asking);
const signer = new CheckpointSigner(new Uint8Array(32).fill(7));
const note = (size: number, fill = 1): string =>
  signer.sign({ origin: "example.org/log", size, root: Buffer.alloc(32, fill) });

describe("the signature of a request is the one that AWS documents", () => {
  const vector = { keyId: "AKIDEXAMPLE", region: "us-east-1", service: "service", at: Date.UTC(2015, 7, 30, 12, 36) };
  const s3 = { keyId: "AKIAIOSFODNN7EXAMPLE", region: "us-east-1", service: "s3", at: Date.UTC(2013, 4, 24) };
  const empty = sha256Hex("");
  const hash = { "x-amz-content-sha256": empty };
  const host = "examplebucket.s3.amazonaws.com";
  test.each([
    [
      "get-vanilla of the test suite",
      { method: "GET", host: "example.amazonaws.com", path: "/", query: {}, headers: {}, bodyHash: empty },
      vector,
      "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ],
    [
      "a part of an object",
      { method: "GET", host, path: "/test.txt", query: {}, headers: { ...hash, range: "bytes=0-9" }, bodyHash: empty },
      s3,
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ],
    [
      "a bucket's lifecycle",
      { method: "GET", host, path: "/", query: { lifecycle: "" }, headers: hash, bodyHash: empty },
      s3,
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ],
  ])("%s", (_what, asked, signing, secret, signature) => {
    const { authorization } = signedHeaders(asked, signing, Buffer.from(secret));
    expect(authorization).toMatch(new RegExp(`Signature=${signature}$`));
  });
});

describe("a bucket", () => {
  let server: BucketServer;
  let url: string;
  beforeEach(async () => {
    server = new BucketServer(() => home.clock.now());
    url = await server.start();
  });
  afterEach(() => server.stop());
  const place = (secret = server.secret) =>
    bucketPlace(
      {
        url,
        bucket: server.name,
        region: "eu-central-1",
        prefix: "lazaret/",
        key_id: server.keyId,
        retain: 30 * DAY_MS,
      },
      { clock: home.clock, request, withSecret: async (use) => use(Buffer.from(secret)) },
    );

  test("gives back the newest of each ledger, and says what all of them say", async () => {
    for (const size of [10, 2, 300]) await place().add(note(size, size));
    expect(await place().read()).toEqual([note(300, 300)]);
    const heads = await place().heads?.();
    expect(heads?.map(({ size, root }) => [size, root[0]])).toEqual([2, 10, 300].map((size) => [size, size & 255]));
  });

  test("keeps what was put first, whatever is put over it, marked as deleted or asked to be deleted", async () => {
    await place().add(note(5));
    await place().add(note(5));
    const [stored] = server.versions;
    expect(server.versions).toHaveLength(1);
    const [key, id] = [stored?.key ?? "", stored?.id ?? ""];
    server.put(key, "something else", home.clock.now() + DAY_MS);
    server.delete(key, null);
    expect(server.delete(key, id).status).toBe(403);
    expect(await place().read()).toEqual([note(5)]);
    home.clock.turn(31 * DAY_MS);
    expect(server.delete(key, id).status).toBe(204);
  });

  test("is read to its end over many pages, and what else lies there is nobody's", async () => {
    server.put("lazaret/readme.txt", "hello", 0);
    server.put("elsewhere/x", "hello", 0);
    for (let size = 1; size <= 3; size += 1) await place().add(note(size));
    const origin = sha256Hex("example.org/log");
    for (let size = 4; size <= 1200; size += 1)
      server.put(`lazaret/${origin}/${String(size).padStart(16, "0")}-${"01".repeat(32)}`, note(size), 0);
    expect(await place().heads?.()).toHaveLength(1200);
    expect(parseCheckpoint((await place().read())[0] ?? "")?.size).toBe(1200);
  });

  test("that refuses, is away or has another key is a fault without an address or a secret", async () => {
    const faults = [place("wrong").add(note(1)), place("wrong").read()].map((work) => work.catch((error) => error));
    for (const fault of await Promise.all(faults)) expect(String(fault)).toBe("BucketFault: status 403");
    await server.stop();
    const away: unknown = await place()
      .add(note(1))
      .catch((error: unknown) => error);
    expect(String(away)).toBe("BucketFault: unreachable");
    expect(JSON.stringify(away) + String((away as Error).stack)).not.toContain(url.slice(7));
    server = new BucketServer(() => home.clock.now());
    await server.start();
  });
});

describe("another Lazaret", () => {
  test("keeps what it is given, in order, each once, and gives nothing away", async () => {
    await using peer = await peerOf(home.clock);
    const [one, two] = [note(1), note(2)];
    for (const each of [one, two, two]) await peer.place().add(each);
    expect(await peer.place().read()).toEqual([one, two]);
    const { entries } = await peer.owner["ledger.entries"]({ after: 0, type: "message.received", limit: 10 });
    expect(entries.map(({ body }) => [body["kind"], body["size"]])).toEqual([
      ["checkpoint", 1],
      ["checkpoint", 2],
    ]);
    expect(await peer.refused({ upto: 2 }, "/outbox/ack")).toBe("PeerFault: status 422");
  });

  test("takes nothing but checkpoints, and nothing without the secret", async () => {
    await using peer = await peerOf(home.clock);
    expect(await peer.refused({ id: "x", conversation: "c", sender: "s", text: "hello" })).toMatch(/status 4\d\d/);
    const stranger = peer.place("another-secret-0123456789-0123456789-xx");
    expect(String(await stranger.add(note(1)).catch((error: unknown) => error))).toMatch(/status 40[13]/);
    expect(String(await stranger.read().catch((error: unknown) => error))).toMatch(/status 40[13]/);
    expect(await peer.place().read()).toEqual([]);
  });

  test("is used by a daemon like any other place", async () => {
    await using peer = await peerOf(home.clock);
    const here = await daemonOn(home, configOf(null), { places: [peer.place()] });
    await here.close();
    const again = await daemonOn(home, configOf(null), { places: [peer.place()] });
    expect((await again.owner.status({})).notes.filter((it) => it.startsWith("ALARM"))).toEqual([]);
    await again.close();
    expect((await peer.place().read()).length).toBeGreaterThanOrEqual(2);
  });
});
