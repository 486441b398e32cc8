/**
 * Every bomb through a running daemon and its sandboxed child: ended or refused within ten seconds, the daemon no more
 * than 50 MB larger, one entry each; and nothing of a file where it must not be.
 */
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hookSignature } from "../../connectors/webhook-signature.ts";
import { BOMBS } from "../file-bombs.ts";
import { docxOf, paragraph } from "../file-craft.ts";
import { type RealDaemon, RealHome } from "../real-lazaret.ts";

const SECRET = "a secret of this test and of no other";
const MS_MAX = 10_000;
const MORE_MIB_MAX = 50;
const NAME = "CANARY-FILE-NAME";
const INSIDE = "CANARY-FILE-TEXT";

/** A place is asked so often an hour and no more. */
const ROOMS = ["room-0", "room-1", "room-2"] as const;
const ASKED_A_ROOM = 20;
let opens = 0;

const home = new RealHome(`listen: { port: 0 }
channels:
  - { name: console, kind: console }
  - { name: alerts, kind: webhook, secret: hook, assurance: medium }
conversations:
${ROOMS.map((room) => `  - { alias: ${room}, channel: alerts, room: ${room}, context: everyone }\n`).join("")}people:
  - { role: owner, id: "alerts:ana" }
  - { role: member, id: "alerts:ben" }
`);
let daemon: RealDaemon;
let posted = 0;

beforeAll(async () => {
  daemon = await home.up();
  await home.ok(["secrets", "set", "hook"], `${SECRET}\n`);
  await home.ok(["capability", "enable", "attachment.extract_text"]);
  for (const conversation of ROOMS)
    await post({ conversation, kind: "membership", sender: "net", members: ["ana", "ben"] });
}, 120_000);
afterAll(async () => {
  await daemon.stop();
  home[Symbol.dispose]();
});

function signed(bytes: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = hookSignature(Buffer.from(SECRET), timestamp, Buffer.from(bytes));
  return { "x-lazaret-timestamp": timestamp, "x-lazaret-signature": signature };
}

async function post(body: object): Promise<void> {
  posted++;
  const bytes = JSON.stringify({ id: `post-${posted}`, ...body });
  const headers = { "content-type": "application/json", ...signed(bytes) };
  const answer = await fetch(`http://${daemon.http}/hooks/alerts`, { method: "POST", body: bytes, headers });
  if (answer.status > 202) throw new Error(`${answer.status} ${await answer.text()}`);
}

type Item = { readonly seq: number; readonly text: string; readonly approval?: { readonly code: string } };
const SIGN = /^butler is (?:on it|still)|^Still /;
let acknowledged = 0;
/** The next text, once it is there. */
async function next(): Promise<Item> {
  for (;;) {
    const target = `/hooks/alerts/outbox?after=${acknowledged}&wait=5`;
    const answer = await fetch(`http://${daemon.http}${target}`, { headers: signed(target) });
    const { items } = (await answer.json()) as { readonly items: readonly Item[] };
    const [item] = items;
    if (item === undefined) continue;
    acknowledged = item.seq;
    // On a busy machine it says that it is at work.
    if (!SIGN.test(item.text)) return item;
  }
}

/** Of the daemon, in MiB. */
const memory = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8"))?.[1]) / 1024;

/**
 * Sends a file, has it opened, and gives what was answered. `more`: MiB by which the daemon grew while it was read;
 * that it was taken in before is another matter.
 */
async function opened(
  file: string,
  bytes: Buffer,
  meanwhile: () => void = () => {},
): Promise<{ readonly text: string; readonly ms: number; readonly more: number }> {
  const attachments = [{ name: file, mime: "application/octet-stream", data: bytes.toString("base64") }];
  const conversation = ROOMS[Math.floor(opens++ / ASKED_A_ROOM)];
  await post({ conversation, sender: "ben", text: "what is in the file?", addressed: true, attachments });
  const asked = await next();
  const [begun, before] = [performance.now(), memory()];
  let most = before;
  const looking = setInterval(() => {
    most = Math.max(most, memory());
    meanwhile();
  }, 50);
  await post({ conversation, sender: "ana", text: `approve ${asked.approval?.code}`, addressed: true });
  const { text } = await next();
  clearInterval(looking);
  return { text, ms: performance.now() - begun, more: most - before };
}

type Entries = {
  readonly size: number;
  readonly entries: readonly { readonly body: Readonly<Record<string, unknown>> }[];
};
/** What the ledger says of files since: codes of those that gave nothing, `read` of the others. */
async function outcomesAfter(after: number): Promise<readonly string[]> {
  const of = async (type: string): Promise<readonly string[]> => {
    const { entries } = await daemon.ask<Entries>("ledger.entries", { after, type, limit: 100 });
    const own = entries.filter(({ body }) => body["capability"] === "attachment.extract_text");
    return own.map(({ body }) => String(body["code"] ?? "read"));
  };
  return [...(await of("transform.failed")), ...(await of("transform.completed"))];
}
const ledgerSize = async (): Promise<number> =>
  (await daemon.ask<Entries>("ledger.entries", { after: 0, limit: 1 })).size;

test("a file that is one is read, and neither name nor text is in an argument, a file or the log", async () => {
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (readFileSync(`/proc/${pid}/environ`, "utf8").includes("CANARY")) seen.add("environment");
        if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("CANARY")) seen.add("arguments");
      } catch {
        // It has ended since it was listed, or is somebody else's.
      }
    }
  };
  const before = new Set(readdirSync(tmpdir()));
  const { text } = await opened(`${NAME}.docx`, docxOf(paragraph(INSIDE)), look);
  expect(text).toContain(INSIDE);
  expect(text).not.toContain(NAME);
  expect([...seen]).toEqual([]);
  expect(readdirSync(tmpdir()).filter((name) => !before.has(name) && /lazaret-file|CANARY/.test(name))).toEqual([]);
  expect(daemon.said.stderr + daemon.said.stdout).not.toContain("CANARY");
  const stored = readdirSync(home.home, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
  for (const { parentPath, name } of stored)
    expect(readFileSync(join(parentPath, name)).includes("CANARY")).toBe(false);
}, 60_000);

test.each(BOMBS.map((bomb) => [bomb.name, bomb] as const))(
  "%s",
  async (_, { file, make, ends }) => {
    const size = await ledgerSize();
    const { text, ms, more } = await opened(file, make());
    expect(ms).toBeLessThan(MS_MAX);
    expect(more).toBeLessThan(MORE_MIB_MAX);
    const outcomes = await outcomesAfter(size);
    expect(outcomes).toHaveLength(1);
    // Whoever is ended by the clock instead of refused was ended all the same.
    const refused = ["attachment.refused", "transform.timeout"];
    const codes = { opaque: ["attachment.opaque"], any: ["read", ...refused] };
    expect(ends === "opaque" || ends === "any" ? codes[ends] : refused).toContain(outcomes[0]);
    if (ends !== "any") expect(text).toMatch(/^I could not do that\./);
  },
  60_000,
);
