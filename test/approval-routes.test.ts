/** Where questions go by the owner's rules, on several surfaces at once; reminders, what waits, and caps. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { loadPolicy } from "../policy/load.ts";
import { APPROVALS_OPEN_MAX } from "../src/core/limits.ts";
import { Housekeeping } from "../src/gateway/housekeeping.ts";
import { butlerThat, call, closeWorld, group, type HookWorld, hookWorld, person, sender } from "./webhook-world.ts";

const PEOPLE = [person("ana", "approver"), person("ben", "member"), person("carla", "member")];
const PLACES = [group("family"), group("work")];
const MINUTE = 60_000;

const packOf = (name: string) => ({
  name: `${name}.yaml`,
  text: readFileSync(new URL(`../policy/packs/${name}.yaml`, import.meta.url), "utf8"),
});
/** Chat mode, with a rule of the owner's that says where sends are asked. */
function routed(route: string) {
  const text = `version: 1
pack: mine
title: Where sends are asked.
extends: [chat-mode]
rules:
  - id: mine.route
    effect: ask
    because: The owner wants to be asked where this rule says.
    when: { action: [invoke, egress], capability: [chat.send], destination: [within_audience, other] }
    assurance: low
    route: ${route}
`;
  const loading = loadPolicy([packOf("base"), packOf("chat-mode"), { name: "mine.yaml", text }]);
  if (!loading.ok) throw new Error(JSON.stringify(loading.errors));
  return loading.policy;
}

let here: HookWorld;
async function open(route: string | null, drivers = [sender("work", "We are late.")]): Promise<void> {
  here = await hookWorld({ drivers, people: PEOPLE, conversations: PLACES, assurance: "medium" });
  if (route !== null) here.powers.policy.current = routed(route);
  await here.post({ kind: "membership", conversation: "room-family", sender: "net", members: ["ana", "ben", "carla"] });
}
afterEach(() => closeWorld(here));

const ask = () => here.post({ conversation: "room-family", sender: "ben", text: "tell work", addressed: true });
const say = (who: string, text: string) =>
  here.post({ conversation: "room-family", sender: who, text, addressed: true });
const inRoom = async (room = "family"): Promise<readonly string[]> =>
  (await here.items()).filter(({ conversation }) => conversation === `room-${room}`).map(({ text }) => text);
const asksIn = (texts: readonly string[]): number => texts.filter((text) => text.startsWith("May I")).length;
const state = (): string | undefined => here.approvals().at(-1)?.status.state;

describe("a rule's route", () => {
  test("to the approver's direct chat takes it out of the room, which reads that it waits", async () => {
    await open("[direct]");
    await ask();
    expect([asksIn(await inRoom()), asksIn(here.said)]).toEqual([0, 1]);
    expect((await inRoom()).join("\n")).toMatch(/I have asked where it can be given/);
  });

  test("to a channel by its name goes to somebody's chat on that channel, and nowhere else", async () => {
    await open("[console]");
    await ask();
    expect([asksIn(await inRoom()), asksIn(here.said)]).toEqual([0, 1]);
    await closeWorld(here);
    await open("[elsewhere]");
    await ask();
    expect([asksIn(await inRoom()), asksIn(here.said), here.approvals()]).toEqual([0, 0, []]);
  });

  test("to the command line alone shows it nowhere, and no word of a chat answers it", async () => {
    await open("[cli]");
    await ask();
    expect([asksIn(await inRoom()), asksIn(here.said), state()]).toEqual([0, 0, "pending"]);
    const [open_] = (await here.owner["approvals.list"]({ open: true })).approvals;
    const { prompt } = await here.owner["approvals.show"]({ approval: open_?.id as never });
    expect(prompt).toMatch(
      /> We are late\.[\s\S]*lazaret approvals approve appr_\w+\nTo refuse: lazaret approvals deny/,
    );
    await say("ana", "approvals");
    expect((await inRoom()).at(-1)).toBe("Nothing here waits for you.");
    await here.owner["approvals.decide"]({ approval: open_?.id as never, yes: true });
    await here.rest();
    expect([state(), await inRoom("work")]).toEqual(["consumed", ["We are late."]]);
  });

  test("to several places asks in each; the first answer wins, and every place reads how it ended", async () => {
    await open("[here, direct]");
    await ask();
    expect([asksIn(await inRoom()), asksIn(here.said)]).toEqual([1, 1]);
    const code = /approve ([A-Z0-9]{8})/.exec(here.said.at(-1) ?? "")?.[1];
    expect((await here.question()).approval.code).toBe(code);
    await here.type(`deny ${code}`);
    await say("ana", `approve ${code}`);
    expect([state(), await inRoom("work")]).toEqual(["denied", []]);
    expect((await inRoom()).filter((text) => text.startsWith("❌ Refused"))).toHaveLength(1);
    expect(here.said.filter((text) => text.startsWith("❌ Refused"))).toHaveLength(1);
    expect((await inRoom()).at(-1)).toMatch(/already decided/);
  });

  test("does not widen who may answer: a member in one of the places is nobody there", async () => {
    await open("[here, direct]");
    await ask();
    await say("carla", `approve ${(await here.question()).approval.code}`);
    expect([state(), await inRoom("work")]).toEqual(["pending", []]);
  });
});

describe("a question that nobody answers", () => {
  test("is reminded of once, five minutes before it ends, and then ends", async () => {
    await open(null);
    await ask();
    const { drives, rejections, supervisor } = here.gateway;
    const house = new Housekeeping(here.powers, drives, rejections, () => supervisor.forget());
    const tidyAt = async (minutes: number): Promise<number> => {
      here.home.clock.turn(minutes * MINUTE);
      await house.tidy();
      return (await inRoom()).filter((text) => text.startsWith("This question is still open")).length;
    };
    expect(await tidyAt(24)).toBe(0);
    expect(await tidyAt(1)).toBe(1);
    expect((await inRoom()).at(-1)).toMatch(/It ends in 5 minutes; then nothing is done\./);
    expect(await tidyAt(2)).toBe(1);
    expect([await tidyAt(3), state()]).toEqual([1, "expired"]);
  });
});

describe("what waits", () => {
  const many = (count: number) =>
    butlerThat(async (run) => {
      await call(run, "chat.send", { to: "work", template: `Number ${count}.` });
    });

  test("is listed with its codes for those who may decide it, and for nobody else", async () => {
    await open(null, [many(1)]);
    for (const who of ["ben", "carla"])
      await here.post({ conversation: "room-family", sender: who, text: "tell work", addressed: true });
    await say("carla", "approvals");
    expect((await inRoom()).at(-1)).toBe("Nothing here waits for you.");
    await say("ana", "approvals");
    const list = (await inRoom()).at(-1) ?? "";
    expect(list).toMatch(/^2 questions wait:\n• chat\.send to work, 30 minutes left: approve [A-Z0-9]{8} or deny/);
    const [code] = /[A-Z0-9]{8}/.exec(list) ?? [];
    await say("ana", `approve ${code}`);
    expect(await inRoom("work")).toEqual(["Number 1."]);
  });

  test("is never more than a person can look at: a place has so many open questions and no more", async () => {
    const flood = butlerThat(async (run) => {
      const reply = await call(run, "chat.send", { to: "work", template: "Yes?" });
      if (reply.status !== "approval_required") await run.fail("denied");
    });
    const people = Array.from({ length: APPROVALS_OPEN_MAX + 5 }, (_, n) => person(`p${n}`, "member"));
    here = await hookWorld({ drivers: [flood], people: [...PEOPLE, ...people], conversations: PLACES });
    const members = ["ana", ...people.map(({ platform }) => platform)];
    await here.post({ kind: "membership", conversation: "room-family", sender: "net", members });
    for (const { platform } of people)
      await here.post({ conversation: "room-family", sender: platform, text: "tell work", addressed: true });
    expect(here.approvals().filter(({ status }) => status.state === "pending")).toHaveLength(APPROVALS_OPEN_MAX);
    expect(asksIn(await inRoom())).toBe(APPROVALS_OPEN_MAX);
  });
});

test("a rule may count what a session asked in the last hour", async () => {
  await open(null);
  const text = `version: 1
pack: mine
title: Two questions an hour.
extends: [chat-mode]
rules:
  - id: mine.enough
    effect: deny
    because: Two questions an hour are enough.
    when: { action: [egress], capability: [chat.send], asks: [">= 2"] }
`;
  const loading = loadPolicy([packOf("base"), packOf("chat-mode"), { name: "mine.yaml", text }]);
  if (!loading.ok) throw new Error(JSON.stringify(loading.errors));
  here.powers.policy.current = loading.policy;
  const askAndDeny = async (): Promise<void> => {
    await ask();
    const open = here.approvals().find(({ status }) => status.state === "pending");
    if (open !== undefined) await here.owner["approvals.decide"]({ approval: open.id, yes: false });
    await here.rest();
  };
  for (let n = 0; n < 3; n++) await askAndDeny();
  expect(here.approvals()).toHaveLength(2);
  here.home.clock.turn(61 * MINUTE);
  await askAndDeny();
  expect(here.approvals()).toHaveLength(3);
});
