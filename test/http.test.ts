/** The way out of the daemon, against a server that means ill and a resolver that lies. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADDRESS_KINDS, type HttpRules } from "../src/core/http.ts";
import { CheckedHttp } from "../src/edge/http.ts";
import { addressKind, isSameAddress } from "../src/edge/http-address.ts";
import { checkedFetch } from "../src/edge/http-fetch.ts";
import { CA, type Upstream, upstream } from "./hostile-upstream.ts";
import { WALL } from "./world.ts";

let here: Upstream;
beforeAll(async () => {
  here = await upstream();
});
afterAll(() => here.close());

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const http = (...addresses: readonly string[]): CheckedHttp =>
  new CheckedHttp({ clock: WALL, ca: CA, resolve: async () => (addresses.length === 0 ? ["127.0.0.1"] : addresses) });
const get = (path: string, more: object = {}) => ({
  method: "GET" as const,
  url: `https://api.example.org:${here.port}${path}`,
  headers: {},
  body: null,
  ...more,
});
const rules = (more: Partial<HttpRules> = {}): HttpRules => ({
  addresses: ["public", "loopback"],
  plain: false,
  bytesMax: 64 * 1024,
  msMax: 5000,
  ...more,
});

test("an address is told in every form, and what is spelt otherwise is none that is asked", () => {
  const kinds = {
    public: ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"],
    loopback: [
      "127.0.0.1",
      "127.255.0.1",
      "::1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "::127.0.0.1",
      "64:ff9b::7f00:1",
    ],
    private: [
      "10.0.0.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "100.64.0.1",
      "fc00::1",
      "fd12::1",
      "2002:a00:1::",
    ],
    link_local: ["169.254.1.1", "fe80::1", "::ffff:169.254.1.1"],
    metadata: ["169.254.169.254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "fd00:ec2::254", "100.100.100.200"],
    reserved: [
      ...["0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::", "ff02::1", "2001:db8::1", "fe80::1%eth0"],
      ...[
        "2130706433",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "::ffff:127.0.0.1:1",
        ":::",
        "",
      ],
    ],
  };
  for (const kind of ADDRESS_KINDS)
    expect(kinds[kind].map((address) => [address, addressKind(address)])).toEqual(kinds[kind].map((it) => [it, kind]));
  expect(isSameAddress("::ffff:127.0.0.1", "127.0.0.1")).toBe(true);
  expect(isSameAddress("127.0.0.1", "127.0.0.2")).toBe(false);
});

test("a name that leads inside is refused before anything connects, also by one of its addresses alone", async () => {
  const before = here.seen.length;
  const inside = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1", "0.0.0.0"];
  for (const address of inside)
    for (const all of [[address], ["93.184.216.34", address]])
      await expect(http(...all).ask(get("/"), rules({ addresses: ["public"] }))).rejects.toMatchObject({
        code: "http.address",
      });
  expect(here.seen.length).toBe(before);
});

test("an address written as a number, in octal or mapped is the address that it is", async () => {
  for (const host of ["127.0.0.1", "2130706433", "0177.0.0.1", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]"])
    await expect(
      http("93.184.216.34").ask(get("/", { url: `https://${host}:${here.port}/` }), rules({ addresses: ["public"] })),
    ).rejects.toMatchObject({ code: "http.address" });
});

test("the checked address is connected to, and a name is asked for once", async () => {
  const asked: string[] = [];
  const flipping = new CheckedHttp({
    clock: WALL,
    ca: CA,
    resolve: async (host) => {
      asked.push(host);
      return asked.length === 1 ? ["127.0.0.1"] : ["10.0.0.1"];
    },
  });
  const answer = await flipping.ask(get("/fine"), rules());
  expect([answer.status, JSON.parse(text(answer.bytes))]).toEqual([200, { ok: true, path: "/fine" }]);
  expect(asked).toEqual(["api.example.org"]);
  expect(here.seen.at(-1)?.headers["host"]).toBe(`api.example.org:${here.port}`);
});

test("a certificate for another name is none, and neither is one that nobody vouches for", async () => {
  const other = get("/", { url: `https://other.example.org:${here.port}/` });
  await expect(http().ask(other, rules())).rejects.toMatchObject({ code: "http.failed" });
  const trusting = new CheckedHttp({ clock: WALL, resolve: async () => ["127.0.0.1"] });
  await expect(trusting.ask(get("/"), rules())).rejects.toMatchObject({ code: "http.failed" });
});

test("what is put in goes in after every check, to the same place, and not at all when it throws", async () => {
  const places: unknown[] = [];
  const inject: HttpRules["inject"] = async (place) => {
    places.push(place);
    return get("/fine?k=s3cret", { headers: { authorization: "Bearer s3cret" } });
  };
  await http().ask(get("/fine?k=x"), rules({ inject }));
  expect(places).toEqual([{ host: "api.example.org", port: here.port, address: "127.0.0.1" }]);
  expect(here.seen.at(-1)).toMatchObject({ url: "/fine?k=s3cret", headers: { authorization: "Bearer s3cret" } });
  const before = here.seen.length;
  const never: HttpRules["inject"] = async () => {
    throw new Error("s3cret");
  };
  await expect(http("10.0.0.1").ask(get("/"), rules({ inject }))).rejects.toMatchObject({ code: "http.address" });
  await expect(http().ask(get("/"), rules({ inject: never }))).rejects.toMatchObject({ code: "http.failed" });
  const elsewhere: HttpRules["inject"] = async () => get("/", { url: `https://evil.example.org:${here.port}/` });
  await expect(http().ask(get("/"), rules({ inject: elsewhere }))).rejects.toMatchObject({ code: "http.address" });
  expect([here.seen.length, places.length]).toEqual([before, 1]);
});

test("a redirect is an answer and is not followed", async () => {
  const before = here.seen.length;
  expect((await http().ask(get("/redirect"), rules())).status).toBe(302);
  expect(here.seen.length).toBe(before + 1);
});

test("an endless answer and a bomb are cut at their size, a silent server at its time", async () => {
  const endless = await http().ask(get("/forever"), rules());
  expect([endless.bytes.length, endless.cut]).toEqual([64 * 1024, true]);
  const bomb = await http().ask(get("/bomb"), rules());
  expect([bomb.bytes.length, bomb.cut]).toEqual([64 * 1024, true]);
  const soon = rules({ msMax: 80 });
  await expect(http().ask(get("/silent"), soon)).rejects.toMatchObject({ code: "http.timeout" });
  await expect(http().ask(get("/broken"), rules())).rejects.toMatchObject({ code: "http.failed" });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 30);
  await expect(http().ask(get("/silent"), rules({ stop: stop.signal }))).rejects.toMatchObject({ code: "http.failed" });
});

test("a resolver that never answers is waited for no longer than the request", async () => {
  const lost = new CheckedHttp({ clock: WALL, ca: CA, resolve: () => new Promise(() => {}) });
  await expect(lost.ask(get("/"), rules({ msMax: 50 }))).rejects.toMatchObject({
    code: "http.timeout",
  });
});

test("headers that frame the connection, users in a URL and plain http are not taken", async () => {
  const bad = [
    { host: "evil" },
    { "content-length": "0" },
    { "proxy-authorization": "x" },
    { a: "b\r\nc: d" },
    { "a b": "c" },
  ];
  for (const headers of bad)
    await expect(http().ask(get("/", { headers }), rules())).rejects.toMatchObject({ code: "input.invalid" });
  for (const url of ["https://u:p@api.example.org/", "nothing"])
    await expect(http().ask(get("/", { url }), rules())).rejects.toMatchObject({ code: "input.invalid" });
  for (const url of ["http://api.example.org/", "file:///etc/passwd", "ftp://api.example.org/"])
    await expect(http().ask(get("/", { url }), rules())).rejects.toMatchObject({ code: "http.address" });
});

test("a library's fetch goes the same way and to its one origin only", async () => {
  const origin = `https://api.example.org:${here.port}`;
  const given = checkedFetch(http(), { origin, addresses: ["loopback"], bytesMax: 100_000, msMax: 5000 });
  const answer = await given(`${origin}/fine`, { method: "POST", body: "{}", headers: { "x-key": "1" } });
  expect(await answer.json()).toEqual({ ok: true, path: "/fine" });
  expect(here.seen.at(-1)).toMatchObject({
    method: "POST",
    body: "{}",
    headers: { "x-key": "1", "content-length": "2" },
  });
  await expect(given("https://evil.example.org/")).rejects.toMatchObject({ code: "http.unlisted" });
  await expect((await given(`${origin}/forever`)).text()).rejects.toThrow();
  const outside = checkedFetch(http(), { origin, addresses: ["public"], bytesMax: 100_000, msMax: 5000 });
  await expect(outside(`${origin}/fine`)).rejects.toMatchObject({ code: "http.address" });
});
