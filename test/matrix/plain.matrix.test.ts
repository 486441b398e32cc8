/** A room in clear, through the whole program: a process of ours, a process for the account, a real Synapse. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RealDaemon, RealHome } from "../real-lazaret.ts";
import { Homeserver, type Registered, SERVER } from "./homeserver.ts";

let server: Homeserver;
let home: RealHome;
let daemon: RealDaemon;
let alice: Registered;
let bot: Registered;
let room: string;

const v3 = "/_matrix/client/v3";
let sent = 0;
const put = (type: string, content: object, as = alice): Promise<{ event_id: string }> =>
  server.api("PUT", `${v3}/rooms/${encodeURIComponent(room)}/send/${type}/t${++sent}`, content, as.token);
const say = (body: string, more: object = {}): Promise<{ event_id: string }> =>
  put("m.room.message", { msgtype: "m.text", body, ...more });
const ask = (body: string) => say(body, { "m.mentions": { user_ids: [bot.user] } });

type Said = { readonly type: string; readonly sender: string; readonly content: { readonly body?: string } };
const botSaid = async (): Promise<readonly string[]> => {
  const path = `${v3}/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100`;
  const { chunk } = await server.api<{ chunk: readonly Said[] }>("GET", path, undefined, alice.token);
  return chunk
    .filter((it) => it.sender === bot.user && it.type === "m.room.message")
    .map((it) => it.content.body ?? "")
    .reverse();
};
const botSays = (count: number) => daemon.until(async () => (await botSaid()).length >= count);

beforeAll(async () => {
  server = await Homeserver.start();
  [alice, bot] = [await server.register("alice"), await server.register("bot")];
  home = new RealHome(
    [
      "listen: { port: 0 }",
      `people: [{ role: owner, id: "mx:@alice:${SERVER}" }]`,
      `channels: [{ name: mx, kind: matrix, homeserver: "${server.url}" }]`,
      "",
    ].join("\n"),
  );
  daemon = await home.up();
  const added = await daemon.ask("channel.add", {
    name: "mx",
    kind: "matrix",
    secret: bot.password,
    settings: { user: bot.user },
  });
  expect(added).toMatchObject({ done: true, user: bot.user, invited: true });
  const made = await server.api<{ room_id: string }>(
    "POST",
    `${v3}/createRoom`,
    { preset: "private_chat", invite: [bot.user] },
    alice.token,
  );
  room = made.room_id;
  await daemon.until(async () => {
    const path = `${v3}/rooms/${encodeURIComponent(room)}/joined_members`;
    const { joined } = await server.api<{ joined: object }>("GET", path, undefined, alice.token);
    return bot.user in joined;
  });
  await daemon.ask("conversation.allow", { conversation: room, channel: "mx", alias: "plain", members_all: true });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  home?.[Symbol.dispose]();
  await server?.[Symbol.asyncDispose]();
});

test("a mention is answered once, and what mentions nobody is not", async () => {
  await say("bot: help");
  await ask("status");
  await botSays(1);
  expect(await botSaid()).toEqual(["Nothing of yours is running here."]);
});
