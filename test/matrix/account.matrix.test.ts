/** One account as a device of its own: its keys, its stores, its identity, whatever befalls it. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MatrixConnector } from "../../connectors/matrix/matrix.ts";
import type { Account } from "../../connectors/matrix/questions.ts";
import type { Pipe } from "../../connectors/matrix/wire.ts";
import { MatrixBench, openChild } from "../contract/matrix-bench.ts";
import { TurnedClock } from "../contract/turned-clock.ts";
import { Between } from "./between.ts";
import type { Registered } from "./homeserver.ts";
import { until } from "./person.ts";

const v3 = "/_matrix/client/v3";
const TRIES_MAX = 40;

let bench: MatrixBench;
let proxy: Between;
const clock = new TurnedClock(Date.now());
beforeAll(async () => {
  bench = await MatrixBench.start();
  proxy = await Between.before(bench.server.url);
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await bench?.end();
});

const key = (): string => randomBytes(32).toString("base64");
const accountOf = (who: Registered, keys: Pick<Account, "cryptoKey" | "syncKey" | "recovery">): Account => {
  const { user, token, device, password } = who;
  return { homeserver: proxy.url, user, token, device, password, ...keys };
};

function connector(account: Account, folder: string, openPipe = () => openChild(clock.now())): MatrixConnector {
  const files = { crypto: join(bench.dir, folder, "crypto.db"), sync: join(bench.dir, folder, "sync.db") };
  return new MatrixConnector(
    { tenant: "default", channel: "mx" },
    {
      clock,
      openPipe,
      files,
      withAccount: async (use) => use(account),
      published: async () => {},
      mayInvite: () => false,
      keeps: () => true,
      wantingMembers: () => [],
    },
  );
}

/** What a stream of this account breaks off with. */
async function faultOf(account: Account, folder: string): Promise<unknown> {
  const made = connector(account, folder);
  const stream = made.open({ cursor: null, stop: new AbortController().signal });
  const fault = await stream[Symbol.asyncIterator]()
    .next()
    .then(
      () => "none",
      (error: { code?: string }) => error.code,
    );
  const { state } = made.health();
  await made.close();
  return [fault, state];
}

type Published = {
  readonly device_keys: Readonly<Record<string, Readonly<Record<string, { readonly keys: object }>>>>;
  readonly master_keys: Readonly<Record<string, { readonly keys: object }>>;
};
const published = async ({ user }: Registered): Promise<{ readonly devices: object; readonly master: object }> => {
  const token = bench.actor.client.getAccessToken() ?? "";
  const found = await bench.server.api<Published>("POST", `${v3}/keys/query`, { device_keys: { [user]: [] } }, token);
  return { devices: found.device_keys[user] ?? {}, master: found.master_keys[user]?.keys ?? {} };
};

test("keys are the same after clean restarts, and none is uploaded twice", async () => {
  const who = await bench.server.register("steady");
  const account = accountOf(who, { cryptoKey: key(), syncKey: key(), recovery: key() });
  const seen: unknown[] = [];
  for (let start = 0; start < 5; start++) {
    const made = connector(account, "steady");
    seen.push([(await made.facts()).fingerprint, await published(who)]);
    await made.close();
  }
  expect(new Set(seen.map((it) => JSON.stringify(it))).size).toBe(1);
  expect(proxy.passed.some(({ path }) => path.includes("/keys/upload"))).toBe(true);
  expect(proxy.with(/\/keys\/upload/, 400)).toEqual([]);
});

test("others find one-time keys, and a fallback key when there are no more", async () => {
  const who = await bench.server.register("popular");
  const account = accountOf(who, { cryptoKey: key(), syncKey: key(), recovery: key() });
  const made = connector(account, "popular");
  const { oneTimeKeys } = await made.facts();
  expect(oneTimeKeys).toBeGreaterThanOrEqual(50);
  await made.close();
  const token = bench.actor.client.getAccessToken() ?? "";
  const claim = { one_time_keys: { [who.user]: { [who.device]: "signed_curve25519" } } };
  const given: string[] = [];
  for (let at = 0; at <= (oneTimeKeys ?? 0); at++)
    given.push(JSON.stringify(await bench.server.api("POST", `${v3}/keys/claim`, claim, token)));
  expect(given.filter((it) => it.includes('"fallback":true')).length).toBe(1);
  // Back again, it fills them up.
  const again = connector(account, "popular");
  await until(async () => ((await again.facts()).oneTimeKeys ?? 0) >= 50);
  await again.close();
  expect(proxy.with(/\/keys\/upload/, 400)).toEqual([]);
});

test("a token of another device over these stores is refused, and nothing is published for it", async () => {
  const login = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: bench.bot.user },
    password: bench.bot.password,
  };
  type Login = { access_token: string; device_id: string };
  const other = await bench.server.api<Login>("POST", `${v3}/login`, login);
  const before = await published(bench.bot);
  const account = { ...accountOf(bench.bot, bench.keys), token: other.access_token };
  expect(await faultOf(account, ".")).toEqual(["device", "failed"]);
  expect(await published(bench.bot)).toEqual(before);
});

test("keys of another account do not open the stores, which stay as they were", async () => {
  const account = accountOf(bench.bot, bench.keys);
  expect(await faultOf({ ...account, cryptoKey: key() }, ".")).toEqual(["store", "failed"]);
  expect(await faultOf({ ...account, syncKey: key() }, ".")).toEqual(["store", "failed"]);
  const made = connector(account, ".");
  expect((await made.facts()).crossSigned).toBe(true);
  await made.close();
});

test("a second process over the same stores is refused", async () => {
  const account = accountOf(bench.bot, bench.keys);
  const made = connector(account, ".");
  await made.facts();
  expect(await faultOf(account, ".")).toEqual(["store", "failed"]);
  await made.close();
});

test("an identity that somebody else made is not replaced", async () => {
  const who = await bench.server.register("twice");
  const first = connector(accountOf(who, { cryptoKey: key(), syncKey: key(), recovery: key() }), "twice");
  await first.facts();
  await first.close();
  const before = await published(who);
  const login = { type: "m.login.password", identifier: { type: "m.id.user", user: who.user }, password: who.password };
  type Login = { access_token: string; device_id: string };
  const { access_token: token, device_id: device } = await bench.server.api<Login>("POST", `${v3}/login`, login);
  const account = { ...accountOf(who, { cryptoKey: key(), syncKey: key(), recovery: key() }), token, device };
  expect(await faultOf(account, "twice-2")).toEqual(["identity", "failed"]);
  expect((await published(who)).master).toEqual(before.master);
});

test("publishing an identity, killed at each of its steps, comes to one identity", async () => {
  const who = await bench.server.register("unlucky");
  const account = accountOf(who, { cryptoKey: key(), syncKey: key(), recovery: key() });
  const masters = new Set<string>();
  let isDone = false;
  for (let step = 1; step <= TRIES_MAX && !isDone; step++) {
    let pipe: Pipe | null = null;
    const made = connector(account, "unlucky", () => {
      pipe = openChild(clock.now());
      return pipe;
    });
    proxy.after(step, () => (pipe as Pipe | null)?.end());
    isDone = await made.facts().then(
      () => true,
      () => false,
    );
    proxy.after(0, () => {});
    await made.close();
    const { master } = await published(who);
    if (Object.keys(master).length > 0) masters.add(JSON.stringify(master));
  }
  expect([isDone, masters.size]).toEqual([true, 1]);
  expect(proxy.with(/\/keys\/upload/, 400)).toEqual([]);
  const made = connector(account, "unlucky");
  // Its own signature comes back to it with the next look at its keys.
  await until(async () => (await made.facts()).crossSigned);
  expect(await made.facts()).toMatchObject({ crossSigned: true, secretStorage: true, backup: true });
  await made.close();
});

test("an account that was signed out says so, soft or hard, and keeps its keys", async () => {
  const account = accountOf(bench.bot, bench.keys);
  for (const soft_logout of [true, false]) {
    proxy.set({ status: 401, body: { errcode: "M_UNKNOWN_TOKEN", error: "…", soft_logout } });
    expect(await faultOf(account, ".")).toEqual(["auth", "failed"]);
  }
  proxy.set("fair");
  const made = connector(account, ".");
  expect((await made.facts()).crossSigned).toBe(true);
  await made.close();
});
