/**
 * Two ends that ask each other over a pipe: the daemon, and the process that holds a Matrix account. What travels may
 * hold content, so that it is neither written nor logged anywhere. An end that says what cannot be said is ended.
 */
import { z } from "zod";
import { DAY_MS } from "../../src/core/limits.ts";

/** One end of a pipe. Messages keep their order. */
export type Pipe = {
  send(message: unknown): void;
  onMessage(listen: (message: unknown) => void): void;
  /** The other end is gone. Called once. */
  onEnd(listen: () => void): void;
  /** Ends the other end, as far as this one can. */
  end(): void;
};

/** Starts the process of one account. */
export type OpenPipe = () => Pipe;

/** What the other end says went wrong: a code and, where it is known, how long to stay away. */
export class WireFault extends Error {
  override readonly name = "WireFault";
  readonly code: string;
  readonly retryAfterMs: number | null;
  readonly isProven: boolean;

  constructor(code: string, retryAfterMs: number | null = null, isProven = false) {
    super(`The account says ${code}.`);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.isProven = isProven;
  }
}

/** Questions by name: what is asked, what is answered. */
export type Questions = Readonly<Record<string, readonly [input: unknown, output: unknown]>>;
export type Answers<Q extends Questions> = {
  readonly [K in keyof Q]: (input: Q[K][0]) => Promise<Q[K][1]> | Q[K][1];
};

/** What each question may be answered with. */
export type Shapes<Q extends Questions> = { readonly [K in keyof Q]: z.ZodType<Q[K][1]> };

const Counted = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const Message = z.union([
  z.strictObject({ ask: Counted, what: z.string().max(32), input: z.unknown() }),
  z.strictObject({ to: Counted, value: z.unknown() }),
  z.strictObject({
    to: Counted,
    fault: z.strictObject({
      code: z.string().regex(/^[a-z_]{1,32}$/),
      retryAfterMs: z.number().min(0).max(DAY_MS).nullable(),
      isProven: z.boolean(),
    }),
  }),
]);
type Message = z.output<typeof Message>;

type Waiting = {
  readonly what: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
};

/** `Theirs` is what may be asked of the other end, `Ours` what it asks of us. */
export class Wire<Theirs extends Questions, Ours extends Questions> {
  readonly #pipe: Pipe;
  readonly #answers: Answers<Ours>;
  readonly #shapes: Shapes<Theirs> | null;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #isOver = false;

  /** Without `shapes` the other end is taken at its word: the account's end does so with the daemon. */
  constructor(pipe: Pipe, answers: Answers<Ours>, shapes: Shapes<Theirs> | null = null) {
    this.#pipe = pipe;
    this.#answers = answers;
    this.#shapes = shapes;
    pipe.onMessage((message) => this.#take(message));
    pipe.onEnd(() => this.#over());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Rejects with a `WireFault`: what the other end said, or `unreachable` when it is gone. */
  ask<K extends keyof Theirs & string>(what: K, input: Theirs[K][0]): Promise<Theirs[K][1]> {
    if (this.#isOver) return Promise.reject(new WireFault("unreachable"));
    const ask = ++this.#asked;
    return new Promise<Theirs[K][1]>((resolve, reject) => {
      this.#waiting.set(ask, { what, resolve: (value) => resolve(value as Theirs[K][1]), reject });
      this.#pipe.send({ ask, what, input });
    });
  }

  end(): void {
    this.#pipe.end();
    this.#over();
  }

  #take(said: unknown): void {
    const parsed = Message.safeParse(said);
    if (!parsed.success) {
      this.end();
      return;
    }
    const message = parsed.data;
    if ("ask" in message) void this.#answer(message.ask, message.what, message.input);
    else this.#settle(message);
  }

  #settle(message: Exclude<Message, { readonly ask: number }>): void {
    const waiting = this.#waiting.get(message.to);
    if (waiting === undefined) return;
    if ("fault" in message) {
      this.#waiting.delete(message.to);
      waiting.reject(new WireFault(message.fault.code, message.fault.retryAfterMs, message.fault.isProven));
      return;
    }
    const value = this.#shapes?.[waiting.what]?.safeParse(message.value) ?? { success: true, data: message.value };
    if (!value.success) {
      this.end();
      return;
    }
    this.#waiting.delete(message.to);
    waiting.resolve(value.data);
  }

  async #answer(to: number, what: string, input: unknown): Promise<void> {
    try {
      const answer = Object.hasOwn(this.#answers, what) ? this.#answers[what as keyof Ours] : undefined;
      if (answer === undefined) throw new WireFault("unsupported");
      const value = await answer(input as Ours[keyof Ours][0]);
      this.#reply({ to, value });
    } catch (error) {
      const { code, retryAfterMs, isProven } = error instanceof WireFault ? error : new WireFault("internal");
      this.#reply({ to, fault: { code, retryAfterMs, isProven } });
    }
  }

  #reply(message: Message): void {
    if (!this.#isOver) this.#pipe.send(message);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new WireFault("unreachable"));
  }
}
