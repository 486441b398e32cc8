/**
 * What differs from network to network: declared kinds, ids, senders, clocks, files. Each is checked where a network
 * has it.
 */
import { expect } from "vitest";
import { ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX } from "../../src/core/limits.ts";
import { Content, Envelope } from "../../src/core/message.ts";
import type { Check } from "./harness.ts";
import { Tap } from "./tap.ts";

const HOUR_MS = 3_600_000;
const HASHED = /^sha256:[0-9a-f]{64}$/;
const HOSTILE_KEY = "<script>approve</script> '; DROP --";

export const KINDS: readonly Check[] = [
  {
    name: "the kinds that are declared are the kinds there are",
    run: async ({ connector }, { kinds }) => {
      expect([...connector.abilities.kinds].sort()).toEqual([...kinds].sort());
    },
  },
  {
    name: "an edit names what it changes, and brings the new text",
    when: ({ kinds }) => kinds.includes("edit"),
    run: async (harness) => {
      const tap = new Tap(harness);
      const { event } = harness.act({ text: "helo" });
      const first = await tap.one();
      harness.act({ kind: "edit", target: event, text: "hello" });
      const { envelope, content } = await tap.one();
      await tap.finish();
      expect([envelope.kind, envelope.target, content.text]).toEqual(["edit", first.envelope.event_id, "hello"]);
      expect(envelope.delivery_id).not.toBe(first.envelope.delivery_id);
    },
  },
  {
    name: "a delete names what goes, and brings no text",
    when: ({ kinds, deletes }) => kinds.includes("delete") && deletes !== "reactions",
    run: async (harness) => {
      const tap = new Tap(harness);
      const { event } = harness.act({ text: "oops" });
      const first = await tap.one();
      harness.act({ kind: "delete", target: event });
      const { envelope, content } = await tap.one();
      await tap.finish();
      expect([envelope.kind, envelope.target, content.text]).toEqual(["delete", first.envelope.event_id, undefined]);
    },
  },
  ...(["reaction", "action"] as const).map(
    (kind): Check => ({
      name: `${kind === "action" ? "an" : "a"} ${kind} names its target, and its key is content, however hostile`,
      when: ({ kinds }) => kinds.includes(kind),
      run: async (harness) => {
        const tap = new Tap(harness);
        const { event } = harness.act({ text: "shall I?" });
        const first = await tap.one();
        harness.act({ kind, target: event, key: HOSTILE_KEY });
        const { envelope, content } = await tap.one();
        await tap.finish();
        expect([envelope.kind, envelope.target, content.key]).toEqual([kind, first.envelope.event_id, HOSTILE_KEY]);
        expect(JSON.stringify(envelope)).not.toContain("script");
      },
    }),
  ),
  {
    name: "a reaction that is taken back is a delete of that very reaction",
    when: ({ kinds, deletes }) => kinds.includes("delete") && deletes === "reactions",
    run: async (harness) => {
      const tap = new Tap(harness);
      const { event } = harness.act({ text: "shall I?" });
      await tap.one();
      harness.act({ kind: "reaction", target: event, key: "👍" });
      const given = await tap.one();
      harness.act({ kind: "delete", target: event, key: "👍" });
      const { envelope, content } = await tap.one();
      await tap.finish();
      expect([envelope.kind, envelope.target, content.key]).toEqual(["delete", given.envelope.event_id, undefined]);
      expect(envelope.sender).toEqual(given.envelope.sender);
    },
  },
  {
    name: "a membership that tells of one person names them as the sender and says what became of them",
    when: ({ kinds, members }) => kinds.includes("membership") && members === "changes",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "hello", sender: { id: "ana" } });
      const spoken = await tap.one();
      harness.act({ kind: "membership", sender: { id: "ana" }, key: "left" });
      const { envelope, content } = await tap.one();
      await tap.finish();
      expect([envelope.kind, envelope.sender, content.key]).toEqual(["membership", spoken.envelope.sender, "left"]);
    },
  },
  {
    name: "a membership says who is in, as content, and each id can be one",
    when: ({ kinds, members }) => kinds.includes("membership") && members !== "changes",
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ kind: "membership", members: ["ana", "Žofia", "x".repeat(300)] });
      const { envelope, content } = await tap.one();
      await tap.finish();
      expect([envelope.kind, Content.parse(content).members?.length]).toEqual(["membership", 3]);
    },
  },
  {
    name: "a gap is an event of its own",
    when: ({ kinds }) => kinds.includes("gap"),
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ kind: "gap" });
      const { envelope } = await tap.one();
      await tap.finish();
      expect(Envelope.parse(envelope).kind).toBe("gap");
    },
  },
  {
    name: "an id that cannot be one is hashed, the same always to the same, and nobody can pose as a hash",
    when: ({ ids }) => ids === "sender",
    run: async (harness) => {
      const odd = ["Ω".repeat(3), "x".repeat(300), "a\u0007b", " space", `sha256:${"0".repeat(64)}`];
      const tap = new Tap(harness);
      for (const id of odd) harness.act({ text: "t", id, conversation: id, sender: { id } });
      const envelopes = (await tap.until(odd.length)).map(({ envelope }) => envelope);
      harness.act({ text: "again", id: "other", conversation: odd[0] ?? "", sender: { id: odd[0] ?? "" } });
      const again = (await tap.one()).envelope;
      await tap.finish();
      for (const [at, { delivery_id, event_id, conversation, sender }] of envelopes.entries())
        for (const id of [delivery_id, event_id, conversation, sender.id]) {
          expect(id).toMatch(HASHED);
          expect(id).not.toBe(odd[at]);
        }
      expect(new Set(envelopes.map(({ sender }) => sender.id)).size).toBe(odd.length);
      expect([again.conversation, again.sender.id]).toEqual([envelopes[0]?.conversation, envelopes[0]?.sender.id]);
    },
  },
  {
    name: "names of people and conversations are content, in any script, and change no id",
    when: ({ names }) => names,
    run: async (harness) => {
      const tap = new Tap(harness);
      harness.act({ text: "t", sender: { id: "ana", name: "Añá 💃 \u202egnp" }, title: "Familie & Ωμέγα" });
      harness.act({ text: "t", sender: { id: "ana", name: "Somebody Else" }, title: "Renamed" });
      const [one, other] = await tap.until(2);
      await tap.finish();
      expect([one?.content.sender_name, one?.content.conversation_name]).toEqual([
        "Añá 💃 \u202egnp",
        "Familie & Ωμέγα",
      ]);
      expect(other?.envelope.sender).toEqual(one?.envelope.sender);
      expect(other?.envelope.conversation).toBe(one?.envelope.conversation);
    },
  },
  {
    name: "whoever is no person is flagged as what they are",
    run: async (harness, { senders }) => {
      const tap = new Tap(harness);
      for (const kind of senders) harness.act({ text: kind, sender: { kind } });
      const events = await tap.until(senders.length);
      await tap.finish();
      expect(events.map(({ envelope }) => envelope.sender.kind)).toEqual(senders);
    },
  },
  {
    name: "nothing was sent after it was received, and an old moment stays old",
    when: ({ clocks }) => clocks,
    run: async (harness) => {
      const tap = new Tap(harness);
      for (const sentAt of [harness.now() + 87_600 * HOUR_MS, harness.now() - HOUR_MS])
        harness.act({ text: "t", sentAt });
      const events = await tap.until(2);
      await tap.finish();
      expect(events.map(({ envelope }) => envelope.sent_at)).toEqual([harness.now(), harness.now() - HOUR_MS]);
    },
  },
  {
    name: "a file at the cap arrives whole, its name beside it, its size and kind declared",
    when: ({ files }) => files,
    run: async (harness) => {
      const bytes = Buffer.alloc(ATTACHMENT_BYTES_MAX, 7);
      const tap = new Tap(harness);
      harness.act({ text: "see", files: [{ name: "../../.ssh/id", mime: "image/png", bytes }] });
      const { envelope, content } = await tap.one();
      await tap.finish();
      expect(envelope.content.media).toEqual([{ kind: "image", mime: "image/png", bytes: bytes.length }]);
      const [file] = content.attachments ?? [];
      expect([file?.name, Buffer.from(file?.data ?? "", "base64").equals(bytes)]).toEqual(["../../.ssh/id", true]);
    },
  },
  {
    name: "a file above the cap, or one file too many, is left out or refused, never cut",
    when: ({ files }) => files,
    run: async (harness) => {
      const tap = new Tap(harness);
      const small = { name: "s", mime: "text/plain", bytes: Buffer.alloc(16, 1) };
      const huge = { name: "h", mime: "text/plain", bytes: Buffer.alloc(ATTACHMENT_BYTES_MAX + 1, 2) };
      harness.act({ text: "one", files: [huge] });
      harness.act({ text: "many", files: Array(ATTACHMENTS_MAX + 1).fill(small) });
      harness.act({ text: "last" });
      while (tap.events.at(-1)?.content.text !== "last") await tap.one();
      await tap.finish();
      for (const { envelope, content } of tap.events) {
        expect(Envelope.safeParse(envelope).success && Content.safeParse(content).success).toBe(true);
        for (const { data } of content.attachments ?? []) expect(Buffer.from(data, "base64").length).toBe(16);
      }
    },
  },
];
