/**
 * A small typed client of the daemon's HTTP door, for agents: `import { Lazaret } from "lazaret/client"`. It stands
 * alone, so that it can be read in a minute, or copied. Paths and shapes are those of /openapi.json.
 */

export type Unit = "wall_clock_ms" | "agent_wait_ms" | "steps" | "tokens" | "cost_micros" | "egress_bytes" | "children";
export type Amounts = Readonly<Record<Unit, number>>;

export type Capability = {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly effect: "none" | "idempotent" | "once";
  readonly tier: "A" | "B" | "R" | "C";
  readonly risk: "low" | "medium" | "high";
  /** JSON Schemas. */
  readonly input: unknown;
  readonly output: unknown;
};

export type Run = {
  readonly id: string;
  readonly session: string;
  readonly conversation: string;
  readonly alias: string | null;
  readonly agent: string;
  readonly state: "active" | "paused.approval" | "paused.event" | "done" | "failed" | "cancelled";
  readonly reason: string | null;
  readonly created_at: number;
  readonly steps: number;
  readonly replies: number;
  readonly limit: Amounts;
  readonly used: Amounts;
};

export type Reply = {
  readonly status: "done" | "approval_required" | "refused" | "failed";
  readonly output?: unknown;
  readonly values?: readonly {
    readonly handle: string;
    readonly kind: string;
    readonly label: string;
    readonly chars: number;
  }[];
  readonly code?: string;
  readonly hint?: string;
  readonly retryable?: boolean;
  readonly approval?: { readonly id: string; readonly expires_at: number; readonly where: string };
  readonly budget_left: Amounts;
  readonly next: "invoke" | "wait" | "ended";
};

export type LazaretEvent = {
  /** What a later `events({ after })` goes on from. */
  readonly seq: number;
  readonly type: string;
  readonly time: number;
  readonly conversation?: string;
  readonly run?: string;
  readonly body: { readonly [key: string]: unknown };
};

/** What the asker wrote, redacted, and what it was read as. */
export type Request = {
  readonly asker: string;
  readonly role: string;
  readonly text: string;
  readonly intent: string;
  readonly slots: {
    readonly last: number | null;
    readonly since: number | null;
    readonly until: number | null;
    readonly scope: "thread" | "conversation" | null;
    readonly person: string | null;
    readonly conversation: string | null;
    readonly to: "here" | "direct" | null;
  };
  readonly now: number;
  readonly timezone: string;
  readonly language: string;
};

export type RunOrder = {
  readonly conversation?: string;
  readonly session?: string;
  readonly goal?: string;
  readonly budget?: Partial<Amounts>;
  readonly done_when?: unknown;
};

export type Invocation = {
  readonly capability: string;
  readonly input: unknown;
  /** 1 to 200 characters. */
  readonly justification: string;
  /** The same key with the same body gives the first answer again. */
  readonly idempotency_key: string;
};

export type Wait = { readonly for: "message" | "time" | "event"; readonly until: number };

/** A refusal of the daemon: its code is stable, its hint says what to do (docs/refusals.md). */
export class LazaretRefusal extends Error {
  override readonly name = "LazaretRefusal";
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(status: number, problem: { readonly [key: string]: unknown }) {
    super(String(problem["title"] ?? `HTTP ${status}`));
    this.status = status;
    this.code = String(problem["code"] ?? "internal");
    this.hint = typeof problem["hint"] === "string" ? problem["hint"] : undefined;
    this.retryable = problem["retryable"] === true;
  }
}

export type LazaretOptions = {
  /** Such as http://127.0.0.1:7717. */
  readonly url: string;
  readonly token: string;
  readonly fetch?: typeof fetch;
};

type Body = { readonly [key: string]: unknown };
const WAIT_SECONDS_MAX = 25;

export class Lazaret {
  readonly #url: string;
  readonly #token: string;
  readonly #fetch: typeof fetch;

  constructor({ url, token, fetch: asking }: LazaretOptions) {
    this.#url = url.replace(/\/$/, "");
    this.#token = token;
    this.#fetch = asking ?? fetch;
  }

  async capabilities(): Promise<readonly Capability[]> {
    return ((await this.#get("/v1/capabilities")) as { capabilities: readonly Capability[] }).capabilities;
  }

  async conversations(): Promise<readonly { alias: string; kind: string; context: string }[]> {
    const found = (await this.#get("/v1/conversations")) as {
      conversations: { alias: string; kind: string; context: string }[];
    };
    return found.conversations;
  }

  startRun(order: RunOrder): Promise<Run> {
    return this.#post("/v1/runs", order) as Promise<Run>;
  }

  async runs(open: boolean = true): Promise<readonly Run[]> {
    return ((await this.#get(`/v1/runs?open=${open}`)) as { runs: readonly Run[] }).runs;
  }

  run(run: string): Promise<Run> {
    return this.#get(`/v1/runs/${run}`) as Promise<Run>;
  }

  finish(run: string, wait?: Wait): Promise<Run> {
    return this.#post(`/v1/runs/${run}/finish`, wait === undefined ? {} : { wait }) as Promise<Run>;
  }

  cancel(run: string): Promise<Run> {
    return this.#post(`/v1/runs/${run}/cancel`, {}) as Promise<Run>;
  }

  /** Refusals of the call are replies with a code; what never became a call is a LazaretRefusal. */
  invoke(run: string, invocation: Invocation): Promise<Reply> {
    return this.#post(`/v1/runs/${run}/invoke`, invocation) as Promise<Reply>;
  }

  /** The answer of an earlier invocation, waited for at most `seconds`, 25 at the most. */
  answer(run: string, key: string, seconds: number = WAIT_SECONDS_MAX): Promise<Reply> {
    return this.#get(`/v1/runs/${run}/invocations/${encodeURIComponent(key)}?wait=${seconds}`) as Promise<Reply>;
  }

  /** Invokes, and where a person has to say yes first, waits for that: minutes or hours, until the question ends. */
  async settled(run: string, invocation: Invocation): Promise<Reply> {
    let reply = await this.invoke(run, invocation);
    while (reply.status === "approval_required") reply = await this.answer(run, invocation.idempotency_key);
    return reply;
  }

  /** Events after `after`, then live ones, until `signal` or the daemon ends them. */
  async *events({
    after = 0,
    signal,
  }: {
    readonly after?: number;
    readonly signal?: AbortSignal;
  } = {}): AsyncGenerator<LazaretEvent, void, undefined> {
    const response = await this.#fetch(`${this.#url}/v1/events?after=${after}`, {
      headers: { authorization: `Bearer ${this.#token}` },
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status !== 200) await refuse(response);
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of response.body ?? []) {
      const blocks = (rest + decoder.decode(bytes as Uint8Array, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined && !/^event: end$/m.test(block)) yield JSON.parse(data) as LazaretEvent;
      }
    }
  }

  /** Requests for this agent, each with its run and all that may be read of it. */
  async *requests(
    options: { readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<{ readonly run: string; readonly request: Request; readonly seq: number }, void, undefined> {
    for await (const { seq, type, run, body } of this.events(options)) {
      const request = body["request"];
      if (type === "message.addressed" && run !== undefined && request !== null)
        yield { run, request: request as Request, seq };
    }
  }

  #get(path: string): Promise<unknown> {
    return this.#ask(path, { method: "GET" });
  }

  #post(path: string, body: Body): Promise<unknown> {
    return this.#ask(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async #ask(
    path: string,
    init: { method: string; headers?: Record<string, string>; body?: string },
  ): Promise<unknown> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
    const response = await this.#fetch(this.#url + path, { ...init, headers });
    return response.ok ? response.json() : refuse(response);
  }
}

async function refuse(response: Response): Promise<never> {
  const problem = (await response.json().catch(() => ({}))) as Body;
  throw new LazaretRefusal(response.status, problem);
}
