/**
 * Two ends that ask each other over a pipe: the daemon, and the process that holds a Matrix account. Both are ours;
 * what travels may hold content, so that it is neither written nor logged anywhere.
 */

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

type Message =
  | { readonly ask: number; readonly what: string; readonly input: unknown }
  | { readonly to: number; readonly value: unknown }
  | { readonly to: number; readonly fault: { code: string; retryAfterMs: number | null; isProven: boolean } };

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** `Theirs` is what may be asked of the other end, `Ours` what it asks of us. */
export class Wire<Theirs extends Questions, Ours extends Questions> {
  readonly #pipe: Pipe;
  readonly #answers: Answers<Ours>;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #isOver = false;

  constructor(pipe: Pipe, answers: Answers<Ours>) {
    this.#pipe = pipe;
    this.#answers = answers;
    pipe.onMessage((message) => this.#take(message as Message));
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
      this.#waiting.set(ask, { resolve: (value) => resolve(value as Theirs[K][1]), reject });
      this.#pipe.send({ ask, what, input });
    });
  }

  end(): void {
    this.#pipe.end();
    this.#over();
  }

  #take(message: Message): void {
    if ("ask" in message) void this.#answer(message.ask, message.what, message.input);
    else {
      const waiting = this.#waiting.get(message.to);
      this.#waiting.delete(message.to);
      if ("value" in message) waiting?.resolve(message.value);
      else waiting?.reject(new WireFault(message.fault.code, message.fault.retryAfterMs, message.fault.isProven));
    }
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
