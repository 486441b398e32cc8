/**
 * Against the real Telegram, with a bot of one's own: off unless TELEGRAM_LIVE_TOKEN is set (docs/connectors.md). It
 * shows what a server of our own cannot, and prints no token.
 */
import { afterAll, describe, expect, test } from "vitest";
import { TelegramConnector } from "../../connectors/telegram/telegram.ts";
import type { OutboxId } from "../../src/core/ids.ts";
import type { Operation } from "../../src/core/outbox.ts";
import { systemRequest, wallClock } from "../../src/powers.ts";

const token = process.env["TELEGRAM_LIVE_TOKEN"];
const chat = process.env["TELEGRAM_LIVE_CHAT"];
const STOP = new AbortController();
afterAll(() => STOP.abort());

const bot = (): TelegramConnector =>
  new TelegramConnector(
    { tenant: "default", channel: "live" },
    {
      clock: wallClock,
      request: systemRequest,
      withToken: async (use) => use(new TextEncoder().encode(token ?? "")),
      promptAt: () => null,
      keeps: () => true,
      claim: () => () => {},
    },
  );
const id = (at: number): OutboxId => `out_${at.toString(16).padStart(32, "0")}` as OutboxId;

describe.skipIf(token === undefined)("the real Telegram", () => {
  test("knows the bot", async () => {
    const facts = await bot().facts();
    expect(facts?.username).toMatch(/bot$/i);
  });

  test.skipIf(chat === undefined)(
    "takes a text, an edit that changes it, one that does not, and a deletion",
    async () => {
      const connector = bot();
      const send = (operation: Operation) => connector.send(operation, STOP.signal);
      const at = { id: id(1), conversation: chat ?? "" } as const;
      const sent = await send({ ...at, op: "text", text: `A smoke test, ${new Date().toISOString()}` });
      expect(sent.state).toBe("sent");
      const target = sent.state === "sent" ? (sent.eventIds[0] ?? "") : "";
      expect((await send({ ...at, op: "edit", target, text: "changed" })).state).toBe("sent");
      expect((await send({ ...at, op: "edit", target, text: "changed" })).state).toBe("sent");
      expect((await send({ ...at, op: "redact", target })).state).toBe("sent");
      expect((await send({ ...at, op: "text", text: "x".repeat(5000) })).state).toBe("not_sent");
      await connector.close();
    },
  );

  test.skipIf(chat === undefined)(
    "hands over what is written within a minute, once (write, press or react now)",
    async () => {
      const connector = bot();
      const stop = AbortSignal.any([STOP.signal, AbortSignal.timeout(60_000)]);
      const seen: string[] = [];
      for await (const { events } of connector.open({ cursor: null, stop }))
        seen.push(...events.map(({ envelope }) => `${envelope.kind} ${envelope.delivery_id}`));
      console.log(seen.map((it) => it.split(" ")[0]).join(", ") || "nothing was written");
      expect(new Set(seen).size).toBe(seen.length);
      await connector.close();
    },
  );
});
