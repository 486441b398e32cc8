/** What happens, as it happens: one pump for WebSocket and server-sent events (CONTRACT section 13). */
import type { WebSocket as Socket } from "ws";
import { z } from "zod";
import {
  EVENT_PING_MS,
  EVENT_SEND_MS_MAX,
  EVENT_STREAMS_PER_TOKEN_MAX,
  FRAME_BYTES_MAX,
  SOCKET_AUTH_MS_MAX,
  TOKEN_CHARS_MAX,
} from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { isRefusal, Refusal, type RefusalCode } from "../core/refusal.ts";
import type { GatewayEvent, Surface } from "../gateway/surface.ts";
import type { Doorkeeper, Holder } from "./auth.ts";
import { Event } from "./replies.ts";
import type { EventsRoute } from "./route.ts";

export type EventPowers = {
  readonly surface: Surface;
  readonly doorkeeper: Doorkeeper;
  readonly clock: Clock;
  readonly fault: (where: string, error: unknown) => void;
};

/** Where events go. `send` resolves once the network took the bytes; `end` says why with a code. */
export type Sink = {
  send(event: GatewayEvent, text: string): Promise<void>;
  ping(): void;
  end(code: RefusalCode): void;
};

const FirstMessage = z.strictObject({ type: z.literal("auth"), token: z.string().min(1).max(TOKEN_CHARS_MAX) });

/** Close codes of the application range (RFC 6455 section 7.4.2): 4000 and the HTTP status that would fit. */
const CLOSE: Readonly<Partial<Record<RefusalCode, number>>> = {
  "input.invalid": 4400,
  "auth.required": 4401,
  "auth.denied": 4403,
  "rate.limited": 4408,
  "auth.locked": 4429,
  "daemon.stopping": 1001,
};

export class EventStreams {
  readonly #powers: EventPowers;
  readonly #route: EventsRoute;
  readonly #open = new Map<string, number>();
  readonly #stops = new Set<() => void>();

  constructor(powers: EventPowers, route: EventsRoute) {
    this.#powers = powers;
    this.#route = route;
  }

  /**
   * Takes a place for this token. Throws `auth.denied` for a wrong scope and `rate.limited` when it has too many
   * streams.
   */
  claim({ token }: Holder): () => void {
    this.#powers.doorkeeper.check(token, this.#route.scopes, "bearer");
    const open = this.#open.get(token.id) ?? 0;
    if (open >= EVENT_STREAMS_PER_TOKEN_MAX) {
      throw new Refusal("rate.limited", { hint: `at most ${EVENT_STREAMS_PER_TOKEN_MAX} event streams a token` });
    }
    this.#open.set(token.id, open + 1);
    return () => {
      const left = (this.#open.get(token.id) ?? 1) - 1;
      if (left > 0) this.#open.set(token.id, left);
      else this.#open.delete(token.id);
    };
  }

  /** Sends until `stop`, the token's end, a subscriber that does not read, or the gateway's own end. Never rejects. */
  async pump(holder: Holder, after: number, sink: Sink, stop: AbortController): Promise<void> {
    const { surface, doorkeeper, clock, fault } = this.#powers;
    const quit = (): void => {
      sink.end("daemon.stopping");
      stop.abort();
    };
    this.#stops.add(quit);
    const endPings = pinging(clock, sink);
    const isLive = oncePerTurn(() => doorkeeper.live(holder.hash) !== null);
    try {
      for await (const event of surface.door.events(holder.token, after, stop.signal)) {
        if (stop.signal.aborted) break;
        if (!isLive()) return sink.end("auth.required");
        if (!(await inTime(clock, sink.send(event, textOf(event))))) return sink.end("rate.limited");
      }
      if (!stop.signal.aborted) sink.end("daemon.stopping");
    } catch (error) {
      if (!isRefusal(error)) fault("events", error);
      sink.end(isRefusal(error) ? error.code : "internal");
    } finally {
      endPings();
      this.#stops.delete(quit);
      stop.abort();
    }
  }

  /** A WebSocket whose upgrade carried a token, or (null) one that has two seconds and one message to show it. */
  async attach(socket: Socket, holder: Holder | null, after: number): Promise<void> {
    const stop = new AbortController();
    const sink = socketSink(socket);
    socket.on("close", () => stop.abort());
    socket.on("error", () => socket.terminate());
    const admitted = holder ?? (await this.#firstMessage(socket, sink, stop));
    if (admitted === null || stop.signal.aborted) return;
    try {
      const release = this.claim(admitted);
      // Given back when the subscriber goes, whether or not the gateway notices at once.
      stop.signal.addEventListener("abort", release, { once: true });
    } catch (error) {
      sink.end(isRefusal(error) ? error.code : "internal");
      return;
    }
    // Nothing more is expected from a subscriber.
    socket.on("message", () => sink.end("input.invalid"));
    await this.pump(admitted, after, sink, stop);
  }

  #firstMessage(socket: Socket, sink: Sink, stop: AbortController): Promise<Holder | null> {
    const { clock, doorkeeper } = this.#powers;
    return new Promise((resolve) => {
      const done = (holder: Holder | null, code: RefusalCode | null): void => {
        forget();
        socket.off("message", first);
        if (code !== null) sink.end(code);
        resolve(holder);
      };
      const forget = clock.at(clock.now() + SOCKET_AUTH_MS_MAX, () => done(null, "auth.required"));
      const first = (data: unknown, isBinary: boolean): void => {
        try {
          const message = isBinary ? null : FirstMessage.safeParse(JSON.parse(String(data)));
          done(doorkeeper.admit(message?.success === true ? message.data.token : "", "bearer"), null);
        } catch (error) {
          // Not JSON, or not a token: one attempt a socket.
          done(null, isRefusal(error) ? error.code : "auth.required");
        }
      };
      socket.on("message", first);
      stop.signal.addEventListener("abort", () => done(null, null), { once: true });
    });
  }

  /** Ends every stream; the daemon stops. */
  close(): void {
    for (const quit of [...this.#stops]) quit();
  }
}

/** Asks once a turn of the event loop: a burst of events is one question. */
function oncePerTurn(ask: () => boolean): () => boolean {
  let known: boolean | null = null;
  return () => {
    if (known === null) {
      known = ask();
      setImmediate(() => {
        known = null;
      });
    }
    return known;
  };
}

/** Strict text of an event. One that is too large for a frame loses its body rather than the subscriber. */
function textOf(event: GatewayEvent): string {
  const text = JSON.stringify(Event.parse(event));
  if (Buffer.byteLength(text) <= FRAME_BYTES_MAX) return text;
  return JSON.stringify(Event.parse({ ...event, body: { code: "input.too_large" } }));
}

function inTime(clock: Clock, work: Promise<void>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const forget = clock.at(clock.now() + EVENT_SEND_MS_MAX, () => resolve(false));
    work.then(
      () => {
        forget();
        resolve(true);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
  });
}

function pinging(clock: Clock, sink: Sink): () => void {
  let forget: () => void;
  const next = (): void => {
    forget = clock.at(clock.now() + EVENT_PING_MS, () => {
      sink.ping();
      next();
    });
  };
  next();
  return () => forget();
}

function socketSink(socket: Socket): Sink {
  let isAlive = true;
  socket.on("pong", () => {
    isAlive = true;
  });
  return {
    // A socket that closes meanwhile fails its sends; its close event has ended the pump by then.
    send: (_event, text) => new Promise((resolve) => socket.send(text, () => resolve())),
    ping() {
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
    },
    end(code) {
      // A peer that reads nothing does not answer this either: the socket is destroyed when its close time is over.
      socket.close(CLOSE[code] ?? 1011, code);
    },
  };
}
