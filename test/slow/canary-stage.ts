/** A running daemon with words planted in its configuration, and all that its doors said, kept for the search. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { WebSocket } from "ws";
import type { InvocationReply } from "../../src/core/agent.ts";
import type { Answer } from "../open-doors.ts";
import { Canaries } from "./canaries.ts";
import { DaemonProcess, filesBelow, newPlace, type Place } from "./daemon-process.ts";

const READ = [
  "/v1/runs",
  "/v1/sessions",
  "/v1/approvals",
  "/v1/ledger/checkpoint",
  "/v1/channels",
  "/v1/policy",
  "/v1/tokens",
  "/v1/secrets",
  "/v1/purge",
  "/metrics",
  "/openapi.json",
  "/healthz",
  "/readyz",
] as const;
const VERBS = [
  "status",
  "doctor",
  "runs.list",
  "approvals.list",
  "ledger.verify",
  "ledger.replay",
  "conversation.list",
  "secrets.list",
  "purge.list",
  "hold.list",
  "policy.show",
] as const;

export class CanaryStage {
  readonly words = new Canaries();
  readonly hookSecret = `hook-${this.words.in("the webhook's secret")}-0123456789abcdef`;
  readonly pin = this.words.in("the owner's PIN");
  readonly room = this.words.in("the room's id in the configuration");
  readonly person = this.words.in("a member's id in the configuration");
  readonly place: Place;
  /** Answers to the agent's token, errors among them; frames of its WebSocket. */
  readonly toAgent: string[] = [];
  /** Everything else that doors said which is not the owner's console. */
  readonly toOthers: { name: string; bytes: string }[] = [];
  readonly tokens = { agent: "", operator: "", auditor: "" };
  readonly #sockets: WebSocket[] = [];
  #daemon: DaemonProcess | null = null;
  #count = 0;

  constructor() {
    this.place = newPlace(`listen: { port: 0 }
timezone: Europe/Vienna
channels:
  - { name: alerts, kind: webhook, secret: hook-alerts, assurance: medium }
conversations:
  - { alias: ops, channel: alerts, room: "${this.room}", context: everyone }
people:
  - { role: member, id: "alerts:${this.person}" }
  - { role: approver, id: "alerts:${this.words.in("an approver's id in the configuration")}" }
`);
  }

  async start(): Promise<void> {
    this.#daemon = await DaemonProcess.start(this.place);
  }

  get daemon(): DaemonProcess {
    if (this.#daemon === null) throw new Error("not started");
    return this.#daemon;
  }

  async end(): Promise<void> {
    this.hangUp();
    await this.#daemon?.kill("SIGKILL");
    this.place.remove();
  }

  note(name: string, answer: Answer): Answer {
    this.toOthers.push({ name: `${name} (${answer.status})`, bytes: JSON.stringify(answer.headers) + answer.text });
    return answer;
  }

  async asAgent(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.daemon.api(this.tokens.agent, method, path, body);
    this.toAgent.push(JSON.stringify(answer.headers) + answer.text);
    return answer;
  }

  async invoke(run: string, capability: string, input: unknown, key: string): Promise<InvocationReply> {
    const justification = this.words.sentence(`why ${capability} ${key}`, 5);
    const body = { capability, input, justification, idempotency_key: key };
    return JSON.parse((await this.asAgent("POST", `/v1/runs/${run}/invoke`, body)).text) as InvocationReply;
  }

  /** Something happens in the room. Fields that are not given have words of their own. */
  async post(name: string, body: Record<string, unknown>): Promise<void> {
    const id = `${this.words.in(`the id of ${name}`)}-${++this.#count}`;
    const whole = { id, conversation: this.room, sender: this.person, ...body };
    const { status, text } = this.note(name, await this.daemon.hook("alerts", this.hookSecret, whole));
    expect(`${name}: ${status} ${text}`).toMatch(/: 202 /);
  }

  attachment(name: string): { readonly name: string; readonly mime: string; readonly data: string } {
    return {
      name: `${this.words.in(`file name of ${name}`)}.pdf`,
      mime: `application/${this.words.in(`media type of ${name}`)}`,
      data: Buffer.from(this.words.sentence(`attachment of ${name}`, 20)).toString("base64"),
    };
  }

  /** Hears the events of a token from the first on. */
  listen(who: "agent" | "operator"): void {
    const headers = { authorization: `Bearer ${this.tokens[who]}` };
    const socket = new WebSocket(`ws://127.0.0.1:${this.daemon.port}/v1/events?after=0`, { headers });
    socket.on("message", (data: Buffer) => {
      if (who === "agent") this.toAgent.push(data.toString());
      else this.toOthers.push({ name: `a frame to the ${who}`, bytes: data.toString() });
    });
    this.#sockets.push(socket);
  }

  hangUp(): void {
    for (const socket of this.#sockets.splice(0)) socket.terminate();
  }

  async idle(): Promise<void> {
    for (;;) {
      const { store, runs } = await this.daemon.verb("status", {});
      if (store.inbox === 0 && runs.active === 0) return;
      await pause(20);
    }
  }

  /** Every door that shows what happened, to those who may look. */
  async readEvidence(): Promise<void> {
    const { daemon, tokens } = this;
    for (const path of READ) this.note(path, await daemon.api(tokens.auditor, "GET", path));
    for (let after = 0, size = 1; after < size; after += 1000) {
      const path = `/v1/ledger/entries?after=${after}&limit=1000`;
      const page = this.note("the ledger", await daemon.api(tokens.auditor, "GET", path));
      size = (JSON.parse(page.text) as { size: number }).size;
    }
    const { sessions } = await daemon.verb("sessions.list", { limit: 1000 });
    for (const { id } of sessions)
      this.note("a trace", await daemon.api(tokens.auditor, "GET", `/v1/sessions/${id}/trace`));
    for (const verb of VERBS) this.note(verb, await daemon.raw(verb, {}));
    const file = join(this.place.root, `ledger-${++this.#count}.jsonl`);
    this.note("ledger.export", await daemon.raw("ledger.export", { file }));
    expect(existsSync(file)).toBe(true);
  }

  /** Files of the installation but the one that the owner wrote. */
  files(): readonly { readonly name: string; readonly bytes: string }[] {
    return filesBelow(this.place.root).filter(({ name }) => !name.endsWith("/h/config.yaml"));
  }

  hitsOnDisk(): readonly string[] {
    const streams = { name: "the daemon's standard streams", bytes: this.daemon.said };
    return this.words.hits([...this.files(), streams]);
  }

  /** Where any word was found: on the disk, in streams, in what processes show, in what doors said. */
  hits(): readonly string[] {
    const processes = { name: "command lines and environments", bytes: this.daemon.processes() };
    return [...this.hitsOnDisk(), ...this.words.hits([processes, ...this.toOthers])];
  }
}
