/** What every connector hands in: strict, whole, once, and acknowledged by the next pull. */
import { expect } from "vitest";
import { Content, Envelope } from "../../src/core/message.ts";
import type { Act, Check, ConnectorHarness } from "./harness.ts";
import { fateOf, soon, Tap } from "./tap.ts";

const UNICODE = "Grüße, 世界! 👩🏽‍💻 عربى עברית \u0301 ﬁ Ⅷ \u{1F1E6}\u{1F1F9}";

const say = (harness: ConnectorHarness, count: number, from = 0): readonly Act[] =>
  Array.from({ length: count }, (_, at) => harness.act({ text: `line ${from + at}`, id: `line-${from + at}` }));

export const RECEIVING: readonly Check[] = [
  {
    name: "an event arrives once, with an envelope and a content that parse strictly and say what was said",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "hello" });
      const { envelope, content } = await tap.one();
      expect(Envelope.safeParse(envelope)).toEqual({ success: true, data: envelope });
      expect(Content.safeParse(content)).toEqual({ success: true, data: content });
      expect([envelope.kind, content.text, envelope.content.bytes]).toEqual(["message", "hello", 5]);
      expect(envelope.conversation).toBe(harness.conversation);
      await tap.finish();
      expect(tap.events).toHaveLength(1);
    },
  },
  {
    name: "channel, tenant, time of receipt and transport are the connector's own word",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "hello" });
      const { envelope } = await tap.one();
      await tap.finish();
      expect([envelope.channel, envelope.tenant]).toEqual([harness.connector.channel, harness.tenant]);
      expect(envelope.received_at).toBe(harness.now());
      expect(envelope.trust.transport).toBe(harness.connector.abilities.transport);
    },
  },
  {
    name: "pulling the next batch acknowledges the previous one, and nothing else does",
    when: ({ delivery }) => delivery !== "cursor",
    run: async (harness) => {
      const tap = new Tap(harness);
      const { told } = harness.act({ text: "hello" });
      await tap.one();
      expect(await fateOf(told)).toBe("waiting");
      tap.lean();
      expect(await fateOf(told)).toBe("kept");
      await tap.finish();
    },
  },
  {
    name: "every batch of a network with cursors carries one, and the stream goes on behind it",
    when: ({ delivery }) => delivery === "cursor",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "first" });
      await tap.one();
      expect(tap.batches.map(({ cursor }) => cursor)).not.toContain(null);
      await tap.finish();
      harness.act({ text: "second" });
      const next = new Tap({ ...harness, connector: harness.restart() }, tap.cursor);
      expect((await next.one()).content.text).toBe("second");
      await next.finish();
      expect(next.events).toHaveLength(1);
    },
  },
  {
    name: "a batch that nobody acknowledged comes again, the same",
    run: async (harness) => {
      const crashed = new Tap(harness);
      harness.act({ text: "hello" });
      const first = await crashed.one();
      await crashed.crash();
      const tap = new Tap(harness);
      expect(await tap.one()).toEqual(first);
      await tap.finish();
    },
  },
  {
    name: "after a crash, what was not acknowledged is not lost: it comes again, or its sender knows",
    run: async (harness, { delivery }) => {
      const crashed = new Tap(harness);
      const { told } = harness.act({ text: "hello", id: "e1" });
      const first = await crashed.one();
      expect(await fateOf(told)).not.toBe("kept");
      await crashed.crash();
      const after = harness.restart();
      expect(await fateOf(told)).not.toBe("kept");
      if (delivery === "typed") return;
      const tap = new Tap({ ...harness, connector: after });
      if (delivery === "told") harness.act({ text: "hello", id: "e1" });
      expect((await tap.one()).envelope.delivery_id).toBe(first.envelope.delivery_id);
      await tap.finish();
    },
  },
  {
    name: "what was acknowledged does not come again",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "first" });
      await tap.one();
      await tap.finish();
      harness.act({ text: "second" });
      const next = new Tap(harness, tap.cursor);
      expect((await next.one()).content.text).toBe("second");
      await next.finish();
    },
  },
  {
    name: "a batch that was committed while stopping is still acknowledged",
    when: ({ delivery }) => delivery !== "cursor",
    run: async (harness) => {
      const tap = new Tap(harness);
      const { told } = harness.act({ text: "hello" });
      await tap.one();
      tap.stop();
      await tap.finish();
      expect(await fateOf(told)).toBe("kept");
    },
  },
  {
    name: "a backlog of 250 arrives complete, in order, each once and under its own delivery id",
    run: async (harness) => {
      say(harness, 250);
      const tap = new Tap(harness);
      const events = await tap.until(250);
      await tap.finish();
      expect(events.map(({ content }) => content.text)).toEqual(Array.from({ length: 250 }, (_, at) => `line ${at}`));
      expect(new Set(events.map(({ envelope }) => envelope.delivery_id)).size).toBe(250);
      expect(new Set(events.map(({ envelope }) => envelope.event_id)).size).toBe(250);
    },
  },
  {
    name: "everything that waits comes as one batch",
    run: async (harness) => {
      const acts = say(harness, 20);
      await Promise.all(acts.map(({ told }) => fateOf(told)));
      const tap = new Tap(harness);
      await tap.pull();
      expect(tap.events).toHaveLength(20);
      await tap.finish();
    },
  },
  {
    name: "what comes while a batch is being committed comes next, and in order",
    run: async (harness) => {
      const tap = new Tap(harness);
      say(harness, 1);
      await tap.one();
      say(harness, 3, 1);
      await tap.until(4);
      await tap.finish();
      expect(tap.events.map(({ content }) => content.text)).toEqual(["line 0", "line 1", "line 2", "line 3"]);
    },
  },
  {
    name: "the same words twice are two events",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "yes" });
      harness.act({ text: "yes" });
      const [one, other] = await tap.until(2);
      await tap.finish();
      expect(one?.envelope.delivery_id).not.toBe(other?.envelope.delivery_id);
    },
  },
  {
    name: "a text of any script arrives untouched, and is measured in bytes",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: UNICODE });
      const { envelope, content } = await tap.one();
      await tap.finish();
      expect([content.text, envelope.content.bytes]).toEqual([UNICODE, Buffer.byteLength(UNICODE)]);
    },
  },
  {
    name: "two conversations stay apart, and a thread stays in its own",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "a", conversation: "other-room" });
      const first = await tap.one();
      const { thread = "t-1" } = harness;
      harness.act({ text: "b", thread });
      const second = await tap.one();
      await tap.finish();
      expect(second.envelope.conversation).not.toBe(first.envelope.conversation);
      expect(first.envelope.thread).toBeUndefined();
      if (harness.connector.abilities.threads) expect(second.envelope.thread).toBe(thread);
      else expect(second.envelope.thread).toBeUndefined();
    },
  },
  {
    name: "a reply names what it answers, by the id that was handed in",
    run: async (harness) => {
      const tap = new Tap(harness);
      const { event } = harness.act({ text: "question", id: "вопрос" });
      const first = await tap.one();
      harness.act({ text: "answer", replyTo: event });
      const second = await tap.one();
      await tap.finish();
      expect(second.envelope.reply_to).toBe(first.envelope.event_id);
    },
  },
  {
    name: "what is malformed or means harm never becomes an event, and the stream goes on",
    run: async (harness) => {
      const tap = new Tap(harness);
      const told = harness.garble();
      expect(told.length).toBeGreaterThan(0);
      harness.act({ text: "still here" });
      expect((await tap.one()).content.text).toBe("still here");
      await tap.finish();
      expect(tap.events).toHaveLength(1);
      for (const word of told) expect(await fateOf(word)).not.toBe("kept");
    },
  },
  {
    name: "stop ends a stream that waits, at once and without an error",
    run: async (harness) => {
      const tap = new Tap(harness);
      tap.lean();
      await fateOf(new Promise(() => {}));
      tap.stop();
      expect(await tap.pull()).toBe(false);
    },
  },
  {
    name: "a stream that was stopped before it began ends at once",
    run: async (harness) => {
      const tap = new Tap(harness);
      tap.stop();
      expect(await tap.pull()).toBe(false);
    },
  },
  {
    name: "health is live while the stream is open, and not before or after",
    run: async (harness) => {
      expect(harness.connector.health().state).toBe("stopped");
      const tap = new Tap(harness);
      harness.act({ text: "hello" });
      await tap.one();
      expect(harness.connector.health().state).toBe("live");
      await tap.finish();
      expect(harness.connector.health().state).toBe("stopped");
    },
  },
  {
    name: "close ends the stream, and whoever still waits is refused",
    run: async (harness) => {
      const tap = new Tap(harness);
      tap.lean();
      await fateOf(new Promise(() => {}));
      await soon(harness.connector.close(), "close", harness.patienceMs);
      expect(await tap.pull()).toBe(false);
      const { told } = harness.act({ text: "too late" });
      expect(["refused", "none"]).toContain(await fateOf(told));
    },
  },
];
