/**
 * The program with a secret in its vault, asked everything: every verb of the socket, every route with a token of every
 * scope, events, every error that a secret as an argument makes. Nobody says it, and it is in no argument,
 * environment, file or log (CONTRACT sections 10 and 13).
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import WebSocket from "ws";
import type { Route } from "../../src/control/route.ts";
import { ROUTES } from "../../src/control/routes.ts";
import { VERB_NAMES, VERBS, type VerbName } from "../../src/core/verbs/all.ts";
import { send } from "../open-doors.ts";
import { RealHome } from "../real-lazaret.ts";
import { sampleOf } from "../sample.ts";

const SECRET = "canary-7Hq+vault/value=Zx93";
const PIN = "4711";
const FORMS = [
  SECRET,
  JSON.stringify(SECRET).slice(1, -1),
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString("hex"),
  Buffer.from(SECRET).toString("base64").slice(0, 30),
  Buffer.from(SECRET).toString("base64url").slice(0, 30),
];
const SCOPES = ["agent", "auditor", "metrics", "operator", "owner"] as const;
/** They end the daemon, wait for somebody, or would take everything away. */
const LEFT_OUT: readonly VerbName[] = ["stop", "purge", "key.passphrase", "secrets.remove", "pin.set"];

const holds = (text: string): boolean => FORMS.some((form) => text.includes(form));

function* filesBelow(dir: string): Generator<string> {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) yield* filesBelow(path);
    else if (found?.isFile()) yield path;
  }
}

/** A sample of the input, and the same with the secret in every text that takes one. */
function inputsOf(verb: VerbName): readonly object[] {
  const sample = sampleOf(VERBS[verb].input, "input") as Record<string, unknown>;
  const planted = Object.fromEntries(
    Object.entries(sample).map(([key, value]) => [key, typeof value === "string" ? SECRET : value]),
  );
  return [sample, planted];
}

const pathOf = (route: Route): string => {
  const params = route.class === "bearer" && route.params !== null ? sampleOf(route.params) : { channel: "alerts" };
  return route.path.replace(/:([a-z]+)/g, (_whole, name: string) => String((params as Record<string, string>)[name]));
};

test("no door, no file, no argument and no log of the running program says a secret", {
  timeout: 280_000,
}, async () => {
  using home = new RealHome();
  await using daemon = await home.up();
  await home.ok(["secrets", "set", "canary"], SECRET);
  await home.ok(["pin", "set"], PIN);
  const local = async (verb: string, input: object): Promise<string> =>
    (
      await send(
        { socketPath: home.socket },
        {
          method: "POST",
          path: `/v1/local/${verb}`,
          headers: { "content-type": "application/json" },
          body: JSON.stringify(input),
        },
      )
    ).text;
  const said: [where: string, text: string][] = [];
  const hear = (where: string, text: string): void => void said.push([where, text]);

  const { conversation } = JSON.parse(await local("demo.load", {})) as { conversation: string };
  const tokens = new Map<string, string>();
  for (const scope of SCOPES) {
    const order = { name: `t-${scope}`, scopes: [scope], conversations: [conversation], runs_on: "local", pin: PIN };
    const answer = await local("token.create", order);
    const { token } = JSON.parse(answer) as { token?: string };
    expect(token, answer).toBeDefined();
    tokens.set(scope, token ?? "");
  }
  expect([...tokens.keys()]).toEqual([...SCOPES]);
  const { http } = JSON.parse(await local("status", {})) as { http: string };
  const port = Number(http.split(":")[1]);

  const streams = [...tokens].map(([scope, token]) => {
    const socket = new WebSocket(`ws://${http}/v1/events?after=0`, { headers: { authorization: `Bearer ${token}` } });
    socket.on("message", (bytes: Buffer) => hear(`events ${scope}`, String(bytes)));
    socket.on("error", () => {});
    return socket;
  });
  await local("chat.say", { text: `my key is ${SECRET}, summarise the last 5 messages` });
  for (const verb of VERB_NAMES) {
    if (LEFT_OUT.includes(verb)) continue;
    for (const input of inputsOf(verb)) {
      hear(verb, await local(verb, input));
      hear(`${verb} with a PIN`, await local(verb, { ...input, pin: PIN }));
    }
  }
  for (const route of ROUTES) {
    if (route.class === "local" || (route.class === "bearer" && route.kind === "events")) continue;
    for (const [scope, token] of [["nobody", ""], ...tokens]) {
      const isPost = route.method === "POST";
      const sample = route.class === "bearer" && route.kind === "ask" && route.body !== null;
      const body = sample ? JSON.stringify(sampleOf(route.body, "input")) : "{}";
      for (const path of [pathOf(route), `${pathOf(route)}?x=${encodeURIComponent(SECRET)}`]) {
        const headers = {
          "content-type": "application/json",
          ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        };
        const answer = await send({ port }, { method: route.method, path, headers, ...(isPost ? { body } : {}) });
        hear(`${scope} ${route.method} ${path}`, answer.text + JSON.stringify(answer.headers));
      }
    }
  }
  await pause(500);
  for (const socket of streams) socket.terminate();
  const proc = (file: string): string => readFileSync(`/proc/${daemon.pid}/${file}`, "latin1");
  hear("argv", proc("cmdline"));
  hear("environment", proc("environ"));
  for (const file of filesBelow(home.dir)) hear(file, readFileSync(file, "latin1"));
  hear("log", daemon.said.stderr + daemon.said.stdout);
  expect(said.filter(([, text]) => holds(text)).map(([where]) => where)).toEqual([]);
  expect(said.length).toBeGreaterThan(300);
  expect(said.some(([where, text]) => where.startsWith("events") && text.length > 2)).toBe(true);
  expect(await home.ok(["secrets", "list"])).toContain("canary");
});
