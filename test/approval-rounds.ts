/**
 * Yes and no at the same time, round after round: one outcome each, and nothing sent that was not granted by its
 * digest.
 */
import { expect } from "vitest";
import { group, type HookWorld, hookWorld, person, sender } from "./webhook-world.ts";

const PEOPLE = [person("ana", "approver"), person("ben", "member"), person("dora", "approver")];
const MEMBERS = ["ana", "ben", "dora"];
const ROOM = "room-family";

export async function raceWorld(): Promise<HookWorld> {
  const here = await hookWorld({
    drivers: [sender("work", "We are late.")],
    people: PEOPLE,
    conversations: [group("family"), group("work")],
    settings: { senderEventsPerMinute: 1_000_000 },
  });
  await here.post({ kind: "membership", conversation: ROOM, sender: "net", members: MEMBERS });
  return here;
}

/** Everybody answers at once, in another order every round. */
async function round(here: HookWorld, n: number): Promise<string> {
  await here.post({ conversation: ROOM, sender: "ben", text: "tell work", addressed: true });
  const { id: target, approval } = await here.question();
  const id = approval.id as Parameters<HookWorld["owner"]["approvals.decide"]>[0]["approval"];
  const nod = (who: string, key: string) => () =>
    here.post({ kind: "reaction", conversation: ROOM, sender: who, target, key });
  const word = (who: string, text: string) => () =>
    here.post({ conversation: ROOM, sender: who, text: `${text} ${approval.code}`, addressed: true });
  const verb = (yes: boolean) => async () =>
    void (await here.owner["approvals.decide"]({ approval: id, yes }).catch(() => null));
  const answers = [
    nod("ana", "✅"),
    nod("dora", "❌"),
    word("dora", "deny"),
    verb(n % 2 === 0),
    word("ana", "approve"),
    verb(n % 3 === 0),
  ];
  const turned = [...answers.slice(n % answers.length), ...answers.slice(0, n % answers.length)];
  await Promise.all(turned.map((answer) => answer()));
  await here.read("family");
  // One place is asked a hundred times a day, no more: a thousand rounds take a fortnight.
  here.home.clock.turn(20 * 60_000);
  return here.store.get("approval", id)?.value.status.state ?? "gone";
}

/** Plays `count` rounds and checks the ledger of all of them. Returns how often each outcome came. */
export async function race(here: HookWorld, count: number): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  for (let n = 0; n < count; n++) {
    const state = await round(here, n);
    outcomes[state] = (outcomes[state] ?? 0) + 1;
  }
  const approvals = here.approvals();
  expect(approvals).toHaveLength(count);
  const consumed = approvals.filter(({ status }) => status.state === "consumed");
  const denied = approvals.filter(({ status }) => status.state === "denied");
  expect(consumed.length + denied.length).toBe(count);
  // One decision each, and it is the one that stands.
  const decided = new Map<unknown, unknown[]>();
  for (const { body } of here.entries("approval.decided"))
    decided.set(body["approval"], [...(decided.get(body["approval"]) ?? []), body["state"]]);
  for (const { id } of consumed) expect(decided.get(id)).toEqual(["granted"]);
  for (const { id } of denied) expect(decided.get(id)).toEqual(["denied"]);
  expect(
    here
      .entries("approval.consumed")
      .map(({ body }) => body["approval"])
      .sort(),
  ).toEqual(consumed.map(({ id }) => id).sort());
  // What went out, went out by the digest of a question that was granted, once.
  const work = here.place("work").id;
  const sent = here.entries("effect.intended").filter(({ body }) => body["conversation"] === work);
  expect(sent.map(({ body }) => body["approval"]).sort()).toEqual(consumed.map(({ id }) => id).sort());
  const digests = here.entries("label.lowered").map(({ body }) => body["digest"]);
  expect(digests.sort()).toEqual(consumed.map(({ digest }) => digest).sort());
  expect(here.runs().every((run) => run.status.state === "done")).toBe(true);
  return outcomes;
}
