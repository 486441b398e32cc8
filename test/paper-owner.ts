/**
 * The owner's verbs over a few things of paper that change as they would: enough for the command line to have
 * something to say.
 */
import type { Clock } from "../src/core/ports.ts";
import { Refusal } from "../src/core/refusal.ts";
import { type Owner, VERBS, type VerbName, type VerbOutput } from "../src/core/verbs/all.ts";
import type { ConsoleLine } from "../src/gateway/surface.ts";
import type { Line } from "./paper-gateway.ts";
import { sampleOf } from "./sample.ts";

type Verbs = Partial<Owner>;
type Conversation = VerbOutput<"conversation.list">["conversations"][number];
type Approval = VerbOutput<"approvals.list">["approvals"][number];

const of = <N extends VerbName>(verb: N, change: object = {}): VerbOutput<N> =>
  ({ ...(sampleOf(VERBS[verb].output) as object), ...change }) as VerbOutput<N>;
const id = <T extends string>(prefix: string, digits: string): T => `${prefix}_${digits.padEnd(32, "0")}` as T;
const DIFF = "d".repeat(64);
const done = { done: true } as const;

export class PaperOwner {
  readonly #clock: Clock;
  readonly #lines: Line<ConsoleLine>;
  readonly #known = new Map<string, Set<string>>();
  readonly #secrets = new Set<string>();
  readonly #conversations: Conversation[];
  readonly #approval: { state: Approval["state"] } = { state: "pending" };
  #pin: string | null = null;
  #waits = 0;
  #revoked = false;

  constructor(clock: Clock, lines: Line<ConsoleLine>) {
    this.#clock = clock;
    this.#lines = lines;
    const [family] = [
      { id: id("conv", "fa"), alias: "family", channel: "home", kind: "group", status: "allowed", context: "everyone" },
    ] as const;
    const rest = { timezone: null, language: "en", agent: null, members_all: false, members: 3, bytes: 0, from: "cli" };
    this.#conversations = [{ ...family, ...rest, ttl_ms: 7 * 86_400_000, messages: 0 } as unknown as Conversation];
  }

  verbs(): Verbs {
    return {
      ...this.#talking(),
      ...this.#health(),
      ...this.#keeping(),
      ...this.#sealing(),
      ...this.#deciding(),
      ...this.#evidence(),
    };
  }

  #conversation(given: string): Conversation {
    const found = this.#conversations.find(({ alias, id: own }) => alias === given || own === given);
    if (found === undefined)
      throw new Refusal("conversation.unknown", { field: given, hint: "lazaret conversation list" });
    return { ...found, messages: this.#known.get(given)?.size ?? 0 };
  }

  #change(given: string, change: Partial<Conversation>): Conversation {
    const view = { ...this.#conversation(given), ...change };
    this.#conversations.splice(0, 1, view);
    return view;
  }

  #say(text: string, more: Partial<ConsoleLine> = {}): void {
    this.#lines.put({ conversation: "console", kind: "text", text, ...more });
  }

  #talking(): Verbs {
    return {
      "chat.say": async ({ text, conversation }) => {
        this.#say("", { kind: "typing" });
        this.#say(`You said: ${text}`, conversation === undefined ? {} : { conversation });
        if (text === "lines") this.#say("one\ntwo\u001b[2J");
        if (text.startsWith("send")) {
          const approval = { id: id<never>("appr", "a1"), code: "4711", expires_at: 0 };
          this.#say("May I send this to the family?", { approval });
        }
        this.#waits = text.startsWith("send") ? -1 : 2;
        return { accepted: true };
      },
      "chat.wait": async () => {
        if (this.#waits < 0) return { state: "approval" };
        this.#waits = Math.max(0, this.#waits - 1);
        return { state: this.#waits > 0 ? "busy" : "idle" };
      },
      "demo.load": async () => ({ conversation: "demo", messages: 40, lines: ["summarise the last 20 messages"] }),
    };
  }

  #health(): Verbs {
    return {
      status: async () =>
        of("status", {
          version: "0.1.0",
          started_at: this.#clock.now() - 300_000,
          home: "/home/ana/.local/share/lazaret",
          http: "127.0.0.1:7717",
          conversations: this.#conversations,
          policy: { packs: ["chat-mode"], digest: "0123456789abcdef", rules: 12 },
          notes: ["the file wins over the command line for home"],
        }),
      doctor: async () => ({
        checks: [
          { id: "home.permissions", state: "ok", found: "0700", remedy: null },
          { id: "agent.same-user", state: "fail", found: "an agent runs as you", remedy: "run it as another user" },
        ],
      }),
    };
  }

  #keeping(): Verbs {
    return {
      import: async ({ conversation, lines }) => {
        const known = this.#known.get(conversation) ?? new Set();
        this.#conversation(conversation);
        const before = known.size;
        for (const line of lines) known.add(line.id);
        this.#known.set(conversation, known);
        const added = known.size - before;
        return { conversation: id("conv", "fa"), added, known: lines.length - added };
      },
      "conversation.list": async () => ({
        conversations: this.#conversations.map(({ alias }) => this.#conversation(alias ?? "")),
      }),
      "conversation.ttl": async ({ conversation, ttl_ms }) => this.#change(conversation, { ttl_ms }),
      "conversation.agent": async ({ conversation, agent }) => this.#change(conversation, { agent }),
      "conversation.context": async ({ conversation, context }) => ({
        ...this.#change(conversation, { context }),
        announced: true,
      }),
      "conversation.heard": async () => ({ heard: true }),
    };
  }

  #sealing(): Verbs {
    return {
      "secrets.set": async ({ name, pin }) => {
        this.#checkPin(pin);
        this.#secrets.add(name);
        return done;
      },
      "secrets.list": async () => ({ names: [...this.#secrets].sort() }),
      "secrets.remove": async ({ name }) => {
        this.#secrets.delete(name);
        return done;
      },
      "pin.set": async ({ next }) => {
        this.#pin = next;
        return done;
      },
      "token.create": async ({ name }) => ({
        id: id("tok", "70"),
        token: `lzt_${name}`,
        expires_at: this.#clock.now() + 90 * 86_400_000,
      }),
      "pair.start": async () => ({ code: "123456", expires_at: this.#clock.now() + 600_000 }),
      "pair.wait": async () => ({
        state: "sent",
        claim: { channel: "home", platform: "@ben:example.org", name: "Ben\u202e" },
      }),
    };
  }

  #checkPin(pin: string | undefined): void {
    if (this.#pin !== null && pin !== this.#pin) throw new Refusal("auth.pin", { hint: "type the PIN on a terminal" });
  }

  #grant(): VerbOutput<"grants.list">["grants"][number] {
    return {
      id: id("grant", "9f8e7d6c5b4a") as never,
      state: this.#revoked ? "revoked" : "active",
      capability: "chat.send",
      destination: "work",
      label: "pii.derived; untrusted",
      alias: "family",
      agent: "butler",
      uses: 3,
      uses_max: 100,
      expires_at: this.#clock.now() + 1_800_000,
      approval: id("appr", "a1b2c3d4e5f6") as never,
    };
  }

  #deciding(): Verbs {
    const view = (): Approval =>
      of("approvals.decide", {
        id: id("appr", "a1b2c3d4e5f6"),
        capability: "chat.send",
        state: this.#approval.state,
        assurance: "medium",
        alias: "family",
        destination: "family on home",
        label: "chat messages; untrusted",
        expires_at: this.#clock.now() + 1_800_000,
      });
    return {
      "approvals.list": async ({ open }) => ({
        approvals: [view()].filter(({ state }) => open !== true || state === "pending"),
      }),
      "approvals.show": async () => ({ ...view(), prompt: "Send “see you at six” to the family" }),
      "approvals.decide": async ({ yes }) => {
        if (this.#approval.state !== "pending") throw new Refusal("approval.decided");
        this.#approval.state = yes ? "consumed" : "denied";
        return view();
      },
      "grants.list": async () => ({ grants: [this.#grant()] }),
      "grants.revoke": async () => {
        this.#revoked = true;
        return { done: true };
      },
      "policy.explain": async ({ request }) => ({
        effect: "ask",
        rule: "chat-mode/send",
        because: `somebody asks for ${request["capability"]}`,
        nearest: null,
        assurance: "medium",
        changes: ["It would be allowed by chat-mode/own if destination were own."],
      }),
      "policy.load": async ({ dry_run, expect }) => {
        if (dry_run !== true && expect !== DIFF) throw new Refusal("approval.required");
        const line = { widens: true, text: "Newly allowed: anybody may send.", example: "capability=chat.send" };
        return of("policy.load", { digest: "d1", diff: DIFF, permits_new: true, lines: [line], more: 2 });
      },
    };
  }

  #evidence(): Verbs {
    const run = of("runs.cancel", {
      id: id("run", "1a2b3c4d5e"),
      alias: "family",
      agent: "butler",
      state: "done",
      reason: null,
      created_at: this.#clock.now() - 65_000,
      limit: { ...of("runs.cancel").limit, steps: 50 },
      used: { ...of("runs.cancel").used, steps: 3 },
      replies: 1,
    });
    const entry = { seq: 7, time: this.#clock.now(), type: "run.done", run: run.id, body: { steps: 3 } };
    return {
      "runs.list": async () => ({ runs: [run] }),
      "runs.show": async ({ run: given }) => {
        if (given !== run.id) throw new Refusal("not_found");
        return { run, entries: [entry] };
      },
      "runs.cancel": async () => {
        throw new Refusal("run.ended");
      },
      report: async ({ from, to }) =>
        of("report", { from, to, runs: [{ state: "done", count: 2, used: { steps: 7 } }], limits: ["a limit"] }),
      "trace.replay": async ({ session }) => {
        const difference = { seq: 7, what: "run_1a2b3c4d: budget differs" };
        return of("trace.replay", { session, ok: false, entries: 9, runs: 1, calls: 3, approvals: 0, difference });
      },
      "trace.export": async ({ session }) => ({ session, entries: [entry] }),
      "ledger.verify": async ({ against }) =>
        of("ledger.verify", {
          ok: true,
          entries: 7,
          root: "ab".repeat(32),
          not_excluded: against === undefined ? "internally consistent; rollback and truncation not excluded" : null,
        }),
      purge: async ({ scope, dry_run }) => {
        if (scope.by !== "conversation") return of("purge", { state: "approval_required" });
        const messages = this.#known.get(scope.conversation)?.size ?? 0;
        if (dry_run !== true) this.#known.delete(scope.conversation);
        const state = dry_run === true ? "dry_run" : "done";
        const out = ["copies on the network's servers", "people who read it"];
        return of("purge", { state, messages, blobs: messages, receipt: id("rcpt", "5e"), unreachable: out });
      },
    };
  }
}
