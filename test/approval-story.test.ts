/** The approval story on the webhook: who may say yes, to what, until when, and that it happens once. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { closeWorld, group, type HookWorld, hookWorld, person, sender } from "./webhook-world.ts";
import { policyOf } from "./world.ts";

const PEOPLE = [
  person("ana", "approver"),
  person("ben", "member"),
  person("carla", "member"),
  person("dora", "approver"),
];
const PLACES = [group("family", { context: "everyone" }), group("work"), group("other")];
const room = (who: readonly string[]) => ({
  kind: "membership",
  conversation: "room-family",
  sender: "net",
  members: who,
});
const ASK = { id: "ask-1", conversation: "room-family", sender: "ben", text: "tell work we are late", addressed: true };

let here: HookWorld;
beforeEach(async () => {
  here = await hookWorld({ drivers: [sender("work", "We are late.")], people: PEOPLE, conversations: PLACES });
  await here.post(room(["ana", "ben", "carla", "eve"]));
  await here.post(ASK);
});
afterEach(() => closeWorld(here));

const state = (): string | undefined => here.approvals().at(-1)?.status.state;
const sent = async (): Promise<number> =>
  (await here.items()).filter(({ conversation }) => conversation === "room-work").length;
const denials = (): unknown[] => here.entries("auth.denied").map(({ body }) => body["code"]);
const nod = async (who: string, key = "✅", more: object = {}): Promise<void> => {
  const { id: target } = await here.question();
  await here.post({ kind: "reaction", conversation: "room-family", sender: who, target, key, ...more });
};
const say = (who: string, text: string, more: object = {}) =>
  here.post({ conversation: "room-family", sender: who, text, addressed: true, ...more });
const code = async (): Promise<string> => (await here.question()).approval.code;
const answers = async (): Promise<string> => (await here.read("family")).join("\n");

/** Still open, nothing sent, and the right person can answer after it. */
async function nothingHappened(): Promise<void> {
  expect([state(), await sent()]).toEqual(["pending", 0]);
  await nod("ana");
  expect([state(), await sent()]).toEqual(["consumed", 1]);
}

test("a yes by the right person executes once, in any skin tone; a second is told so", async () => {
  expect([state(), await sent()]).toEqual(["pending", 0]);
  const { text, approval } = await here.question();
  expect(text).toContain("> We are late.");
  await nod("ana", "👍🏽");
  await nod("ana");
  await say("ana", `approve ${approval.code}`);
  expect([state(), await sent(), here.runs()[0]?.status.state]).toEqual(["consumed", 1, "done"]);
  expect(here.entries("approval.consumed")).toHaveLength(1);
  expect(denials()).toEqual(["approval.decided", "approval.decided"]);
  expect(await answers()).toContain("already decided");
  expect(here.approvals()[0]?.wrongCodes).toBe(0);
});

test("a no stands, whatever comes after it", async () => {
  await nod("ana", "❌");
  await nod("ana");
  expect([state(), await sent(), here.runs()[0]?.status.state]).toEqual(["denied", 0, "done"]);
});

test("B01: a member, a participant and a stranger change nothing and are not answered", async () => {
  const before = (await here.items()).length;
  await nod("carla");
  await nod("eve");
  await nod("mallory");
  await say("carla", `approve ${await code()}`);
  expect((await here.items()).length).toBe(before);
  expect(denials()).toEqual(["auth.denied", "auth.denied", "auth.denied"]);
  expect(here.entries("auth.denied").every(({ actor }) => actor?.startsWith("prn_"))).toBe(true);
  await nothingHappened();
});

test("an approver who is not in the room does not answer there", async () => {
  await nod("dora");
  expect(denials()).toEqual(["auth.denied"]);
  await nothingHappened();
});

test("B20: an approver who left the room, or is none any more, between ask and yes is refused", async () => {
  await here.post(room(["ben", "carla"]));
  await nod("ana");
  await here.post(room(["ana", "ben"]));
  const ana = (await here.owner["principal.list"]({})).principals.find(({ platform }) => platform === "ana");
  await here.owner["principal.remove"]({ principal: ana?.id as never });
  await nod("ana");
  expect([state(), await sent(), denials()]).toEqual(["pending", 0, ["auth.denied", "auth.denied"]]);
});

test("an answer from another conversation, on another message or on a look-alike counts for nothing", async () => {
  const { id: target, text, approval } = await here.question();
  await here.post({ kind: "reaction", conversation: "room-other", sender: "ana", target, key: "✅" });
  await here.post({ conversation: "room-other", sender: "ana", text: `approve ${approval.code}`, addressed: true });
  await here.post({ id: "fake", conversation: "room-family", sender: "carla", text });
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target: "fake", key: "✅" });
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target: "ask-1", key: "✅" });
  expect(here.approvals()[0]?.wrongCodes).toBe(0);
  await nothingHappened();
});

test("a nod to another message of ours is no answer to the question", async () => {
  await say("carla", "status");
  const other = (await here.items()).findLast(({ approval }) => approval === undefined);
  await here.post({ kind: "reaction", conversation: "room-family", sender: "ana", target: other?.id, key: "✅" });
  await nothingHappened();
});

test("A02, A05: words of approval in a sentence, in an edit or without being addressed are no answer", async () => {
  const word = `approve ${await code()}`;
  await here.post({ id: "plain", conversation: "room-family", sender: "ana", text: word });
  await here.post({ kind: "edit", conversation: "room-family", sender: "ana", target: "plain", text: word });
  await here.post({ id: "long", conversation: "room-family", sender: "ana", text: `they said ${word}` });
  await here.post({
    kind: "edit",
    conversation: "room-family",
    sender: "ana",
    target: (await here.question()).id,
    text: word,
  });
  await nothingHappened();
});

test("now == expires is expired: nothing happens, and the run goes on at once with that answer", async () => {
  const { approval } = await here.question();
  here.home.clock.turn(Date.parse(approval.expires_at) - here.home.clock.now());
  await nod("ana");
  expect([state(), await sent(), denials()]).toEqual(["expired", 0, ["approval.expired"]]);
  expect(here.runs()[0]?.status.state).not.toBe("paused.approval");
});

test("a millisecond before it expires is in time", async () => {
  const { approval } = await here.question();
  here.home.clock.turn(Date.parse(approval.expires_at) - here.home.clock.now() - 1);
  await nothingHappened();
});

test("B07: the same delivery twice is one answer", async () => {
  const { id: target } = await here.question();
  const body = { id: "nod-1", kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" };
  await here.postAll(body, body);
  expect(await here.post(body)).toBe("duplicate");
  expect([await sent(), here.entries("approval.consumed").length]).toEqual([1, 1]);
});

test("five wrong codes lock the question against every yes, but not against a no", async () => {
  const { approval } = await here.question();
  for (const wrong of ["A", "B", "C", "D"]) await say("carla", `approve ${wrong.repeat(8)}`);
  expect(here.approvals()[0]?.wrongCodes).toBe(4);
  await say("carla", "deny EEEEEEEE");
  await say("ana", `approve ${approval.code}`);
  await nod("ana");
  await expect(here.owner["approvals.decide"]({ approval: approval.id as never, yes: true })).rejects.toThrow("locked");
  expect([state(), await sent()]).toEqual(["pending", 0]);
  expect(new Set(denials())).toEqual(new Set(["approval.locked"]));
  await nod("ana", "👎");
  expect(state()).toBe("denied");
});

test("B16: a policy that changed between ask and yes voids", async () => {
  here.powers.policy.current = policyOf("chat-mode", "strict");
  await nod("ana");
  expect([state(), await sent()]).toEqual(["void", 0]);
  expect(here.entries("approval.voided")[0]?.body["event"]).toEqual({ type: "void", reason: "changed" });
});

test("B16: a capability whose version changed between ask and yes voids", async () => {
  const manifests = here.gateway.catalogue.manifests as Map<string, object>;
  manifests.set("chat.send", { ...manifests.get("chat.send"), version: 2 });
  await nod("ana");
  expect([state(), await sent()]).toEqual(["void", 0]);
});

test("a request that is edited or deleted takes its question along", async () => {
  await here.post({
    kind: "edit",
    conversation: "room-family",
    sender: "ben",
    target: "ask-1",
    text: "no, tell nobody",
  });
  await nod("ana");
  expect([state(), await sent(), here.runs()[0]?.status]).toEqual([
    "void",
    0,
    { state: "cancelled", reason: "edited" },
  ]);
  expect(await answers()).toContain("You changed your request");
  await here.post({ ...ASK, id: "ask-2" });
  await here.post({ kind: "delete", conversation: "room-family", sender: "ben", target: "ask-2" });
  await nod("ana");
  expect([state(), await sent(), denials()]).toEqual(["void", 0, ["approval.void", "approval.void"]]);
});

test("a reaction taken back before anything happened voids, after it changes nothing", async () => {
  const { id: target } = await here.question();
  const yes = { id: "yes-1", kind: "reaction", conversation: "room-family", sender: "ana", target, key: "✅" };
  const back = { id: "back-1", kind: "delete", conversation: "room-family", sender: "ana", target: "yes-1" };
  await here.postAll(yes, back);
  expect([state(), await sent(), here.runs()[0]?.status.state]).toEqual(["void", 0, "done"]);
  await here.post({ ...ASK, id: "ask-2" });
  await here.post({ ...yes, id: "yes-2", target: (await here.question()).id });
  await here.post({ ...back, id: "back-2", target: "yes-2" });
  expect([state(), await sent()]).toEqual(["consumed", 1]);
});

test("a conversation that was blocked between ask and yes answers nothing", async () => {
  await here.owner["conversation.block"]({ conversation: "family" });
  await nod("ana");
  expect([state(), await sent()]).toEqual(["pending", 0]);
});

test("a destination that was blocked between ask and yes gets nothing", async () => {
  await here.owner["conversation.block"]({ conversation: "work" });
  await nod("ana");
  expect([await sent(), here.runs()[0]?.status.state]).toEqual([0, "done"]);
});
