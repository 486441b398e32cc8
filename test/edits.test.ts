/** Messages that change or go after they were said: what was made of them goes too, and nobody is left waiting. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, InvocationReply, RunHandle } from "../src/core/agent.ts";
import { textOf } from "./store-home.ts";
import { butlerThat, call, closeWorld, group, type HookWorld, hookWorld, person, sender } from "./webhook-world.ts";

let here: HookWorld;
const replies: InvocationReply[] = [];
afterEach(() => closeWorld(here));

async function begin(driver: AgentDriver): Promise<void> {
  replies.length = 0;
  here = await hookWorld({
    drivers: [driver],
    assurance: "medium",
    people: [person("ana", "approver"), person("ben", "member"), person("carla", "member")],
    conversations: [group("family", { context: "everyone" }), group("work")],
  });
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben", "carla"] });
}
const post = (who: string, id: string, text: string, addressed = false) =>
  here.post({ id, conversation: "room-family", sender: who, text, addressed });
const edit = (who: string, target: string, text: string) =>
  here.post({ kind: "edit", conversation: "room-family", sender: who, target, text });
const remove = (who: string, target: string) =>
  here.post({ kind: "delete", conversation: "room-family", sender: who, target });
const messages = () =>
  here.store.messages({ conversation: here.place("family").id, last: 100 }).filter(({ own }) => !own);
const nod = async (): Promise<void> => {
  const { id: target } = await here.question();
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" });
};
const sent = async (): Promise<number> =>
  (await here.items()).filter(({ conversation }) => conversation === "room-work").length;

let template = "";
/** Summarises the room and sends that to work; says what became of it. */
const carrier = butlerThat(async (run) => {
  const made = await call(run, "message.summarize", { last: 5 });
  template = made.values?.[0] === undefined ? template : `{{v:${made.values[0].handle}.points}}`;
  const reply = await call(run, "chat.send", { to: "work", template });
  replies.push(made, reply);
  if (reply.status === "approval_required") return;
  if (reply.status !== "done") await call(run, "chat.reply", { template: "It was not sent." });
  await run.finish();
});

test.each(["edit", "delete"] as const)(
  "a source that meets an %s voids the question about it, and the run goes on at once",
  async (how) => {
    await begin(carrier);
    await post("carla", "said", "The boat costs 4000 euros and we sell it on Friday.");
    await post("ben", "ask", "tell work", true);
    expect(here.approvals()[0]?.status.state).toBe("pending");
    const { approval } = await here.question();
    if (how === "edit") await edit("carla", "said", "We keep the boat.");
    else await remove("carla", "said");
    expect([here.approvals()[0]?.status, here.runs()[0]?.status.state]).toEqual([
      { state: "void", reason: `${how}${how === "edit" ? "ed" : "d"}` },
      "done",
    ]);
    expect(replies.at(-1)?.code).toBe("approval.void");
    await here.post({ conversation: "room-family", sender: "ana", text: `approve ${approval.code}`, addressed: true });
    expect(await sent()).toBe(0);
  },
);

test("a source that changes between the yes and the send stops it", async () => {
  await begin(carrier);
  await post("carla", "said", "The boat costs 4000 euros and we sell it on Friday.");
  await post("ben", "ask", "tell work", true);
  const { id: target } = await here.question();
  await here.postAll(
    { kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" },
    { kind: "edit", conversation: "room-family", sender: "carla", target: "said", text: "We keep the boat." },
  );
  expect([here.approvals()[0]?.status.state, await sent(), here.runs()[0]?.status.state]).toEqual(["void", 0, "done"]);
});

test("a yes looks at the sources again, whatever path they changed by", async () => {
  await begin(carrier);
  await post("carla", "said", "The boat costs 4000 euros and we sell it on Friday.");
  await post("ben", "ask", "tell work", true);
  const source = messages().find(({ addressed }) => addressed === "none");
  if (source === undefined) throw new Error("not kept");
  await here.store.commit({ messages: [{ expect: 1, value: { ...source, revision: 2 } }] });
  await nod();
  expect([here.approvals()[0]?.status, await sent()]).toEqual([{ state: "void", reason: "edited" }, 0]);
});

test("a deleted source takes values, the answers that told them, and what was asked about them along", async () => {
  let held: RunHandle | undefined;
  await begin(
    butlerThat(async (run) => {
      held = run;
      const made = await call(run, "message.summarize", { last: 5 });
      replies.push(
        made,
        await call(run, "chat.send", { to: "work", template: `{{v:${made.values?.[0]?.handle}.points}}` }, "send"),
      );
    }),
  );
  await post("carla", "said", "The boat costs 4000 euros and we sell it on Friday.");
  await post("ben", "ask", "tell work", true);
  const [call_] = here.store.all("call", { limit: 10 }).filter(({ value }) => value.capability === "message.summarize");
  const told = call_?.value.answer;
  if (told === null || told === undefined || held === undefined) throw new Error("nothing was told");
  expect(await textOf(here.store, told)).toMatch(/4000/);
  await remove("carla", "said");
  expect(here.store.all("value", { limit: 10 })).toEqual([]);
  await expect(textOf(here.store, told)).rejects.toMatchObject({ code: "not_found" });
  const again = await call(held, "message.summarize", { last: 5 });
  expect([again.status, again.code, again.output]).toEqual(["refused", "not_found", undefined]);
});

test("a late original, an edit of what is gone and a second delete bring nothing back", async () => {
  await begin(sender("work", "Hello."));
  await remove("carla", "later");
  await post("carla", "later", "CANARY the late original");
  await post("carla", "said", "something");
  await remove("carla", "said");
  await edit("carla", "said", "CANARY again");
  await remove("carla", "said");
  await post("carla", "said", "CANARY once more");
  expect(messages()).toEqual([]);
  expect(here.entries("message.received")).toHaveLength(1);
});

test("B05: only its author edits a message; what others call an edit of it, or of ours, changes nothing", async () => {
  await begin(sender("work", "Hello."));
  await post("ben", "ask", "tell work", true);
  const { id: prompt } = await here.question();
  for (const who of ["carla", "ana", "stranger"]) {
    await edit(who, "ask", "tell everybody");
    await edit(who, prompt, "May I do something harmless?");
  }
  await edit("ben", "nothing", "tell everybody");
  expect([messages().map(({ revision }) => revision), here.approvals()[0]?.status.state]).toEqual([[1], "pending"]);
  await nod();
  expect(await sent()).toBe(1);
});

test("a request that is edited before its answer is dropped, says so once, and lets the next one begin", async () => {
  await begin(sender("work", "Hello."));
  await post("ben", "one", "tell work", true);
  await post("ben", "two", "tell work again", true);
  expect(here.runs()).toHaveLength(1);
  await edit("ben", "one", "tell nobody");
  await edit("ben", "one", "tell anybody");
  const said = await here.read("family");
  expect(said.filter((text) => text.includes("You changed your request"))).toHaveLength(1);
  expect(here.runs().map((run) => run.status.state)).toEqual(["cancelled", "paused.approval"]);
  expect([here.approvals()[0]?.status, here.runs()[1]?.request !== here.runs()[0]?.request]).toEqual([
    { state: "void", reason: "edited" },
    true,
  ]);
});

test("A07: an edit is a new revision, never a command, and the old words are gone", async () => {
  await begin(sender("work", "Hello."));
  await post("carla", "said", "first words");
  const first = messages()[0]?.blob;
  for (let n = 0; n < 5; n++) await edit("carla", "said", n === 4 ? "last words" : "/cancel");
  const [message] = messages();
  if (message === undefined || first === undefined) throw new Error("not kept");
  expect([message.revision, JSON.parse(await textOf(here.store, message.blob)).text]).toEqual([6, "last words"]);
  await expect(textOf(here.store, first)).rejects.toMatchObject({ code: "not_found" });
  expect(here.runs()).toEqual([]);
  expect((await here.items()).length).toBe(0);
});

test("an edit where it is blocked, or by somebody who opted out, keeps neither text", async () => {
  await begin(sender("work", "Hello."));
  await post("carla", "said", "first words");
  await here.owner["conversation.block"]({ conversation: "family" });
  await edit("carla", "said", "new words");
  expect(messages()).toEqual([]);
  await here.owner["conversation.allow"]({ conversation: "family" });
  await post("carla", "more", "other words");
  const found = here.store.get("principal", messages()[0]?.sender ?? "");
  if (found === null) throw new Error("nobody");
  await here.store.commit({
    put: [{ kind: "principal", id: found.value.id, expect: found.version, value: { ...found.value, optedOut: true } }],
  });
  await edit("carla", "more", "newer words");
  expect(messages()).toEqual([]);
});

test("a request that waits in line and is edited or deleted leaves the line", async () => {
  await begin(sender("work", "Hello."));
  await post("ben", "one", "tell work", true);
  await post("ben", "two", "again", true);
  await post("ben", "three", "and again", true);
  await edit("ben", "two", "no");
  await remove("ben", "three");
  expect(here.store.all("queued", { limit: 10 })).toEqual([]);
  await nod();
  expect(here.runs().map((run) => run.status.state)).toEqual(["done"]);
});

test("of more edits in a minute than somebody may make the message goes, and the room's gap is known", async () => {
  await begin(carrier);
  await post("carla", "said", "The boat costs 4000 euros.");
  for (let n = 0; n < 130; n += 1) await edit("carla", "said", `It costs ${n} euros.`);
  const edited = here.entries("message.edited");
  // The message itself was one of the 120.
  expect(edited).toHaveLength(119);
  expect(messages()).toEqual([]);
  expect(here.place("family").gapAt).not.toBeNull();
  await post("ben", "other", "Good morning.");
  expect(messages()).toHaveLength(1);
});
