/** Matrix events as the gateway reads them, without a homeserver. */
import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { htmlOf } from "../connectors/matrix/format.ts";
import { inviterOf } from "../connectors/matrix/invites.ts";
import { opened } from "../connectors/matrix/media.ts";
import { normalize, type Seen } from "../connectors/matrix/normalize.ts";
import { decodeRecoveryKey, encodeRecoveryKey } from "../connectors/matrix/recovery-key.ts";
import { Content, Envelope } from "../src/core/message.ts";

const BOT = "@bot:hs.test";
const SEEN: Seen = {
  tenant: "default",
  channel: "mx",
  room: {
    id: "!r:hs.test",
    isDirect: false,
    name: "Hiking",
    isEncrypted: true,
    members: ["@ana:hs.test", "@ben:hs.test"],
  },
  me: { id: BOT, name: "Lazaret" },
  senderName: "Ana",
  evidence: { transport: "e2ee", verified: "signed" },
  isBacklog: false,
  receivedAt: 1_000_000,
};
const event = (content: object, more: object = {}): object => ({
  type: "m.room.message",
  event_id: "$one",
  sender: "@ana:hs.test",
  origin_server_ts: 999_000,
  content,
  ...more,
});
const read = (content: object, more: object = {}, seen: Partial<Seen> = {}) => {
  const item = normalize(event(content, more), { ...SEEN, ...seen });
  if (item === null) return null;
  Envelope.parse(item.event.envelope);
  Content.parse(item.event.content);
  return { ...item.event.envelope, text: item.event.content.text, key: item.event.content.key, files: item.files };
};
const text = (body: string, more: object = {}): object => ({ msgtype: "m.text", body, ...more });
const MENTION = { "m.mentions": { user_ids: [BOT] } };

describe("a message", () => {
  test("is for us by a real mention alone, and its address is no part of what it says", () => {
    expect(read(text("Lazaret: status", MENTION))).toMatchObject({ addressed: { how: "mention" }, text: "status" });
    expect(read(text(`${BOT}, status`, MENTION))?.text).toBe("status");
    expect(read(text("Lazaret: status"))).toMatchObject({ addressed: { how: "none" }, text: "Lazaret: status" });
    expect(read(text("tell Lazaret: status", MENTION))?.text).toBe("tell Lazaret: status");
    expect(read(text("hello"), {}, { room: { ...SEEN.room, isDirect: true } })?.addressed.how).toBe("direct");
  });

  test("of ourselves, or one that was redacted, is none", () => {
    expect(read(text("hello"), { sender: BOT })).toBeNull();
    expect(read({}, { unsigned: { redacted_because: {} } })).toBeNull();
  });

  test("of a program that speaks in notices is a bot's", () => {
    expect(read(text("status", { msgtype: "m.notice" }))?.sender.kind).toBe("bot");
  });

  test("in a thread answers what it says it answers, and not what stands before it", () => {
    const thread = { rel_type: "m.thread", event_id: "$root", "m.in_reply_to": { event_id: "$last" } };
    const fallback = read(text("hello", { "m.relates_to": { ...thread, is_falling_back: true } }));
    expect([fallback?.thread, fallback?.reply_to]).toEqual(["$root", undefined]);
    const real = read(text("hello", { "m.relates_to": { ...thread, is_falling_back: false } }));
    expect([real?.thread, real?.reply_to]).toEqual(["$root", "$last"]);
  });

  test("that quotes is what its sender says, without the quotation", () => {
    const relation = { "m.relates_to": { "m.in_reply_to": { event_id: "$q" } } };
    const body = "> <@ben:hs.test> approve ABCDEFGH\n> and more\n\nno";
    expect(read(text(body, relation))?.text).toBe("no");
    expect(read(text(body))?.text).toBe(body);
  });

  test("in clear in an encrypted room is flagged, and a backlog is flagged as one", () => {
    const clear = { transport: "transport", verified: "platform" } as const;
    expect(read(text("hello"), {}, { evidence: clear })?.trust.flags).toEqual(["room_unencrypted"]);
    expect(read(text("hello"), {}, { isBacklog: true })?.trust.flags).toEqual(["backfill"]);
  });
});

describe("everything else", () => {
  test("an edit names its target and brings the new words, never addressed to anybody", () => {
    const next = { "m.new_content": text("new", MENTION), "m.relates_to": { rel_type: "m.replace", event_id: "$old" } };
    expect(read(text("* new", next))).toMatchObject({
      kind: "edit",
      target: "$old",
      text: "new",
      addressed: { how: "none" },
    });
  });

  test("a reaction names its target; a redaction too, in its content since room version 11", () => {
    const relation = { rel_type: "m.annotation", event_id: "$q", key: "✅" };
    expect(read({ "m.relates_to": relation }, { type: "m.reaction" })).toMatchObject({
      kind: "reaction",
      target: "$q",
      key: "✅",
    });
    expect(read({ redacts: "$x" }, { type: "m.room.redaction" })).toMatchObject({ kind: "delete", target: "$x" });
    expect(read({}, { type: "m.room.redaction", redacts: "$y" })).toMatchObject({ kind: "delete", target: "$y" });
  });

  test("a membership is about its member, and an upgraded room names the next one", () => {
    const left = read({ membership: "leave" }, { type: "m.room.member", state_key: "@ben:hs.test" });
    expect(left).toMatchObject({ kind: "membership", key: "left", sender: { id: "@ben:hs.test" } });
    const moved = read({ replacement_room: "!next:hs.test" }, { type: "m.room.tombstone", state_key: "" });
    expect(moved).toMatchObject({ kind: "membership", key: "migrated", target: "!next:hs.test" });
  });

  test("whoever changes their name stays what they are: that is no membership", () => {
    const about = { type: "m.room.member", state_key: "@ben:hs.test" };
    const renamed = { unsigned: { prev_content: { membership: "join", displayname: "Ben" } } };
    expect(read({ membership: "join", displayname: "Benedict" }, { ...about, ...renamed })).toBeNull();
    const invited = { unsigned: { prev_content: { membership: "invite" } } };
    expect(read({ membership: "join" }, { ...about, ...invited })).toMatchObject({ kind: "membership", key: "joined" });
    const kicked = { unsigned: { prev_content: { membership: "join" } }, sender: "@ana:hs.test" };
    expect(read({ membership: "leave" }, { ...about, ...kicked })).toMatchObject({
      key: "left",
      sender: { id: "@ben:hs.test" },
    });
  });

  test("an edit counts only what is new in it, and what it mentions is nobody", () => {
    const relation = { "m.relates_to": { rel_type: "m.replace", event_id: "$a" } };
    const edit = { ...text("* bot: status", MENTION), ...relation, "m.new_content": text("bot: status", MENTION) };
    expect(read(edit)).toMatchObject({ kind: "edit", target: "$a", addressed: { how: "none" }, text: "bot: status" });
  });

  test("a file in clear in an encrypted room is none, and a caption is what was written", () => {
    const clear = {
      msgtype: "m.image",
      body: "a.png",
      url: "mxc://hs.test/abc",
      info: { mimetype: "image/png", size: 5 },
    };
    expect(read(clear)).toBeNull();
    const open = { ...SEEN, room: { ...SEEN.room, isEncrypted: false } };
    expect(read(clear, {}, open)).toMatchObject({
      content: { media: [{ kind: "image", mime: "image/png", bytes: 5 }] },
    });
    expect(read({ ...clear, filename: "a.png", body: "look" }, {}, open)?.text).toBe("look");
  });

  test("what does not fit is nothing", () => {
    const odd = [null, 1, "x", {}, { ...event(text("x")), event_id: 7 }, event(text("x"), { sender: "" })];
    for (const raw of odd) expect(normalize(raw, SEEN)).toBeNull();
    expect(read({ msgtype: "m.text", body: { c4nary: 1 } })?.text).toBe("");
    expect(read(text("x"), { type: "m.unheard.of" })).toBeNull();
  });
});

test("a file is opened by its key, and only when it is the one that was announced", () => {
  const [key, iv, plain] = [Buffer.alloc(32, 7), Buffer.alloc(16, 1), Buffer.from("a picture")];
  const bytes = createCipheriv("aes-256-ctr", key, iv).update(plain);
  const sha256 = createHash("sha256").update(bytes).digest("base64");
  const sealed = JSON.stringify({
    v: "v2",
    url: "mxc://hs.test/x",
    key: { alg: "A256CTR", k: key.toString("base64url") },
    iv: iv.toString("base64"),
    hashes: { sha256 },
  });
  expect(Buffer.from(opened(bytes, sealed) ?? []).toString()).toBe("a picture");
  expect(opened(Buffer.from([...bytes.subarray(0, -1), 0]), sealed)).toBeNull();
});

test("a recovery key is read as it was written, and not when it was mistyped", () => {
  const key = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
  const written = encodeRecoveryKey(key);
  expect(written).toMatch(/^Es\w\w( \w{4}){11}$/);
  expect(decodeRecoveryKey(written.toString().replaceAll(" ", "\n"))).toEqual(key);
  expect(decodeRecoveryKey(`${written.slice(0, -1)}${written.endsWith("a") ? "b" : "a"}`)).toBeNull();
});

test("what we say is escaped, and quoted lines are a quotation", () => {
  expect(htmlOf("hello")).toBeNull();
  expect(htmlOf("May I?\n> <b>&\n> x\nend")).toBe("May I?<br><blockquote>&lt;b&gt;&amp;<br>x</blockquote>end<br>");
});

test("an invitation to a room that is open to the world is nobody's", () => {
  const invite = { type: "m.room.member", state_key: BOT, sender: "@ana:hs.test", content: { membership: "invite" } };
  const rules = (join_rule: string) => ({ type: "m.room.join_rules", content: { join_rule } });
  expect(inviterOf({ events: [invite, rules("invite")] }, BOT)).toBe("@ana:hs.test");
  expect(inviterOf({ events: [invite, rules("public")] }, BOT)).toBeNull();
  expect(inviterOf({ events: [{ ...invite, state_key: "@ben:hs.test" }] }, BOT)).toBeNull();
});
