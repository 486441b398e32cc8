import { expect, test } from "vitest";
import { ANA, done, drive, HOUR, ME, NOW, READ, Stage, SUMMARY, V } from "./stage.ts";

test("a summary gives its points and whose messages it read", async () => {
  const stage = await drive(new Stage({ intent: "summarize", slots: { last: 20 } }, { "message.summarize": SUMMARY }));
  expect(stage.input("message.summarize")).toEqual({ last: 20 });
  expect(stage.said()).toEqual([`Summary:\n${V("points")}\n\nRead 20 messages of 4 people, 10:30–13:30.`]);
  expect(stage.ended).toEqual(["done"]);
});

test("without a range a summary reads the last 50, a to-do list the last 200", async () => {
  const summary = await drive(new Stage({ intent: "summarize" }, { "message.summarize": SUMMARY }));
  expect(summary.input("message.summarize")).toEqual({ last: 50 });
  const tasks = await drive(new Stage({ intent: "tasks" }));
  expect(tasks.input("message.extract_tasks")).toEqual({ last: 200 });
});

test("what the slots name goes into the scope", async () => {
  const slots = { since: NOW - HOUR, scope: "conversation" as const, person: ANA };
  const stage = await drive(new Stage({ intent: "summarize", slots }, { "message.summarize": SUMMARY }));
  expect(stage.input("message.summarize")).toEqual({ since: NOW - HOUR, scope: "conversation", person: ANA });
});

test("what was missed is what came since one asked before, with what one is expected to do", async () => {
  const tasks = [
    { title: "Bring the tent", assignee: ME, due: "2025-06-21", priority: "high", status: "open", sources: [1] },
    { title: "Bring the boat", assignee: ANA, due: null, priority: "normal", status: "open", sources: [2] },
  ];
  const stage = await drive(
    new Stage(
      { intent: "catch_up", last_asked: NOW - 30 * HOUR },
      { "message.summarize": SUMMARY, "message.extract_tasks": done({ tasks, read: READ }) },
    ),
  );
  expect(stage.input("message.summarize")).toEqual({ since: NOW - 30 * HOUR });
  expect(stage.said()[0]).toBe(
    `What you missed:\n${V("points")}\n\n1 task for you:\n☐ Bring the tent — due Sat 21 Jun, urgent\n\n` +
      "Read 20 messages of 4 people, 10:30–13:30.",
  );
});

test("nothing new is said as such; somebody who never asked gets the last day, then the newest messages", async () => {
  const empty = { ...READ, messages: 0, people: 0, from: null, to: null };
  const asked = await drive(
    new Stage(
      { intent: "catch_up", last_asked: NOW - HOUR },
      { "message.summarize": done({ points: [], topics: [], read: empty }) },
    ),
  );
  expect(asked.said()).toEqual(["Nothing new since 13:30."]);
  const never = await drive(
    new Stage(
      { intent: "catch_up" },
      {
        "message.summarize": ({ since }) =>
          since === undefined ? SUMMARY : done({ points: [], topics: [], read: empty }),
      },
    ),
  );
  expect(never.calls.filter((call) => call.capability === "message.summarize").map(({ input }) => input)).toEqual([
    { since: NOW - 24 * HOUR },
    { last: 50 },
  ]);
  expect(never.said()[0]).toContain(V("points"));
});

test("a time that has ended is read by naming its messages", async () => {
  const ids = ["msg_1", "msg_2", "msg_3"];
  const messages = ids.map((id, index) => ({ id, sent_at: NOW - (30 - index * 10) * HOUR }));
  const slots = { since: NOW - 40 * HOUR, until: NOW - 15 * HOUR };
  const stage = await drive(
    new Stage(
      { intent: "summarize", slots },
      { "message.list": done({ messages, read: READ }), "message.summarize": SUMMARY },
    ),
  );
  expect(stage.input("message.list")).toEqual({ since: NOW - 40 * HOUR, last: 1000 });
  expect(stage.input("message.summarize")).toEqual({ messages: ["msg_1", "msg_2"] });
  const none = await drive(
    new Stage({ intent: "summarize", slots }, { "message.list": done({ messages: [], read: READ }) }),
  );
  expect(none.said()).toEqual(["I have no messages from that time."]);
});

test("tasks of one person are picked out; of everybody they are listed by their handle", async () => {
  const tasks = [
    { title: "Book the boat", assignee: ANA, due: "2025-06-20T15:00:00+02:00", priority: "normal", status: "done" },
    { title: "Bring the tent", assignee: ME, due: null, priority: "normal", status: "open" },
  ];
  const play = { "message.extract_tasks": done({ tasks, read: READ }) };
  const ana = await drive(new Stage({ intent: "tasks", slots: { person: ANA } }, play));
  expect(ana.input("message.extract_tasks")).toEqual({ last: 200 });
  expect(ana.said()[0]).toMatch(/^1 task for PERSON_7f3a:\n☑ Book the boat — due Fri 20 Jun, 15:00\n\nRead/);
  const mine = await drive(new Stage({ intent: "tasks", slots: { person: ME } }, play));
  expect(mine.said()[0]).toMatch(/^1 task for you:\n☐ Bring the tent\n\nRead/);
  const nobody = await drive(new Stage({ intent: "tasks", slots: { person: "PERSON_ffff" } }, play));
  expect(nobody.said()[0]).toMatch(/^I found no tasks for PERSON_ffff in these messages, but 2 others\./);
  const unknown = await drive(new Stage({ intent: "tasks", text: `what must ${ANA} do?` }, play));
  expect(unknown.said()[0]).toMatch(/^1 task for PERSON_7f3a:/);
  const everybody = await drive(new Stage({ intent: "tasks" }, play));
  expect(everybody.said()[0]).toMatch(new RegExp(`^To do:\n${V("tasks").replace(/[{}.]/g, "\\$&")}\n\nRead`));
});

test("titles that may not be shown to the butler still reach the room by their handle", async () => {
  const play = { "message.extract_tasks": done({ tasks: [{ due: null, status: "open", sources: [1] }], read: READ }) };
  const stage = await drive(new Stage({ intent: "tasks", slots: { person: ME } }, play));
  expect(stage.said()[0]).toContain(V("tasks"));
  const hidden = await drive(new Stage({ intent: "summarize" }, { "message.summarize": done(undefined) }));
  expect(hidden.said()[0]).toContain(V("points"));
  expect(hidden.said()[0]).toContain("today's limit");
});

test("who is mentioned is listed by kind, and kinds that are empty are left out", async () => {
  const found = {
    people: [{ text: ANA, count: 2 }],
    organisations: [],
    places: [],
    dates: [{ text: "friday", count: 1 }],
  };
  const play = { "message.extract_entities": done({ ...found, amounts: [], links: [], read: READ }) };
  const stage = await drive(new Stage({ intent: "entities" }, play));
  expect(stage.said()[0]).toMatch(/^People:\n\{\{v:\S+\.people\}\}\nDates:\n\{\{v:\S+\.dates\}\}\n\nRead/);
});

test("what was not read is said", async () => {
  const read = {
    ...READ,
    messages: 1,
    people: 1,
    from: NOW,
    to: NOW,
    unread_media: 2,
    others_unread: true,
    gap: true,
    cut: true,
  };
  const stage = await drive(
    new Stage({ intent: "summarize" }, { "message.summarize": done({ points: ["x"], topics: [], read }) }),
  );
  expect(stage.said()[0]?.split("\n\n")[1]?.split("\n")).toEqual([
    "Read 1 message of 1 person, 14:30.",
    "I did not open 2 attachments.",
    "I am not allowed to keep everybody's messages there, so some were not read (lazaret conversation context).",
    "The network lost some messages in this time.",
    "Some messages did not fit and were left out.",
  ]);
});

test("a range over days names them", async () => {
  const read = { ...READ, from: NOW - 40 * HOUR, to: NOW - 400 * 24 * HOUR };
  const stage = await drive(
    new Stage({ intent: "summarize" }, { "message.summarize": done({ points: ["x"], topics: [], read }) }),
  );
  expect(stage.said()[0]).toContain("Mon 16 Jun, 22:30 – Tue 14 May 2024, 14:30.");
});

test("redaction waits for a yes and answers after it, once", async () => {
  let isGranted = false;
  const stage = new Stage(
    { intent: "redact", slots: { last: 5 } },
    {
      "message.redact": () =>
        isGranted
          ? done({ messages: [{ index: 0, text: "PERSON_7f3a called" }], read: READ })
          : { status: "approval_required", next: "wait" },
    },
  );
  await drive(stage);
  expect(stage.said()).toEqual([]);
  expect(stage.ended).toEqual([]);
  isGranted = true;
  await drive(stage);
  expect(stage.said()).toHaveLength(1);
  expect(stage.said()[0]).toContain(V("messages"));
  expect(stage.ended).toEqual(["done"]);
});

test("a run that is driven again says nothing twice", async () => {
  const stage = new Stage({ intent: "summarize" }, { "message.summarize": SUMMARY });
  await drive(stage);
  await drive(stage);
  expect(stage.said()).toHaveLength(1);
  expect(stage.calls.map(({ idempotency_key: key }) => key)).toEqual(["read", "work-1", "reply-1"]);
});
