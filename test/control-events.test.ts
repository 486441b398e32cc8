/** Events by WebSocket and server-sent events: who gets them, from where, and what ends them. */
import { get } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type RawData, WebSocket } from "ws";
import { EVENT_SEND_MS_MAX, EVENT_STREAMS_PER_TOKEN_MAX, FRAME_BYTES_MAX } from "../src/core/limits.ts";
import type { GatewayEvent } from "../src/gateway/surface.ts";
import { type OpenDoors, openDoors } from "./open-doors.ts";

let doors: OpenDoors;
let agent: string;
beforeEach(async () => {
  doors = await openDoors();
  agent = doors.gateway.issue(["agent"]);
  doors.gateway.past.push(event(1), event(2), event(3));
});
afterEach(() => doors[Symbol.asyncDispose]());

const event = (seq: number, body: GatewayEvent["body"] = {}): GatewayEvent => ({
  seq,
  type: "run.started",
  time: 5,
  body,
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

type Peer = {
  readonly socket: WebSocket;
  readonly texts: string[];
  readonly seqs: number[];
  readonly closed: Promise<{ code: number; reason: string }>;
};

function peer(query = "", headers: Record<string, string> = {}): Peer {
  const socket = new WebSocket(`ws://127.0.0.1:${doors.port}/v1/events${query}`, { headers });
  const texts: string[] = [];
  const seqs: number[] = [];
  socket.on("message", (data: RawData) => {
    texts.push(String(data));
    seqs.push(Number(JSON.parse(String(data)).seq));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    socket.on("error", () => resolve({ code: 0, reason: "error" }));
  });
  return { socket, texts, seqs, closed };
}
const open = ({ socket }: Peer): Promise<void> =>
  new Promise((resolve) => {
    socket.on("open", () => resolve());
  });
/** Resolves once so many events have come. */
async function arrived(at: { readonly seqs: number[] }, count: number): Promise<number[]> {
  while (at.seqs.length < count) await new Promise((resolve) => setImmediate(resolve));
  return at.seqs;
}

describe("a WebSocket", () => {
  test("that brings its token in a header gets what came after the cursor, then what comes", async () => {
    const one = peer("?after=1", bearer(agent));
    expect(await arrived(one, 2)).toEqual([2, 3]);
    doors.gateway.live.put(event(4));
    expect(await arrived(one, 3)).toEqual([2, 3, 4]);
    expect(one.socket.extensions).toBe("");
    one.socket.close();
  });

  test("may show its token in its first message", async () => {
    const one = peer();
    await open(one);
    one.socket.send(JSON.stringify({ type: "auth", token: agent }));
    expect(await arrived(one, 3)).toEqual([1, 2, 3]);
    one.socket.close();
  });

  test.each([
    ["a wrong token", JSON.stringify({ type: "auth", token: "lzt_wrong" })],
    ["another message", JSON.stringify({ type: "hello" })],
    ["a token with more", JSON.stringify({ type: "auth", token: "x", device: "y" })],
    ["no JSON", "lzt_"],
  ])("that shows %s first is closed, and has no second try", async (_what, text) => {
    const one = peer();
    await open(one);
    one.socket.send(text);
    one.socket.send(JSON.stringify({ type: "auth", token: agent }));
    expect(await one.closed).toEqual({ code: 4401, reason: "auth.required" });
    expect(one.seqs).toEqual([]);
  });

  test("that shows nothing is closed after two seconds", async () => {
    const one = peer();
    await open(one);
    doors.clock.turn(1999);
    expect(one.socket.readyState).toBe(WebSocket.OPEN);
    doors.clock.turn(1);
    expect(await one.closed).toEqual({ code: 4401, reason: "auth.required" });
  });

  test("with the scope of an auditor gets none", async () => {
    const auditor = doors.gateway.issue(["auditor"]);
    expect(await peer("", bearer(auditor)).closed).toEqual({ code: 0, reason: "error" });
    const one = peer();
    await open(one);
    one.socket.send(JSON.stringify({ type: "auth", token: auditor }));
    expect(await one.closed).toEqual({ code: 4403, reason: "auth.denied" });
  });

  test("that speaks, or sends more than a frame holds, is closed", async () => {
    const one = peer("", bearer(agent));
    await arrived(one, 3);
    one.socket.send("hello");
    expect((await one.closed).code).toBe(4400);
    const two = peer("", bearer(agent));
    await arrived(two, 3);
    two.socket.send("x".repeat(FRAME_BYTES_MAX + 1));
    expect((await two.closed).code).toBe(1009);
  });

  test("gets nothing more once its token is revoked or has expired", async () => {
    const one = peer("?after=3", bearer(agent));
    await open(one);
    doors.gateway.change(agent, { revokedAt: 1 });
    doors.gateway.live.put(event(4));
    expect(await one.closed).toEqual({ code: 4401, reason: "auth.required" });
    expect(one.seqs).toEqual([]);
  });

  test("that does not read is dropped with a code, and memory holds one event for it", async () => {
    const one = peer("?after=3", bearer(agent));
    await open(one);
    one.socket.pause();
    const body = { text: "x".repeat(60_000) };
    const count = 400;
    for (let seq = 4; seq < 4 + count; seq += 1) doors.gateway.live.put(event(seq, body));
    await settled();
    doors.clock.turn(EVENT_SEND_MS_MAX);
    await settled();
    one.socket.resume();
    expect(await one.closed).toEqual({ code: 4408, reason: "rate.limited" });
    expect(one.seqs.length).toBeLessThan(count);
  });

  test("is one of eight a token may have", async () => {
    const many = Array.from({ length: EVENT_STREAMS_PER_TOKEN_MAX }, () => peer("", bearer(agent)));
    for (const one of many) await arrived(one, 3);
    expect((await peer("", bearer(agent)).closed).code).toBe(4408);
    many[0]?.socket.close();
    await many[0]?.closed;
    await settled();
    await arrived(peer("", bearer(agent)), 3);
  });

  test("that answers no ping is dropped at the next", async () => {
    const one = peer("", bearer(agent));
    await arrived(one, 3);
    one.socket.pause();
    doors.clock.turn(20_000);
    doors.clock.turn(20_000);
    one.socket.resume();
    expect((await one.closed).code).toBe(1006);
  });

  test("is told when the daemon stops", async () => {
    const one = peer("", bearer(agent));
    await arrived(one, 3);
    await doors.control.close();
    expect(await one.closed).toEqual({ code: 1001, reason: "daemon.stopping" });
  });

  test("gets an event too large for a frame without its body, and no event that breaks its schema", async () => {
    doors.gateway.past.push(event(4, { text: "x".repeat(FRAME_BYTES_MAX) }));
    const one = peer("?after=3", bearer(agent));
    await arrived(one, 1);
    expect(one.texts).toEqual([JSON.stringify({ ...event(4), body: { code: "input.too_large" } })]);
    doors.gateway.live.put({ ...event(5), content: "CANARY" } as GatewayEvent);
    expect(await one.closed).toEqual({ code: 1011, reason: "internal" });
    expect(one.seqs).toEqual([4]);
    expect(doors.faults.length).toBe(1);
  });

  test.each(["?after=-1", "?after=x", "?after=1&after=x", "?before=1"])(
    "with the query %s is refused",
    async (query) => {
      expect((await peer(query, bearer(agent)).closed).code).toBe(0);
    },
  );
});

describe("server-sent events", () => {
  const stream = (path: string, headers: Record<string, string>) =>
    new Promise<{ seqs: number[]; text: () => string; end: () => void; ended: Promise<void> }>((resolve) => {
      const host = `127.0.0.1:${doors.port}`;
      const asking = get({ port: doors.port, host: "127.0.0.1", path, headers: { host, ...headers } }, (response) => {
        let text = "";
        const seqs: number[] = [];
        const ended = new Promise<void>((done) => response.on("close", () => done()));
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          seqs.splice(0, seqs.length, ...[...text.matchAll(/^id: (\d+)$/gm)].map((found) => Number(found[1])));
        });
        response.on("error", () => response.destroy());
        resolve({ seqs, text: () => text, end: () => asking.destroy(), ended });
      });
    });

  test("go on after Last-Event-ID, which counts more than the query", async () => {
    const one = await stream("/v1/events?after=0", { ...bearer(agent), "last-event-id": "2" });
    expect(await arrived(one, 1)).toEqual([3]);
    doors.gateway.live.put(event(4));
    expect(await arrived(one, 2)).toEqual([3, 4]);
    expect(one.text()).toBe(
      [3, 4].map((seq) => `id: ${seq}\nevent: run.started\ndata: ${JSON.stringify(event(seq))}\n\n`).join(""),
    );
    one.end();
  });

  test("end with a code when the token does, and when the daemon stops", async () => {
    const one = await stream("/v1/events", bearer(agent));
    await arrived(one, 3);
    doors.gateway.change(agent, { expiresAt: 0 });
    doors.gateway.live.put(event(4));
    await one.ended;
    expect(one.text()).toContain('event: end\ndata: {"code":"auth.required"}\n\n');
    const two = await stream("/v1/events", bearer(doors.gateway.issue(["operator"])));
    await arrived(two, 3);
    await doors.control.close();
    await two.ended;
    expect(two.text()).toContain('{"code":"daemon.stopping"}');
  });
});

/** Lets both sides of the loopback work off what they have. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
