/** A child of story-kill.slow.test.ts: the main story, told as it is acknowledged; dies at a numbered durable point. */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { join } from "node:path";
import type { TokenDoor } from "../../src/gateway/surface.ts";
import { restoreHome } from "../../src/store/restore.ts";
import { HandClock } from "../store-home.ts";
import { copyHome, type Lazaret, lazaretOn, openLazaret, optionsFor, SECRET } from "./kill-home.ts";
import { EVENTS, type Told } from "./kill-told.ts";

/** A number kills at that point; `copy` keeps at every point what a kill there would leave behind. */
const [dir = "", killAt = "0"] = process.argv.slice(2);
const tell = (what: Told): void => void writeSync(1, `${JSON.stringify(what)}\n`);
let points = 0;
const probe = (point: string): void => {
  points++;
  if (killAt === "copy") {
    // All of it is written by this thread, so this is what the kernel has at this moment.
    copyHome(dir, join(dir, "copies", String(points)), ["data", "keys", "backup"]);
    tell({ point });
  } else if (points === Number(killAt)) {
    tell({ point });
    process.kill(process.pid, "SIGKILL");
  }
};
const clock = new HandClock();

async function type(here: Lazaret, line: string, n: number): Promise<void> {
  await here.daemon.surface.owner["chat.say"]({ text: line });
  tell({ typed: n });
  await here.rest();
}

async function sitDown(here: Lazaret): Promise<void> {
  here.attach((operation) => tell({ shown: operation.id }));
  await here.rest();
}

/** An agent of its own asks to say something in the room; the owner says yes. */
async function agentSays(here: Lazaret): Promise<void> {
  const { owner, door, tokenByHash } = here.daemon.surface;
  const { token: shown } = await owner["token.create"]({
    name: "helper",
    scopes: ["agent"],
    conversations: ["ops"],
    runs_on: "local",
    pin: "1234",
  });
  const token = tokenByHash(createHash("sha256").update(shown).digest("hex"));
  if (token === null) throw new Error("no token");
  const run = await door.startRun(token, { conversation: "ops" });
  const invoke = (capability: string, input: unknown, key: string): ReturnType<TokenDoor["invoke"]> =>
    door.invoke(token, run.id, { capability, input, justification: "the story", idempotency_key: key });
  const made = await invoke("message.summarize", { last: 5 }, "one");
  const template = `Here: {{v:${made.values?.[0]?.handle}.points}}`;
  const asked = await invoke("chat.reply", { template }, "two");
  const id = asked.approval?.id;
  if (id === undefined) throw new Error(JSON.stringify(asked));
  tell({ asked: id });
  await here.rest();
  await owner["approvals.decide"]({ approval: id, yes: true, pin: "1234" });
  tell({ approved: id });
  await here.rest();
  await door.finish(token, run.id, null);
}

async function story(): Promise<void> {
  let here = await openLazaret(dir, clock, probe);
  const { owner } = here.daemon.surface;
  await owner["secrets.set"]({ name: "hook-alerts", value: SECRET });
  tell({ secret: true });
  const sent_at = clock.now() - 60_000;
  const texts = ["Can you bring the tent?", "I will bring the tent.", "Please call Ben.", "Great."];
  const lines = texts.map((text, n) => ({ id: `m${n}`, sender: n % 2 === 0 ? "Ana" : "Ben", text, sent_at }));
  await owner.import({ conversation: "family", lines });
  tell({ imported: lines.map(({ id }) => id) });
  await sitDown(here);
  await type(here, "summarise family", 1);
  for (const event of EVENTS) {
    const { status } = await here.post(event);
    if (status === 202) tell({ accepted: String(event["id"]) });
    await here.rest();
  }
  const items = await here.fetch();
  await here.ack(items.at(-1)?.seq ?? 0);
  tell({ acked: items.map(({ id }) => id) });
  await owner["pin.set"]({ next: "1234" });
  await agentSays(here);
  await type(here, "redact the last 2 messages of family", 2);
  const { approvals } = await owner["approvals.list"]({ open: true });
  for (const { id } of approvals) {
    await owner["approvals.decide"]({ approval: id, yes: true, pin: "1234" });
    tell({ approved: id });
  }
  await here.rest();
  tell({ checkpoint: (await owner["ledger.checkpoint"]({})).checkpoint });
  await owner.backup({ file: join(dir, "backup"), pin: "1234" });
  tell({ backup: true });
  tell({ begun: "family" });
  const family = await owner.purge({ scope: { by: "conversation", conversation: "family" }, pin: "1234" });
  tell({ erased: "family", receipt: family.receipt ?? "none" });
  const { principals } = await owner["principal.list"]({});
  const zoe = principals.find(({ platform }) => platform === "zoe");
  tell({ begun: "zoe" });
  if (zoe === undefined) throw new Error("no zoe");
  const gone = await owner.purge({ scope: { by: "sender", principal: zoe.id }, pin: "1234" });
  tell({ erased: "zoe", receipt: gone.receipt ?? "none" });
  await here.daemon.close();
  tell({ ended: true });
  tell({ begun: "restore" });
  const { store } = await restoreHome({ ...optionsFor(dir, clock, probe), backupDir: join(dir, "backup") });
  tell({ restored: true });
  here = await lazaretOn(store, dir, clock);
  await sitDown(here);
  await type(here, "list my chats", 3);
  await here.daemon.close();
  tell({ points });
}

await story();
