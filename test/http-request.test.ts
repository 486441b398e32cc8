/** `http.request`: asked of a person, sent once, its secrets used and never seen, its answer untrusted. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { settleUnknown } from "../src/gateway/http-perform.ts";
import { grantPermit } from "../src/gateway/permit.ts";
import { ECHOES } from "./hostile-upstream.ts";
import { approve, type HttpWorld, httpWorld, NAME, SECRET } from "./http-world.ts";
import { closeWorld } from "./webhook-world.ts";
import { until } from "./world.ts";

let here: HttpWorld;
beforeEach(async () => {
  here = await httpWorld();
});
afterEach(() => closeWorld(here));

const BEARER = { authorization: `Bearer {{secret:${NAME}}}` };
const get = (path: string, more: object = {}) => ({ method: "GET", url: here.url(path), ...more });

/** The sealed text of the newest answer. */
async function kept(): Promise<{ readonly text: string | null }> {
  const value = here.store.all("value", { limit: 100, newestFirst: true })[0]?.value;
  if (value === undefined) throw new Error("no value");
  const permit = grantPermit({ by: "gateway", why: "render" }, "render", "test", [value.blob]);
  return here.store.open(permit, [value.blob], ([it]) => JSON.parse(Buffer.from(it?.bytes ?? []).toString()));
}
const forms = (): string[] =>
  [...Object.values(ECHOES).map((echo) => echo(SECRET).toString("latin1")), SECRET, encodeURIComponent(SECRET)].map(
    (text) => text.replace(/^(?:you sent |inside: )/, "").slice(0, 24),
  );
function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : [readFileSync(path).toString("latin1")];
  });
}

test("a person sees exactly what will be sent, with secrets by name, and after the yes it is sent once", async () => {
  await here.ask({
    method: "POST",
    url: here.url("/notes?q=a%26b&key=%7B%7Bsecret:tracker%7D%7D"),
    headers: { ...BEARER, accept: "text/plain" },
    body: { type: "json", json: { title: "hello", auth: { token: "{{secret:tracker}}" } } },
  });
  const { text } = await here.question();
  expect(text).toContain("with the secret tracker");
  expect(text).toContain("first use of tracker");
  expect(text).toContain("> POST /notes?q=a%26b&key=");
  expect(text).toContain(`> host: api.example.org:${here.upstream.port} (https)`);
  expect(text).toContain("authorization: Bearer {{secret:tracker}}");
  expect(text).toContain("q=a%26b&key={{secret:tracker}}");
  expect(text).toContain('"token": "{{secret:tracker}}"');
  expect(text).not.toContain(SECRET);
  expect(here.upstream.seen).toEqual([]);
  await approve(here);
  await here.rest();
  expect(here.upstream.seen).toHaveLength(1);
  const [seen] = here.upstream.seen;
  expect(seen?.headers["authorization"]).toBe(`Bearer ${SECRET}`);
  expect(new URL(seen?.url ?? "", "https://x").searchParams.get("key")).toBe(SECRET);
  expect(JSON.parse(seen?.body ?? "")).toEqual({ title: "hello", auth: { token: SECRET } });
  expect(here.entries("effect.intended").filter(({ body }) => body["op"] === "http")).toHaveLength(1);
  expect(here.entries("secret.used").map(({ body }) => [body["name"], body["slot"], body["place"]])).toEqual([
    [NAME, "query:key", `api.example.org:${here.upstream.port}`],
    [NAME, "header:authorization", `api.example.org:${here.upstream.port}`],
    [NAME, "body:/auth/token", `api.example.org:${here.upstream.port}`],
  ]);
  const { uses } = await here.owner["secrets.uses"]({ name: NAME });
  const yes = here.approvals().find(({ capability }) => capability === "http.request");
  expect(uses.map(({ slot }) => slot)).toEqual(["body:/auth/token", "header:authorization", "query:key"]);
  expect(uses[0]).toMatchObject({ version: "1", approval: yes?.id, run: yes?.run, requester: yes?.requester });
  expect(uses[0]?.by).toMatch(/^prn_/);
});

test("the answer is untrusted, by handle; the agent learns its status, kind and size", async () => {
  const reply = await here.done(get("/fine"));
  expect(reply).toMatchObject({ status: "done", output: { status: 200, media: "json", cut: false } });
  expect(JSON.stringify(reply.output)).not.toContain("ok");
  expect(reply.values?.[0]).toMatchObject({ kind: "http.request", label: expect.stringContaining("untrusted") });
  expect(await kept()).toMatchObject({ status: 200, media: "json", text: '{"ok":true,"path":"/fine"}' });
  const value = here.store.all("value", { limit: 1, newestFirst: true })[0]?.value;
  expect(value?.label).toMatchObject({ integrity: 2, audience: [here.place("family").id] });
  expect(here.runs().at(-1)?.status.state).toBe("done");
});

test("S35: a server that echoes the credential in any form gives nothing away", async () => {
  for (const form of Object.keys(ECHOES)) {
    const reply = await here.done(get(`/echo/${form}`, { headers: BEARER }));
    const said = JSON.stringify([await kept(), reply]);
    expect([form, reply.status, forms().filter((it) => said.includes(it))]).toEqual([form, "done", []]);
  }
  const all = [
    JSON.stringify([here.store.ledger.entries(0, 10_000), await here.items(), here.said]),
    ...files(here.home.dir),
  ];
  expect(forms().filter((it) => all.some((text) => text.includes(it)))).toEqual([]);
});

test("S35: the same in chunks, packed on the wire, or in a redirect, which is not followed", async () => {
  for (const path of ["/split", "/zipped", "/redirect"]) {
    const before = here.upstream.seen.length;
    const reply = await here.done(get(path, { headers: BEARER }));
    expect(reply.status).toBe("done");
    expect(JSON.stringify([await kept(), reply])).not.toContain(SECRET.slice(0, 5));
    expect(here.upstream.seen.length).toBe(before + 1);
  }
});

test("an endless answer is cut, a broken one is unknown, and neither is asked again", async () => {
  expect(await here.done(get("/forever"))).toMatchObject({ output: { cut: true, bytes: 256 * 1024 } });
  const broken = await here.done(get("/broken"));
  expect(broken.code).toBe("effect.unknown");
  expect(here.entries("effect.unknown")).toHaveLength(1);
  expect(here.upstream.seen).toHaveLength(2);
});

test("a request that was on its way when the process ended is unknown, and is not sent again", async () => {
  await here.ask(get("/silent", { headers: BEARER }));
  const { approval } = await here.question();
  void here.post({ conversation: "room-family", sender: "ana", text: `approve ${approval.code}`, addressed: true });
  await until(() => here.upstream.seen.length === 1);
  expect(await settleUnknown(here.powers)).toEqual([here.runs().at(-1)?.id]);
  const call = here.store.all("call", { limit: 10 }).find(({ value }) => value.capability === "http.request")?.value;
  expect([call?.status, call?.code]).toEqual(["unknown", "effect.unknown"]);
  expect(await settleUnknown(here.powers)).toEqual([]);
  expect(here.upstream.seen).toHaveLength(1);
});

test("a name that leads inside by the time of the yes is refused, and the secret was not used", async () => {
  for (const address of ["10.0.0.7", "169.254.169.254", "::ffff:192.168.0.1"]) {
    here.resolve = ["127.0.0.1", address];
    const reply = await here.done(get("/fine", { headers: BEARER }));
    expect(reply.code).toBe("http.address");
  }
  expect([here.upstream.seen.length, here.entries("secret.used").length]).toEqual([0, 0]);
  expect(here.entries("effect.failed").map(({ body }) => body["code"])).toEqual(Array(3).fill("http.address"));
});

test("only listed hosts, ports and methods are asked", async () => {
  for (const [input, code] of [
    [{ method: "GET", url: "https://api.example.org/" }, "http.unlisted"],
    [{ method: "GET", url: `https://evil.example.org:${here.upstream.port}/` }, "http.unlisted"],
    [{ method: "GET", url: here.url("/").replace("https", "http") }, "http.unlisted"],
    [{ method: "DELETE", url: here.url("/") }, "http.unlisted"],
    [{ method: "GET", url: `https://api.example.org.:${here.upstream.port}/` }, "http.unlisted"],
    [{ method: "GET", url: "file:///etc/passwd" }, "http.address"],
    [{ method: "GET", url: `https://a:b@api.example.org:${here.upstream.port}/` }, "input.invalid"],
    [{ method: "GET", url: here.url("/"), headers: { host: "evil" } }, "input.invalid"],
    [{ method: "GET", url: here.url("/"), headers: { "x-a": "b\nc: d" } }, "input.invalid"],
  ] as const) {
    await here.ask(input);
    expect([input, here.replies.at(-1)?.code]).toEqual([input, code]);
  }
  expect(here.upstream.seen).toEqual([]);
});

test("a secret stands in a declared slot or nowhere, and is never written out", async () => {
  for (const [input, code] of [
    [get("/", { headers: { "x-other": `{{secret:${NAME}}}` } }), "secret.slot"],
    [get(`/{{secret:${NAME}}}`), "secret.slot"],
    [get(`/?other={{secret:${NAME}}}`), "secret.slot"],
    [get("/", { headers: { authorization: "{{secret:hook-alerts}}" } }), "secret.slot"],
    [get("/", { headers: { authorization: "{{secret:absent}}" } }), "secret.slot"],
    [get("/", { headers: { authorization: "{{secret: tracker }}" } }), "egress.template"],
    [get("/", { headers: { authorization: SECRET } }), "secret.leak"],
    [get(`/?x=${Buffer.from(SECRET).toString("base64url")}`), "secret.leak"],
    [
      { method: "POST", url: here.url("/"), body: { type: "text", media: "text/plain", text: `{{secret:${NAME}}}` } },
      "secret.slot",
    ],
    [
      { method: "POST", url: here.url("/"), body: { type: "json", json: { [`{{secret:${NAME}}}`]: 1 } } },
      "secret.slot",
    ],
  ] as const) {
    await here.ask(input);
    expect([input, here.replies.at(-1)?.code]).toEqual([input, code]);
  }
  expect(here.upstream.seen).toEqual([]);
});

test("another value of the secret voids the question that was asked about the first", async () => {
  await here.ask(get("/fine", { headers: BEARER }));
  await here.owner["secrets.set"]({ name: NAME, value: "quite another value" });
  await approve(here);
  await here.rest();
  expect(here.approvals().find(({ capability }) => capability === "http.request")?.status).toMatchObject({
    state: "void",
    reason: "changed",
  });
  expect(here.upstream.seen).toEqual([]);
});

test("what a chat reply would say of a secret is not said", async () => {
  const { butlerThat, call } = await import("./webhook-world.ts");
  const replies: unknown[] = [];
  const other = await httpWorld({
    drivers: [
      butlerThat(async (run) => {
        for (const text of [`it is ${SECRET}`, Buffer.from(`so: ${SECRET}`).toString("base64")])
          replies.push(
            (await call(run, "chat.reply", { template: text }, text.slice(0, 20).replaceAll(" ", "."))).code,
          );
        await call(run, "chat.reply", { template: `key ghp_${"a1".repeat(18)} there` }, "third");
        await run.finish();
      }),
    ],
  });
  await other.post({ conversation: "room-family", sender: "ben", text: "say it", addressed: true });
  expect(replies).toEqual(["secret.leak", "secret.leak"]);
  expect(await other.read("family")).toEqual(["key [secret] there"]);
  await closeWorld(other);
});
