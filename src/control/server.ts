/** The doors: a Unix socket for the owner and loopback TCP for agents, hooks and auditors (CONTRACT section 13). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import { hex } from "../core/ids.ts";
import {
  FRAME_BYTES_MAX,
  HEADER_BYTES_MAX,
  HEADERS_MS_MAX,
  REQUEST_MS_MAX,
  SECOND_MS,
  SHUTDOWN_MS_MAX,
  SOCKETS_MAX,
} from "../core/limits.ts";
import type { Clock, Random } from "../core/ports.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import type { Surface } from "../gateway/surface.ts";
import { HEADERS, problemText, refuseMalformed, refuseUpgrade } from "./answers.ts";
import { type AppPowers, appOf } from "./app.ts";
import { Doorkeeper } from "./auth.ts";
import { EventStreams } from "./events.ts";
import { guard, hostsOf, SOCKET_HOSTS } from "./guard.ts";
import { FirstAnswers } from "./idempotency.ts";
import { PROBLEM_TYPE, parsed } from "./problem.ts";
import { assertTable } from "./route.ts";
import { ROUTES } from "./routes.ts";
import { closeToOthers, prepareSocket } from "./socket-file.ts";

export type ControlPowers = {
  readonly surface: Surface;
  /** In a directory that is ours alone, mode 0700. */
  readonly socketPath: string;
  /** TCP port; 0 picks a free one, null opens no TCP at all. */
  readonly port: number | null;
  /** Addresses to bind: 127.0.0.1, ::1 or both. Anything else is refused: TLS is not built. */
  readonly hosts?: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /** Our user id; null where there is none. */
  readonly uid: number | null;
  /** Told of every error that is a fault of ours; must not write content. */
  readonly fault: (where: string, error: unknown) => void;
  /** Of this program, as it calls itself to agents. */
  readonly version?: string;
  /** How long a client may take for its headers, and for a whole request. */
  readonly patience?: { readonly headersMs: number; readonly requestMs: number };
};

export type Control = {
  /** `127.0.0.1:7717`, null without TCP. */
  readonly address: string | null;
  /** Every bound TCP address. */
  readonly addresses: readonly string[];
  /** Ends streams, finishes what is under way, then closes. Idempotent. */
  close(): Promise<void>;
};

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);
const LOCAL_ROUTES = ROUTES.filter((route) => route.class === "local");
const NET_ROUTES = ROUTES.filter((route) => route.class !== "local");
const EVENTS_PATH = "/v1/events";

/**
 * Opens the doors. Refuses with `config.invalid` (an address that is not loopback, a port that is taken),
 * `home.insecure` and `home.locked` (the socket's place); then nothing stays open.
 */
export async function startControl(given: ControlPowers): Promise<Control> {
  const hosts = given.hosts ?? ["127.0.0.1", "::1"];
  const foreign = hosts.find((host) => !LOOPBACK.has(host));
  if (foreign !== undefined) {
    const hint = "only 127.0.0.1 and ::1 are served; listen.expose needs TLS, which this version does not have";
    throw new Refusal("config.invalid", { field: "listen", hint });
  }
  assertTable(ROUTES);
  const doors = new Doors(given);
  try {
    await doors.openSocket();
    if (given.port !== null) await doors.openTcp(hosts, given.port);
  } catch (error) {
    await doors.close();
    throw error;
  }
  return { address: doors.addresses[0] ?? null, addresses: doors.addresses, close: () => doors.close() };
}

class Doors {
  readonly addresses: string[] = [];
  readonly #given: ControlPowers;
  readonly #powers: AppPowers;
  readonly #servers: Server[] = [];
  readonly #apps: FastifyInstance[] = [];
  readonly #stopping = new AbortController();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
  });
  #sockets = 0;
  #closed: Promise<void> | null = null;

  constructor(given: ControlPowers) {
    this.#given = given;
    const { surface, clock, random, fault } = given;
    const doorkeeper = new Doorkeeper(surface, clock);
    const events = ROUTES.find((route) => route.class === "bearer" && route.kind === "events");
    if (events?.class !== "bearer" || events.kind !== "events") throw new TypeError("the table has no events");
    const streams = new EventStreams({ surface, clock, doorkeeper, fault }, events);
    const firsts = new FirstAnswers(clock);
    const { signal: stopping } = this.#stopping;
    const version = given.version ?? "0";
    this.#powers = { surface, clock, random, fault, doorkeeper, streams, firsts, version, stopping };
  }

  async openSocket(): Promise<void> {
    const { socketPath, uid } = this.#given;
    await prepareSocket(socketPath, uid, answers);
    const app = await appOf(LOCAL_ROUTES, this.#powers, true);
    this.#apps.push(app);
    const server = this.#server(app, () => SOCKET_HOSTS, "local");
    server.on("upgrade", (_request, socket: Duplex) => refuseUpgrade(socket, new Refusal("not_found")));
    await listening(server, { path: socketPath });
    closeToOthers(socketPath, uid);
  }

  async openTcp(hosts: readonly string[], wanted: number): Promise<void> {
    const app = await appOf(NET_ROUTES, this.#powers, false);
    this.#apps.push(app);
    let port = wanted;
    for (const host of hosts) {
      let own: ReadonlySet<string> = new Set();
      const server = this.#server(app, () => own, "tcp");
      server.on("upgrade", (request, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head, own));
      const isThere = await listening(server, { host, port, ipv6Only: true }).catch((error: unknown) =>
        unlessAbsent(error, host, port),
      );
      if (isThere === false) continue;
      const bound = server.address();
      if (bound === null || typeof bound === "string" || !LOOPBACK.has(bound.address)) {
        throw new Refusal("config.invalid", { field: "listen", hint: "the bound address is not loopback" });
      }
      port = bound.port;
      own = hostsOf(port);
      this.addresses.push(bound.address === "::1" ? `[::1]:${port}` : `${bound.address}:${port}`);
    }
    if (this.addresses.length === 0) {
      throw new Refusal("config.invalid", { field: "listen", hint: "this machine has no loopback address" });
    }
  }

  /** A server whose every request passes the guard before anything looks at its path. */
  #server(app: FastifyInstance, hosts: () => ReadonlySet<string>, door: "local" | "tcp"): Server {
    const { headersMs, requestMs } = this.#given.patience ?? { headersMs: HEADERS_MS_MAX, requestMs: REQUEST_MS_MAX };
    const server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: headersMs,
        requestTimeout: requestMs,
        keepAliveTimeout: headersMs,
        connectionsCheckingInterval: Math.min(SECOND_MS, Math.ceil(headersMs / 2)),
        insecureHTTPParser: false,
        requireHostHeader: false,
      },
      (request, response) => this.#request(app, request, response, hosts()),
    );
    // The guard counts headers itself: a server that drops the ones too many could drop the Origin.
    server.maxHeadersCount = 0;
    server.on("clientError", refuseMalformed);
    if (door === "tcp") server.on("connection", (socket) => this.#count(socket));
    else server.maxConnections = SOCKETS_MAX;
    this.#servers.push(server);
    return server;
  }

  /** One limit over all addresses. */
  #count(socket: Duplex): void {
    if (this.#sockets >= SOCKETS_MAX) return void socket.destroy();
    this.#sockets += 1;
    socket.once("close", () => {
      this.#sockets -= 1;
    });
  }

  #request(app: FastifyInstance, request: IncomingMessage, response: ServerResponse, hosts: ReadonlySet<string>): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const refusal = this.#guarded(request, hosts);
    // A connection that served its last request before we stopped must not keep us waiting for another.
    response.once("finish", () => {
      if (this.#stopping.signal.aborted) request.socket.end();
    });
    if (refusal === null) {
      app.routing(request, response);
      return;
    }
    const { status, body } = problemText(refusal);
    response.setHeader("x-request-id", hex(this.#given.random.bytes(8)));
    response.writeHead(status, { "content-type": PROBLEM_TYPE, connection: "close" }).end(body);
  }

  #guarded(request: IncomingMessage, hosts: ReadonlySet<string>): Refusal | null {
    try {
      guard({ url: request.url ?? "", rawHeaders: request.rawHeaders }, hosts);
      return null;
    } catch (error) {
      const refusal = isRefusal(error) ? error : new Refusal("internal");
      this.#given.surface.denied("guard", refusal.code);
      return refusal;
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, hosts: ReadonlySet<string>): void {
    socket.on("error", () => socket.destroy());
    const { doorkeeper, streams } = this.#powers;
    try {
      const refusal = this.#guarded(request, hosts);
      if (refusal !== null) throw refusal;
      const url = new URL(request.url ?? "", "http://localhost");
      if (request.method !== "GET" || url.pathname !== EVENTS_PATH) throw new Refusal("not_found");
      const route = ROUTES.find(({ path }) => path === EVENTS_PATH);
      if (route?.class !== "bearer" || route.kind !== "events") throw new Refusal("not_found");
      const query = parsed(route.query, Object.fromEntries(url.searchParams), "query") as { readonly after?: number };
      const { authorization } = request.headers;
      const holder = authorization === undefined ? null : doorkeeper.fromHeader(authorization, "bearer");
      if (holder !== null) doorkeeper.check(holder.token, route.scopes, "bearer");
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        streams
          .attach(webSocket, holder, query.after ?? 0)
          .catch((error: unknown) => this.#given.fault("websocket", error));
      });
    } catch (error) {
      if (!isRefusal(error)) this.#given.fault("upgrade", error);
      refuseUpgrade(socket, isRefusal(error) ? error : new Refusal("internal"));
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#powers.streams.close();
    this.#stopping.abort();
    const ended = Promise.all(this.#servers.map(closing));
    for (const server of this.#servers) server.closeIdleConnections();
    for (const socket of this.#webSockets.clients) socket.close(1001, "daemon.stopping");
    const { clock } = this.#given;
    const forgets = [
      clock.at(clock.now() + 2 * SECOND_MS, () => {
        for (const socket of this.#webSockets.clients) socket.terminate();
      }),
      clock.at(clock.now() + SHUTDOWN_MS_MAX, () => {
        for (const server of this.#servers) server.closeAllConnections();
      }),
    ];
    await ended;
    for (const forget of forgets) forget();
    await Promise.all(this.#apps.map((app) => app.close()));
  }
}

const closing = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

function listening(
  server: Server,
  place: { readonly path: string } | { readonly host: string; readonly port: number; readonly ipv6Only: boolean },
): Promise<true> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(place, () => {
      server.off("error", reject);
      resolve(true);
    });
  });
}

/** A machine without IPv6 has no ::1; everything else that stops us from binding is said. */
function unlessAbsent(error: unknown, host: string, port: number): false {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (host === "::1" && (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT")) return false;
  if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
  const hint =
    code === "EACCES" ? `port ${port} needs rights that the daemon has not` : `port ${port} on ${host} is taken`;
  throw new Refusal("config.invalid", { field: "listen.port", hint: `${hint}; set listen.port to a free one` });
}

/** Does anybody accept connections on this Unix socket? */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
