/**
 * A gateway of paper: every question gets the smallest answer its schema accepts. What the doors do with it is what is
 * tested.
 */
import { createHash } from "node:crypto";
import { InvocationReply, Value } from "../src/control/replies.ts";
import { BOTTOM } from "../src/core/label.ts";
import type { Clock, Stop } from "../src/core/ports.ts";
import type { Token } from "../src/core/records.ts";
import { type Owner, VERB_NAMES, VERBS } from "../src/core/verbs/all.ts";
import { RunView } from "../src/core/verbs/evidence.ts";
import type { ConsoleLine, GatewayEvent, HookReply, Surface, TokenDoor } from "../src/gateway/surface.ts";
import { sampleOf } from "./sample.ts";

export type Scope = Token["scopes"][number];
export type Told = { readonly route: string; readonly reason: string };

/** Gives each thing that is put into it to one taker, until that one is stopped. */
export class Line<T> {
  readonly #things: T[] = [];
  #turn = Promise.withResolvers<void>();

  put(thing: T): void {
    this.#things.push(thing);
    this.#wake();
  }

  #wake(): void {
    this.#turn.resolve();
    this.#turn = Promise.withResolvers<void>();
  }

  async *take(stop: Stop): AsyncGenerator<T> {
    stop.addEventListener("abort", () => this.#wake(), { once: true });
    while (!stop.aborted) {
      const thing = this.#things.shift();
      if (thing !== undefined) yield thing;
      else await this.#turn.promise;
    }
  }
}

export class PaperGateway implements Surface {
  readonly owner: Owner;
  readonly door: TokenDoor;
  readonly told: Told[] = [];
  readonly asked: { readonly name: string; readonly input: unknown }[] = [];
  readonly hooks: { readonly path: string; readonly bytes: number; readonly headers: unknown }[] = [];
  readonly lines = new Line<ConsoleLine>();
  readonly live = new Line<GatewayEvent>();
  readonly past: GatewayEvent[] = [];
  readonly tokens = new Map<string, Token>();
  isReady = true;
  /** Put over every answer of the token door: what must not get out. */
  extra: object = {};
  hookReply: HookReply = { status: 202, body: { accepted: true } };
  readonly #clock: Clock;

  constructor(clock: Clock, verbs: Partial<Owner> = {}) {
    this.#clock = clock;
    const answers = VERB_NAMES.map((name) => [
      name,
      async (input: unknown) => {
        this.asked.push({ name, input });
        const own = verbs[name] as ((input: unknown) => Promise<unknown>) | undefined;
        return own === undefined ? sampleOf(VERBS[name].output) : own(input);
      },
    ]);
    this.owner = Object.fromEntries(answers) as Owner;
    this.door = this.#door();
  }

  /** A token as its holder is shown it. */
  issue(scopes: readonly Scope[], change: Partial<Token> = {}): string {
    const shown = `lzt_${String(this.tokens.size).padStart(43, "x")}`;
    const hash = createHash("sha256").update(shown).digest("hex");
    const id = `tok_${String(this.tokens.size).padStart(32, "0")}` as Token["id"];
    this.tokens.set(hash, {
      id,
      tenant: "default",
      name: "paper",
      scopes,
      hash,
      conversations: [],
      runsOn: "local",
      accepts: 3,
      context: BOTTOM,
      createdAt: 0,
      expiresAt: this.#clock.now() + 1_000_000_000,
      revokedAt: null,
      ...change,
    });
    return shown;
  }

  change(shown: string, change: Partial<Token>): void {
    const hash = createHash("sha256").update(shown).digest("hex");
    const token = this.tokens.get(hash);
    if (token !== undefined) this.tokens.set(hash, { ...token, ...change });
  }

  tokenByHash(hash: string): Token | null {
    return this.tokens.get(hash) ?? null;
  }

  denied(route: string, reason: string): void {
    this.told.push({ route, reason });
  }

  console(stop: Stop): AsyncIterable<ConsoleLine> {
    return this.lines.take(stop);
  }

  async hook(
    _channel: string,
    _method: "POST" | "GET",
    path: string,
    headers: Readonly<Record<string, string | undefined>>,
    raw: Uint8Array,
  ): Promise<HookReply> {
    this.hooks.push({ path, bytes: raw.length, headers });
    return this.hookReply;
  }

  ready(): boolean {
    return this.isReady;
  }

  metrics(): string {
    return "lazaret_build_info 1\n";
  }

  #door(): TokenDoor {
    const note = (name: string, input: unknown = null): void => void this.asked.push({ name, input });
    const over = <T>(answer: T): T => ({ ...answer, ...this.extra });
    const run = (name: string, input: unknown): RunView => {
      note(name, input);
      return over(sampleOf(RunView) as RunView);
    };
    const reply = (): InvocationReplyOf => over(sampleOf(InvocationReply) as InvocationReplyOf);
    const of = <N extends keyof typeof VERBS>(verb: N) => over(sampleOf(VERBS[verb].output)) as never;
    const capability = {
      id: "chat.reply",
      version: 1,
      title: "Reply",
      effect: "once",
      tier: "A",
      risk: "low",
    } as const;
    return {
      capabilities: () => [over({ ...capability, input: {}, output: {} })],
      conversations: () => [over({ alias: "family", kind: "group", context: "off" })],
      value: () => over(sampleOf(Value) as ReturnType<TokenDoor["value"]>),
      startRun: async (_token, order) => run("startRun", order),
      runs: (_token, open) => [run("runs", open)],
      run: (_token, id) => run("run", id),
      invoke: async (_token, _run, invocation) => {
        note("invoke", invocation);
        return reply();
      },
      invocation: async (_token, _run, key, waitMs) => {
        note("invocation", { key, waitMs });
        return reply();
      },
      finish: async (_token, _run, wait) => run("finish", wait),
      cancel: async (_token, id) => run("cancel", id),
      sessions: () => of("sessions.list"),
      trace: () => of("trace.export"),
      approvals: () => of("approvals.list"),
      decide: async (_token, approval, yes, reason) => {
        note("decide", { approval, yes, reason });
        return of("approvals.show");
      },
      channels: () => of("channel.list"),
      checkpoint: async () => "paper\n1\nAAAA\n",
      entries: () => of("ledger.entries"),
      policy: () => of("policy.show"),
      tokens: () => of("token.list"),
      secrets: () => of("secrets.list"),
      receipts: () => of("purge.list"),
      purge: async (_token, scope) => {
        note("purge", scope);
        return of("purge");
      },
      events: (_token, after, stop) => this.#events(after, stop),
      next: async (_token, waitMs) => {
        note("next", { waitMs });
        return this.past[0] === undefined ? null : over(this.past[0]);
      },
      runToken: async (_token, id) => {
        note("runToken", id);
        return over({ token: "lzt_paper", expires_at: 1 });
      },
      settled: async (_token, id) => run("settled", id),
    };
  }

  async *#events(after: number, stop: Stop): AsyncGenerator<GatewayEvent> {
    for (const event of this.past.filter(({ seq }) => seq > after)) yield event;
    yield* this.live.take(stop);
  }
}

type InvocationReplyOf = Awaited<ReturnType<TokenDoor["invoke"]>>;
