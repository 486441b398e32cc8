/**
 * The program with a secret in its vault, asked everything: every verb of the socket, every route with a token of every
 * scope, events, every error that a secret as an argument makes. Nobody says it, and it is in no argument,
 * environment, file or log (CONTRACT sections 10 and 13).
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { runCli, treeOf } from "../../src/cli/cli.ts";
import type { Route } from "../../src/control/route.ts";
import { ROUTES } from "../../src/control/routes.ts";
import { VERB_NAMES, VERBS, type VerbName } from "../../src/core/verbs/all.ts";
import { offlineVerbs } from "../../src/offline-verbs.ts";
import { modernHeaders, modernMeta } from "../mcp-stage.ts";
import { send } from "../open-doors.ts";
import { PaperTerminal } from "../paper-terminal.ts";
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

type Hear = (where: string, text: string) => void;

/** Every tool of both protocol eras, as it wants to be called and with the secret in every text. */
async function askTools(port: number, token: string, hear: Hear): Promise<void> {
  const post = async (body: object, more: Readonly<Record<string, string>>): Promise<string> => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...more,
    };
    const answer = await send({ port }, { method: "POST", path: "/mcp", headers, body: JSON.stringify(body) });
    hear(`mcp ${JSON.stringify(body).slice(0, 80)}`, answer.text + JSON.stringify(answer.headers));
    return answer.text;
  };
  const modern = (method: string, params: Record<string, unknown>): Promise<string> =>
    post({ jsonrpc: "2.0", id: 1, method, params: { _meta: modernMeta, ...params } }, modernHeaders(method, params));
  const listed = JSON.parse(await modern("tools/list", {})) as {
    result: { tools: { name: string; inputSchema: { properties?: Record<string, unknown> } }[] };
  };
  const { tools } = listed.result;
  expect(tools.length).toBeGreaterThan(8);
  for (const { name, inputSchema } of tools) {
    const planted = Object.fromEntries(Object.keys(inputSchema.properties ?? {}).map((key) => [key, SECRET]));
    for (const input of [{}, planted, { ...planted, input: { text: SECRET }, wait_seconds: 0 }])
      await modern("tools/call", {
        name,
        arguments: { ...input, ...(name === "next_event" ? { wait_seconds: 0 } : {}) },
      });
    await modern("tools/call", { name: SECRET, arguments: { [SECRET]: SECRET } });
  }
  const old = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  await post({ jsonrpc: "2.0", id: 1, method: "initialize", params: old }, {});
  for (const method of ["prompts/list", "prompts/get", "resources/list", SECRET])
    await modern(method, { name: "answer-next", uri: SECRET });
}

/** They end or replace the daemon, wait for somebody, or reach beyond this home. */
const NOT_RUN = /^(?:up|init|restore|attack|service|purge|chat|mcp|agent run|run|pin set|secrets (?:set|remove)|key)/;

/** Every command of the tree, bare and as JSON, with an argument where it takes one. */
async function runCommands(home: RealHome, hear: Hear): Promise<void> {
  const place = { home: home.home, socket: home.socket, tokens: join(home.dir, "tokens") };
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.dir, LAZARET_HOME: home.home };
  const powers = (terminal: PaperTerminal) => ({
    terminal,
    offline: offlineVerbs(env, () => home.dir),
    now: () => Date.now(),
    homeOf: () => place,
    version: "0",
  });
  const leaves = (command: Command, before: readonly string[] = []): readonly (readonly string[])[] =>
    command.commands.length === 0
      ? [before]
      : command.commands.flatMap((child) => leaves(child, [...before, child.name()]));
  const all = leaves(treeOf(powers(new PaperTerminal("", false))).program).filter((it) => !NOT_RUN.test(it.join(" ")));
  expect(all.length).toBeGreaterThan(50);
  for (const words of all)
    for (const line of [words, ["--json", ...words, "canary"], [...words, "canary", "canary", "--json"]]) {
      const terminal = new PaperTerminal("", false);
      await runCli(line, powers(terminal));
      hear(`lazaret ${line.join(" ")}`, terminal.stdout + terminal.stderr);
    }
}

test("no door, no command, no tool, no file, no argument and no log of the running program says a secret", {
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
  await askTools(port, tokens.get("agent") ?? "", hear);
  await runCommands(home, hear);
  await pause(500);
  for (const socket of streams) socket.terminate();
  const proc = (file: string): string => readFileSync(`/proc/${daemon.pid}/${file}`, "latin1");
  hear("argv", proc("cmdline"));
  hear("environment", proc("environ"));
  for (const file of filesBelow(home.dir)) hear(file, readFileSync(file, "latin1"));
  hear("log", daemon.said.stderr + daemon.said.stdout);
  expect(said.filter(([, text]) => holds(text)).map(([where]) => where)).toEqual([]);
  expect(said.length).toBeGreaterThan(300);
  for (const door of ["lazaret ", "mcp "])
    expect(said.filter(([where, text]) => where.startsWith(door) && text.length > 20).length).toBeGreaterThan(50);
  expect(said.some(([where, text]) => where.startsWith("events") && text.length > 2)).toBe(true);
  expect(await home.ok(["secrets", "list"])).toContain("canary");
});
