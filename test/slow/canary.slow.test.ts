/** Words planted in every field of every path of a running daemon, and looked for wherever they must not be. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunView } from "../../src/core/verbs/evidence.ts";
import type { Answer } from "../open-doors.ts";
import { longestRun, ordinarySentence } from "./canaries.ts";
import { refuseEverything } from "./canary-refusals.ts";
import { CanaryStage } from "./canary-stage.ts";
import { type DaemonProcess, lazaret } from "./daemon-process.ts";

const stage = new CanaryStage();
const { words } = stage;
const daemon = (): DaemonProcess => stage.daemon;
const OPS = Array.from({ length: 6 }, ordinarySentence);
const REQUEST = `summarise the last 20 messages ${words.in("the request itself")}`;

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await pause(20);
}

beforeAll(() => stage.start());
afterAll(() => stage.end());

test("secrets, PIN and tokens are set through the command line and the socket", { timeout: 120_000 }, async () => {
  const set = await lazaret(stage.place, ["secrets", "set", "hook-alerts"], `${stage.hookSecret}\n`);
  stage.toOthers.push({ name: "lazaret secrets set", bytes: set.out });
  expect(set.code).toBe(0);
  await daemon().verb("secrets.set", { name: "other", value: words.in("another secret") });
  await daemon().verb("pin.set", { next: stage.pin });
  stage.note(
    "a wrong PIN",
    await daemon().raw("secrets.set", {
      name: "third",
      value: words.in("a refused secret"),
      pin: words.in("a wrong PIN"),
    }),
  );
  const make = async (name: string, scopes: ("agent" | "operator" | "auditor")[], conversations: string[]) =>
    (await daemon().verb("token.create", { name, scopes, conversations, runs_on: "local", pin: stage.pin })).token;
  stage.tokens.agent = await make("helper", ["agent"], ["ops"]);
  stage.tokens.operator = await make("watch", ["operator"], []);
  stage.tokens.auditor = await make("audit", ["auditor"], []);
  stage.listen("agent");
  stage.listen("operator");
});

test("an import by the command line and another by the socket", { timeout: 120_000 }, async () => {
  const line = (n: number, more: object = {}) => ({
    id: words.in(`import line ${n}, id`),
    sender: `Zed ${words.in(`import line ${n}, sender`)}`,
    text: `${words.sentence(`line ${n}, text`, 9)} call +43 660 1234567, ${words.in("an address")}@mail.example`,
    sent_at: new Date(Date.now() - 3_600_000 + n * 1000).toISOString(),
    ...more,
  });
  const lines = [
    line(0),
    line(1, { thread: words.in("import, thread"), reply_to: words.in("import, reply_to") }),
    line(2),
  ];
  const file = join(stage.place.root, "export.jsonl");
  writeFileSync(file, lines.map((it) => JSON.stringify(it)).join("\n"));
  const done = await lazaret(stage.place, ["import", file, "--conversation", "family"]);
  writeFileSync(file, "");
  stage.toOthers.push({ name: "lazaret import", bytes: done.out });
  expect(`${done.code} ${done.out}`).toMatch(/^0 /);
  const more = [3, 4].map((n) => ({
    ...line(n),
    name: words.in(`import line ${n}, name`),
    sent_at: Date.now() - 1000,
  }));
  stage.note("import", await daemon().raw("import", { conversation: "family", lines: more }));
  stage.note(
    "a bad import",
    await daemon().raw("import", {
      conversation: "family",
      lines: [{ [words.in("a key of a line")]: words.in("a bad line") }],
    }),
  );
});

test("everything that a webhook can post", { timeout: 120_000 }, async () => {
  const sender = words.in("another sender's id");
  const thread = words.in("a thread's id");
  const first = words.in("the first message's id");
  await stage.post("a membership", { kind: "membership", members: [stage.person, sender, words.in("a member's id")] });
  for (const [n, text] of OPS.entries())
    await stage.post(`message ${n}`, { sender, text, ...(n === 0 ? { id: first } : {}) });
  await stage.post("a message in a thread", {
    sender,
    thread,
    text: words.sentence("text in a thread", 6),
    reply_to: first,
  });
  await stage.post("an attachment", {
    sender,
    text: words.in("text beside it"),
    attachments: [stage.attachment("one"), stage.attachment("two")],
  });
  await stage.post("a large attachment", {
    sender,
    attachments: [
      { ...stage.attachment("three"), data: Buffer.from(`${words.in("large data")} `.repeat(9000)).toString("base64") },
    ],
  });
  const edited = words.in("an edited message's id");
  await stage.post("a message to edit", { sender, id: edited, text: words.sentence("text before an edit", 6) });
  await stage.post("an edit", { sender, kind: "edit", target: edited, text: words.sentence("text after an edit", 6) });
  const deleted = words.in("a deleted message's id");
  await stage.post("a message to delete", { sender, id: deleted, text: words.sentence("deleted text", 6) });
  await stage.post("a delete", { sender, kind: "delete", target: deleted });
  await stage.post("a delete of nothing", { sender, kind: "delete", target: words.in("a target that is not there") });
  await stage.post("a reaction", { sender, kind: "reaction", target: first, key: words.in("a reaction's key") });
  await stage.post("an action", { sender, kind: "action", target: first, key: words.in("an action's key") });
  await stage.post("an unknown room", {
    conversation: words.in("an unknown room"),
    text: words.sentence("text of an unknown room", 5),
  });
  await stage.post("a stranger", {
    sender: words.in("a stranger"),
    addressed: true,
    text: words.sentence("a stranger's request", 5),
  });
  await stage.post("a direct chat", {
    conversation: words.in("a direct room"),
    direct: true,
    text: words.sentence("direct text", 5),
  });
  await stage.idle();
});

test("bodies, headers and paths that are refused", { timeout: 60_000 }, async () => {
  await refuseEverything(stage);
  const refused = stage.toOthers.filter(({ name }) => name.startsWith("refused: "));
  expect(refused.length).toBeGreaterThan(12);
  for (const { name } of refused) expect(name).toMatch(/\((?:200|4\d\d)\)$/);
});

test("an agent over HTTP: its runs, its calls, its mistakes", { timeout: 120_000 }, async () => {
  await daemon().verb("conversation.agent", { conversation: "ops", agent: "helper" });
  await stage.post("a request", { addressed: true, text: REQUEST });
  let woken = "";
  await until(async () => {
    const { runs } = JSON.parse((await stage.asAgent("GET", "/v1/runs?open=true")).text) as { runs: RunView[] };
    woken = runs[0]?.id ?? "";
    return woken !== "";
  });
  expect(await stage.invoke(woken, "request.read", {}, words.in("an idempotency key"))).toMatchObject({
    status: "done",
  });
  const summary = await stage.invoke(woken, "message.summarize", { last: 20 }, "s");
  expect(summary.status).toBe("done");
  for (const capability of ["message.extract_tasks", "message.extract_entities", "message.list", "conversation.list"])
    await stage.invoke(woken, capability, {}, capability);
  const handle = summary.values?.[0]?.handle ?? "";
  // What is not an agent's business, and what is not at all.
  await stage.invoke(woken, "message.summarize", { conversation: "family", last: 5 }, "foreign");
  await stage.invoke(woken, "message.summarize", { conversation: "family", [words.in("a key of an input")]: 1 }, "key");
  await stage.invoke(woken, words.in("a capability"), {}, "unknown");
  await stage.invoke(
    woken,
    "chat.reply",
    { template: `{{${words.in("braces")}}} {{v:${words.in("a handle")}}}` },
    "braces",
  );
  await stage.invoke(
    woken,
    "chat.reply",
    { template: `PERSON_${"0".repeat(8)} ${words.in("a refused template")}` },
    "token",
  );
  await stage.invoke(
    woken,
    "chat.send",
    { to: words.in("a destination"), template: words.in("a sent template") },
    "send",
  );
  await stage.asAgent("GET", `/v1/values/${handle}`);
  await stage.asAgent("GET", `/v1/values/val_${words.in("a value")}`);
  await stage.asAgent("GET", "/v1/secrets");
  await stage.asAgent("GET", "/v1/ledger/entries");
  await stage.asAgent("POST", "/v1/runs", {
    conversation: words.in("a conversation"),
    goal: words.sentence("a refused goal", 6),
  });
  await stage.asAgent("POST", "/v1/runs", {
    conversation: "ops",
    [words.in("a key of an order")]: words.in("its order"),
  });
  const kind = { is: "values", kind: words.in("a kind of value"), n: 1 };
  await stage.asAgent("POST", "/v1/runs", { conversation: "ops", goal: words.sentence("a goal", 6), done_when: kind });
  const own = JSON.parse(
    (await stage.asAgent("POST", "/v1/runs", { conversation: "ops", goal: words.in("an own goal") })).text,
  ) as RunView;
  await stage.invoke(own.id, "message.summarize", { last: 5 }, "own");
  const asked = await stage.invoke(
    own.id,
    "chat.reply",
    { template: `${words.sentence("literal of an own run", 5)} {{v:${handle}}}` },
    "own-reply",
  );
  expect(["approval_required", "refused", "done"]).toContain(asked.status);
  const said = { template: `${words.sentence("a literal in a template", 4)} {{v:${handle}.points}}` };
  expect(await stage.invoke(woken, "chat.reply", said, "reply")).toMatchObject({ status: "done" });
  await stage.asAgent("POST", `/v1/runs/${woken}/finish`, {});
  await stage.asAgent("POST", `/v1/runs/${own.id}/cancel`, {});
  await stage.asAgent("POST", `/v1/runs/${woken}/finish`, { [words.in("a key of an end")]: 1 });
  for (const path of ["/v1/capabilities", "/v1/conversations", "/v1/runs", `/v1/runs/${woken}`, "/v1/sessions"])
    await stage.asAgent("GET", path);
  await daemon().verb("conversation.agent", { conversation: "ops", agent: "butler" });
});

test("approvals: shown, denied with a reason, approved; and the words of the room", { timeout: 120_000 }, async () => {
  await stage.post("a request to redact", {
    addressed: true,
    text: `redact the last 2 messages ${words.in("a request to redact")}`,
  });
  await stage.idle();
  const { approvals } = await daemon().verb("approvals.list", { open: true });
  const id = approvals[0]?.id ?? "";
  expect(approvals.length).toBeGreaterThan(0);
  const decide = (body: object): Promise<Answer> =>
    daemon().api(stage.tokens.operator, "POST", `/v1/approvals/${id}/decision`, body);
  stage.note(
    "a decision that may not be",
    await decide({ decision: "approve", reason: words.in("a reason to approve") }),
  );
  stage.note("a denial", await decide({ decision: "deny", reason: words.sentence("a reason to deny", 4) }));
  for (const text of [
    "help",
    "status",
    `deny ABCD2345 ${words.in("a reason in the chat")}`,
    `approve ${words.in("a code")}`,
  ])
    await stage.post(`the word ${text.slice(0, 4)}`, { addressed: true, text });
  const asked = "redact the last 2 messages";
  await stage.post("another request to redact", { addressed: true, text: asked });
  await stage.idle();
  const open = await daemon().verb("approvals.list", { open: true });
  for (const approval of open.approvals)
    await daemon().verb("approvals.decide", {
      approval: approval.id,
      yes: true,
      reason: words.in("an owner's reason"),
      pin: stage.pin,
    });
  const shown: string[] = [];
  const leave = await daemon().attach((line) => void shown.push(line));
  await daemon().verb("chat.say", { text: `summarise family ${words.in("what the owner typed")}` });
  await daemon().verb("chat.wait", { wait_ms: 20_000 });
  await daemon().verb("chat.say", { text: words.sentence("what nobody understands", 5) });
  await daemon().verb("chat.wait", { wait_ms: 20_000 });
  await stage.idle();
  leave();
  expect(shown.join("")).toMatch(/Read 5 messages of 5 people in family/);
  const waiting = await daemon().outbox("alerts", stage.hookSecret, "?after=0");
  const { items } = JSON.parse(waiting.text) as { items: { seq: number }[] };
  expect(items.length).toBeGreaterThan(3);
  await daemon().hook("alerts", stage.hookSecret, { upto: items.at(-1)?.seq ?? 0 }, "/hooks/alerts/outbox/ack");
});

test("no file, log, ledger entry, trace, error or process shows any of it while the daemon runs", {
  timeout: 120_000,
}, async () => {
  await stage.readEvidence();
  await daemon().verb("backup", { file: join(stage.place.root, "backup"), pin: stage.pin });
  expect(words.count).toBeGreaterThan(300);
  expect(stage.files().map(({ name }) => name.slice(stage.place.root.length))).toEqual(
    expect.arrayContaining(["/h/lazaret.db", "/h/lazaret.db-wal", "/backup/lazaret.db"]),
  );
  expect(stage.hits()).toEqual([]);
});

test("an agent saw its tier and nothing beyond", () => {
  const said = stage.toAgent.join("\n");
  expect(stage.toAgent.length).toBeGreaterThan(40);
  // Its own request, and words of the room in sentences of a checked transform: that is what it may see.
  const mayBe = (field: string): boolean =>
    /^(the request itself|a request to redact|text beside it)$|^(text in a thread|text after an edit), word/.test(
      field,
    );
  expect(words.hits([{ name: "answers to the agent", bytes: said }], mayBe)).toEqual([]);
  for (const text of OPS) expect(longestRun(text, said)).toBeLessThan(8);
});

test("after purges, deletes and a clean stop there is still nothing", { timeout: 120_000 }, async () => {
  const purge = (scope: object) => daemon().raw("purge", { scope, pin: stage.pin });
  stage.note("a purge of a conversation", await purge({ by: "conversation", conversation: "family" }));
  stage.note("a purge of nothing", await purge({ by: "conversation", conversation: words.in("a purge of nothing") }));
  const { principals } = await daemon().verb("principal.list", {});
  for (const { id } of principals.slice(0, 3))
    stage.note("a purge of a sender", await purge({ by: "sender", principal: id }));
  await stage.readEvidence();
  expect(stage.hits()).toEqual([]);
  stage.hangUp();
  await daemon().stop();
  expect(stage.hitsOnDisk()).toEqual([]);
});
