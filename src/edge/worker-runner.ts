/**
 * Runs transforms on warm worker threads that are ended at a deadline (CONTRACT section 5). Content crosses once and
 * is not kept here.
 */
import { Worker } from "node:worker_threads";
import {
  TRANSFORM_HEAP_MIB_MAX,
  TRANSFORM_IDLE_MS_MAX,
  TRANSFORM_QUEUE_MAX,
  TRANSFORM_STACK_MIB_MAX,
  TRANSFORM_START_MS_MAX,
  TRANSFORM_WORKERS_MAX,
} from "../core/limits.ts";
import type { Clock, Stop, TransformCall, TransformOutcome, TransformRunner } from "../core/ports.ts";
import { REFUSALS, Refusal, type RefusalCode } from "../core/refusal.ts";

/**
 * What the worker says: `ready` once, then one answer a call. A failure carries a code and a field name, never words.
 */
export type WorkerReply =
  | { readonly type: "ready" }
  | { readonly type: "outcome"; readonly outcome: TransformOutcome }
  | { readonly type: "refused"; readonly code: RefusalCode; readonly field?: string };

export type RunnerOptions = {
  /** `new URL("./worker.ts", import.meta.url)` in main, literally: the bundle finds it by that. */
  readonly entry: URL;
  readonly clock: Clock;
  readonly workersMax?: number;
  readonly queueMax?: number;
  readonly heapMib?: number;
};

type Job = {
  readonly deadlineMs: number;
  readonly resolve: (outcome: TransformOutcome) => void;
  readonly reject: (refusal: Refusal) => void;
};
type Waiting = { readonly job: Job; readonly call: TransformCall; readonly forget: () => void };

type ThreadEvents = {
  /** It can take a call now. */
  readonly idle: () => void;
  /** It will take none any more; `was` is what it did until then. */
  readonly gone: (thread: Thread, was: "starting" | "idle" | "busy") => void;
};

/** One worker. It has at most one call at a time, so that ending it hurts nobody else. */
class Thread {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #events: ThreadEvents;
  #state: "starting" | "idle" | "busy" | "gone" = "starting";
  #job: Job | null = null;
  #forget: () => void;
  #ended: Promise<unknown> = Promise.resolve();

  constructor({ entry, clock, heapMib }: RunnerOptions, events: ThreadEvents) {
    this.#clock = clock;
    this.#events = events;
    // Nothing of the daemon's environment, arguments or standard streams is visible inside.
    this.#worker = new Worker(entry, {
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: heapMib ?? TRANSFORM_HEAP_MIB_MAX,
        stackSizeMb: TRANSFORM_STACK_MIB_MAX,
      },
    });
    // What a transform prints could be content: it is thrown away.
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on("message", (reply: WorkerReply) => this.#heard(reply));
    // The error itself may quote content: it is not looked at.
    this.#worker.on("error", () => void this.end("transform.failed"));
    this.#worker.on("messageerror", () => void this.end("transform.failed"));
    this.#worker.on("exit", () => void this.end("transform.failed"));
    this.#forget = clock.at(clock.now() + TRANSFORM_START_MS_MAX, () => void this.end("transform.timeout"));
  }

  get isIdle(): boolean {
    return this.#state === "idle";
  }

  get isStarting(): boolean {
    return this.#state === "starting";
  }

  has(job: Job): boolean {
    return this.#job === job;
  }

  take({ job, call }: Waiting): void {
    this.#forget();
    this.#state = "busy";
    this.#job = job;
    this.#forget = this.#clock.at(this.#clock.now() + job.deadlineMs, () => void this.end("transform.timeout"));
    // A view would take its whole buffer across, and with it whatever else lies there.
    const tokenKey = Uint8Array.from(call.tokenKey);
    try {
      this.#worker.postMessage({ ...call, tokenKey }, [tokenKey.buffer]);
    } catch {
      // DataCloneError: the call holds what cannot cross. Its message quotes the value.
      this.#answer((failed) => failed.reject(new Refusal("input.invalid")));
    }
  }

  /** Ends the thread, and with it the call it has. Safe to call again; resolves when the thread is gone. */
  end(code: RefusalCode): Promise<unknown> {
    if (this.#state === "gone") return this.#ended;
    const was = this.#state;
    this.#state = "gone";
    this.#forget();
    this.#ended = this.#worker.terminate();
    this.#job?.reject(new Refusal(code));
    this.#job = null;
    this.#events.gone(this, was);
    return this.#ended;
  }

  #heard(reply: WorkerReply): void {
    if (reply.type === "ready") {
      if (this.#state === "starting") this.#answer(() => undefined);
      return;
    }
    if (this.#state !== "busy") return;
    if (reply.type === "outcome") this.#answer((job) => job.resolve(reply.outcome));
    else this.#answer((job) => job.reject(refusalFrom(reply)));
  }

  #answer(settle: (job: Job) => void): void {
    this.#forget();
    const job = this.#job;
    this.#job = null;
    this.#state = "idle";
    this.#forget = this.#clock.at(this.#clock.now() + TRANSFORM_IDLE_MS_MAX, () => void this.end("transform.timeout"));
    if (job !== null) settle(job);
    this.#events.idle();
  }
}

/** A worker cannot invent a code, and a field is a path of schema names. */
function refusalFrom(reply: { readonly code: string; readonly field?: string }): Refusal {
  if (!Object.hasOwn(REFUSALS, reply.code)) return new Refusal("transform.failed");
  const { field } = reply;
  const isPath = typeof field === "string" && /^[\w.[\]]{1,120}$/.test(field);
  return new Refusal(reply.code as RefusalCode, isPath ? { field } : {});
}

/**
 * At most `workersMax` threads, started when first needed and kept while they are used. A call waits at most its own
 * deadline for a
 * thread and then runs at most its deadline: `transform.timeout`, the thread is ended and a fresh one started. A
 * crash is `transform.failed`. More waiting calls than `queueMax`: `rate.limited`.
 */
export class WorkerRunner implements TransformRunner {
  readonly #options: RunnerOptions;
  readonly #threads = new Set<Thread>();
  readonly #queue: Waiting[] = [];
  #closed = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  run(call: TransformCall, deadlineMs: number, stop?: Stop): Promise<TransformOutcome> {
    if (this.#closed) return Promise.reject(new Refusal("daemon.stopping"));
    if (this.#queue.length >= (this.#options.queueMax ?? TRANSFORM_QUEUE_MAX)) {
      return Promise.reject(new Refusal("rate.limited", { hint: "Too many transforms are waiting; try again soon." }));
    }
    return new Promise((resolve, reject) => {
      const { clock } = this.#options;
      const job: Job = { deadlineMs, resolve, reject };
      const forget = clock.at(clock.now() + deadlineMs + this.#startGrace(), () => this.#giveUp(job));
      this.#queue.push({ job, call, forget });
      this.#pump();
      const stopped = (): void => this.#stop(job);
      stop?.addEventListener("abort", stopped, { once: true });
      if (stop?.aborted === true) stopped();
    });
  }

  /** Nobody waits for it any more: out of the queue, or off the thread that has it. */
  #stop(job: Job): void {
    const at = this.#queue.findIndex((waiting) => waiting.job === job);
    const [waiting] = at < 0 ? [] : this.#queue.splice(at, 1);
    waiting?.forget();
    waiting?.job.reject(new Refusal("run.ended"));
    for (const thread of this.#threads) if (thread.has(job)) void thread.end("run.ended");
  }

  /** Starts a thread before a call needs one. */
  warm(): void {
    if (!this.#closed && this.#threads.size === 0) this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { job, forget } of this.#queue.splice(0)) {
      forget();
      job.reject(new Refusal("daemon.stopping"));
    }
    await Promise.all([...this.#threads].map((thread) => thread.end("daemon.stopping")));
  }

  /** Waiting for the first thread's start is not the call's fault. */
  #startGrace(): number {
    return [...this.#threads].some((thread) => !thread.isStarting) ? 0 : TRANSFORM_START_MS_MAX;
  }

  #giveUp(job: Job): void {
    const at = this.#queue.findIndex((waiting) => waiting.job === job);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    job.reject(new Refusal("transform.timeout"));
  }

  #pump(): void {
    if (this.#closed) return;
    for (const thread of this.#threads) {
      if (!thread.isIdle) continue;
      const next = this.#queue.shift();
      if (next === undefined) return;
      next.forget();
      thread.take(next);
    }
    const starting = [...this.#threads].filter((thread) => thread.isStarting).length;
    const room = (this.#options.workersMax ?? TRANSFORM_WORKERS_MAX) - this.#threads.size;
    for (let more = Math.min(room, this.#queue.length - starting); more > 0; more--) this.#start();
  }

  #start(): void {
    const gone: ThreadEvents["gone"] = (thread, was) => this.#lost(thread, was);
    this.#threads.add(new Thread(this.#options, { idle: () => this.#pump(), gone }));
  }

  #lost(thread: Thread, was: "starting" | "idle" | "busy"): void {
    this.#threads.delete(thread);
    if (this.#closed) return;
    if (was === "starting") {
      // A worker that cannot start fails the call that waited for it; the next call may try again.
      const first = this.#queue.shift();
      first?.forget();
      first?.job.reject(new Refusal("transform.failed"));
    } else if (was === "busy") this.#start();
    this.#pump();
  }
}
