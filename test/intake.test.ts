/** What is kept in the commit of its cursor, what waits in the inbox, and that nothing overtakes or counts twice. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InboundEvent } from "../src/core/message.ts";
import { bootstrap } from "../src/gateway/bootstrap.ts";
import { takeIn } from "../src/gateway/intake.ts";
import { Rejections } from "../src/gateway/rejections.ts";
import { transact } from "../src/gateway/transact.ts";
import { START } from "./store-home.ts";
import { type World, world } from "./world.ts";

let it: World;
let rejections: Rejections;

beforeEach(async () => {
  it = await world({ drivers: [] });
  rejections = new Rejections(120);
  const settings = { assurance: "low", secret: null, settings: {} } as const;
  await bootstrap(it.powers, {
    channels: [{ id: "home", kind: "webhook", ...settings }],
    people: [{ channel: "home", platform: "@ana", role: "member" }],
    conversations: ["family", "work"].map((alias) => ({
      channel: "home",
      platform: `!${alias}`,
      alias,
      context: "everyone" as const,
      ttlMs: null,
    })),
  });
});

afterEach(async () => {
  await it.close();
  it.home.remove();
});

let count = 0;
type More = Partial<Omit<InboundEvent["envelope"], "content">>;
function said(room: string, text: string, more: More = {}): InboundEvent {
  count += 1;
  return {
    envelope: {
      tenant: "default",
      channel: "home",
      delivery_id: `d${count}`,
      event_id: `e${count}`,
      kind: "message",
      conversation: `!${room}`,
      conversation_kind: "group",
      sender: { id: "@ana", kind: "person" },
      sent_at: START + count,
      received_at: START,
      addressed: { how: "none" },
      content: { bytes: text.length, media: [] },
      trust: { transport: "transport", verified: "platform", flags: [] },
      ...more,
    },
    content: { text },
  };
}

const take = (...events: InboundEvent[]) => takeIn(it.powers, rejections, "home", { cursor: `c${count}`, events });
const waiting = () =>
  it.store.inbox(100).map(({ event }) => (event === "altered" ? event : (event.content.text ?? event.envelope.kind)));
const kept = (room: string) => {
  const conversation = it.store.find("conversation", "alias", `default/${room}`, { limit: 1 })[0]?.value;
  return conversation === undefined ? [] : it.store.messages({ conversation: conversation.id, last: 100 });
};

test("material is kept in the commit of its cursor and never waits", async () => {
  await take(said("family", "one"), said("work", "two"), said("family", "three"));
  expect({ waiting: waiting(), cursor: it.store.cursor("home") }).toEqual({ waiting: [], cursor: `c${count}` });
  expect([kept("family").length, kept("work").length]).toEqual([2, 1]);
});

test("an instruction waits, and behind it what came later in its conversation, but nothing elsewhere", async () => {
  const asks = said("family", "summarise this", { addressed: { how: "mention" } });
  await take(said("family", "before"), asks, said("family", "after"), said("work", "elsewhere"));
  expect(waiting()).toEqual(["summarise this", "after"]);
  expect([kept("family").length, kept("work").length]).toEqual([1, 1]);
  await take(said("work", "later"));
  expect(waiting()).toEqual(["summarise this", "after", "later"]);
});

test("what is no message waits for its turn", async () => {
  await take(said("family", "", { kind: "gap" }), said("nowhere", "hello"));
  expect(waiting()).toHaveLength(2);
});

test("a reply finds a message of its own batch", async () => {
  const first = said("family", "shall we?");
  await take(first, said("family", "yes", { reply_to: first.envelope.event_id }));
  const [asked, answered] = kept("family");
  expect(answered?.replyTo).toBe(asked?.id);
});

test("a delivery that comes twice in one batch is kept once", async () => {
  const event = said("family", "hello");
  await take(event, event);
  expect(kept("family")).toHaveLength(1);
});

test("the conversation's bytes grow by every message of a batch", async () => {
  await take(said("family", "12345"), said("family", "123"));
  expect(it.store.find("conversation", "alias", "default/family", { limit: 1 })[0]?.value.bytes).toBe(2 * 256);
});

test("an event that is looked at again counts once for the rate and once as rejected", async () => {
  const [shy, events] = [new Rejections(1), [said("family", "a"), said("family", "b"), said("family", "c")]];
  const weighed = events.map(() => shy.weigh());
  for (const _ of [1, 2]) {
    const floods = events.map(({ envelope }, n) => weighed[n]?.isFlooding("home", envelope.sender.id, START));
    expect(floods).toEqual([false, true, true]);
    for (const one of weighed.slice(1)) one.reject(null, "home", "rate");
  }
  for (const one of weighed) one.settle();
  await transact(it.powers, (draft) => shy.flush(draft));
  const rejected = it.store.ledger.entries(0, 1000).filter(({ type }) => type === "message.rejected");
  expect(rejected.map(({ body }) => body["count"])).toEqual([2]);
});

test("one event that cannot be kept does not keep the others of its batch from it", async () => {
  const broken = said("family", "broken");
  await take(said("work", "fine"), { ...broken, content: { ...broken.content, text: 5 as unknown as string } });
  expect(waiting()).toHaveLength(2);
});

test("whoever shows events hears of a commit at once", async () => {
  let heard = 0;
  it.powers.news.add(() => (heard += 1));
  await take(said("family", "hello"));
  expect(heard).toBe(1);
});
