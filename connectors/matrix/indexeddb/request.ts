import { StoreEvent, StoreTarget } from "./event.ts";
import { fault } from "./fault.ts";

export type RequestHandler = ((event: StoreEvent) => unknown) | null;

/** Indexed DB 3.0, section 4.1. */
export class IDBRequest extends StoreTarget {
  onsuccess: RequestHandler = null;
  onerror: RequestHandler = null;
  source: unknown = null;
  transaction: unknown = null;
  readyState: "pending" | "done" = "pending";
  #result: unknown;
  #error: DOMException | null = null;

  get result(): unknown {
    if (this.readyState === "pending") throw fault("InvalidStateError", "the request is not done");
    return this.#result;
  }

  get error(): DOMException | null {
    if (this.readyState === "pending") throw fault("InvalidStateError", "the request is not done");
    return this.#error;
  }

  /** A cursor's request is asked again. */
  reopen(): void {
    this.readyState = "pending";
    this.#result = undefined;
    this.#error = null;
  }

  /** Sets without telling: a database that is being upgraded is the result before it is a success. */
  hold(result: unknown): void {
    this.readyState = "done";
    this.#result = result;
    this.#error = null;
  }

  succeed(result: unknown): void {
    this.hold(result);
    this.send(new StoreEvent("success", this));
  }

  /** Answers whether somebody prevented what follows from an error: the end of the transaction. */
  fail(error: DOMException, above: readonly StoreTarget[] = []): boolean {
    this.readyState = "done";
    this.#result = undefined;
    this.#error = error;
    const event = new StoreEvent("error", this, true);
    this.send(event, above);
    return event.defaultPrevented;
  }
}

export class IDBOpenDBRequest extends IDBRequest {
  onupgradeneeded: RequestHandler = null;
  onblocked: RequestHandler = null;
}
