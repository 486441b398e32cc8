/**
 * The gateway's part in a play about an agent: it answers by capability, remembers keys, and writes down what was
 * said.
 */
import { butler } from "../src/agents/butler.ts";
import type { Invocation, InvocationReply, RunHandle, WakeUp } from "../src/core/agent.ts";
import { INTERACTIVE } from "../src/core/budget.ts";
import { Handle, RunId } from "../src/core/ids.ts";
import { Refusal, type RefusalCode } from "../src/core/refusal.ts";
import type { Intent, Slots } from "../src/core/request.ts";

export const HOUR = 3_600_000;
export const NOW = Date.UTC(2025, 5, 18, 12, 30);
export const ME = "PERSON_0a0a";
export const ANA = "PERSON_7f3a";
const RUN = RunId.parse(`run_${"0".repeat(32)}`);
const HANDLE = Handle.parse(`val_${"1".repeat(32)}`);
export const V = (field: string): string => `{{v:${HANDLE}.${field}}}`;

const NO_SLOTS: Slots = {
  last: null,
  since: null,
  until: null,
  scope: null,
  person: null,
  conversation: null,
  to: null,
};
export const READ = {
  messages: 20,
  people: 4,
  from: NOW - 4 * HOUR,
  to: NOW - HOUR,
  unread_media: 0,
  others_unread: false,
  gap: false,
  cut: false,
};

export type Request = {
  readonly intent: Intent;
  readonly slots?: Partial<Slots>;
  readonly text?: string;
  readonly kind?: "direct" | "group" | "console";
  readonly alias?: string;
  readonly last_asked?: number | null;
  readonly language?: string;
};

const requestOf = ({ intent, slots, text, kind, alias, last_asked, language }: Request): unknown => ({
  asker: ME,
  role: "member",
  text: text ?? "please",
  intent,
  slots: { ...NO_SLOTS, ...slots },
  reply_to: null,
  addressed: "mention",
  attachments: [],
  last_asked: last_asked ?? null,
  now: NOW,
  timezone: "Europe/Vienna",
  offset_minutes: 120,
  language: language ?? "en",
  conversation: { alias: alias ?? "hiking", kind: kind ?? "group" },
  limits: { last_max: 1000, reply_chars_max: 16_000 },
});

type Play = Partial<InvocationReply> | RefusalCode;
type Script = Readonly<Record<string, Play | ((input: Record<string, unknown>) => Play)>>;

export const done = (output: unknown, chars = 0): Partial<InvocationReply> => ({
  status: "done",
  output,
  values: [{ handle: HANDLE, kind: "value", label: "", chars }],
});

/** Plays the gateway's part: answers by capability, remembers keys, and counts what was said. */
export class Stage implements RunHandle {
  readonly run = RUN;
  readonly calls: Invocation[] = [];
  readonly ended: string[] = [];
  readonly #script: Script;
  readonly #answers = new Map<string, { body: string; reply: InvocationReply }>();

  constructor(request: Request, script: Script = {}) {
    this.#script = {
      "request.read": done(requestOf(request)),
      "chat.reply": done({ delivered: "queued" }),
      "chat.send": done({ delivered: "queued" }),
      "conversation.list": done({ conversations: [] }),
      "message.extract_tasks": done({ tasks: [], read: READ }),
      ...script,
    };
  }

  async invoke(invocation: Invocation): Promise<InvocationReply> {
    const body = JSON.stringify([invocation.capability, invocation.input]);
    const known = this.#answers.get(invocation.idempotency_key);
    if (known !== undefined) {
      if (known.body !== body) return this.#reply("idempotency.mismatch");
      return known.reply;
    }
    this.calls.push(invocation);
    const play = this.#script[invocation.capability] ?? "capability.unknown";
    const reply = this.#reply(typeof play === "function" ? play(invocation.input as Record<string, unknown>) : play);
    if (reply.status !== "approval_required") this.#answers.set(invocation.idempotency_key, { body, reply });
    return reply;
  }

  #reply(play: Play): InvocationReply {
    const shape = typeof play === "string" ? { status: "refused" as const, code: play } : play;
    return { status: "done", budget_left: INTERACTIVE, next: "invoke", ...shape };
  }

  async finish(): Promise<void> {
    if (!this.calls.some(({ capability }) => capability === "chat.reply")) throw new Refusal("run.not_done");
    this.ended.push("done");
  }

  async fail(reason: string): Promise<void> {
    this.ended.push(`failed(${reason})`);
  }

  said(capability = "chat.reply"): readonly string[] {
    return this.calls
      .filter((call) => call.capability === capability)
      .map(({ input }) => (input as { template: string }).template);
  }

  input(capability: string): unknown {
    return this.calls.find((call) => call.capability === capability)?.input;
  }
}

const WAKE: WakeUp = {
  run: RUN,
  reason: "addressed",
  message: null,
  actor: ME,
  role: "member",
  addressed: "mention",
  time: NOW,
  segment: 1,
};
export const GOING = { aborted: false, addEventListener: () => undefined, removeEventListener: () => undefined };
export const drive = async (stage: Stage, stop = GOING): Promise<Stage> => {
  await butler.drive(WAKE, stage, stop);
  return stage;
};

export const SUMMARY = done({
  points: ["PERSON_7f3a wants to sell the boat."],
  topics: ["boat"],
  read: READ,
});
