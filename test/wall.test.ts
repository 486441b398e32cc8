import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EntryType } from "../src/core/entry.ts";
import type { RunId } from "../src/core/ids.ts";
import { isRefusal } from "../src/core/refusal.ts";
import type { WallHost } from "../src/core/wall.ts";
import { Connecting } from "../src/edge/connect.ts";
import { NetworkWall } from "../src/edge/wall.ts";
import { type AgentStage, agentStage } from "./agent-stage.ts";
import { policyOf, until, WALL } from "./world.ts";

let dir: string;
let stage: AgentStage;
let server: Server;
let asked: string[];
let looked: string[];
let addresses: readonly string[];
let run: RunId;
let directory: string;
let holder: Socket;
let told: string;

const place = (host: string, more: Partial<WallHost> = {}): WallHost => ({
  host,
  ports: [(server.address() as AddressInfo).port],
  plain: false,
  addresses: ["public", "loopback"],
  accepts: 0,
  ...more,
});

/** A run with a wall around it, and an upstream that says what it was asked. */
async function build(hosts: () => readonly WallHost[], budget?: { readonly egress_bytes: number }): Promise<void> {
  const connecting = new Connecting({
    clock: WALL,
    resolve: async (host) => {
      looked.push(host);
      return addresses;
    },
  });
  const door = createPlain((socket) => socket.end("the door"));
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  door.unref();
  const address = `127.0.0.1:${(door.address() as AddressInfo).port}`;
  const wall = new NetworkWall({ clock: WALL, connecting, socketPath: join(dir, "s.sock"), door: () => address });
  stage = await agentStage({}, { wall, settings: { wallHosts: hosts() } });
  run = await stage.start({ conversation: "family", ...(budget === undefined ? {} : { budget }) });
  directory = (await stage.here.owner["wall.open"]({ run })).directory;
  told = "";
  holder = connect(join(directory, "hold"));
  holder.setEncoding("utf8").on("data", (piece: string) => (told += piece));
  await new Promise<void>((resolve) => holder.once("connect", resolve));
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wall-"));
  asked = [];
  looked = [];
  addresses = ["127.0.0.1"];
  server = createServer((ask, response) => {
    asked.push(`${ask.method} ${ask.url} ${ask.headers.host?.split(":")[0]} ${ask.headers["proxy-connection"]}`);
    ask.resume().once("end", () => response.end("from upstream"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  holder.destroy();
  await stage.here.gateway.walls.close();
  server.closeAllConnections();
  server.close();
  await stage.here.close();
  stage.here.home.remove();
  rmSync(dir, { recursive: true, force: true });
});

type Answered = { readonly status: number; readonly code: unknown; readonly text: string };
const proxy = (): string => join(directory, "proxy");

async function text(of: IncomingMessage): Promise<string> {
  let all = "";
  for await (const piece of of.setEncoding("utf8")) all += String(piece);
  return all;
}

/** A tunnel, or why there is none. */
function tunnel(authority: string): Promise<Answered & { readonly socket: Socket }> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: proxy(), method: "CONNECT", path: authority, agent: false });
    asking.once("connect", (answer, socket) => {
      socket.on("error", () => {});
      const of = { status: answer.statusCode ?? 0, code: answer.headers["x-lazaret-code"], text: "" };
      resolve({ ...of, socket: socket as Socket });
    });
    asking.once("error", reject).end();
  });
}

function plain(url: string, body?: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = { host: "made.up", "proxy-connection": "keep-alive" };
    const method = body === undefined ? "GET" : "POST";
    const asking = request({ socketPath: proxy(), method, path: url, headers, agent: false }, (answer) => {
      const { statusCode: status = 0 } = answer;
      const code = answer.headers["x-lazaret-code"];
      text(answer).then((all) => resolve({ status, code, text: all }), reject);
    });
    asking.once("error", reject).end(body);
  });
}

const port = (): number => (server.address() as AddressInfo).port;
const used = (): number => stage.here.store.get("run", run)?.value.budget.used.egress_bytes ?? -1;
const bodies = (...types: readonly EntryType[]) => stage.here.entries(...types).map(({ body }) => body);

test("what is listed is reached, its bytes are booked before they leave, the ledger has no content", async () => {
  await build(() => [place("*.example.org", { plain: true })]);
  const { status, socket } = await tunnel(`api.example.org:${port()}`);
  expect([status, used()]).toEqual([200, 0]);
  const answer = new Promise<string>((resolve) => socket.setEncoding("utf8").once("data", resolve));
  socket.write("GET /secret-path HTTP/1.1\r\nhost: x\r\n\r\n");
  expect(await answer).toContain("from upstream");
  expect(used()).toBe(4096);
  socket.end();
  await until(() => bodies("effect.done").length === 1);
  expect(await plain(`http://api.example.org:${port()}/plain?q=1`, "x".repeat(9000))).toMatchObject({
    status: 200,
    text: "from upstream",
  });
  expect(asked).toEqual(["GET /secret-path x undefined", "POST /plain?q=1 api.example.org undefined"]);
  expect(used()).toBeGreaterThan(4096 + 9000);
  await until(() => bodies("effect.done").length === 2);
  const to = `*.example.org:${port()}`;
  expect(bodies("egress.checked")).toMatchObject([
    { by: "wall", how: "connect", place: to, recipient: to, cats: 0 },
    { how: "plain" },
  ]);
  expect(bodies("effect.done")).toMatchObject([{ place: to, sent: 38 }, { place: to }]);
  expect(JSON.stringify(stage.here.store.ledger.entries(0, 100_000))).not.toMatch(/secret-path|api\.example/);
});

test("nothing else is: hosts, ports, spellings of this machine, names that lead inside, protocols", async () => {
  await build(() => [
    place("api.example.org", { addresses: ["public"] }),
    place("near.example.org", { addresses: ["public"], ports: [443] }),
  ]);
  const refused = async (authority: string) => (await tunnel(authority)).code;
  expect(await refused("evil.example:443")).toBe("http.unlisted");
  expect(await refused("example.org:443")).toBe("http.unlisted");
  expect(await refused(`api.example.org.evil.example:${port()}`)).toBe("http.unlisted");
  expect(await refused(`api.example.org:${port() + 1}`)).toBe("http.unlisted");
  for (const own of ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"])
    expect(await refused(`${own}:${port()}`)).toBe("http.unlisted");
  expect(await refused("nowhere")).toBe("input.invalid");
  expect(await refused("a%20b:443")).toBe("input.invalid");
  // A lookup tells somebody the name: none was made.
  expect(looked).toEqual([]);
  for (const inside of [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["::1"]]) {
    addresses = inside;
    expect(await refused(`api.example.org:${port()}`)).toBe("http.address");
  }
  addresses = [];
  expect(await refused(`api.example.org:${port()}`)).toBe("http.failed");
  expect(await plain(`http://api.example.org:${port()}/`)).toMatchObject({ status: 403, code: "http.unlisted" });
  expect(await plain("https://api.example.org/")).toMatchObject({ status: 400 });
  expect(await plain("/origin-form")).toMatchObject({ status: 400 });
  expect(asked).toEqual([]);
  await stage.here.owner["runs.cancel"]({ run });
  await until(() => told !== "");
  holder.destroy();
  await until(() => bodies("decision.made").some(({ count }) => Number(count) > 5));
  expect(JSON.stringify(stage.here.store.ledger.entries(0, 100_000))).not.toContain("evil");
});

test("a run that was told something reaches what may have it, and open ways are cut when it is told", async () => {
  await build(() => [place("open.example.org"), place("model.example.org", { accepts: 7 })]);
  const open = await tunnel(`open.example.org:${port()}`);
  const model = await tunnel(`model.example.org:${port()}`);
  expect([open.status, model.status]).toEqual([200, 200]);
  const cut = new Promise<void>((resolve) => open.socket.once("close", () => resolve()));
  const { store } = stage.here;
  const before = store.get("run", run)?.value.context.cats;
  await stage.here.post({ conversation: "room-family", sender: "ben", text: "we meet at noon on Friday at the lake" });
  await stage.invoke(run, "message.classify", { classes: ["plan", "other"], last: 1 });
  await stage.invoke(run, "message.list", { scope: "conversation", last: 1 });
  const told = store.get("run", run)?.value.context;
  expect([before, told?.cats !== 0 || told?.audience !== "*"]).toEqual([0, true]);
  await cut;
  expect((await tunnel(`open.example.org:${port()}`)).code).toBe("label.flow");
  const answer = new Promise<string>((resolve) => model.socket.setEncoding("utf8").once("data", resolve));
  model.socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  expect(await answer).toContain("200");
});

test("a byte more than the budget ends the run, and then it is 403 with the reason", async () => {
  await build(() => [place("api.example.org", { plain: true })], { egress_bytes: 10_000 });
  const { socket } = await tunnel(`api.example.org:${port()}`);
  const cut = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 20000\r\n\r\n${"x".repeat(9_000)}`);
  await until(() => used() >= 9_000);
  socket.write("x".repeat(1_000));
  await cut;
  expect(stage.here.store.get("run", run)?.value.status).toEqual({ state: "failed", reason: "budget.egress_bytes" });
  await until(() => told !== "");
  expect(JSON.parse(told)).toMatchObject({ code: "budget.exhausted" });
  expect(await plain(`http://api.example.org:${port()}/`)).toMatchObject({ status: 403, code: "budget.exhausted" });
  holder.destroy();
  await until(() => readdirSync(dir).length === 0);
});

test("a cancelled run is told so, cut and refused; a waiting one is refused until it goes on", async () => {
  await build(() => [place("api.example.org")]);
  const { socket } = await tunnel(`api.example.org:${port()}`);
  const cut = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await stage.here.owner["runs.cancel"]({ run });
  await cut;
  const { code, text: body, status } = await plain(`http://api.example.org:${port()}/`);
  expect([code, status, JSON.parse(body)]).toMatchObject(["run.ended", 403, { hint: "It is cancelled." }]);
  await until(() => told !== "");
  expect(JSON.parse(told).code).toBe("run.ended");
  await expect(stage.here.owner["wall.open"]({ run })).rejects.toSatisfy(isRefusal);
});

test("an answer without end goes no faster than it is read, and nothing is piled up for it", async () => {
  let sent = 0;
  server.removeAllListeners("request").on("request", (_ask, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536))) sent += 65_536;
      sent += 65_536;
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  await build(() => [place("api.example.org")]);
  const { socket } = await tunnel(`api.example.org:${port()}`);
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  let before = -1;
  while (before < sent || sent === 0) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(sent).toBeLessThan(32 * 1024 * 1024);
  socket.destroy();
});

test("a wall stands as long as it is held, once a run, and its door leads to the daemon's own", async () => {
  await build(() => []);
  await expect(stage.here.owner["wall.open"]({ run })).rejects.toMatchObject({ code: "conflict" });
  const door = connect(join(directory, "door"));
  expect(await new Promise((resolve) => door.setEncoding("utf8").once("data", resolve))).toBe("the door");
  door.destroy();
  const second = connect(join(directory, "hold"));
  second.resume();
  await new Promise<void>((resolve) => second.once("close", () => resolve()));
  holder.destroy();
  await until(() => readdirSync(dir).length === 0);
  const again = await stage.here.owner["wall.open"]({ run });
  expect(again.directory).not.toBe(directory);
});

test("an owner's rule that denies is heard behind the wall too", async () => {
  await build(() => [place("api.example.org"), place("other.example.org")]);
  const { powers } = stage.here;
  powers.policy.current = policyOf("chat-mode", { name: "mine.yaml", text: DENIED });
  const { code } = await tunnel(`api.example.org:${port()}`);
  expect(code).toBe("policy.denied");
  expect((await tunnel(`other.example.org:${port()}`)).status).toBe(200);
});
const DENIED = `
version: 1
pack: mine
title: One host is not to be asked.
extends: [chat-mode]
rules:
  - id: mine.not-there
    effect: deny
    because: I do not want it.
    when: { action: [egress], destination: [http], host: [api.example.org] }
`;

test("two requests in one, a name with a password, an upgrade, and noise reach nobody", async () => {
  await build(() => [place("api.example.org", { plain: true })]);
  const post = `POST http://api.example.org:${port()}/ HTTP/1.1\r\nhost: x\r\n`;
  for (const bytes of [
    `${post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\n\r\n`,
    `${post}content-length: 4\r\ncontent-length: 5\r\n\r\nabcde`,
    `GET http://ana:pw@api.example.org:${port()}/ HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET http://api.example.org:${port()}/ HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n`,
    `${post}x: ${"y".repeat(70_000)}\r\n\r\n`,
    "\u0016\u0003\u0001\u0002\u0000",
  ]) {
    const said = await text(connect(proxy()).end(bytes) as never).catch(() => "cut off");
    expect(said).toMatch(/^(?:HTTP\/1\.1 4\d\d |cut off$|$)/);
  }
  expect([asked, looked]).toEqual([[], []]);
});
