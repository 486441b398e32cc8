/**
 * Webhook doors: raw bytes to the channel, bounded and unparsed until their signature was checked (CONTRACT section
 * 13).
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { HOOK_BODY_BYTES_MAX, HOOK_BYTES_IN_FLIGHT_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import type { Surface } from "../gateway/surface.ts";
import type { HookRoute } from "./route.ts";
import { stopOf } from "./stream.ts";

type HookPowers = { readonly surface: Surface; readonly stopping: AbortSignal };

export function addHooks(app: FastifyInstance, routes: readonly HookRoute[], powers: HookPowers): void {
  let inFlight = 0;
  app.removeAllContentTypeParsers();
  // Whatever it calls itself it is bytes until its signature was checked.
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: HOOK_BODY_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  );
  app.addHook("onRequest", async (request, reply) => {
    if (request.method === "GET") return;
    const declared = Number(request.headers["content-length"] ?? HOOK_BODY_BYTES_MAX);
    const bytes = Number.isSafeInteger(declared) && declared >= 0 ? Math.min(declared, HOOK_BODY_BYTES_MAX) : 0;
    if (inFlight + bytes > HOOK_BYTES_IN_FLIGHT_MAX)
      throw new Refusal("rate.limited", { hint: "try again in a second" });
    inFlight += bytes;
    reply.raw.once("close", () => {
      inFlight -= bytes;
    });
  });
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      bodyLimit: HOOK_BODY_BYTES_MAX,
      handler: async (request, reply) => {
        const { channel = "" } = request.params as { readonly channel?: string };
        const raw = Buffer.isBuffer(request.body) ? request.body : new Uint8Array();
        const stop = stopOf(request, powers.stopping);
        try {
          const { status, body } = await powers.surface.hook(
            channel,
            route.method,
            request.raw.url ?? "",
            headersOf(request),
            raw,
            stop.signal,
          );
          return reply
            .code(status)
            .type("application/json; charset=utf-8")
            .send(Buffer.from(JSON.stringify(body)));
        } finally {
          stop.abort();
        }
      },
    });
  }
}

/** Only what a hook's signature is about. */
const headersOf = (request: FastifyRequest): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name]) => name.startsWith("x-lazaret-") || name === "content-type")
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
