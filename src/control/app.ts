/** The web server made from the route table: one for the Unix socket (local), one for TCP (all the others). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Fastify from "fastify";
import { hex } from "../core/ids.ts";
import { BODY_BYTES_MAX, LOCAL_BODY_BYTES_MAX } from "../core/limits.ts";
import type { Random } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import { VERBS, type VerbName } from "../core/verbs/all.ts";
import { answer, refuse } from "./answers.ts";
import type { Holder } from "./auth.ts";
import type { EventPowers, EventStreams } from "./events.ts";
import { addHooks } from "./hooks.ts";
import type { FirstAnswers } from "./idempotency.ts";
import { addMcp } from "./mcp/http.ts";
import { parsed, refusalOf } from "./problem.ts";
import { Key, NoQuery } from "./requests.ts";
import type { AskRoute, BearerRoute, EventsRoute, LocalRoute, PublicRoute, Route } from "./route.ts";
import { consoleLines, eventLines, stopOf } from "./stream.ts";

export type AppPowers = EventPowers & {
  readonly random: Random;
  readonly streams: EventStreams;
  readonly firsts: FirstAnswers;
  /** Of this program, as it calls itself to agents. */
  readonly version: string;
  /** Aborted when the daemon stops. */
  readonly stopping: AbortSignal;
};

/** A web server for these routes alone; `toOwner` lets refusals name rule and field. Not yet listening. */
export async function appOf(routes: readonly Route[], powers: AppPowers, toOwner: boolean): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: () => hex(powers.random.bytes(8)),
    frameworkErrors: (error, request, reply) => void failed(error, request, reply as FastifyReply, powers, toOwner),
    routerOptions: { maxParamLength: 256, caseSensitive: true, ignoreTrailingSlash: false },
  });
  app.addHook("onRequest", async (request, reply) => void reply.header("x-request-id", request.id));
  app.setErrorHandler((error, request, reply) => failed(error, request, reply, powers, toOwner));
  app.setNotFoundHandler((_request, reply) => refuse(reply, new Refusal("not_found"), toOwner));
  const hooks = routes.filter((route) => route.class === "hook");
  if (hooks.length > 0) {
    await app.register((inner, _options, done) => {
      addHooks(inner, hooks, powers);
      done();
    });
  }
  for (const route of routes) {
    if (route.class === "local") addLocal(app, route, powers);
    else if (route.class === "public") addPublic(app, route, powers);
    else if (route.class === "bearer" && route.kind === "ask") addAsk(app, route, powers);
    else if (route.class === "bearer" && route.kind === "events") addEvents(app, route, powers);
    else if (route.class === "bearer" && route.kind === "mcp")
      await addMcp(app, route.path, powers, (request) => admitted(route, powers, request));
  }
  await app.ready();
  return app;
}

function failed(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  powers: AppPowers,
  toOwner: boolean,
): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal === null) powers.fault(`${request.method} ${request.routeOptions.url ?? "unknown"}`, error);
  return refuse(reply, refusal ?? new Refusal("internal"), toOwner);
}

const JSON_OK = { media: "json", status: () => 200 } as const;

function addPublic(app: FastifyInstance, route: PublicRoute, { surface }: AppPowers): void {
  app.route({
    method: route.method,
    url: route.path,
    handler: async (_request, reply) =>
      answer(reply, route.reply, route.ask(surface), { media: "json", status: route.status }),
  });
}

function addLocal(app: FastifyInstance, route: LocalRoute, powers: AppPowers): void {
  const { verb } = route;
  if (verb === "console") {
    app.route({ method: "GET", url: route.path, handler: (request, reply) => consoleLines(request, reply, powers) });
    return;
  }
  app.route({
    method: "POST",
    url: route.path,
    bodyLimit: LOCAL_BODY_BYTES_MAX,
    handler: async (request, reply) => {
      const input = parsed(VERBS[verb].input, request.body ?? {}, verb);
      const ask = powers.surface.owner[verb] as (input: unknown) => Promise<unknown>;
      return answer(reply, outputOf(verb), await ask.call(powers.surface.owner, input), JSON_OK);
    },
  });
}

const outputOf = (verb: VerbName) => VERBS[verb].output;

/** Admits a token before anything of the body is read. */
function admitted(route: BearerRoute, { doorkeeper }: AppPowers, request: FastifyRequest): Holder {
  const holder = doorkeeper.fromHeader(request.headers.authorization, route.class);
  doorkeeper.check(holder.token, route.scopes, route.class);
  return holder;
}

function admitting(route: AskRoute | EventsRoute, powers: AppPowers) {
  const holders = new WeakMap<FastifyRequest, Holder>();
  return {
    holders,
    onRequest: async (request: FastifyRequest): Promise<void> =>
      void holders.set(request, admitted(route, powers, request)),
  };
}

function holderOf(holders: WeakMap<FastifyRequest, Holder>, request: FastifyRequest): Holder {
  const holder = holders.get(request);
  if (holder === undefined) throw new Refusal("auth.required");
  return holder;
}

function addAsk(app: FastifyInstance, route: AskRoute, powers: AppPowers): void {
  const { surface, firsts } = powers;
  const { holders, onRequest } = admitting(route, powers);
  app.route({
    method: route.method,
    url: route.path,
    onRequest,
    handler: async (request, reply) => {
      const { token } = holderOf(holders, request);
      const given = {
        params: route.params === null ? {} : parsed(route.params, request.params, "path"),
        query: parsed(route.query ?? NoQuery, request.query, "query"),
        body: route.body === null ? null : parsed(route.body, request.body ?? {}, "body"),
      };
      const work = async (): Promise<unknown> => route.ask(surface.door, token, given, surface);
      const key = route.once ? request.headers["idempotency-key"] : undefined;
      if (key === undefined) return answer(reply, route.reply, await work(), route);
      const name = `${token.id} ${route.path} ${parsed(Key, key, "idempotency-key")}`;
      const first = await firsts.once(name, given, work);
      if (first.repeated) reply.header("idempotency-replayed", "true");
      return answer(reply, route.reply, first.reply, route);
    },
  });
}

function addEvents(app: FastifyInstance, route: EventsRoute, powers: AppPowers): void {
  const { holders, onRequest } = admitting(route, powers);
  app.route({
    method: route.method,
    url: route.path,
    onRequest,
    handler: async (request, reply) => {
      const holder = holderOf(holders, request);
      const last = request.headers["last-event-id"];
      const query = last === undefined ? request.query : { after: last };
      const { after = 0 } = parsed(route.query, query, "query") as { readonly after?: number };
      const release = powers.streams.claim(holder);
      reply.hijack();
      const stop = stopOf(request, powers.stopping);
      stop.signal.addEventListener("abort", release, { once: true });
      reply.raw
        .writeHead(200, { "content-type": "text/event-stream; charset=utf-8", connection: "close" })
        .flushHeaders();
      await powers.streams.pump(holder, after, eventLines(reply), stop);
      reply.raw.end();
    },
  });
}
