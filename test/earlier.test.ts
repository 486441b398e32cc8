/** What an agent is told of earlier requests: the person's own, redacted, and the answers by handles of this run. */
import { afterEach, expect, test } from "vitest";
import type { InvocationReply } from "../src/core/agent.ts";
import { butlerThat, call, closeWorld, group, type HookWorld, hookWorld, person } from "./webhook-world.ts";

let here: HookWorld;
let read: InvocationReply | null = null;
let quote = false;
let count = 6;
let said: readonly string[] = [];
afterEach(() => closeWorld(here));

type Earlier = { readonly text: string; readonly asked_at: number; readonly answers: readonly string[] };
const earlier = (): readonly Earlier[] =>
  (read?.output as { readonly earlier: readonly Earlier[] } | undefined)?.earlier ?? [];

/** Reads what was asked, and answers; or says again what it answered last time. */
const reader = butlerThat(async (run) => {
  read = await call(run, "request.read", count === 6 ? {} : { earlier: count });
  const last = earlier().at(-1)?.answers[0];
  const template = quote && last !== undefined ? `As I said: {{v:${last}}}` : `Answer ${earlier().length}.`;
  await call(run, "chat.reply", { template });
  await run.finish();
});

async function begin(): Promise<void> {
  quote = false;
  here = await hookWorld({
    drivers: [reader],
    assurance: "medium",
    people: [person("ana", "member"), person("ben", "member")],
    conversations: [group("family", { context: "everyone" })],
  });
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben"] });
}
const ask = async (sender: string, text: string, id?: string): Promise<void> => {
  await here.post({ conversation: "room-family", sender, text, addressed: true, ...(id === undefined ? {} : { id }) });
  here.home.clock.turn(1000);
  // What the far end took is what was said.
  said = await here.read("family");
};

test("the last six of the person who asks, oldest first, and nobody else's", async () => {
  await begin();
  count = 0;
  for (let n = 1; n <= 7; n += 1) await ask("ana", `please count number ${n}`);
  await ask("ben", "what about me");
  await here.post({ conversation: "room-family", sender: "ana", text: "not for the bot" });
  count = 6;
  await ask("ana", "and now");
  expect(earlier().map(({ text }) => text)).toEqual([2, 3, 4, 5, 6, 7].map((n) => `please count number ${n}`));
  const times = earlier().map(({ asked_at }) => asked_at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test("names and numbers in them are masked as in the request itself", async () => {
  await begin();
  await ask("ana", "call Maria Hofer on +43 660 1234567 please");
  await ask("ana", "did you");
  expect(earlier()[0]?.text).not.toMatch(/1234567|Maria|Hofer/);
});

test("answers are handles of this run, which say what was said and carry its label", async () => {
  await begin();
  await ask("ana", "first");
  quote = true;
  await ask("ana", "second");
  const [handle] = earlier()[0]?.answers ?? [];
  expect(read?.values?.map(({ handle: it, kind }) => [it, kind])).toEqual([[handle, "request.answer"]]);
  expect(JSON.stringify(read?.output)).not.toContain("Answer 0.");
  expect(said.at(-1)).toBe("As I said: Answer 0.");
  const old = handle;
  await ask("ana", "third");
  expect(earlier().flatMap(({ answers }) => answers)).not.toContain(old);
});

test("what was deleted is not told any more", async () => {
  await begin();
  await ask("ana", "secret plan", "gone");
  await here.post({ kind: "delete", conversation: "room-family", sender: "ana", target: "gone" });
  await ask("ana", "again");
  expect(earlier()).toEqual([]);
});
