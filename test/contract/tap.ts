/** Reading a connector's stream as the gateway does, with a limit on patience. */
import type { InboundEvent } from "../../src/core/message.ts";
import type { ConnectorBatch } from "../../src/core/ports.ts";
import type { ConnectorHarness } from "./harness.ts";

const PATIENCE_MS = 1000;

/** What `work` gives, or an error when that takes longer than a second, or as long as asked: a check never hangs. */
export async function soon<T>(work: Promise<T>, what: string, patienceMs: number = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within a second`)), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Long enough for anything that is on its way in memory or over loopback. */
export const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 25));

/** What has become of a promise after a moment. */
export async function fateOf(work: Promise<unknown> | null): Promise<"none" | "waiting" | "kept" | "refused"> {
  if (work === null) return "none";
  const fate = work.then(
    () => "kept" as const,
    () => "refused" as const,
  );
  return Promise.race([fate, aMoment().then(() => "waiting" as const)]);
}

type Tapped = Pick<ConnectorHarness, "connector" | "patienceMs">;

export class Tap {
  readonly #stream: AsyncIterator<ConnectorBatch>;
  readonly #stopper = new AbortController();
  readonly #patienceMs: number;
  readonly batches: ConnectorBatch[] = [];
  #pulled: Promise<IteratorResult<ConnectorBatch>> | null = null;

  constructor({ connector, patienceMs = PATIENCE_MS }: Tapped, cursor: string | null = null) {
    this.#patienceMs = patienceMs;
    this.#stream = connector.open({ cursor, stop: this.#stopper.signal })[Symbol.asyncIterator]();
  }

  get events(): readonly InboundEvent[] {
    return this.batches.flatMap(({ events }) => events);
  }

  /** Where the gateway would go on: the newest cursor that a batch carried. */
  get cursor(): string | null {
    return this.batches.at(-1)?.cursor ?? null;
  }

  /** Pulls once, and so acknowledges the batch before. False at the end. */
  async pull(): Promise<boolean> {
    this.#pulled ??= this.#stream.next();
    const { done, value } = await soon(this.#pulled, "pull", this.#patienceMs);
    this.#pulled = null;
    if (done !== true) this.batches.push(value);
    return done !== true;
  }

  /** Pulls without waiting: the batch before is acknowledged, the next one is read by the next pull. */
  lean(): void {
    this.#pulled ??= this.#stream.next();
    this.#pulled.catch(() => null);
  }

  /** Pulls until so many events have come. */
  async until(count: number): Promise<readonly InboundEvent[]> {
    while (this.events.length < count) if (!(await this.pull())) throw new Error("the stream ended early");
    return this.events;
  }

  /** The one event that comes next. */
  async one(): Promise<InboundEvent> {
    const before = this.events.length;
    const event = (await this.until(before + 1))[before];
    if (event === undefined) throw new Error("no event");
    return event;
  }

  /** Asks to stop, acknowledges what is in hand, and waits for the end. */
  async finish(): Promise<void> {
    this.#stopper.abort();
    while (await this.pull()) await null;
  }

  /** Goes away without acknowledging, as a crash does. */
  async crash(): Promise<void> {
    const returned = this.#stream.return?.();
    this.#stopper.abort();
    await soon(Promise.resolve(returned), "crash", this.#patienceMs);
  }

  stop(): void {
    this.#stopper.abort();
  }
}
