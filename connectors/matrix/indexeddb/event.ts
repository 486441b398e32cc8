/** Events as the SDK sees them: handlers as properties or listeners, and errors that rise from request to database. */
export class StoreEvent {
  readonly type: string;
  readonly target: StoreTarget;
  currentTarget: StoreTarget;
  readonly bubbles: boolean;
  defaultPrevented = false;
  #isStopped = false;

  constructor(type: string, target: StoreTarget, bubbles = false) {
    this.type = type;
    this.target = target;
    this.currentTarget = target;
    this.bubbles = bubbles;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  preventDefault(): void {
    this.defaultPrevented = true;
  }

  stopPropagation(): void {
    this.#isStopped = true;
  }
}

export class IDBVersionChangeEvent extends StoreEvent {
  readonly oldVersion: number;
  readonly newVersion: number | null;

  constructor(type: string, target: StoreTarget, versions: { readonly from: number; readonly to: number | null }) {
    super(type, target);
    this.oldVersion = versions.from;
    this.newVersion = versions.to;
  }
}

export type Listener = ((event: StoreEvent) => unknown) | { handleEvent(event: StoreEvent): unknown };
type Handler = ((event: StoreEvent) => unknown) | null | undefined;

export class StoreTarget {
  readonly #listeners = new Map<string, Listener[]>();

  addEventListener(type: string, listener: Listener): void {
    const known = this.#listeners.get(type) ?? [];
    if (!known.includes(listener)) this.#listeners.set(type, [...known, listener]);
  }

  removeEventListener(type: string, listener: Listener): void {
    const known = this.#listeners.get(type) ?? [];
    this.#listeners.set(
      type,
      known.filter((it) => it !== listener),
    );
  }

  /** Calls the handlers here and, when the event rises, above. A handler that throws does so to the caller. */
  send(event: StoreEvent, above: readonly StoreTarget[] = []): void {
    for (const target of [this, ...(event.bubbles ? above : [])]) {
      if (event.isStopped) return;
      event.currentTarget = target;
      target.#tell(event);
    }
  }

  #tell(event: StoreEvent): void {
    const handler = (this as unknown as Readonly<Record<string, Handler>>)[`on${event.type}`];
    if (typeof handler === "function") handler.call(this, event);
    for (const listener of this.#listeners.get(event.type) ?? []) {
      if (typeof listener === "function") listener.call(this, event);
      else listener.handleEvent(event);
    }
  }
}
