/** A person's data: sealed to a key that they hold, in a file that only they and the owner's user can touch. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Decrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { expect, test } from "vitest";
import { closeWorld, group, hookWorld } from "./webhook-world.ts";

test("holds what one person wrote and nothing of the others, and opens by their key alone", async () => {
  const here = await hookWorld({ drivers: [], conversations: [group("family", { context: "everyone" })] });
  const say = (sender: string, text: string, more: object = {}) =>
    here.post({ conversation: "room-family", sender, text, ...more });
  const data = Buffer.from("a list").toString("base64");
  await say("zoe", "I bring the tent.", { attachments: [{ name: "list.txt", mime: "text/plain", data }] });
  await say("ben", "I bring the stove.");
  await say("zoe", "And the rope.");
  const zoe = (await here.owner["principal.list"]({})).principals.find(({ platform }) => platform === "zoe");
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const file = join(here.home.dir, "zoe.age");
  const order = { principal: zoe?.id as never, recipient, file };
  expect(await here.owner["export.make"](order)).toMatchObject({ file, messages: 2 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const bytes = readFileSync(file);
  expect(bytes.toString("latin1").includes("tent")).toBe(false);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const lines = (await decrypter.decrypt(bytes, "text")).trim().split("\n");
  const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(all[0]).toMatchObject({ kind: "person", platform: "zoe", role: "participant", opted_out: false });
  expect(all.slice(1).map(({ text, conversation }) => [text, conversation])).toEqual([
    ["I bring the tent.", "family"],
    ["And the rope.", "family"],
  ]);
  expect(all[1]?.["attachments"]).toEqual([expect.objectContaining({ name: "list.txt", data })]);
  expect(here.entries("export.made").map(({ body }) => body["messages"])).toEqual([2]);
  const other = new Decrypter();
  other.addIdentity(await generateIdentity());
  await expect(other.decrypt(bytes)).rejects.toThrow();
  await expect(here.owner["export.make"](order)).rejects.toMatchObject({ code: "input.invalid" });
  writeFileSync(join(here.home.dir, "there"), "mine");
  const there = { ...order, file: join(here.home.dir, "there") };
  await expect(here.owner["export.make"](there)).rejects.toMatchObject({ code: "input.invalid" });
  expect(readFileSync(there.file, "utf8")).toBe("mine");
  await closeWorld(here);
});
