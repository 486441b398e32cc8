/** What an answer on Matrix proves: emoji of the question's own, codes, people verified, rooms in clear. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InboundEvent, Trust } from "../src/core/message.ts";
import type { Operation } from "../src/core/outbox.ts";
import type { Connector, ConnectorBatch, Stop } from "../src/core/ports.ts";
import { Draft } from "../src/gateway/draft.ts";
import { HookOutbox } from "../src/gateway/hooks.ts";
import { findConversation, newConversation } from "../src/gateway/people.ts";
import { transact } from "../src/gateway/transact.ts";
import { sender } from "./webhook-world.ts";
import { type World, world } from "./world.ts";

const SIGNED: Trust = { transport: "e2ee", verified: "signed", flags: [] };
const CLEAR: Trust = { transport: "transport", verified: "platform", flags: [] };

/** A network of one test: what is put in comes out, what is sent is kept. */
class Wire implements Connector {
  readonly channel = "mx";
  readonly kind = "matrix";
  readonly abilities = {
    kinds: ["message", "reaction"],
    operations: ["text"],
    textUnitsMax: 8000,
    threads: true,
    idempotency: "native",
    limits: [],
    transport: "e2ee",
    buttons: false,
  } as const;
  readonly sent: Extract<Operation, { op: "text" }>[] = [];
  readonly #waiting: InboundEvent[] = [];
  #wake = (): void => {};
  #count = 0;

  async *open({ stop }: { readonly stop: Stop }): AsyncGenerator<ConnectorBatch, void, void> {
    stop.addEventListener("abort", () => this.#wake(), { once: true });
    while (!stop.aborted) {
      const events = this.#waiting.splice(0);
      if (events.length > 0) yield { cursor: String(++this.#count), events };
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
  async send(operation: Operation) {
    if (operation.op === "text") this.sent.push(operation);
    return { state: "sent", eventIds: [`$ours${this.sent.length}`] } as const;
  }
  health() {
    return { state: "live", code: null } as const;
  }
  async close(): Promise<void> {}

  put(now: number, trust: Trust, more: Partial<InboundEvent["envelope"]>, content: InboundEvent["content"]): void {
    const id = `$theirs${++this.#count}`;
    const base = { tenant: "default", channel: "mx", delivery_id: id, event_id: id, kind: "message" } as const;
    const sent = { conversation: "!dm:hs", conversation_kind: "direct", sent_at: now, received_at: now } as const;
    const rest = { addressed: { how: "direct" }, content: { bytes: 0, media: [] }, trust } as const;
    const from = { sender: { id: "@ana:hs", kind: "person" } } as const;
    this.#waiting.push({ envelope: { ...base, ...sent, ...rest, ...from, ...more } as never, content });
    this.#wake();
  }
}

let here: World;
let wire: Wire;
beforeEach(async () => {
  here = await world({ drivers: [sender("club", "The tent is ready.")], packs: ["chat-mode"] });
  wire = new Wire();
  const { powers, gateway } = here;
  const record = { id: "mx", tenant: "default", kind: "matrix", from: "cli", assurance: "low", secret: null } as const;
  await transact(powers, (draft) => {
    draft.put("channel", "mx", { ...record, settings: {} });
    const place = { channel: "mx", platform: "!club:hs", kind: "group", encrypted: false } as const;
    newConversation(powers, draft, place, { status: "allowed", alias: "club", members: [] });
  });
  await gateway.supervisor.connect(wire, new HookOutbox(powers, "mx"));
});
afterEach(async () => {
  await here.close();
  here.home.remove();
});

const say = async (text: string, trust = SIGNED): Promise<void> => {
  wire.put(here.powers.clock.now(), trust, {}, { text });
  await settle();
};
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  await here.rest();
};
const pair = async (trust = SIGNED): Promise<void> => {
  const order = { channel: "mx", role: "owner", only: null, uses: 1, assurance: "medium", expiresMs: null } as const;
  const { code } = here.gateway.pairing.offer(order);
  await say(code, trust);
  await here.gateway.pairing.confirm(code, true);
  await settle();
};
const toClub = (): number => wire.sent.filter(({ conversation }) => conversation === "!club:hs").length;
const question = async () => {
  await say("send it");
  const at = wire.sent.findLastIndex(({ approval }) => approval !== undefined);
  const { text = "", approval } = wire.sent[at] ?? {};
  const [, yes = ""] = /react with (\S+) on this/.exec(text) ?? [];
  const [, no = ""] = /refuse: react with (\S+) or/.exec(text) ?? [];
  return { yes, no, code: approval?.code ?? "", event: `$ours${at + 1}` };
};
const react = async (event: string, key: string): Promise<void> => {
  wire.put(here.powers.clock.now(), CLEAR, { kind: "reaction", target: event, addressed: { how: "none" } }, { key });
  await settle();
};

describe("on Matrix", () => {
  test("nobody is paired in clear", async () => {
    await expect(pair(CLEAR)).rejects.toMatchObject({ code: "pairing.failed" });
    expect(findConversation(new Draft(here.powers), "mx", "!dm:hs")).toBeNull();
  });

  test("a question in the direct chat is answered once by its own emoji", async () => {
    await pair();
    const { event, yes, no } = await question();
    expect(new Set([yes, no, ""]).size).toBe(3);
    await react(event, yes);
    expect(toClub()).toBe(1);
    await react(event, yes);
    expect(toClub()).toBe(1);
  });

  test("any other emoji ends the question and says so", async () => {
    await pair();
    const { event, yes } = await question();
    await react(event, "✅");
    expect(wire.sent.at(-1)?.text ?? "").not.toBe("");
    expect(wire.sent.some(({ text }) => /neither of the two emoji/.test(text))).toBe(true);
    await react(event, yes);
    expect(toClub()).toBe(0);
  });

  test("a code counts in an encrypted message of a signed device, and in no other", async () => {
    await pair();
    const { code } = await question();
    for (const trust of [CLEAR, { ...SIGNED, verified: "platform" } as const]) await say(`approve ${code}`, trust);
    expect(toClub()).toBe(0);
    await say(`approve ${code}`);
    expect(toClub()).toBe(1);
  });

  test("in a room in clear every answer can only refuse: the question says so, and a yes there is none", async () => {
    await transact(here.powers, (draft) => {
      const place = { channel: "mx", platform: "!plaza:hs", kind: "group", encrypted: false } as const;
      newConversation(here.powers, draft, place, { status: "allowed", alias: "plaza", members: [] });
    });
    await pair();
    const there = { conversation: "!plaza:hs", conversation_kind: "group", addressed: { how: "mention" } } as const;
    const put = async (more: object, content: InboundEvent["content"]): Promise<void> => {
      wire.put(here.powers.clock.now(), CLEAR, { ...there, ...more }, content);
      await settle();
    };
    await put({}, { text: "send it" });
    const asked = wire.sent.filter(({ approval }) => approval !== undefined);
    const inClear = asked.filter(({ conversation }) => conversation === "!plaza:hs");
    expect(asked.length).toBeGreaterThan(0);
    expect(inClear.map(({ approval }) => approval?.denyOnly ?? false)).toEqual(inClear.map(() => true));
    for (const { approval } of asked) {
      await put({}, { text: `approve ${approval?.code}` });
      for (const [at] of wire.sent.entries())
        await put({ kind: "reaction", target: `$ours${at + 1}`, addressed: { how: "none" } }, { key: "✅" });
    }
    expect(toClub()).toBe(0);
  });
});
