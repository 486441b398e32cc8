/**
 * A whole Lazaret in a temporary home for one attack: the real daemon, store, console, webhook door and bot; a clock
 * that the case turns, and an agent that does what the case says.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Request } from "../../connectors/telegram/wire.ts";
import { hookSignature, SIGNATURE_HEADER, TIMESTAMP_HEADER } from "../../connectors/webhook-signature.ts";
import { butler } from "../agents/butler.ts";
import type { AgentDriver, InvocationReply, RunHandle } from "../core/agent.ts";
import { TENANT_DEFAULT } from "../core/ids.ts";
import { HOUR_MS, SECOND_MS } from "../core/limits.ts";
import type { Clock, Random, TransformRunner } from "../core/ports.ts";
import { isRefusal } from "../core/refusal.ts";
import { type Daemon, startDaemon } from "../daemon.ts";
import { configForAttacks } from "../home-config.ts";
import { openStore } from "../store/open.ts";
import type { HomeStore } from "../store/store.ts";
import { type AttackCall, type AttackCase, type AttackChannel, type AttackStep, lengthened } from "./case.ts";
import { StageClock } from "./clock.ts";
import { type FarEnd, Hands, introduced, msOf } from "./hands.ts";
import { AttackMatrix } from "./matrix.ts";
import { AttackTelegram } from "./telegram.ts";

const HOOK = "alerts";
const SECRET = "attack-secret-0123456789-0123456789-abcdef";

type Item = { readonly id: string; readonly text: string; readonly approval?: { readonly code: string } };
type Stop = { readonly aborted: boolean; addEventListener(): void; removeEventListener(): void };
const GOING: Stop = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };

const noNetwork: Request = async () => {
  throw new TypeError("a stage has no network");
};

function farEnd(on: AttackChannel, clock: StageClock): FarEnd | null {
  if (on === "telegram") return new AttackTelegram(clock);
  return on === "matrix" ? new AttackMatrix(clock) : null;
}

export type StagePowers = { readonly clock: Clock; readonly random: Random; readonly transforms: TransformRunner };

export class Stage {
  readonly replies: InvocationReply[] = [];
  /** What the console showed. */
  readonly lines: string[] = [];
  door = "";
  /** How many entries there were before the attack began. */
  begun = 0;
  readonly #case: AttackCase;
  readonly #on: AttackChannel;
  readonly #powers: StagePowers;
  readonly #clock: StageClock;
  readonly #dir = mkdtempSync(join(tmpdir(), "lazaret-attack-"));
  readonly #stop = new AbortController();
  #code = "";
  #daemon: Daemon | null = null;
  #store: HomeStore | null = null;
  #posted = 0;
  #last: { readonly body: Record<string, unknown>; readonly signed: string } | null = null;
  #made = 0;
  readonly #hands: Hands | null;

  constructor(given: AttackCase, on: AttackChannel, powers: StagePowers) {
    this.#case = given;
    this.#on = on;
    this.#powers = powers;
    this.#clock = new StageClock(powers.clock.now());
    const far = farEnd(on, this.#clock);
    this.#hands = far === null ? null : new Hands(this.#clock, far);
  }

  get daemon(): Daemon {
    if (this.#daemon === null) throw new TypeError("the stage is open");
    return this.#daemon;
  }

  get store(): HomeStore {
    if (this.#store === null) throw new TypeError("the stage is open");
    return this.#store;
  }

  async open(): Promise<void> {
    await this.#start(true);
    await introduced(this.daemon);
    await this.#material();
    this.begun = this.store.ledger.size();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#daemon?.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #start(isFirst = false): Promise<void> {
    const { random, transforms } = this.#powers;
    const data = join(this.#dir, "data");
    const store = await openStore({
      dataDir: data,
      keysDir: join(this.#dir, "keys"),
      clock: this.#clock,
      random,
      unlock: { kind: "file" },
      tenant: TENANT_DEFAULT,
      create: true,
    });
    this.#store = store;
    if (isFirst) await this.#secret(store);
    this.#daemon = await startDaemon({
      store,
      config: configForAttacks(
        this.#on,
        this.#case.packs ?? ["chat-mode"],
        this.#case.assurance ?? "medium",
        (name) => this.#hands?.far.idOf(name) ?? name,
      ),
      clock: this.#clock,
      random,
      log: () => {},
      worker: new URL("../worker.ts", import.meta.url),
      transforms,
      drivers: [this.#case.agent === undefined ? butler : this.#agent(this.#case.agent)],
      version: "attack",
      home: data,
      hashPin: async (pin) => pin,
      checkPin: async (pin, hash) => pin === hash,
      doctor: async () => [],
      exportLedger: (file) => store.exportLedger(file),
      http: () => null,
      request: this.#hands?.far.request ?? noNetwork,
      ...(this.#hands?.far.openPipe === undefined ? {} : { openPipe: this.#hands.far.openPipe }),
      stop: () => {},
    });
    void this.#listen();
    await this.rest();
  }

  /** A bot asks for its token as soon as it is there. */
  #secret(store: HomeStore): Promise<void> {
    const { name, text } = this.#hands?.far.secret ?? { name: "hook-alerts", text: SECRET };
    return store.commit({ secrets: [{ tenant: TENANT_DEFAULT, name, bytes: new TextEncoder().encode(text) }] });
  }

  async #listen(): Promise<void> {
    for await (const { text, approval } of this.daemon.surface.console(this.#stop.signal)) {
      if (text !== "") this.lines.push(text);
      this.#code = approval?.code ?? this.#code;
    }
  }

  /** Everything that was caused has come to rest, and what was shown has been read. */
  async rest(): Promise<void> {
    if (this.#hands !== null) return this.#hands.rest(this.daemon);
    await this.daemon.gateway.supervisor.idle();
    await new Promise<void>((resume) => setImmediate(resume));
  }

  async #material(): Promise<void> {
    if (this.#hands !== null) return this.#hands.begin(this.daemon, this.#case);
    const given = this.#case.given ?? [];
    if (this.#on === "webhook") {
      await this.#post({ kind: "membership", members: ["olga", "ben", "ana", "dora"] }, "right");
      for (const { from, text } of given) await this.#post({ sender: from, text }, "right");
    } else if (given.length > 0) {
      const at = this.#clock.now() - HOUR_MS;
      const lines = given.map(({ from, text, name }, n) => {
        const line = { id: `given-${n}`, sender: from, text, sent_at: at + n };
        return name === undefined ? line : { ...line, name };
      });
      await this.daemon.surface.owner.import({ conversation: "family", lines });
    }
    await this.rest();
  }

  async play(step: AttackStep): Promise<void> {
    const isDone = await this.#hands?.play(step, this.daemon, lengthened);
    if (isDone !== true) await this.#play(step);
    await this.rest();
  }

  async #play(step: AttackStep): Promise<void> {
    if ("ask" in step) await this.#ask(step.ask);
    else if ("post" in step) await this.#post(step.post, step.signed ?? "right");
    else if ("repeat" in step) await this.#send(this.#last?.body ?? {}, this.#last?.signed ?? "right");
    else if ("answer" in step) await this.#answer(step);
    else if ("wait" in step) {
      this.#clock.turn(msOf(step.wait));
    } else await this.#restart();
  }

  async #restart(): Promise<void> {
    await this.daemon.close();
    await this.#start();
  }

  #ask(text: string): Promise<unknown> {
    if (this.#on === "console") return this.daemon.surface.owner["chat.say"]({ text });
    return this.#post({ sender: "ana", text, addressed: "mention" }, "right");
  }

  #post(post: Record<string, unknown>, signed: string): Promise<void> {
    this.#posted += 1;
    const body = { id: `post-${this.#posted}`, conversation: "room-family", sender: "ana", ...post };
    return this.#send(lengthened(body) as Record<string, unknown>, signed);
  }

  async #send(body: Record<string, unknown>, signed: string): Promise<void> {
    this.#last = { body, signed };
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = this.#headers(bytes, signed);
    const path = `/hooks/${HOOK}`;
    const { status, body: answer } = await this.daemon.surface.hook(HOOK, "POST", path, headers, bytes, GOING);
    const said = answer as { readonly state?: string; readonly code?: string };
    this.door = status < 300 ? (said.state ?? "committed") : (said.code ?? String(status));
  }

  #headers(bytes: Buffer, signed: string): Record<string, string> {
    if (signed === "none") return {};
    const seconds = Math.floor(this.#clock.now() / SECOND_MS) - (signed === "old" ? 301 : 0);
    const secret = Buffer.from(signed === "wrong" ? `${SECRET}x` : SECRET);
    const timestamp = String(seconds);
    return { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: hookSignature(secret, timestamp, bytes) };
  }

  /** Everything that waits in the webhook's outbox, or that the bot sent. */
  async items(): Promise<readonly Item[]> {
    if (this.#hands !== null) return this.#hands.far.said.map(({ number, text }) => ({ id: String(number), text }));
    if (this.#on === "console") return [];
    const path = `/hooks/${HOOK}/outbox`;
    const headers = this.#headers(Buffer.from(path), "right");
    const { body } = await this.daemon.surface.hook(HOOK, "GET", path, headers, new Uint8Array(), GOING);
    return (body as { readonly items?: readonly Item[] }).items ?? [];
  }

  async #answer(step: Extract<AttackStep, { answer: string }>): Promise<void> {
    const word = step.word ?? (step.yes ? "approve" : "deny");
    const more = step.more === undefined ? "" : ` ${step.more}`;
    if (this.#on === "console") return void (await this.#ask(`${word} ${step.code ?? this.#code}${more}`));
    const question = (await this.items()).findLast(({ approval }) => approval !== undefined);
    const target = step.target ?? question?.id ?? "none";
    const where = { conversation: step.room ?? "room-family", sender: step.from };
    const key = step.more ?? (step.yes ? "✅" : "❌");
    const text = `${word} ${step.code ?? question?.approval?.code ?? "NONE"}${more}`;
    if (step.answer === "code") {
      const edit = step.kind === "edit" ? { kind: "edit", target } : {};
      return this.#post({ ...where, text, addressed: "mention", ...edit }, "right");
    }
    if (step.answer === "reaction") return this.#post({ ...where, kind: "reaction", target, key }, "right");
    return this.#post({ ...where, kind: "action", target, key: step.more ?? (step.yes ? "approve" : "deny") }, "right");
  }

  /**
   * An agent of the attacker's: it makes its calls in order, stops while a person is asked, and then tries to be done.
   */
  #agent(calls: readonly AttackCall[]): AgentDriver {
    const all = calls.flatMap((call) => Array.from({ length: call.times ?? 1 }, () => call));
    return {
      name: "butler",
      drive: async (_wake, run) => {
        while (this.#made < all.length) {
          const call = all[this.#made] as AttackCall;
          this.#made += 1;
          if ((await this.#invoke(run, call)) === "approval_required") return;
        }
        await run.finish().catch((error: unknown) => {
          if (!isRefusal(error)) throw error;
        });
      },
    };
  }

  async #invoke(run: RunHandle, { call, input, key, justification }: AttackCall): Promise<string> {
    const handle = this.replies.flatMap(({ values }) => values ?? []).at(-1)?.handle ?? "none";
    const filled = lengthened(JSON.parse(JSON.stringify(input ?? {}).replaceAll("$HANDLE", handle)));
    const reply = await run.invoke({
      capability: call,
      input: filled,
      justification: justification === undefined ? "an attack" : String(lengthened(justification)),
      idempotency_key: key ?? `call-${this.#made}`,
    });
    this.replies.push(reply);
    return reply.status;
  }

  /** Is this text in any file of the home as it lies on the disk now? */
  isKept(text: string): boolean {
    const bytes = Buffer.from(text);
    const data = join(this.#dir, "data");
    return readdirSync(data).some((file) => readFileSync(join(data, file)).includes(bytes));
  }
}
