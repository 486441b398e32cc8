import { expect, test } from "vitest";
import { ANA, done, drive, GOING, HOUR, NOW, type Request, Stage, SUMMARY, V } from "./stage.ts";

test("a refusal is one sentence with its cause and one with the next step", async () => {
  const slow = await drive(new Stage({ intent: "summarize" }, { "message.summarize": "transform.timeout" }));
  expect(slow.said()).toEqual(["I could not do that. The transform took too long and was ended. Try a shorter range."]);
  expect(slow.ended).toEqual(["done"]);
  const hinted = await drive(
    new Stage(
      { intent: "summarize" },
      { "message.summarize": { status: "failed", code: "store.failed", hint: "Disk says no." } },
    ),
  );
  expect(hinted.said()).toEqual(["I could not do that. The database could not be written. Disk says no."]);
});

test("an answer that may not be sent is replaced by the reason, and nothing is tried a third time", async () => {
  let tries = 0;
  const stage = await drive(
    new Stage(
      { intent: "summarize" },
      { "message.summarize": SUMMARY, "chat.reply": () => (++tries === 1 ? "label.flow" : done({})) },
    ),
  );
  expect(stage.said()[1]).toMatch(/^I could not do that\. .* Ask me in our direct chat\.$/);
  const mute = await drive(
    new Stage({ intent: "summarize" }, { "message.summarize": SUMMARY, "chat.reply": "policy.denied" }),
  );
  expect(mute.said()).toHaveLength(2);
  expect(mute.ended).toEqual(["failed(agent)"]);
});

test("a run that has ended or is stopped is left alone", async () => {
  const ended = await drive(
    new Stage(
      { intent: "summarize" },
      { "message.summarize": { status: "refused", code: "run.ended", next: "ended" } },
    ),
  );
  expect([ended.said(), ended.ended]).toEqual([[], []]);
  const stopped = await drive(new Stage({ intent: "summarize" }), { ...GOING, aborted: true });
  expect(stopped.calls).toEqual([]);
});

test("privately means the direct chat, and one line in the group", async () => {
  const stage = await drive(
    new Stage({ intent: "summarize", slots: { to: "direct" } }, { "message.summarize": SUMMARY }),
  );
  expect(stage.input("chat.send")).toMatchObject({ to: "direct" });
  expect(stage.said("chat.send")[0]).toContain(V("points"));
  expect(stage.said()).toEqual(["I sent it to our direct chat."]);
  const direct = await drive(
    new Stage({ intent: "summarize", kind: "direct", slots: { to: "direct" } }, { "message.summarize": SUMMARY }),
  );
  expect(direct.said("chat.send")).toEqual([]);
  expect(direct.said()[0]).toContain(V("points"));
});

test("a group that asks about another conversation is told before that is read, and reads nothing of it", async () => {
  const request: Request = { intent: "summarize", slots: { conversation: "family" } };
  const stage = await drive(new Stage(request, { "message.summarize": SUMMARY }));
  expect(stage.calls.map(({ capability }) => capability)).toEqual([
    "request.read",
    "chat.send",
    "chat.reply",
    "message.summarize",
    "chat.send",
  ]);
  expect(stage.said()).toEqual(["What was said in family stays there, so I send it to our direct chat."]);
  expect(stage.said("chat.send")[1]).toContain(V("points"));
  const unreachable = await drive(new Stage(request, { "chat.send": "conversation.unknown" }));
  expect(unreachable.said()[0]).toMatch(/^I cannot reach you in a direct chat/);
  expect(unreachable.calls.some(({ capability }) => capability === "message.summarize")).toBe(false);
  const own = await drive(new Stage({ ...request, alias: "family" }, { "message.summarize": SUMMARY }));
  expect(own.said()[0]).toContain(V("points"));
});

test("one person is not picked out of another conversation, and that is said", async () => {
  const slots = { conversation: "family", person: ANA };
  const stage = await drive(
    new Stage({ intent: "summarize", kind: "direct", slots }, { "message.summarize": SUMMARY }),
  );
  expect(stage.input("message.summarize")).toEqual({ conversation: "family", last: 50 });
  expect(stage.said()[0]).toMatch(/^Summary:[\s\S]*This is about everybody/);
});

test("where there is nothing else to read, the one group is meant; of several one has to be named", async () => {
  const groups = (...aliases: readonly string[]) =>
    done({ conversations: aliases.map((alias) => ({ alias, kind: "group", messages: 9 })) });
  const request: Request = { intent: "summarize", kind: "console", slots: { last: 20 } };
  const one = await drive(new Stage(request, { "conversation.list": groups("family"), "message.summarize": SUMMARY }));
  expect(one.input("message.summarize")).toEqual({ conversation: "family", last: 20 });
  expect(one.said()[0]).toContain("Read 20 messages of 4 people in family, 10:30–13:30.");
  const two = await drive(new Stage(request, { "conversation.list": groups("family", "work") }));
  expect(two.said()).toEqual(["Which conversation? Name one of these in your request:\n• family\n• work"]);
  const none = await drive(new Stage(request, { "conversation.list": groups(), "message.summarize": SUMMARY }));
  expect(none.input("message.summarize")).toEqual({ last: 20 });
  const here = await drive(
    new Stage({ ...request, slots: { scope: "conversation" } }, { "message.summarize": SUMMARY }),
  );
  expect(here.input("message.summarize")).toEqual({ scope: "conversation", last: 50 });
});

test("a conversation that does not exist is asked back about, not replaced by this one", async () => {
  const stage = await drive(new Stage({ intent: "summarize", text: "summarise the last 20 of the board chat" }));
  expect(stage.said()[0]).toMatch(/^I know no conversation called “board”/);
  expect(stage.calls).toHaveLength(2);
  const here = await drive(
    new Stage({ intent: "summarize", text: "summarise the last 20 in this chat" }, { "message.summarize": SUMMARY }),
  );
  expect(here.said()[0]).toContain(V("points"));
});

test("a summary is sent elsewhere when a person says so, and only what the butler makes", async () => {
  const slots = { conversation: "family", since: NOW - HOUR };
  const text = "send a summary of today to family";
  const stage = await drive(new Stage({ intent: "send", slots, text }, { "message.summarize": SUMMARY }));
  expect(stage.input("message.summarize")).toEqual({ since: NOW - HOUR });
  expect(stage.input("chat.send")).toMatchObject({ to: "family" });
  expect(stage.said()).toEqual(["Sent to family."]);
  const that = await drive(new Stage({ intent: "send", slots, text: "send that to family" }));
  expect(that.said()[0]).toMatch(/^I can send a summary or a to-do list that I make/);
  const nowhere = await drive(new Stage({ intent: "send", text: "send a summary to them" }));
  expect(nowhere.said()[0]).toMatch(/^To which conversation\?/);
  const refused = await drive(
    new Stage({ intent: "send", slots, text }, { "message.summarize": SUMMARY, "chat.send": "label.flow" }),
  );
  expect(refused.said()[0]).toMatch(/^I could not do that\./);
});

test.each([
  ["unknown", /^I did not understand that/],
  ["greeting", /^Hello\./],
] as const)("%s is answered plainly, with three things to type", async (intent, sentence) => {
  const stage = await drive(new Stage({ intent }));
  expect(stage.said()[0]).toMatch(sentence);
  expect(stage.said()[0]?.match(/^• /gm)).toHaveLength(3);
  expect(stage.calls.map(({ capability }) => capability)).toEqual(["request.read", "chat.reply"]);
});

test("conversations are listed, or the way to one is said", async () => {
  const list = [{ alias: "family", kind: "group", messages: 1 }];
  const some = await drive(
    new Stage({ intent: "conversations" }, { "conversation.list": done({ conversations: list }) }),
  );
  expect(some.said()).toEqual(["You may ask me about these conversations:\n• family (group, 1 message)"]);
  const none = await drive(
    new Stage({ intent: "conversations" }, { "conversation.list": done({ conversations: [] }) }),
  );
  expect(none.said()[0]).toMatch(/lazaret conversation context/);
});

test("German speakers read German, everybody else English", async () => {
  const german = await drive(new Stage({ intent: "summarize", language: "de" }, { "message.summarize": SUMMARY }));
  expect(german.said()[0]).toMatch(/^Zusammenfassung:[\s\S]*20 Nachrichten von 4 Personen gelesen, 10:30–13:30\.$/);
  const other = await drive(new Stage({ intent: "thanks", language: "constructor" }));
  expect(other.said()).toEqual(["You are welcome."]);
});

test("an answer that is no request ends the run as failed", async () => {
  const stage = await drive(new Stage({ intent: "thanks" }, { "request.read": done({ intent: "sing" }) }));
  expect(stage.ended).toEqual(["failed(agent)"]);
});

test("nothing but handles ever stands in braces, whatever the gateway hints at", async () => {
  const hint = "{{secret:NAME}} is missing";
  const stage = await drive(
    new Stage({ intent: "summarize" }, { "message.summarize": { status: "failed", code: "store.failed", hint } }),
  );
  expect(stage.said()[0]).not.toContain("{{");
});
