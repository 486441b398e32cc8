/** Answers that go on: the console's lines as NDJSON, events as server-sent events. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { isRefusal } from "../core/refusal.ts";
import type { EventPowers, Sink } from "./events.ts";
import { ConsoleLine } from "./replies.ts";

type StreamPowers = Pick<EventPowers, "surface" | "fault"> & { readonly stopping: AbortSignal };

/** Lines as NDJSON. The headers go out once the console listens, so that a client may speak after it has them. */
export async function consoleLines(request: FastifyRequest, reply: FastifyReply, powers: StreamPowers): Promise<void> {
  const stop = stopOf(request, powers.stopping);
  const lines = powers.surface.console(stop.signal)[Symbol.asyncIterator]();
  let next = lines.next();
  reply.hijack();
  reply.raw
    .writeHead(200, { "content-type": "application/x-ndjson; charset=utf-8", connection: "close" })
    .flushHeaders();
  try {
    for (let line = await next; line.done !== true && !stop.signal.aborted; line = await next) {
      await written(reply, `${JSON.stringify(ConsoleLine.parse(line.value))}\n`);
      next = lines.next();
    }
  } catch (error) {
    if (!isRefusal(error)) powers.fault("console", error);
  }
  stop.abort();
  reply.raw.end();
}

/** Resolves when the network took the bytes, or can take none any more. */
function written(reply: FastifyReply, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (reply.raw.destroyed) return resolve();
    reply.raw.once("close", resolve);
    reply.raw.write(text, () => {
      reply.raw.off("close", resolve);
      resolve();
    });
  });
}

/** Aborted when the client goes or the daemon stops. */
export function stopOf(request: FastifyRequest, stopping: AbortSignal): AbortController {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  stopping.addEventListener("abort", abort, { once: true });
  request.raw.socket.once("close", abort);
  stop.signal.addEventListener("abort", () => {
    stopping.removeEventListener("abort", abort);
    request.raw.socket.off("close", abort);
  });
  return stop;
}

/** Server-sent events (WHATWG HTML 9.2): `id` is what a reader sends back as Last-Event-ID. */
export function eventLines(reply: FastifyReply): Sink {
  return {
    send: (event, text) => written(reply, `id: ${event.seq}\nevent: ${event.type}\ndata: ${text}\n\n`),
    ping: () => void reply.raw.write(":\n\n"),
    end(code) {
      // Whoever does not read will not read this either: the socket goes.
      if (code === "rate.limited") reply.raw.destroy();
      else reply.raw.write(`event: end\ndata: ${JSON.stringify({ code })}\n\n`);
    },
  };
}
