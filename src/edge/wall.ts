/**
 * The daemon's side of a network wall: three sockets in a directory of ours alone, of which programs behind the wall
 * reach two, a proxy that asks the gateway about every place and the daemon's own door (CONTRACT section 9).
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SOCKET_PATH_BYTES_MAX, WALL_CONNECTIONS_MAX, WALL_HOLD_MS_MAX, WALLS_MAX } from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import type { Gate, OpenWall, WallPort } from "../core/wall.ts";
import { Connecting } from "./connect.ts";
import { Passages } from "./wall-passages.ts";

export type WallPowers = {
  readonly clock: Clock;
  readonly connecting: Connecting;
  /** The daemon's own socket: walls lie beside it. */
  readonly socketPath: string;
  /** `127.0.0.1:7717`; null while the daemon has no TCP door. */
  readonly door: () => string | null;
};

/** Walls of a daemon whose socket lies there. */
export function wallBeside(socketPath: string, clock: Clock, door: () => string | null): NetworkWall {
  const wall = new NetworkWall({ clock, connecting: new Connecting({ clock }), socketPath, door });
  wall.sweep();
  return wall;
}

const LONGEST = "/XXXXXX/proxy";

export class NetworkWall implements WallPort {
  readonly #powers: WallPowers;
  /** Of this home, whichever other has its socket in the same directory. */
  readonly #prefix: string;
  #open = 0;

  constructor(powers: WallPowers) {
    this.#powers = powers;
    const own = createHash("sha256").update(powers.socketPath).digest("hex").slice(0, 6);
    this.#prefix = join(dirname(powers.socketPath), `wall-${own}-`);
  }

  /** Takes away what a daemon that was killed left behind. */
  sweep(): void {
    const directory = dirname(this.#prefix);
    for (const name of readdirSync(directory))
      if (name.startsWith(basename(this.#prefix))) rmSync(join(directory, name), { recursive: true, force: true });
  }

  async open(gate: Gate): Promise<OpenWall> {
    if (this.#open >= WALLS_MAX) throw new Refusal("rate.limited", { hint: `${WALLS_MAX} walls stand already.` });
    if (Buffer.byteLength(this.#prefix + LONGEST) > SOCKET_PATH_BYTES_MAX)
      throw new Refusal("wall.missing", { hint: `The path of its sockets is too long: ${this.#prefix}` });
    const wall = new Wall(this.#powers, mkdtempSync(this.#prefix), gate);
    this.#open += 1;
    void wall.closed.then(() => {
      this.#open -= 1;
    });
    await wall.listen();
    return wall;
  }
}

class Wall implements OpenWall {
  readonly directory: string;
  readonly closed: Promise<void>;
  readonly #powers: WallPowers;
  readonly #passages: Passages;
  readonly #servers: readonly (readonly [name: string, server: Server])[];
  readonly #sockets = new Set<Socket>();
  readonly #over = Promise.withResolvers<void>();
  #holder: Socket | null = null;
  #hasEnded = false;
  #isClosed = false;

  constructor(powers: WallPowers, directory: string, gate: Gate) {
    this.#powers = powers;
    this.directory = directory;
    this.closed = this.#over.promise;
    this.#passages = new Passages(powers, gate);
    const proxy = createHttp((request, response) => void this.#passages.plain(request, response));
    proxy.on("connect", (request, socket, head) => void this.#passages.tunnel(request, socket, head));
    // No other protocol is spoken through it.
    proxy.on("upgrade", (_request, socket) => socket.destroy());
    this.#servers = [
      ["proxy", proxy],
      ["door", createServer((socket) => void this.#toDoor(socket))],
      ["hold", createServer((socket) => this.#hold(socket))],
    ];
  }

  async listen(): Promise<void> {
    for (const [name, server] of this.#servers) {
      server.maxConnections = WALL_CONNECTIONS_MAX;
      server.on("connection", (socket: Socket) => {
        this.#sockets.add(socket);
        socket.on("error", () => {}).once("close", () => this.#sockets.delete(socket));
      });
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(join(this.directory, name), resolve);
      });
    }
    this.#closeSoon();
  }

  /** Unless somebody holds it by then, and it has not ended. */
  #closeSoon(): void {
    const { clock } = this.#powers;
    const forget = clock.at(clock.now() + WALL_HOLD_MS_MAX, () => {
      if (this.#holder === null || this.#hasEnded) this.close();
    });
    void this.closed.then(forget);
  }

  /** The holder reads a line of JSON. */
  end({ code, message, hint }: Refusal): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#holder?.write(`${JSON.stringify({ code, title: message, hint: hint ?? null })}\n`);
    this.#closeSoon();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#holder?.end();
    for (const socket of this.#sockets) if (socket !== this.#holder) socket.destroy();
    for (const [, server] of this.#servers) server.close();
    rmSync(this.directory, { recursive: true, force: true });
    this.#over.resolve();
  }

  #hold(socket: Socket): void {
    if (this.#holder !== null) return void socket.destroy();
    this.#holder = socket;
    socket.resume();
    socket.once("close", () => this.close());
  }

  /** Bytes as they are, to the daemon's own door: it asks for a token, as it does everybody. */
  async #toDoor(socket: Socket): Promise<void> {
    const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(this.#powers.door() ?? "") ?? [];
    if (port === "") return void socket.destroy();
    const door = connect({ host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) });
    this.#sockets.add(door);
    // Either end may break off at any time; the other is then cut too.
    await Promise.allSettled([pipeline(socket, door), pipeline(door, socket)]);
    this.#sockets.delete(door);
    door.destroy();
    socket.destroy();
  }
}
