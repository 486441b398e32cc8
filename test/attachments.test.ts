/** Attachments in a whole Lazaret: who is asked before one is opened, what comes of it, and what is never said. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { butler } from "../src/agents/butler.ts";
import type { AttachmentReader } from "../src/core/attachment.ts";
import { DirectReader } from "./direct-reader.ts";
import { closeWorld, group, type HookOptions, type HookWorld, hookWorld, person } from "./webhook-world.ts";
import { until } from "./world.ts";

const PEOPLE = [person("ana", "approver"), person("ben", "member"), person("carla", "member")];
const PLACES = [group("family", { context: "everyone" })];
const ROOM = "room-family";
const NOTE = "Ben books the boat until Friday.\nCarla pays 40 euros for the tent.";
const CAPABILITY = "attachment.extract_text";

let here: HookWorld;
let files: DirectReader;

async function start(more: Partial<HookOptions> = {}): Promise<void> {
  files = new DirectReader();
  here = await hookWorld({
    drivers: [butler],
    people: PEOPLE,
    conversations: PLACES,
    assurance: "medium",
    files,
    ...more,
  });
  await here.post({ kind: "membership", conversation: ROOM, sender: "net", members: ["ana", "ben", "carla"] });
}
beforeEach(() => start());
afterEach(() => closeWorld(here));

const enable = () => here.owner["capability.enable"]({ id: CAPABILITY });
const attached = (text: string, name = "plan.txt", mime = "text/plain") => ({
  name,
  mime,
  data: Buffer.from(text).toString("base64"),
});
const send = (text: string, more: object = {}) => here.post({ conversation: ROOM, sender: "carla", text, ...more });
const ask = (text: string, more: object = {}) =>
  here.post({ conversation: ROOM, sender: "ben", text, addressed: true, ...more });
const answers = async (): Promise<string> => (await here.read("family")).join("\n");
const asked = () => here.approvals().filter(({ capability }) => capability === CAPABILITY);
async function allow(): Promise<string> {
  const { text, approval } = await here.question();
  await here.post({ conversation: ROOM, sender: "ana", text: `approve ${approval.code}`, addressed: true });
  return text;
}

test("a file is opened after a yes, and its text goes to the room it came from", async () => {
  await enable();
  await send("here is the plan", { attachments: [attached(NOTE)] });
  await ask("what is in the file?");
  expect(files.hints).toEqual([]);
  const question = await allow();
  expect(question).toContain("attachment of the message of");
  expect(question).toContain("text/plain");
  expect(question).not.toContain("plan.txt");
  const said = await answers();
  expect(said).toContain("A txt file, 66 characters.");
  expect(said).toContain("Ben books the boat until Friday.");
  expect(here.runs().at(-1)?.status.state).toBe("done");
  const opened = here.entries("quarantine.accessed").filter(({ body }) => body["capability"] === CAPABILITY);
  expect(opened).toHaveLength(1);
  expect(here.entries("transform.completed").map(({ body }) => body["capability"])).toContain(CAPABILITY);
});

test("a long file is summarised, and none of its sentences is said whole", async () => {
  await enable();
  const long = `${"The committee of the harbour decided to repair the old wooden pier before winter comes. ".repeat(3)}
Anna will order the planks for the pier by Monday.
The budget for the repair is 4000 euros.
${"The weather in the harbour was calm and nothing else of note was discussed that day. ".repeat(20)}`;
  await send("minutes", { attachments: [attached(long, "minutes.md", "text/markdown")] });
  await ask("summarise the attachment");
  await allow();
  const said = await answers();
  expect(said).toMatch(/A md file, \d+ characters\. Summary:/);
  expect(said).not.toContain("decided to repair the old wooden pier before winter comes");
  expect(here.entries("decision.made").some(({ body }) => body["capability"] === "message.summarize")).toBe(true);
});

test("the request's own attachment comes first, then that of the message it replies to", async () => {
  await enable();
  await send("old", { attachments: [attached("the old file")] });
  await send("older", { id: "replied", attachments: [attached("the file replied to")] });
  await send("newest", { attachments: [attached("the newest file")] });
  await ask("what is in this file", { attachments: [attached("the file of the request")] });
  await allow();
  expect(await answers()).toContain("the file of the request");
  await ask("what is in this file", { reply_to: "replied" });
  await allow();
  expect(await answers()).toContain("the file replied to");
});

test("switched off, nobody is asked, nothing is opened, and it is said how to switch it on", async () => {
  await send("here is the plan", { attachments: [attached(NOTE)] });
  await ask("what is in the file?");
  expect(await answers()).toContain("lazaret capability enable NAME");
  expect([asked().length, files.hints.length]).toEqual([0, 0]);
});

test("without a sandbox there is no such capability, and it is said", async () => {
  await closeWorld(here);
  here = await hookWorld({ drivers: [butler], people: PEOPLE, conversations: PLACES, assurance: "medium" });
  await here.post({ kind: "membership", conversation: ROOM, sender: "net", members: ["ana", "ben", "carla"] });
  const { capabilities } = await here.owner["capability.list"]({});
  expect(capabilities.map(({ id }) => id)).not.toContain(CAPABILITY);
  await expect(enable()).rejects.toThrow("There is no such capability.");
  await send("here is the plan", { attachments: [attached(NOTE)] });
  await ask("what is in the file?");
  expect(await answers()).toContain("nothing to open them in safely");
});

test("a picture stays closed, and nobody is asked", async () => {
  await enable();
  await send("look", { attachments: [attached("not text", "a.png", "image/png")] });
  await ask("what is in the file?");
  expect(await answers()).toContain("This file is of a kind that is not read.");
  expect([asked().length, files.hints.length]).toEqual([0, 0]);
});

test("what only claims to be text is told apart by its bytes, in one entry", async () => {
  await enable();
  await send("look", { attachments: [attached("\u0000\u0001\u0002PNG", "a.txt")] });
  await ask("what is in the file?");
  await allow();
  expect(await answers()).toContain("pictures, sound and others stay closed");
  const failed = here.entries("transform.failed").map(({ body }) => [body["capability"], body["code"]]);
  expect(failed).toEqual([[CAPABILITY, "attachment.opaque"]]);
});

test("without any attachment it is said so", async () => {
  await enable();
  await send("no file here");
  await ask("what is in the file?");
  expect(await answers()).toContain("I see no attachment here");
});

test("a no, and a deleted message, leave the file closed", async () => {
  await enable();
  await send("here is the plan", { id: "m1", attachments: [attached(NOTE)] });
  await ask("what is in the file?");
  const { approval } = await here.question();
  await here.post({ conversation: ROOM, sender: "ana", text: `deny ${approval.code}`, addressed: true });
  expect(await answers()).toContain("A person said no.");
  await ask("what is in the file?");
  await here.post({ kind: "delete", conversation: ROOM, sender: "carla", target: "m1" });
  expect(here.approvals().at(-1)?.status.state).toBe("void");
  expect(files.hints).toEqual([]);
});

test("a deleted message takes the text that was read from it along", async () => {
  await enable();
  await send("here is the plan", { id: "m1", attachments: [attached(NOTE)] });
  await ask("what is in the file?");
  await allow();
  const handle = here.entries("transform.completed").find(({ body }) => body["capability"] === CAPABILITY)?.body[
    "handle"
  ];
  expect(here.store.get("value", String(handle))).not.toBeNull();
  await here.post({ kind: "delete", conversation: ROOM, sender: "carla", target: "m1" });
  expect(here.store.get("value", String(handle))).toBeNull();
});

test("neither the name of a file nor its text is in the ledger", async () => {
  await enable();
  await send("plan", { attachments: [attached("CANARY-INSIDE", "CANARY-NAME.csv", "text/csv")] });
  await ask("what is in the file?");
  await allow();
  expect(files.hints).toEqual(["csv"]);
  const entries = JSON.stringify(here.store.ledger.entries(0, 100_000));
  expect(entries).toContain(CAPABILITY);
  expect(entries).not.toContain("CANARY");
});

test("a read that the end of the process cut off is done again after the start, under the same yes", async () => {
  let opened = 0;
  const stuck: AttachmentReader = {
    read: () => {
      opened++;
      return new Promise(() => {});
    },
    close: async () => {},
  };
  await closeWorld(here);
  await start({ files: stuck });
  await enable();
  await send("here is the plan", { attachments: [attached(NOTE)] });
  await ask("what is in the file?");
  const { approval } = await here.question();
  void here.post({ conversation: ROOM, sender: "ana", text: `approve ${approval.code}`, addressed: true });
  await until(() => opened === 1);
  const { home, store } = here;
  await store.close();
  await start({ home, files: new DirectReader() });
  await here.rest();
  expect(await answers()).toContain("Ben books the boat until Friday.");
  expect(here.runs().at(-1)?.status.state).toBe("done");
});
