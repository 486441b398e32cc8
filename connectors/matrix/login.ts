/** Signing in, once: where an account becomes a device of ours. Asked with the platform's own way to the network. */
import { z } from "zod";
import { type Ask, capped } from "./media.ts";

export type LoginFault = "address" | "unreachable" | "auth" | "browser_only" | "rate_limited";
export type Login = { readonly user: string; readonly device: string; readonly token: string };

function jsonOf(bytes: Uint8Array | null): unknown {
  try {
    return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    // Whatever answers there, it does not speak Matrix.
    return null;
  }
}

const Text = z.string().min(1).max(4096);
const DEVICE_NAME = "Lazaret";
const USER = /^@[!-9;-~]{1,190}:[A-Za-z0-9.:[\]-]{1,190}$/;

const field = (of: unknown, name: string): unknown =>
  typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined;
const text = (of: unknown, name: string): string | null => Text.safeParse(field(of, name)).data ?? null;

export class HomeserverDoor {
  readonly #request: Ask;
  readonly #homeserver: string;
  readonly #stop: AbortSignal;

  constructor(request: Ask, homeserver: string, stop: AbortSignal) {
    this.#request = request;
    this.#homeserver = homeserver;
    this.#stop = stop;
  }

  async #ask(method: string, path: string, body?: unknown, token?: string) {
    try {
      const answer = await this.#request(`${this.#homeserver}/_matrix/client/v3${path}`, {
        method,
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: this.#stop,
        redirect: "error",
      });
      const bytes = answer.body === null ? null : await capped(answer.body);
      return { status: answer.status, body: jsonOf(bytes) };
    } catch {
      // Whatever the platform says holds the address: not reached is all that is told.
      return { status: 0, body: null };
    }
  }

  /** By password, over a device that we had before where `device` names it; or why not. */
  async byPassword(user: string, password: string, device?: string): Promise<Login | { readonly fault: LoginFault }> {
    const offered = await this.#ask("GET", "/login");
    if (offered.status === 0) return { fault: "unreachable" };
    const flows = field(offered.body, "flows");
    if (offered.status !== 200 || !Array.isArray(flows)) return { fault: "address" };
    if (!flows.some((flow) => field(flow, "type") === "m.login.password")) return { fault: "browser_only" };
    const { status, body } = await this.#ask("POST", "/login", {
      type: "m.login.password",
      identifier: { type: "m.id.user", user },
      password,
      ...(device === undefined ? { initial_device_display_name: DEVICE_NAME } : { device_id: device }),
    });
    return loginOf(status, { ...Object(body), access_token: field(body, "access_token") });
  }

  /** By an access token that somebody made elsewhere: whose it is, and of which device. */
  async byToken(token: string): Promise<Login | { readonly fault: LoginFault }> {
    const { status, body } = await this.#ask("GET", "/account/whoami", undefined, token);
    return loginOf(status, { ...Object(body), access_token: token });
  }

  async logout(token: string): Promise<void> {
    await this.#ask("POST", "/logout", {}, token);
  }
}

function loginOf(status: number, body: unknown): Login | { readonly fault: LoginFault } {
  if (status === 0 || status >= 500) return { fault: "unreachable" };
  if (status === 429) return { fault: "rate_limited" };
  const [user, device, token] = [text(body, "user_id"), text(body, "device_id"), text(body, "access_token")];
  if (status !== 200 || user === null || device === null || token === null || !USER.test(user))
    return { fault: "auth" };
  return { user, device, token };
}
