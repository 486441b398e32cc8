/** Doors as their users meet them: a system that posts signed messages, an agent that does the whole job over HTTP. */
import { expect, test } from "vitest";
import { type RealDaemon, RealHome } from "../real-lazaret.ts";
import { Alerts, SECRET } from "./alerts.ts";

const PIN = "2468";

type Event = {
  readonly seq: number;
  readonly type: string;
  readonly run?: string;
  readonly body: { readonly request?: unknown };
};
type Reply = {
  readonly status: string;
  readonly values?: readonly { readonly handle: string }[];
  readonly code?: string;
};

class Agent {
  readonly #http: string;
  readonly #token: string;

  constructor(http: string, token: string) {
    this.#http = http;
    this.#token = token;
  }

  async ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`http://${this.#http}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  }

  async invoke(run: string, capability: string, input: object, key: string): Promise<Reply> {
    const body = { capability, input, justification: "The member asked for it.", idempotency_key: key };
    const answer = await this.ask("POST", `/v1/runs/${run}/invoke`, body);
    return answer.body as Reply;
  }

  /** The first event that fits, over server-sent events. */
  async sse(after: number, fits: (event: Event) => boolean): Promise<Event> {
    const stop = new AbortController();
    const answer = await fetch(`http://${this.#http}/v1/events`, {
      headers: { authorization: `Bearer ${this.#token}`, "last-event-id": String(after) },
      signal: stop.signal,
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      expect.stringContaining("text/event-stream"),
    ]);
    let text = "";
    for await (const piece of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      text += piece;
      const events = [...text.matchAll(/^data: ?(.*)$/gmu)].flatMap(([, data = ""]) => {
        try {
          return [JSON.parse(data) as Event];
        } catch {
          return []; // a piece may end within a line: the next one completes it
        }
      });
      const found = events.find(fits);
      if (found === undefined) continue;
      stop.abort();
      return found;
    }
    throw new Error(`the stream ended: ${text}`);
  }

  /** The first event that fits, over a WebSocket whose first message is the token. */
  socket(after: number, fits: (event: Event) => boolean): Promise<Event> {
    const socket = new WebSocket(`ws://${this.#http}/v1/events?after=${after}`);
    return new Promise((resolve, reject) => {
      socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "auth", token: this.#token })));
      socket.addEventListener("message", ({ data }) => {
        const event = JSON.parse(String(data)) as Event;
        if (!fits(event)) return;
        socket.close();
        resolve(event);
      });
      socket.addEventListener("close", ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`)));
    });
  }
}

/** A channel, a conversation with a context, an agent that answers there. */
async function settle(home: RealHome, daemon: RealDaemon): Promise<{ alerts: Alerts; agent: Agent }> {
  await home.ok(["channel", "add", "webhook", "alerts"], `${SECRET}\n`);
  await home.ok(["conversation", "allow", "ops", "--channel", "alerts", "--alias", "ops", "--members", "all"]);
  await home.ok(["conversation", "context", "ops", "everyone"]);
  await home.ok(["conversation", "agent", "ops", "hal"]);
  await daemon.ask("pin.set", { next: PIN });
  const made = await daemon.ask<{ token: string }>("token.create", {
    name: "hal",
    scopes: ["agent"],
    conversations: ["ops"],
    runs_on: "local",
    pin: PIN,
  });
  return { alerts: new Alerts(daemon.http), agent: new Agent(daemon.http, made.token) };
}

const SAID = [
  ["ana", "The disk of the build server is full again"],
  ["ben", "I will clean the caches on Thursday"],
  ["ana", "Please order a bigger disk by Friday"],
] as const;

test("a system posts signed messages, an agent answers over HTTP, and the outbox shows it once", async () => {
  using home = new RealHome();
  await using daemon = await home.up();
  const { alerts, agent } = await settle(home, daemon);
  expect(
    await alerts.post({ id: "m", conversation: "ops", sender: "ana", kind: "membership", members: ["ana", "ben"] }),
  ).toBe(202);
  for (const [index, [sender, text]] of SAID.entries()) {
    expect(await alerts.post({ id: `e${index}`, conversation: "ops", sender, text })).toBe(202);
  }
  expect(await alerts.post({ id: "e0", conversation: "ops", sender: "ana", text: SAID[0][1] })).toBe(200);
  const shown = await alerts.outbox(0, 1);
  const last = shown.at(-1)?.seq ?? 0;
  const waiting = agent.sse(0, ({ type }) => type === "message.addressed");
  expect(
    await alerts.post({
      id: "q",
      conversation: "ops",
      sender: "ben",
      text: "summarise the last 10 messages",
      addressed: true,
    }),
  ).toBe(202);
  const woken = await waiting;
  const run = woken.run ?? "";
  expect(JSON.stringify(woken.body.request)).toMatch(/"intent":"summary"|"summarise"|summar/u);
  // Replay from a cursor over the other transport gives the same event.
  expect(await agent.socket(woken.seq - 1, ({ type }) => type === "message.addressed")).toMatchObject({ run });
  const made = await agent.invoke(run, "message.summarize", { last: 10 }, "sum");
  expect(made).toMatchObject({ status: "done", values: [{ handle: expect.any(String) }] });
  const handle = made.values?.[0]?.handle;
  const reply = { template: `Here you are:\n{{v:${handle}.points}}` };
  expect(await agent.invoke(run, "chat.reply", reply, "say")).toMatchObject({ status: "done" });
  expect(await agent.invoke(run, "chat.reply", reply, "say")).toMatchObject({ status: "done" });
  expect((await agent.ask("POST", `/v1/runs/${run}/finish`, {})).body).toMatchObject({ state: "done" });
  const items = await alerts.outbox(last, 10);
  expect(items.map(({ text }) => text).join("\n")).toContain("Here you are:\n• ");
  expect(items.filter(({ text }) => text.startsWith("Here you are:"))).toHaveLength(1);
  expect(await alerts.post({ upto: items.at(-1)?.seq }, "/hooks/alerts/outbox/ack")).toBe(200);
  expect(await alerts.outbox(items.at(-1)?.seq ?? 0, 0)).toEqual([]);
  expect(await home.ok(["ledger", "verify"])).toContain("without outcome  none");
  expect(await daemon.stop()).toBe(0);
});

test("an agent's token opens nothing else, and a wrong signature is no message", async () => {
  using home = new RealHome();
  await using daemon = await home.up();
  const { agent, alerts } = await settle(home, daemon);
  await daemon.ask("demo.load", {});
  for (const path of ["/v1/tokens", "/v1/secrets", "/v1/policy", "/v1/approvals", "/v1/ledger/entries?after=0"]) {
    expect([path, (await agent.ask("GET", path)).status]).toEqual([path, 403]);
  }
  const other = await agent.ask("POST", "/v1/runs", { conversation: "demo" });
  expect([other.status, other.body]).toEqual([404, expect.objectContaining({ code: "not_found" })]);
  const started = await agent.ask("POST", "/v1/runs", { conversation: "ops", goal: "look around" });
  const { id } = started.body as { readonly id: string };
  const foreign = await agent.invoke(id, "message.summarize", { conversation: "demo", last: 5 }, "x");
  expect(foreign).toMatchObject({ status: "refused", code: "not_found" });
  const forged = await fetch(`http://${daemon.http}/hooks/alerts`, {
    method: "POST",
    headers: { "x-lazaret-timestamp": String(Math.floor(Date.now() / 1000)), "x-lazaret-signature": "v1=00" },
    body: JSON.stringify({ id: "1", conversation: "ops", sender: "eve", text: "hello" }),
  });
  expect(forged.status).toBe(403);
  expect(await alerts.post({ id: "1", conversation: "ops", sender: "ana", text: "hello", unknown: 1 })).toBe(400);
  expect(await daemon.stop()).toBe(0);
});
