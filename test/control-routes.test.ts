/** Every route of the table against everything that must not open it (CONTRACT section 13; threats C01, C02, C04). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assertTable, type BearerRoute, type Route } from "../src/control/route.ts";
import { ROUTES } from "../src/control/routes.ts";
import { VERB_NAMES, VERBS } from "../src/core/verbs/all.ts";
import { modernHeaders, modernMeta } from "./mcp-stage.ts";
import { type Answer, type Ask, exchange, type OpenDoors, openDoors } from "./open-doors.ts";
import type { Scope } from "./paper-gateway.ts";
import { sampleOf } from "./sample.ts";

let doors: OpenDoors;
beforeAll(async () => {
  doors = await openDoors();
});
afterAll(() => doors[Symbol.asyncDispose]());

const NET = ROUTES.filter((route) => route.class !== "local");
const BEARER = ROUTES.filter((route): route is BearerRoute => route.class === "bearer");
const LOCAL = ROUTES.filter((route) => route.class === "local");
const SCOPES: readonly Scope[] = ["agent", "auditor", "metrics", "operator", "owner"];
const nameOf = (route: Route): string => `${route.method} ${route.path}`;

const pathOf = (route: Route): string => {
  const params = route.class === "bearer" && route.params !== null ? sampleOf(route.params) : { channel: "alerts" };
  return route.path.replace(/:([a-z]+)/g, (_whole, name: string) => String((params as Record<string, string>)[name]));
};

const isMcp = (route: Route): boolean => route.class === "bearer" && route.kind === "mcp";
const bodyOf = (route: Route): unknown => {
  if (isMcp(route)) return { jsonrpc: "2.0", id: 1, method: "server/discover", params: { _meta: modernMeta } };
  if (route.path === "/v1/runs") return { conversation: "family" };
  return route.class === "bearer" && route.kind === "ask" && route.body !== null ? sampleOf(route.body, "input") : {};
};

/** Agents alone speak MCP; everything else is the owner's too. */
const holder = (route: Route): Scope => (isMcp(route) ? "agent" : "owner");

/** A request that the route answers, with a token of somebody who may. */
const good = (route: Route, change: Partial<Ask> = {}, token = doors.gateway.issue([holder(route)])): Ask => {
  const isPost = route.method === "POST";
  return {
    method: route.method,
    path: pathOf(route),
    ...(isPost ? { body: JSON.stringify(bodyOf(route)) } : {}),
    ...change,
    headers: {
      ...(route.class === "bearer" ? { authorization: `Bearer ${token}` } : {}),
      ...(isPost ? { "content-type": "application/json" } : {}),
      ...(isMcp(route) ? modernHeaders("server/discover") : {}),
      ...change.headers,
    },
  };
};

const codeOf = (answer: Answer): string => String(JSON.parse(answer.text).code);

const HOSTS = ["evil.example", "127.0.0.1:1", "127.0.0.1", "0.0.0.0", "lazaret.evil.example:7717", "LOCALHOST"];
const ORIGINS = ["https://evil.example", "null", "http://127.0.0.1:7717", ""];
const FOREIGN: readonly (readonly [Record<string, string>, number, string])[] = [
  ...HOSTS.map((host) => [{ host }, 421, "request.host"] as const),
  ...ORIGINS.map((origin) => [{ origin }, 403, "request.origin"] as const),
  ...["cross-site", "same-site", "anything"].map(
    (site) => [{ "sec-fetch-site": site }, 403, "request.origin"] as const,
  ),
];

/** An event stream goes on; the test reads its head and leaves. */
const isStream = (route: Route): boolean => route.class === "bearer" && route.kind === "events";
const finite = <R extends Route>(routes: readonly R[]): readonly R[] => routes.filter((route) => !isStream(route));

describe.each(NET.map((route) => [nameOf(route), route] as const))("%s", (_name, route) => {
  test.runIf(!isStream(route))("answers whoever may ask", async () => {
    const answer = await doors.ask(good(route));
    expect(answer.status, answer.text).toBeLessThan(300);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("is not served for another Host, from a web page, or across sites", async () => {
    for (const [headers, status, code] of FOREIGN) {
      const answer = await doors.ask(good(route, { headers }));
      expect([headers, answer.status, codeOf(answer)]).toEqual([headers, status, code]);
    }
  });

  test("refuses a token in the URL, plain, named or escaped, and in the Referer", async () => {
    const token = doors.gateway.issue(["owner"]);
    for (const query of [`x=${token}`, "token=abc", "Access_Token=abc", `x=%6Czt_${token.slice(4)}`, "to%6ben=abc"]) {
      const answer = await doors.ask(good(route, { path: `${pathOf(route)}?${query}` }));
      expect([query, answer.status, codeOf(answer)]).toEqual([query, 400, "request.token_in_url"]);
    }
    const answer = await doors.ask(good(route, { headers: { referer: `http://x/?t=${token}` } }));
    expect([answer.status, codeOf(answer)]).toEqual([400, "request.token_in_url"]);
  });

  test("refuses an upgrade that it does not serve, and guards the one it does", async () => {
    const upgrade = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const plain = await doors.ask(good(route, { headers: upgrade }));
    expect(plain.status).toBe(isStream(route) ? 101 : 404);
    for (const [bad, status] of [
      [{ host: "evil.example" }, 421],
      [{ origin: "https://evil.example" }, 403],
      [{ origin: "null" }, 403],
      [{ "sec-fetch-site": "cross-site" }, 403],
    ] as const) {
      const answer = await doors.ask(good(route, { headers: { ...upgrade, ...bad } as Record<string, string> }));
      expect(answer.status).toBe(status);
    }
    const inUrl = await doors.ask(good(route, { path: `${pathOf(route)}?token=x`, headers: upgrade }));
    expect(inUrl.status).toBe(400);
  });

  test("refuses a Host that is empty, absent or there twice, and an Origin that is there twice", async () => {
    const host = `Host: 127.0.0.1:${doors.port}`;
    for (const [lines, status] of [
      [["Host:"], 421],
      [[], 421],
      [[host, "Host: evil.example"], 400],
      [[host, "Origin: a", "origin: b"], 400],
    ] as const) {
      const text = await exchange(
        doors.port,
        [`${route.method} ${pathOf(route)} HTTP/1.1`, ...lines, "", ""].join("\r\n"),
      );
      expect([lines, text.split(" ")[1]]).toEqual([lines, String(status)]);
    }
  });
});

describe.each(BEARER.map((route) => [nameOf(route), route] as const))("%s asks for a token", (_name, route) => {
  test("and refuses when there is none", async () => {
    const { authorization: _left, ...headers } = good(route).headers as Record<string, string>;
    const answer = await doors.ask({ ...good(route), headers });
    expect([answer.status, codeOf(answer)]).toEqual([401, "auth.required"]);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

  test("and refuses one that has expired, was revoked, or comes another way", async () => {
    const fresh = (change: object): string => doors.gateway.issue([holder(route)], change);
    for (const authorization of [
      `Bearer ${fresh({ expiresAt: doors.clock.now() })}`,
      `Bearer ${fresh({ revokedAt: 1 })}`,
      `Basic ${fresh({})}`,
      fresh({}),
      "Bearer",
    ]) {
      const answer = await doors.ask(good(route, { headers: { authorization } }));
      expect([authorization, answer.status, codeOf(answer)]).toEqual([authorization, 401, "auth.required"]);
      doors.clock.turn(61_000);
    }
  });

  test.each(SCOPES.filter((scope) => !route.scopes.includes(scope)))("and refuses the scope %s", async (scope) => {
    const answer = await doors.ask(good(route, {}, doors.gateway.issue([scope])));
    expect([answer.status, codeOf(answer)]).toEqual([403, "auth.denied"]);
    expect(doors.gateway.told.at(-1)).toEqual({ route: "bearer", reason: "scope" });
  });

  test.runIf(!isStream(route)).each(route.scopes)("and takes the scope %s", async (scope) => {
    const wants = route.path.endsWith("/decision") ? { body: '{"decision":"deny"}' } : {};
    const answer = await doors.ask(good(route, wants, doors.gateway.issue([scope])));
    expect(answer.status, answer.text).toBeLessThan(300);
  });
});

describe("what scopes mean", () => {
  const open = (scope: Scope): string[] => BEARER.filter(({ scopes }) => scopes.includes(scope)).map(nameOf);

  test("the owner may use every route but the agents' own", () =>
    expect(open("owner")).toEqual(BEARER.map(nameOf).filter((name) => name !== "POST /mcp")));

  test("an auditor reads everything but events and changes nothing", () => {
    const gets = BEARER.filter(({ method, path }) => method === "GET" && path !== "/v1/events").map(nameOf);
    expect(open("auditor")).toEqual(gets);
  });

  test("metrics opens /metrics and the description alone", () => {
    expect(open("metrics")).toEqual(["GET /metrics", "GET /openapi.json"]);
  });

  test("an agent can neither decide, purge, nor read policy, secrets, tokens or the ledger", () => {
    expect(
      open("agent").filter((name) => /approvals|purge|policy|secrets|tokens|ledger|sessions|metrics/.test(name)),
    ).toEqual([]);
  });

  test("an operator says no but not yes", async () => {
    const route = BEARER.find(({ path }) => path.endsWith("/decision"));
    if (route === undefined) throw new Error("no such route");
    const token = doors.gateway.issue(["operator", "agent", "auditor"]);
    const yes = await doors.ask(good(route, { body: '{"decision":"approve"}' }, token));
    expect([yes.status, codeOf(yes)]).toEqual([403, "auth.denied"]);
    const no = await doors.ask(good(route, { body: '{"decision":"deny"}' }, token));
    expect(no.status).toBe(200);
    expect(doors.gateway.asked.at(-1)).toMatchObject({ name: "decide", input: { yes: false } });
  });
});

test.each(["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])("%s is served nowhere", async (method) => {
  const headers = { authorization: `Bearer ${doors.gateway.issue(["owner"])}` };
  for (const path of ["/healthz", "/v1/runs", "/v1/purge", "/hooks/alerts"]) {
    expect((await doors.ask({ method, path, headers })).status).toBe(404);
  }
});

describe("the owner's verbs", () => {
  test.each(LOCAL.map((route) => [nameOf(route), route] as const))("%s is not there over TCP", async (_name, route) => {
    const answer = await doors.ask(
      good(route, { headers: { authorization: `Bearer ${doors.gateway.issue(["owner"])}` } }),
    );
    expect([answer.status, codeOf(answer)]).toEqual([404, "not_found"]);
  });

  test.each(VERB_NAMES)("%s answers on the socket by its schema", async (verb) => {
    const answer = await doors.local({
      method: "POST",
      path: `/v1/local/${verb}`,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(sampleOf(VERBS[verb].input, "input")),
    });
    expect(answer.status, answer.text).toBe(200);
    expect(VERBS[verb].output.safeParse(JSON.parse(answer.text)).success).toBe(true);
  });

  test.each(finite(NET).map((route) => [nameOf(route), route] as const))(
    "%s is not on the socket",
    async (_name, route) => {
      const answer = await doors.local(good(route));
      expect(answer.status).toBe(404);
    },
  );

  test("the socket too answers no web page, no foreign Host and no upgrade", async () => {
    const path = "/v1/local/status";
    const post = { method: "POST", path, body: "{}" };
    const json = { "content-type": "application/json" };
    expect((await doors.local({ ...post, headers: { ...json, origin: "null" } })).status).toBe(403);
    expect((await doors.local({ ...post, headers: { ...json, host: "evil.example" } })).status).toBe(421);
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    expect((await doors.local({ path, headers: upgrade })).status).toBe(404);
  });
});

describe.each(finite(BEARER).map((route) => [nameOf(route), route] as const))("%s", (_name, route) => {
  const isFixed = ["/metrics", "/openapi.json", "/v1/ledger/checkpoint", "/mcp"].includes(route.path);
  test.skipIf(isFixed)("gives nothing at all when its answer holds a field that nobody meant to give", async () => {
    doors.gateway.extra = { leaked: "CANARY-5b1e" };
    try {
      const answer = await doors.ask(good(route));
      expect([answer.status, codeOf(answer)]).toEqual([500, "internal"]);
      expect(answer.text + JSON.stringify(answer.headers)).not.toContain("CANARY");
    } finally {
      doors.gateway.extra = {};
    }
  });
});

describe("the table", () => {
  const route = { class: "public", method: "GET", path: "/x", summary: "", reply: null, status: null, ask: null };
  test.each([
    ["no class", [{ ...route, class: undefined }]],
    ["an unknown class", [{ ...route, class: "open" }]],
    ["the same place twice", [route, route]],
    ["a verb outside the socket's folder", [{ ...route, class: "local" }]],
    ["a public route inside it", [{ ...route, path: "/v1/local/x" }]],
    ["a token route for no scope", [{ ...route, class: "bearer", scopes: [] }]],
  ])("with %s does not start", (_what, routes) => {
    expect(() => assertTable(routes as never)).toThrow();
  });

  test("of the program starts", () => expect(() => assertTable(ROUTES)).not.toThrow());
});
