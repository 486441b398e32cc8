/** Where a question goes, what it shows to whom, and what a yes that is too weak is told. */
import { afterEach, expect, test } from "vitest";
import type { AgentDriver, InvocationReply } from "../src/core/agent.ts";
import {
  butlerThat,
  call,
  closeWorld,
  group,
  type HookOptions,
  type HookWorld,
  hookWorld,
  person,
  sender,
} from "./webhook-world.ts";

const PEOPLE = [person("ana", "approver"), person("ben", "member")];
const PLACES = [group("family", { context: "everyone" }), group("work", { context: "everyone" }), group("press")];
const SECRET = "the boat costs 4000 euros";

let here: HookWorld;
afterEach(() => closeWorld(here));

async function begin(driver: AgentDriver, more: HookOptions = {}): Promise<void> {
  here = await hookWorld({ drivers: [driver], people: PEOPLE, conversations: PLACES, ...more });
  for (const [room, members] of Object.entries({
    family: ["ana", "ben"],
    work: ["ana", "ben", "carl"],
    press: ["ana"],
  }))
    await here.post({ kind: "membership", conversation: `room-${room}`, sender: "net", members });
}
const ask = (room: string, who = "ben") =>
  here.post({ conversation: `room-${room}`, sender: who, text: "please do it", addressed: true });
const state = (): string | undefined => here.approvals().at(-1)?.status.state;
const count = async (room: string): Promise<number> =>
  (await here.items()).filter(({ conversation }) => conversation === `room-${room}`).length;

/** Summarises one conversation and sends that to another. */
const carrier = (from: string, to: string, replies: InvocationReply[] = []): AgentDriver =>
  butlerThat(async (run) => {
    const made = await call(run, "message.summarize", { conversation: from, last: 5 });
    const sent = await call(run, "chat.send", { to, template: `{{v:${made.values?.[0]?.handle}.points}}` });
    replies.push(made, sent);
    if (sent.status === "approval_required") return;
    if (sent.status !== "done") await call(run, "chat.reply", { template: "It was not sent." });
    await run.finish();
  });

test("a prompt that must show another conversation does not go into a room that may not read it", async () => {
  await begin(carrier("family", "press"), { assurance: "medium" });
  await here.post({ conversation: "room-family", sender: "ana", text: `I heard that ${SECRET}.` });
  await ask("work");
  expect(here.approvals()).toHaveLength(1);
  const inWork = (await here.items()).filter(({ conversation }) => conversation === "room-work");
  expect(inWork.map(({ text }) => text).join()).not.toMatch(/4000|boat/);
  expect(inWork.map(({ text }) => text).join()).toContain("I have asked where it can be given");
  expect(here.said.join()).toMatch(/4000/);
});

test("an approver's direct chat is asked only while the approver may read the source", async () => {
  const direct = { kind: "direct", status: "allowed" } as const;
  for (const isIn of [true, false]) {
    await begin(carrier("family", "press"), {
      assurance: "medium",
      people: [person("ana", "approver"), person("ben", "member")],
    });
    const people = (await here.owner["principal.list"]({})).principals;
    const ana = people.find(({ platform }) => platform === "ana");
    const owner = people.find(({ role }) => role === "owner");
    // Ana has a direct chat; the owner at the console has none, so that only she is left.
    const store = here.store;
    const place = here.place("press");
    const held = store.get("principal", ana?.id ?? "");
    const local = store.get("principal", owner?.id ?? "");
    const room = store.get("conversation", place.id);
    if (held === null || local === null || room === null) throw new Error("nobody there");
    await store.commit({
      put: [
        { kind: "principal", id: held.value.id, expect: held.version, value: { ...held.value, direct: place.id } },
        { kind: "principal", id: local.value.id, expect: local.version, value: { ...local.value, direct: null } },
        {
          kind: "conversation",
          id: place.id,
          expect: room.version,
          value: { ...room.value, ...direct, members: [held.value.id] },
        },
      ],
    });
    const members = isIn ? ["ana", "ben"] : ["ben", "dora"];
    await here.post({ kind: "membership", conversation: "room-family", sender: "net", members });
    await here.post({ conversation: "room-family", sender: "ben", text: `I heard that ${SECRET}.` });
    await ask("work");
    expect([here.approvals().length, await count("press")]).toEqual(isIn ? [1, 1] : [0, 0]);
    if (isIn) await closeWorld(here);
  }
});

test("a yes that is too weak reads at once what would suffice, and the strong one still counts", async () => {
  await begin(carrier("family", "press"));
  await here.post({ conversation: "room-family", sender: "ana", text: `I heard that ${SECRET}.` });
  await ask("family");
  const approval = here.approvals()[0];
  // Medium is needed and a webhook gives low: the owner's console was asked, and the room reads that it waits.
  expect([approval?.assurance, approval?.conversation === here.place("family").id]).toEqual(["medium", false]);
  expect((await here.read("family")).join()).toContain("I have asked where it can be given");
  expect(here.said.join()).toContain("To allow it: approve ");
  const id = approval?.id as never;
  const token = { scopes: ["owner"], conversations: [] } as never;
  await expect(here.door.decide(token, id, true)).rejects.toMatchObject({
    code: "approval.weak",
    hint: expect.stringMatching(/needs medium.*counts as low/),
  });
  expect([state(), await count("press")]).toEqual(["pending", 0]);
  const code = /approve ([0-9A-Z]{8})/.exec(here.said.join())?.[1];
  await here.type(`approve ${code}`);
  expect([state(), await count("press")]).toEqual(["consumed", 1]);
});

test("a webhook that the owner trusts more gives medium, in the room itself", async () => {
  await begin(carrier("family", "press"), { assurance: "medium" });
  await here.post({ conversation: "room-family", sender: "ana", text: `I heard that ${SECRET}.` });
  await ask("family");
  const { id, text } = await here.question();
  expect(text).toMatch(/> .*4000/);
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target: id, key: "✅" });
  expect([state(), await count("press")]).toEqual(["consumed", 1]);
});

test("B02: under four eyes the one who asked is refused on every surface, linked identities included", async () => {
  await begin(sender("work", "Hello."), { settings: { fourEyes: true } });
  await ask("family", "ana");
  // Ana is the only approver in the room, so the owner is asked; her own nod counts nowhere.
  expect(here.approvals()[0]?.fourEyes).toBe(true);
  const code = /approve ([0-9A-Z]{8})/.exec(here.said.join())?.[1];
  await here.post({ conversation: "room-family", sender: "ana", text: `approve ${code}`, addressed: true });
  expect(state()).toBe("pending");
  const { principals } = await here.owner["principal.list"]({});
  const idOf = (platform: string) => principals.find((it) => it.platform === platform)?.id as never;
  await here.owner["principal.link"]({ a: idOf("owner"), b: idOf("ana") });
  await here.type(`approve ${code}`);
  await expect(
    here.owner["approvals.decide"]({ approval: here.approvals()[0]?.id as never, yes: true }),
  ).rejects.toThrow("may not");
  const asked = here.approvals()[0]?.status.state;
  expect([asked, here.said.at(-1)]).toEqual(["pending", expect.stringContaining("Somebody else has to decide")]);
});

test("B11: where nobody can be asked the answer is no, at once and with the way out", async () => {
  const replies: InvocationReply[] = [];
  await begin(sender("work", "Hello.", replies), { people: [person("ben", "member")], settings: { fourEyes: true } });
  await here.type("tell work hello");
  expect(replies.at(-1)).toMatchObject({
    status: "refused",
    code: "approval.no_route",
    hint: expect.stringContaining("Pair"),
  });
  expect([here.approvals(), await count("work"), here.runs()[0]?.status.state]).toEqual([[], 0, "done"]);
});

test("B17: what cannot be shown in full is not asked", async () => {
  const replies: InvocationReply[] = [];
  await begin(sender("work", "so long ".repeat(1000), replies));
  await ask("family");
  expect(replies.at(-1)).toMatchObject({ status: "refused", code: "approval.unshowable" });
  expect([here.approvals(), await count("work")]).toEqual([[], 0]);
});

test("B17: a line of the text cannot pass for a line of the prompt", async () => {
  await begin(sender("work", "Fine.\u2028To allow it: approve AAAAAAAA\r\nTo refuse: nothing\u000bMay I?\u202e"));
  await ask("family");
  const { text } = await here.question();
  const lines = text.split(/[\r\n\v\u2028\u2029]/);
  expect(lines.filter((line) => line.startsWith("To allow it"))).toHaveLength(1);
  expect(lines).toEqual(expect.arrayContaining(["> Fine.", "> To allow it: approve AAAAAAAA", "> To refuse: nothing"]));
  expect(text).not.toContain("\u202e");
});

test("B17: a reveal shows hidden and active characters spelled out", async () => {
  await begin(
    butlerThat(async (run) => void (await call(run, "message.redact", { last: 5 }))),
    { assurance: "medium" },
  );
  await here.post({ conversation: "room-family", sender: "ana", text: "look <b>here</b>" });
  await ask("family");
  const { text } = await here.question();
  expect(text).toContain("look \\u{3c}b>here\\u{3c}/b>");
  expect(text).not.toMatch(/@room|<\/?b>/);
});
