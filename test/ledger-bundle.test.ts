/**
 * Bundles, as our own verifier and the stand-alone one in docs/ judge them: good ones, and ones that somebody worked
 * on.
 */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Frontier, verifyInclusion } from "../src/core/merkle.ts";
import { verifyBundle } from "../src/store/bundle-verify.ts";
import { CheckpointSigner, parseCheckpoint, verifierKey } from "../src/store/checkpoint.ts";
import { sha256 } from "../src/store/hashing.ts";
import { restoreHome } from "../src/store/restore.ts";
import type { HomeStore } from "../src/store/store.ts";
import { random, type TestHome, testHome } from "./store-home.ts";

const SIZE = 60;
const ALONE = join(import.meta.dirname, "..", "docs", "verify-ledger.mjs");
type Main = (words: readonly string[]) => Promise<{ readonly code: number; readonly said: string }>;
/** Without types of its own, so that it stays one file. */
const { main: alone } = (await import(pathToFileURL(ALONE).href)) as { readonly main: Main };

let home: TestHome;
/** The bundle's lines, a checkpoint that was kept outside when it had 40 entries, and one of its end. */
let good: readonly string[];
let early: string;
let late: string;
let files = 0;

const file = (text: string): string => {
  const path = join(home.dir, `file-${files++}`);
  writeFileSync(path, text);
  return path;
};
const write = (store: HomeStore, count: number, from = 1): Promise<void> =>
  store.commit({
    entries: Array.from({ length: count }, (_, n) => ({
      type: "run.stepped",
      tenant: "default",
      body: { n: from + n, word: "Grüße \u2028" },
    })),
  });
const exported = async (store: HomeStore): Promise<string> => {
  const path = join(home.dir, `bundle-${files++}`);
  const { entries, bytes } = await store.exportLedger(path);
  expect([entries, bytes]).toEqual([store.ledger.size(), statSync(path).size]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  return path;
};

beforeAll(async () => {
  home = testHome();
  const store = await home.open();
  await write(store, 20);
  await store.ledger.checkpoint();
  await write(store, 20, 21);
  early = await store.ledger.checkpoint();
  await write(store, 20, 41);
  late = await store.ledger.checkpoint();
  good = readFileSync(await exported(store), "utf8").split("\n");
  await store.close();
});
afterAll(() => home.remove());

type Judged = { readonly ok: boolean; readonly badSeq: number | null; readonly said: string };

/** Both verifiers; they must agree on whether it verifies and on the entry that they name. */
async function judged(lines: readonly string[], against: string | null = null): Promise<Judged> {
  const path = file(lines.join("\n"));
  const { ok, badSeq, reason, notExcluded } = await verifyBundle(path, against);
  const more = against === null ? [] : ["--against", file(against)];
  const { code, said } = await alone([path, ...more]);
  const named = /^not verified: entry (\d+)/.exec(said)?.[1];
  expect(code === 0, `${reason} / ${said}`).toBe(ok);
  if (badSeq !== null && named !== undefined) expect(Number(named), `${reason} / ${said}`).toBe(badSeq);
  if (ok) expect(/not excluded/.test(said)).toBe(notExcluded !== null);
  return { ok, badSeq, said };
}

/** Line of entry `seq`: a first line, the log's head, three checkpoints, then the entries. */
const at = (seq: number): number => 4 + seq;
const entryText = (line: string): string => line.slice(45);
const lineOf = (text: string): string =>
  `${sha256(Buffer.concat([Buffer.of(0), Buffer.from(text)])).toString("base64")} ${text}`;
const edited = (line: string): string => line.replace("stepped", "started");
const rehashed = (line: string): string => lineOf(edited(entryText(line)));

test("the stand-alone verifier has at most 200 lines and takes nothing but Node", () => {
  const text = readFileSync(ALONE, "utf8");
  expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(200);
  expect([...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from)).toEqual(["node:crypto", "node:fs"]);
});

test("an untouched bundle verifies, alone and against any checkpoint, and says what is not excluded", async () => {
  expect(await judged(good)).toMatchObject({ ok: true, said: expect.stringContaining("truncation not excluded") });
  for (const against of [early, late]) expect((await judged(good, against)).ok).toBe(true);
});

test("the entries are the bytes that were hashed, and nobody else may read the file", () => {
  const head = JSON.parse(good[1] ?? "") as { log: { key: string; origin: string; entries: number } };
  expect(head.log.entries).toBe(SIZE);
  const tree = new Frontier(sha256);
  for (let seq = 1; seq <= SIZE; seq++) {
    const text = entryText(good[at(seq)] ?? "");
    expect(JSON.parse(text)).toMatchObject({ seq, body: { n: seq } });
    tree.add(sha256(Buffer.concat([Buffer.of(0), Buffer.from(text)])));
  }
  expect(parseCheckpoint(late)?.root.equals(tree.root())).toBe(true);
});

const PLACES = [
  ["first", 1],
  ["middle", 30],
  ["last", SIZE],
] as const;

describe.each(PLACES)("at the %s entry", (_where, seq) => {
  test("an edit is named", async () => {
    expect(await judged(good.with(at(seq), edited(good[at(seq)] ?? "")))).toMatchObject({ ok: false, badSeq: seq });
  });

  test("an edit with its hash made anew does not fit the next checkpoint", async () => {
    const { ok, badSeq } = await judged(good.with(at(seq), rehashed(good[at(seq)] ?? "")));
    expect([ok, badSeq]).toEqual([false, Math.floor((seq - 1) / 20) * 20 + 1]);
  });

  test("an entry put in is named, a copy exactly and a new one as far as what was signed allows", async () => {
    const line = good[at(seq)] ?? "";
    for (const put of [line, rehashed(line)]) {
      const extra = good.toSpliced(at(seq), 0, put);
      const grown = extra.with(1, extra[1]?.replace('"entries":60', '"entries":61') ?? "");
      const { ok, badSeq } = await judged(grown);
      expect([ok, badSeq]).toEqual([false, put !== line && seq === SIZE ? 41 : seq]);
    }
  });

  test("an entry taken away is named", async () => {
    const fewer = good.toSpliced(at(seq), 1).with(1, good[1]?.replace('"entries":60', '"entries":59') ?? "");
    const { ok, badSeq } = await judged(fewer);
    expect([ok, badSeq]).toEqual([false, seq]);
  });

  test("entries that changed places are named", async () => {
    const [a, b] = seq === SIZE ? [SIZE - 1, SIZE] : [seq, seq + 1];
    const swapped = good.with(at(a), good[at(b)] ?? "").with(at(b), good[at(a)] ?? "");
    expect(await judged(swapped)).toMatchObject({ ok: false, badSeq: a });
  });
});

/** The bundle as it was with `count` entries and `notes` checkpoints: what somebody makes who cuts carefully. */
function cutTo(count: number, notes: number): string[] {
  const head = (good[1] ?? "").replace('"checkpoints":3,"entries":60', `"checkpoints":${notes},"entries":${count}`);
  const end = JSON.stringify({ end: { entries: count, logs: 1 } });
  return [good[0] ?? "", head, ...good.slice(2, 2 + notes), ...good.slice(at(1), at(count + 1)), end, ""];
}

describe("what only a checkpoint outside can tell", () => {
  test("a careless cut is found without one", async () => {
    for (const keep of [3, 20, good.length - 3]) expect((await judged(good.slice(0, keep))).ok).toBe(false);
    expect((await judged([])).ok).toBe(false);
    expect(await judged(cutTo(50, 2))).toMatchObject({ ok: false, badSeq: 41 });
  });

  test("truncation back to a signed state, and emptying, are found against it", async () => {
    expect((await judged(cutTo(40, 2))).ok).toBe(true);
    expect((await judged(cutTo(40, 2), late)).ok).toBe(false);
    expect((await judged(cutTo(40, 2), early)).ok).toBe(true);
    expect((await judged(cutTo(0, 0))).ok).toBe(true);
    expect((await judged(cutTo(0, 0), early)).ok).toBe(false);
  });

  /** Another history of the same log, every checkpoint signed anew. */
  function forked(signer: CheckpointSigner, origin: string): string[] {
    const entries = Array.from({ length: SIZE }, (_, n) => {
      const line = good[at(n + 1)] ?? "";
      return n === 44 ? rehashed(line) : line;
    });
    const tree = new Frontier(sha256);
    for (const line of entries) tree.add(Buffer.from(line.slice(0, 44), "base64"));
    const text = signer.sign({ origin, size: SIZE, root: Buffer.from(tree.root()) });
    const key = verifierKey(origin, signer.publicKey);
    const head = JSON.stringify({ log: { checkpoints: 1, entries: SIZE, key, origin } });
    const note = JSON.stringify({ checkpoint: text, consistency: [] });
    return [good[0] ?? "", head, note, ...entries, good.at(-2) ?? "", ""];
  }
  const seedOf = (): Buffer =>
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
  const originOf = (): string => (JSON.parse(good[1] ?? "") as { log: { origin: string } }).log.origin;

  test("a history signed anew with another key is found against it, and said to be possible without it", async () => {
    const other = forked(new CheckpointSigner(seedOf()), originOf());
    expect(await judged(other)).toMatchObject({ ok: true });
    expect((await judged(other, early)).ok).toBe(false);
    expect((await judged(other, late)).ok).toBe(false);
  });

  test("a fork that the log's own key signed is found against it", async () => {
    const thief = new CheckpointSigner(seedOf());
    const origin = originOf();
    const root = Buffer.from(good[at(1)]?.slice(0, 44) ?? "", "base64");
    const before = thief.sign({ origin, size: 1, root });
    const real = forked(thief, origin);
    expect((await judged(real, before)).ok).toBe(true);
    const outside = thief.sign({ origin, size: SIZE, root: parseCheckpoint(late)?.root ?? root });
    expect((await judged(real, outside)).ok).toBe(false);
  });

  test("checkpoints of another ledger, or unreadable ones, prove nothing", async () => {
    const other = new CheckpointSigner(seedOf()).sign({ origin: "elsewhere", size: 1, root: Buffer.alloc(32) });
    for (const against of [other, "x", ""]) expect((await judged(good, against)).ok).toBe(false);
  });
});

test("checkpoints that are exchanged, forged or do not continue each other are found", async () => {
  const forged = (good[3] ?? "").replace(/"consistency":\["./, '"consistency":["!');
  const path = file(good.with(3, forged).join("\n"));
  expect((await verifyBundle(path, null)).ok).toBe(false);
  expect((await judged(good.with(2, good[4] ?? "").with(4, good[2] ?? ""))).ok).toBe(false);
  expect((await judged(good.with(4, (good[4] ?? "").replace("\\n60\\n", "\\n61\\n")))).ok).toBe(false);
});

test("no flipped byte of a bundle gets through either verifier", async () => {
  const text = Buffer.from(good.join("\n"));
  const step = Math.floor(text.length / 40);
  for (let n = 3; n < text.length; n += step) {
    const changed = Buffer.from(text);
    changed[n] = (changed[n] ?? 0) ^ 1;
    const path = join(home.dir, "flipped");
    writeFileSync(path, changed);
    expect((await verifyBundle(path, null)).ok, `byte ${n}`).toBe(false);
  }
});

test("a proof for one entry stands alone, and for no other", async () => {
  const store = await home.open();
  const proof = await store.ledger.inclusion(7);
  const key = store.ledger.verifierKey();
  await expect(store.ledger.inclusion(SIZE + 99)).rejects.toMatchObject({ code: "not_found" });
  await store.close();
  const [, path = "", note = ""] = /^c2sp\.org\/tlog-proof@v1\nindex 6\n((?:.+\n)+)\n([\s\S]+)$/.exec(proof) ?? [];
  const checkpoint = parseCheckpoint(note);
  const hashes = path
    .trim()
    .split("\n")
    .map((hash) => Buffer.from(hash, "base64"));
  const leaf = Buffer.from(good[at(7)]?.slice(0, 44) ?? "", "base64");
  expect(verifyInclusion(sha256, leaf, 6, checkpoint?.size ?? 0, hashes, checkpoint?.root ?? leaf)).toBe(true);
  const proved = (of: string, entry: string, by = key) =>
    alone(["--proof", file(of), "--entry", file(entry), "--key", by]);
  const entry = entryText(good[at(7)] ?? "");
  expect(await proved(proof, `${entry}\n`)).toMatchObject({ code: 0, said: expect.stringContaining("entry 7 of 60") });
  expect((await proved(proof, entryText(good[at(8)] ?? ""))).code).toBe(1);
  expect((await proved(proof.replace("index 6", "index 7"), entry)).code).toBe(1);
  const other = verifierKey(checkpoint?.origin ?? "", new CheckpointSigner(Buffer.alloc(32, 7)).publicKey);
  expect((await proved(proof, entry, other)).code).toBe(1);
  expect((await alone([file(good.join("\n")), "--prove", "7"])).said).toBe(proof.trimEnd());
});

test("the stand-alone verifier is run with Node and no package, and its exit code says what it found", () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [ALONE, ...words], { encoding: "utf8", cwd: home.dir });
  const whole = file(good.join("\n"));
  expect(run(whole, "--against", file(late))).toMatchObject({ status: 0, stderr: "" });
  expect(run(whole, "--against", file(late)).stdout).toMatch(
    /^verified: 60 entries, root \S+, without outcome: none\n$/,
  );
  expect(run(file(good.slice(0, 30).join("\n"))).status).toBe(1);
  expect(run().status).toBe(2);
});

test("after a restore the bundle holds both ledgers, and the later one must name the earlier", async () => {
  const before = await home.open();
  const backupDir = join(home.dir, "backup");
  await before.backup(backupDir);
  await before.close();
  const { store } = await restoreHome({
    dataDir: home.dataDir,
    keysDir: home.keysDir,
    clock: home.clock,
    random,
    unlock: { kind: "file" },
    tenant: "default",
    backupDir,
  });
  await write(store, 5);
  const path = join(home.dir, "both");
  await store.exportLedger(path);
  await store.close();
  const lines = readFileSync(path, "utf8").split("\n");
  expect(await judged(lines)).toMatchObject({ ok: true });
  expect((await judged(lines, early)).ok).toBe(true);
  const second = lines.findIndex((line, n) => n > 1 && line.startsWith('{"log"'));
  const first = lines.findIndex((line, n) => n > second && line.includes("backup.restored"));
  const lied = lines.with(first, lineOf(entryText(lines[first] ?? "").replace(/"entries":\d+/, '"entries":9')));
  expect(await judged(lied)).toMatchObject({ ok: false, badSeq: 1 });
  const alone = [lines[0] ?? "", ...lines.slice(second)];
  expect((await judged(alone)).ok).toBe(false);
});
