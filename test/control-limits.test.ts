/**
 * What loopback does not escape: sizes, times, sockets, wrong tokens, and the places the doors open at (threats C05 to
 * C11).
 */
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FailureBucket } from "../src/control/auth.ts";
import { HOOK_BODY_BYTES_MAX, SOCKETS_MAX } from "../src/core/limits.ts";
import { HandClock } from "./hand-clock.ts";
import { exchange, type OpenDoors, openDoors } from "./open-doors.ts";

const json = { "content-type": "application/json" };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const order = JSON.stringify({ conversation: "family" });

let doors: OpenDoors;
let owner: string;
beforeEach(async () => {
  doors = await openDoors();
  owner = doors.gateway.issue(["owner"]);
});
afterEach(() => doors[Symbol.asyncDispose]());

const startRun = (body: string, headers: Record<string, string> = {}) =>
  doors.ask({ method: "POST", path: "/v1/runs", headers: { ...json, ...bearer(owner), ...headers }, body });
const codeOf = ({ text }: { readonly text: string }): string => String(JSON.parse(text).code);

const hookHead = (bytes: number): string =>
  `POST /hooks/alerts HTTP/1.1\r\nHost: 127.0.0.1:${doors.port}\r\nContent-Length: ${bytes}\r\n\r\n`;

describe("bodies", () => {
  test("of 64 KiB are too large for a run, whether announced or sent in pieces", async () => {
    const big = JSON.stringify({ conversation: "family", goal: "x".repeat(70_000) });
    expect([await startRun(big)].map((a) => [a.status, codeOf(a)])).toEqual([[413, "input.too_large"]]);
    const head = `POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1:${doors.port}\r\nAuthorization: Bearer ${owner}\r\n`;
    const chunk = `ffff\r\n${"x".repeat(65_535)}\r\n`;
    const pieces = `Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`;
    const chunked = `${head}Content-Type: application/json\r\n${pieces}`;
    expect(await exchange(doors.port, chunked)).toMatch(/^HTTP\/1.1 413 /);
    const announced = `${head}Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n`;
    expect(await exchange(doors.port, announced)).toMatch(/^HTTP\/1.1 413 /);
  });

  test.each([
    ["that are no JSON", "{", json],
    ["that are empty", "", json],
    ["of another type", "conversation=family", { "content-type": "application/x-www-form-urlencoded" }],
    ["that look like text to a browser", order, { "content-type": "text/plain" }],
    ["with a prototype", '{"__proto__":{"conversation":"family"}}', json],
    ["with an unknown key", '{"conversation":"family","owner":true}', json],
    ["that are a list", "[]", json],
  ])("%s are refused, and say where", async (_what, body, headers) => {
    const answer = await startRun(body, headers);
    expect([answer.status, codeOf(answer)]).toEqual([400, "input.invalid"]);
    expect(doors.gateway.asked).toEqual([]);
  });

  test("of hooks come through byte for byte, up to 8 MiB and without being read", async () => {
    const body = Buffer.alloc(HOOK_BODY_BYTES_MAX, 0xff);
    const headers = { "x-lazaret-signature": "v1=00", "content-type": "application/json", cookie: "a=b" };
    const whole = await doors.ask({ method: "POST", path: "/hooks/alerts?a=1", body, headers });
    expect(whole.status).toBe(202);
    expect(doors.gateway.hooks).toEqual([
      {
        path: "/hooks/alerts?a=1",
        bytes: HOOK_BODY_BYTES_MAX,
        headers: { "x-lazaret-signature": "v1=00", "content-type": "application/json" },
      },
    ]);
    expect(await exchange(doors.port, hookHead(body.length + 1))).toMatch(/^HTTP\/1.1 413 /);
  });

  test("of hooks under way share 32 MiB: the next one is told to come again", async () => {
    const head = hookHead(HOOK_BODY_BYTES_MAX);
    const slow = await Promise.all(Array.from({ length: 4 }, () => opened(doors.port, head)));
    const small = { method: "POST", path: "/hooks/alerts", body: "{}" };
    const answer = await until(
      () => doors.ask(small),
      ({ status }) => status === 429,
    );
    expect(codeOf(answer)).toBe("rate.limited");
    for (const socket of slow) socket.destroy();
    await until(
      () => doors.ask(small),
      ({ status }) => status === 202,
    );
  });
});

describe("heads", () => {
  const start = () => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${doors.port}\r\n`;

  test("with more than 64 headers, or more than 16 KiB of them, are refused", async () => {
    const many = Array.from({ length: 70 }, (_, n) => `X-${n}: 1\r\n`).join("");
    expect(await exchange(doors.port, `${start()}${many}\r\n`)).toMatch(/^HTTP\/1.1 400 /);
    expect(await exchange(doors.port, `${start()}X: ${"x".repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });

  test("that an Origin hides behind many others are refused all the same", async () => {
    const many = Array.from({ length: 2100 }, (_, n) => `X${n}:\r\n`).join("");
    const text = await exchange(doors.port, `${start()}${many}Origin: https://evil.example\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 4/);
  });

  test.each(["GET http://evil.example/healthz HTTP/1.1", "GET * HTTP/1.1", "NONSENSE", "CONNECT x:1 HTTP/1.1"])(
    "that begin with %s open nothing",
    async (line) => {
      const text = await exchange(doors.port, `${line}\r\nHost: 127.0.0.1:${doors.port}\r\n\r\n`);
      expect(text === "" || /^HTTP\/1.1 4/.test(text)).toBe(true);
    },
  );

  test("that never end are answered 408, and so are bodies that never come", async () => {
    await doors[Symbol.asyncDispose]();
    doors = await openDoors({ patience: { headersMs: 120, requestMs: 240 } });
    owner = doors.gateway.issue(["owner"]);
    expect(await exchange(doors.port, start())).toMatch(/^HTTP\/1.1 408 /);
    const post = `POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1:${doors.port}\r\nAuthorization: Bearer ${owner}\r\n`;
    const body = `${post}Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{`;
    expect(await exchange(doors.port, body)).toMatch(/^HTTP\/1.1 408 /);
  });

  test(`beyond ${SOCKETS_MAX} open sockets are not taken, and the owner's socket is still there`, async () => {
    const open = await Promise.all(Array.from({ length: SOCKETS_MAX + 8 }, () => opened(doors.port, "")));
    const dropped = await until(
      async () => open.filter((socket) => socket.destroyed).length,
      (count) => count >= 8,
    );
    expect(dropped).toBe(8);
    expect((await doors.local({ method: "POST", path: "/v1/local/status", headers: json, body: "{}" })).status).toBe(
      200,
    );
    for (const socket of open) socket.destroy();
  });
});

describe("wrong tokens", () => {
  const wrong = (n: number) => doors.ask({ path: "/v1/runs", headers: bearer(`lzt_${n}`) });

  test("two hundred of them: ten are looked at, then nobody new is, right ones included", async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 200; n += 1) statuses.push((await wrong(n)).status);
    expect(statuses.filter((status) => status === 401).length).toBe(10);
    expect(statuses.slice(10).every((status) => status === 429)).toBe(true);
    const fresh = await doors.ask({ path: "/v1/runs", headers: bearer(owner) });
    expect([fresh.status, codeOf(fresh)]).toEqual([429, "auth.locked"]);
    doors.clock.turn(60_000);
    expect((await doors.ask({ path: "/v1/runs", headers: bearer(owner) })).status).toBe(200);
  });

  test("do not lock out a token that was good before them, until it is no longer good", async () => {
    const list = () => doors.ask({ path: "/v1/runs", headers: bearer(owner) });
    expect((await list()).status).toBe(200);
    for (let n = 0; n < 20; n += 1) await wrong(n);
    expect((await list()).status).toBe(200);
    doors.gateway.change(owner, { revokedAt: 1 });
    expect((await list()).status).toBe(401);
    expect((await list()).status).toBe(429);
  });

  test("count the same whatever address, header or field comes with them", async () => {
    for (let n = 0; n < 20; n += 1) {
      const headers = {
        ...bearer(`lzt_${n}`),
        "x-forwarded-for": `10.0.0.${n}`,
        "x-device-token": `${n}`,
        forwarded: "for=a",
      };
      await doors.ask({ path: `/v1/runs?open=true`, headers });
    }
    expect((await wrong(0)).status).toBe(429);
    const reasons = doors.gateway.told.map(({ route, reason }) => `${route} ${reason}`);
    expect(reasons.filter((reason) => reason === "bearer unknown").length).toBe(10);
    expect(reasons.filter((reason) => reason === "bearer locked").length).toBe(11);
  });

  test("lock for a minute, then twice as long each time, at most a quarter of an hour", () => {
    const clock = new HandClock();
    const bucket = new FailureBucket(clock);
    const locks: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      for (let n = 0; n < 10; n += 1) bucket.fail();
      locks.push(bucket.lockedMs() / 60_000);
      clock.turn(bucket.lockedMs());
      expect(bucket.lockedMs()).toBe(0);
    }
    expect(locks).toEqual([1, 2, 4, 8, 15, 15]);
    clock.turn(15 * 60_000);
    for (let n = 0; n < 10; n += 1) bucket.fail();
    expect(bucket.lockedMs()).toBe(60_000);
  });

  test("nine a minute lock nothing, and a clock that is set back locks for no longer than a lock lasts", () => {
    const clock = new HandClock();
    const bucket = new FailureBucket(clock);
    for (let n = 0; n < 90; n += 1) {
      bucket.fail();
      clock.turn(7000);
    }
    expect(bucket.lockedMs()).toBe(0);
    for (let n = 0; n < 10; n += 1) bucket.fail();
    clock.turn(-86_400_000);
    expect(bucket.lockedMs()).toBe(60_000);
  });
});

function opened(port: number, text: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on("error", () => socket.destroy());
    socket.resume();
  });
}

/** Asks until the answer is the one that is waited for; what never comes runs into the test's own deadline. */
async function until<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isIt(answer)) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
