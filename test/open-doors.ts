/** The doors over a gateway of paper, and a client that sends exactly the bytes a test wants. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Control, type ControlPowers, startControl } from "../src/control/server.ts";
import type { Owner } from "../src/core/verbs/all.ts";
import { HandClock } from "./hand-clock.ts";
import { PaperGateway } from "./paper-gateway.ts";

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string };
export type Ask = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
};

export type OpenDoors = AsyncDisposable & {
  readonly gateway: PaperGateway;
  readonly clock: HandClock;
  readonly control: Control;
  readonly port: number;
  readonly socketPath: string;
  readonly faults: unknown[];
  /** Over TCP. */
  ask(what: Ask): Promise<Answer>;
  /** Over the Unix socket. */
  local(what: Ask): Promise<Answer>;
};

export function send(place: { port: number } | { socketPath: string }, what: Ask): Promise<Answer> {
  const host = "port" in place ? `127.0.0.1:${place.port}` : "localhost";
  const headers = { host, ...what.headers } as Record<string, string | string[]>;
  if (what.body !== undefined) headers["content-length"] ??= String(Buffer.byteLength(what.body));
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        ...("port" in place ? { host: "127.0.0.1" } : {}),
        ...place,
        method: what.method ?? "GET",
        path: what.path,
        headers,
        agent: false,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        response.on("error", reject);
      },
    );
    asking.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: "" });
    });
    asking.on("error", reject);
    asking.end(what.body);
  });
}

/** Sends exactly this text over TCP and gives all that comes back until the other side closes. */
export function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let back = "";
    socket.setEncoding("utf8").on("data", (piece: string) => {
      back += piece;
    });
    socket.on("close", () => resolve(back));
    socket.on("error", reject);
  });
}

export async function openDoors(
  change: Partial<ControlPowers> = {},
  verbs: Partial<Owner> | ((clock: HandClock) => Partial<Owner>) = {},
): Promise<OpenDoors> {
  const directory = mkdtempSync(join(tmpdir(), "lazaret-doors-"));
  const clock = new HandClock();
  const gateway = new PaperGateway(clock, typeof verbs === "function" ? verbs(clock) : verbs);
  const faults: unknown[] = [];
  const socketPath = join(directory, "lazaret.sock");
  const control = await startControl({
    surface: gateway,
    socketPath,
    port: 0,
    clock,
    random: { bytes: (count) => randomBytes(count) },
    uid: process.getuid?.() ?? null,
    fault: (_where, error) => faults.push(error),
    ...change,
  });
  const port = Number(control.address?.split(":")[1]);
  return {
    gateway,
    clock,
    control,
    port,
    socketPath,
    faults,
    ask: (what) => send({ port }, what),
    local: (what) => send({ socketPath }, what),
    async [Symbol.asyncDispose]() {
      await control.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
