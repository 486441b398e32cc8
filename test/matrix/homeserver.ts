/** A real Synapse on loopback for one suite: a folder of its own, started, stopped, and asked as an administrator. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Synapse, synapse } from "../homeserver/packages.ts";
import { mortal } from "../mortal.ts";

const START_MS_MAX = 120_000;
const SECRET = "test-only";
export const SERVER = "hs.test";

const RATES = [
  "rc_message",
  "rc_registration",
  "rc_registration_token_validity",
  "rc_admin_redaction",
  "rc_joins_per_room",
  "rc_3pid_validation",
  "rc_media_create",
  "rc_presence",
  "rc_delayed_event_mgmt",
  "rc_room_creation",
  "rc_user_directory",
  "rc_key_requests",
];
const NO_LIMIT = "{per_second: 10000, burst_count: 10000}";

/** May send as anybody here, and say when that was. */
const serviceOf = (token: string): string =>
  [
    "id: tests",
    "url: null",
    `as_token: "${token}"`,
    'hs_token: "unused"',
    "sender_localpart: service",
    "rate_limited: false",
    'namespaces: {users: [{exclusive: false, regex: "@.*"}], rooms: [], aliases: []}',
    "",
  ].join("\n");

const configuration = (port: number, hasService: boolean): string =>
  [
    ...(hasService ? ["app_service_config_files: [./data/service.yaml]"] : []),
    `server_name: "${SERVER}"`,
    `public_baseurl: "http://127.0.0.1:${port}/"`,
    "pid_file: ./data/homeserver.pid",
    "listeners:",
    `  - port: ${port}`,
    '    bind_addresses: ["127.0.0.1"]',
    "    type: http",
    "    resources: [{names: [client, media], compress: false}]",
    "database: {name: sqlite3, args: {database: ./data/homeserver.db}}",
    "log_config: ./data/log.yaml",
    "media_store_path: ./data/media",
    "signing_key_path: ./data/signing.key",
    "report_stats: false",
    "enable_registration: false",
    `registration_shared_secret: "${SECRET}"`,
    `macaroon_secret_key: "${SECRET}"`,
    `form_secret: "${SECRET}"`,
    "suppress_key_server_warning: true",
    "trusted_key_servers: []",
    "federation_domain_whitelist: []",
    "send_federation: false",
    "presence: {enabled: false}",
    "url_preview_enabled: false",
    "bcrypt_rounds: 4",
    ...RATES.map((name) => `${name}: ${NO_LIMIT}`),
    `rc_login: {address: ${NO_LIMIT}, account: ${NO_LIMIT}, failed_attempts: ${NO_LIMIT}}`,
    `rc_joins: {local: ${NO_LIMIT}, remote: ${NO_LIMIT}}`,
    `rc_invites: {per_room: ${NO_LIMIT}, per_user: ${NO_LIMIT}, per_issuer: ${NO_LIMIT}}`,
    "",
  ].join("\n");

/** A port nobody listens on at this moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

export type Registered = {
  readonly user: string;
  readonly token: string;
  readonly device: string;
  readonly password: string;
};

export class Homeserver implements AsyncDisposable {
  readonly port: number;
  readonly dir: string;
  readonly #synapse: Synapse;
  #child: ChildProcess | null = null;
  #admin: Registered | null = null;

  private constructor(found: Synapse, port: number) {
    this.#synapse = found;
    this.port = port;
    this.dir = mkdtempSync(join(tmpdir(), "lazaret-synapse-"));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** `service`: a token that may send as anybody, at any time. */
  static async start({ service }: { readonly service?: string } = {}): Promise<Homeserver> {
    const made = new Homeserver(await synapse(), await freePort());
    mkdirSync(join(made.dir, "data"));
    writeFileSync(join(made.dir, "homeserver.yaml"), configuration(made.port, service !== undefined));
    if (service !== undefined) writeFileSync(join(made.dir, "data", "service.yaml"), serviceOf(service));
    writeFileSync(
      join(made.dir, "data", "log.yaml"),
      "version: 1\nhandlers: {nowhere: {class: logging.NullHandler}}\nroot: {level: ERROR, handlers: [nowhere]}\n",
    );
    await made.#run(["--generate-missing-configs"]);
    await made.up();
    return made;
  }

  #spawn(args: readonly string[]): ChildProcess {
    const { program, args: before, env } = this.#synapse;
    const line = mortal([program, ...before, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml", ...args]);
    return spawn(line[0], line.slice(1), { cwd: this.dir, env, stdio: "ignore" });
  }

  async #run(args: readonly string[]): Promise<void> {
    const child = this.#spawn(args);
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`synapse ended with ${code}`))));
    });
  }

  async up(): Promise<void> {
    this.#child = this.#spawn([]);
    const late = performance.now() + START_MS_MAX;
    for (;;) {
      const isUp = await fetch(`${this.url}/health`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (isUp) return;
      if (performance.now() > late || this.#child.exitCode !== null) throw new Error("synapse does not come up");
      await pause(50);
    }
  }

  async down(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Throws with status and body for anything but 200. */
  async api<T = Record<string, unknown>>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${text}`), { status: answer.status });
    return JSON.parse(text) as T;
  }

  async register(name: string, admin = false): Promise<Registered> {
    const password = `pw-${name}`;
    const { nonce } = await this.api<{ nonce: string }>("GET", "/_synapse/admin/v1/register");
    const text = [nonce, name, password, admin ? "admin" : "notadmin"].join("\0");
    const mac = createHmac("sha1", SECRET).update(text).digest("hex");
    const order = { nonce, username: name, password, admin, mac };
    const made = await this.api<{ user_id: string; access_token: string; device_id: string }>(
      "POST",
      "/_synapse/admin/v1/register",
      order,
    );
    return { user: made.user_id, token: made.access_token, device: made.device_id, password };
  }

  /** The administrator, made when first wanted. */
  async admin(): Promise<Registered> {
    this.#admin ??= await this.register("admin", true);
    return this.#admin;
  }

  /** A token that acts as somebody, by the administrator's power alone: no device of theirs, no keys. */
  async puppet(user: string): Promise<string> {
    const { token } = await this.admin();
    const path = `/_synapse/admin/v1/users/${encodeURIComponent(user)}/login`;
    return (await this.api<{ access_token: string }>("POST", path, {}, token)).access_token;
  }

  /** Anything into a room as somebody, in clear. */
  async forge(user: string, room: string, type: string, content: object): Promise<string> {
    const token = await this.puppet(user);
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/${type}/forged-${Math.random()}`;
    return (await this.api<{ event_id: string }>("PUT", path, content, token)).event_id;
  }
}
