/** Floods leave memory where it was: bodies without end, hooks at their largest, thousands of sockets (threat C08). */
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HOOK_BODY_BYTES_MAX, MIB } from "../../src/core/limits.ts";
import { type OpenDoors, openDoors } from "../open-doors.ts";

/** The test sends what it sends from the same process; the doors may add this much to it at most. */
const GROWTH_BYTES_MAX = 160 * MIB;

let doors: OpenDoors;
let before: number;
beforeEach(async () => {
  doors = await openDoors({ port: 0 });
  before = process.memoryUsage().rss;
});
afterEach(() => doors[Symbol.asyncDispose]());
const growth = (): number => process.memoryUsage().rss - before;

/** Sends pieces until the other side closes, or so many bytes were taken. Gives how many that were. */
function pour(head: string, bytesMax: number): Promise<number> {
  const piece = Buffer.alloc(64 * 1024, "x");
  const framed = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
  return new Promise((resolve) => {
    const socket = connect(doors.port, "127.0.0.1");
    let sent = 0;
    const more = (): void => {
      while (sent < bytesMax && !socket.destroyed) {
        sent += piece.length;
        if (!socket.write(framed)) return;
      }
      socket.destroy();
    };
    socket.on("drain", more);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(sent));
    socket.resume();
    socket.write(`${head}\r\nHost: 127.0.0.1:${doors.port}\r\nTransfer-Encoding: chunked\r\n\r\n`, more);
  });
}

test("a body without end is cut off soon after its limit, for runs and for hooks", { timeout: 60_000 }, async () => {
  const token = doors.gateway.issue(["owner"]);
  const run = `POST /v1/runs HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json`;
  expect(await pour(run, 1024 * MIB)).toBeLessThan(64 * MIB);
  expect(await pour("POST /hooks/alerts HTTP/1.1", 1024 * MIB)).toBeLessThan(64 * MIB);
  expect(growth()).toBeLessThan(GROWTH_BYTES_MAX);
});

test("eighty of the largest hooks at once are taken a few at a time", { timeout: 60_000 }, async () => {
  const body = Buffer.alloc(HOOK_BODY_BYTES_MAX);
  const ask = () => doors.ask({ method: "POST", path: "/hooks/alerts", body }).catch(() => null);
  const answers = await Promise.all(Array.from({ length: 80 }, ask));
  const taken = answers.filter((answer) => answer?.status === 202).length;
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBe(doors.gateway.hooks.length);
  expect(growth()).toBeLessThan(GROWTH_BYTES_MAX);
});

test("two thousand sockets: the owner is served all the while, and everybody again once they are gone", {
  timeout: 60_000,
}, async () => {
  const sockets: Socket[] = [];
  for (let count = 0; count < 2000; count += 1) {
    const socket = connect(doors.port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    sockets.push(socket.resume());
    if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const headers = { "content-type": "application/json" };
  const status = await doors.local({ method: "POST", path: "/v1/local/status", headers, body: "{}" });
  expect(status.status).toBe(200);
  expect(growth()).toBeLessThan(GROWTH_BYTES_MAX);
  for (const socket of sockets) socket.destroy();
  let health = 0;
  while (health !== 200) health = (await doors.ask({ path: "/healthz" }).catch(() => null))?.status ?? 0;
});
