// Verifies a ledger bundle of Lazaret, or a proof for one entry, with Node alone: no code of Lazaret's, no package.
//
//   node verify-ledger.mjs BUNDLE [--against CHECKPOINT] [--key VERIFIERKEY]
//   node verify-ledger.mjs BUNDLE --prove SEQ              prints a C2SP tlog-proof; put it into a file
//   node verify-ledger.mjs --proof FILE --entry FILE --key VERIFIERKEY
//
// CHECKPOINT is a file that was kept outside the machine. Without one, whoever held the ledger can have cut its end off
// or signed another history, and this says so. Exit code 0: verified, 1: not, 2: usage.
// Written against docs/ledger-format.md, RFC 6962, c2sp.org/tlog-checkpoint and c2sp.org/tlog-proof.
import { createHash, createPublicKey, verify } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";

const must = (fine, seq, why) => {
  if (!fine) throw new Error(seq === null ? why : `entry ${seq}: ${why}`);
};
const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const leafOf = (entry) => sha(Uint8Array.of(0), entry);
const join = (left, right) => sha(Uint8Array.of(1), left, right);
const below = (n) => 2 ** Math.floor(Math.log2(n - 1)); // the largest power of two smaller than n
/** RFC 6962 section 2.1: the root of leaves[from..to], by its own recursion; finished subtrees are remembered. */
class Tree {
  leaves = [];
  #known = new Map();
  root(from = 0, to = this.leaves.length) {
    if (to === from) return sha("");
    if (to - from === 1) return this.leaves[from];
    const key = `${from} ${to}`;
    const isWhole = Number.isInteger(Math.log2(to - from));
    if (this.#known.has(key)) return this.#known.get(key);
    const middle = from + below(to - from);
    const hash = join(this.root(from, middle), this.root(middle, to));
    if (isWhole) this.#known.set(key, hash);
    return hash;
  }
  /** Section 2.1.1: the path of leaf m, the sibling first. */
  path(m, from = 0, to = this.leaves.length) {
    if (to - from === 1) return [];
    const middle = from + below(to - from);
    return m < middle
      ? [...this.path(m, from, middle), this.root(middle, to)]
      : [...this.path(m, middle, to), this.root(from, middle)];
  }
}

/** The root that a path leads to, by the same recursion: the last hash is the other half of the whole tree. */
function rootOfPath(m, size, leaf, path) {
  must(Number.isSafeInteger(m) && m >= 0 && m < size && (size > 1) === path.length > 0, null, "the proof does not fit");
  if (size === 1) return leaf;
  const [k, rest, last] = [below(size), path.slice(0, -1), path.at(-1)];
  return m < k ? join(rootOfPath(m, k, leaf, rest), last) : join(last, rootOfPath(m - k, size - k, leaf, rest));
}

/** A verifier key `origin+id+base64(1 ‖ key)` to what checks signatures. */
function keyOf(text) {
  const [, origin, id, encoded] = /^(.+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const raw = Buffer.from(encoded ?? "", "base64");
  must(raw.length === 33 && raw[0] === 1, null, "the key is not an Ed25519 verifier key");
  const hash = sha(`${origin}\n`, raw).subarray(0, 4);
  must(hash.toString("hex") === id, null, "the key's id is not its own");
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw.subarray(1)]);
  return { origin, hash, key: createPublicKey({ key: der, format: "der", type: "spki" }) };
}

/** A checkpoint: {origin, size, root}, signed by this key, or an error. */
function noteOf(text, { origin, hash, key }, what) {
  const [, body, name, size, root, lines] =
    /^(([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n((?:— [^\n]+\n)+)$/.exec(text) ?? [];
  must(body !== undefined, null, `${what} cannot be read`);
  must(name === origin, null, `${what} is of another ledger`);
  const signatures = lines.split("\n").filter((line) => line.startsWith(`— ${origin} `));
  const bytes = signatures.map((line) => Buffer.from(line.slice(origin.length + 3), "base64"));
  const isOurs = (it) => it.subarray(0, 4).equals(hash) && verify(null, Buffer.from(body), key, it.subarray(4));
  must(bytes.some(isOurs), null, `${what} is not signed by this ledger's key`);
  return { origin, size: Number(size), root: Buffer.from(root, "base64"), text };
}

async function* linesOf(file) {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      yield bytes.subarray(from, at);
      from = at + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield rest;
}

function readEntry(line, seq, tree, state) {
  must(line[44] === 32, seq, "is missing"); // a hash is 44 characters of base64, then a space
  const [entry, leaf] = [line.subarray(45), leafOf(line.subarray(45))];
  must(leaf.toString("base64") === line.toString("latin1", 0, 44), seq, "was altered");
  const { seq: own, time, type, body } = JSON.parse(entry.toString("utf8"));
  must(own === seq, Math.min(own, seq), "is not where it was");
  must(time >= state.time, seq, "is older than the one before it");
  state.time = time;
  tree.leaves.push(leaf);
  if (/^effect\./.test(type)) {
    const id = body.effect ?? body.outbox ?? body.call ?? seq;
    type === "effect.intended" ? state.open.set(id, seq) : state.open.delete(id);
  }
  return { type, body };
}

/** Is every checkpoint of this size over this root? True when the outside one is of this size. */
function checkRoots(tree, notes, outside) {
  const size = tree.leaves.length;
  const at = notes.findIndex((note) => note.size === size);
  const from = (notes[at - 1]?.size ?? 0) + 1;
  must(at < 0 || notes[at].root.equals(tree.root()), from, `or one up to ${size} is not what was signed at ${size}`);
  if (outside?.size !== size) return false;
  must(outside.root.equals(tree.root()), null, `the first ${size} entries are not those of the outside checkpoint`);
  return true;
}

/** One log; `before` is the one that it goes on from. */
async function readLog({ log }, before, against, next) {
  const signer = keyOf(log.key);
  must(signer.origin === log.origin, null, "the key is of another ledger");
  const outside = against?.startsWith(`${log.origin}\n`) ? noteOf(against, signer, "the outside checkpoint") : null;
  const [tree, notes, state] = [new Tree(), [], { time: 0, open: new Map() }];
  for (let n = 0; n < log.checkpoints; n++) {
    notes.push(noteOf(JSON.parse(await next()).checkpoint, signer, "a checkpoint"));
    must(notes[n].size >= (notes[n - 1]?.size ?? 0), null, "the checkpoints are not in order");
  }
  let isMet = checkRoots(tree, notes, outside);
  for (let seq = 1; seq <= log.entries; seq++) {
    const { type, body } = readEntry(await next(), seq, tree, state);
    if (seq === 1 && before !== null) {
      const isNamed = body.origin === before.log.origin && body.entries === before.log.entries;
      const fits = isNamed && (body.root ?? before.root) === before.root && /\.(restored|rotated)$/.test(type);
      must(fits, 1, `does not go on from ${before.log.origin}`);
    }
    isMet = checkRoots(tree, notes, outside) || isMet;
  }
  must((notes.at(-1)?.size ?? 0) <= log.entries, log.entries + 1, "was signed and is not here");
  return { log, tree, notes, isMet, outside, root: tree.root().toString("base64"), open: [...state.open.values()] };
}

async function verifyBundle({ bundle, against: outside, key, prove }) {
  const against = outside === undefined ? null : readFileSync(outside, "utf8");
  const lines = linesOf(bundle);
  const next = async () => {
    const { value, done } = await lines.next();
    must(!done, null, "the bundle ends before its end");
    return value;
  };
  must(JSON.parse(await next()).bundle === "lazaret.ledger-bundle.v1", null, "this is not a ledger bundle");
  let [logs, line] = [[], JSON.parse(await next())];
  for (; line.log; line = JSON.parse(await next())) logs.push(await readLog(line, logs.at(-1) ?? null, against, next));
  const [last, total] = [logs.at(-1), logs.reduce((sum, { log }) => sum + log.entries, 0)];
  const isWhole = line.end?.entries === total && line.end.logs === logs.length && (await lines.next()).done;
  must(isWhole && last, null, "the bundle does not end as it says");
  const signed = last.notes.at(-1)?.size ?? 0;
  must(signed === last.log.entries, signed + 1, "is under no checkpoint");
  const missing = last.outside ? `${last.outside.size} entries were signed, ${signed} are here` : null;
  must(against === null || logs.some(({ isMet }) => isMet), null, missing ?? "the outside one is of another ledger");
  must(!key || key === last.log.key, null, "the ledger's key is not the given one");
  if (prove) {
    must(prove >= 1 && prove <= signed, prove, "is not here");
    const path = last.tree.path(prove - 1).map((hash) => `${hash.toString("base64")}\n`);
    return `c2sp.org/tlog-proof@v1\nindex ${prove - 1}\n${path.join("")}\n${last.notes.at(-1).text}`.trimEnd();
  }
  const limits = against !== null ? "" : `; rollback${key ? "" : ", another signer"} and truncation not excluded`;
  return `verified: ${total} entries, root ${last.root}, without outcome: ${last.open.join(", ") || "none"}${limits}`;
}

function verifyProof({ proof, entry, key }) {
  const form = /^c2sp\.org\/tlog-proof@v1\n(?:extra [^\n]*\n)?index (\d+)\n((?:[^\n]+\n)*)\n([^]*)$/;
  const [, index, path = "", text = ""] = form.exec(readFileSync(proof, "utf8")) ?? [];
  const note = noteOf(`${text.trimEnd()}\n`, keyOf(key), "the proof's checkpoint");
  const hashes = path.trim().split("\n").filter(Boolean).map((hash) => Buffer.from(hash, "base64"));
  const leaf = leafOf(readFileSync(entry, "utf8").replace(/\n$/, ""));
  must(rootOfPath(Number(index), note.size, leaf, hashes).equals(note.root), Number(index) + 1, "is not this one");
  return `verified: this is entry ${Number(index) + 1} of ${note.size} in ${note.origin}`;
}

async function main(words) {
  const given = {}; // what stands behind each word of the command line
  for (let at = 0; at < words.length; at++) {
    const [, name] = /^--(against|key|prove|proof|entry)$/.exec(words[at]) ?? [];
    given[name ?? "bundle"] = words[name ? ++at : at];
  }
  const { bundle, proof, entry, key } = given;
  if (!bundle && !(proof && entry && key)) return { code: 2, said: "say which bundle, or --proof, --entry and --key" };
  try {
    return { code: 0, said: proof ? verifyProof(given) : await verifyBundle(given) };
  } catch (error) {
    return { code: 1, said: `not verified: ${error.message}` };
  }
}

export { main }; // and run, when this file is what was started
if (import.meta.main ?? true) {
  const { code, said } = await main(process.argv.slice(2));
  process.exitCode = code;
  console.log(said);
}
