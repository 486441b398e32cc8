/** What a route is. Each has a class and, where a token opens it, scopes and a strict reply: there is no other kind. */
import assert from "node:assert";
import type { z } from "zod";
import type { Token } from "../core/records.ts";
import type { VerbName } from "../core/verbs/all.ts";
import type { Surface, TokenDoor } from "../gateway/surface.ts";
import type { Scope } from "./auth.ts";

export type Method = "GET" | "POST";
const CLASSES = ["local", "public", "hook", "bearer"] as const;

type Place = { readonly method: Method; readonly path: `/${string}`; readonly summary: string };

/** Unix socket only: a verb of the owner, or the console's lines. */
export type LocalRoute = Place & { readonly class: "local"; readonly verb: VerbName | "console" };
/** No token, no detail. */
export type PublicRoute = Place & {
  readonly class: "public";
  readonly reply: z.ZodType;
  readonly status: (reply: unknown) => number;
  readonly ask: (surface: Surface) => unknown;
};
/** Raw bytes to the channel, whose signature over them is what counts. */
export type HookRoute = Place & { readonly class: "hook" };

type Given = { readonly params: unknown; readonly query: unknown; readonly body: unknown };
type Tokened = Place & {
  readonly class: "bearer";
  readonly scopes: readonly Scope[];
  readonly params: z.ZodType | null;
  readonly query: z.ZodType | null;
};
export type AskRoute = Tokened & {
  readonly kind: "ask";
  readonly body: z.ZodType | null;
  readonly reply: z.ZodType;
  readonly media: "json" | "text";
  readonly status: (reply: unknown) => number;
  /** Honours the Idempotency-Key header. */
  readonly once: boolean;
  readonly ask: (door: TokenDoor, token: Token, given: Given, surface: Surface) => unknown;
};
/** WebSocket or server-sent events. */
export type EventsRoute = Tokened & { readonly kind: "events"; readonly query: z.ZodType };
/** The Model Context Protocol: POST, and GET and DELETE as its transport has them. */
export type McpRoute = Tokened & { readonly kind: "mcp" };
export type BearerRoute = AskRoute | EventsRoute | McpRoute;
export type Route = LocalRoute | PublicRoute | HookRoute | BearerRoute;

type Asked<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
};

/**
 * A bearer route with its types; the handler gets what the schemas made of the request, and what it gives is parsed
 * too.
 */
export function bearer<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  method: Method,
  path: `/${string}`,
  spec: {
    readonly summary: string;
    readonly scopes: readonly Scope[];
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly reply: z.ZodType;
    readonly media?: "json" | "text";
    readonly status?: (reply: unknown) => number;
    readonly once?: boolean;
    readonly ask: (door: TokenDoor, token: Token, given: Asked<P, Q, B>, surface: Surface) => unknown;
  },
): AskRoute {
  const { summary, scopes, reply, ask } = spec;
  return {
    class: "bearer",
    kind: "ask",
    method,
    path,
    summary,
    scopes,
    params: spec.params ?? null,
    query: spec.query ?? null,
    body: spec.body ?? null,
    reply,
    media: spec.media ?? "json",
    status: spec.status ?? (() => 200),
    once: spec.once ?? false,
    ask: (door, token, given, surface) => ask(door, token, given as Asked<P, Q, B>, surface),
  };
}

/**
 * Refuses to start with a table that a type could not stop: an unknown class, a route twice, a token route open to
 * nobody.
 */
export function assertTable(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    assert(CLASSES.includes(route.class), `${name} has no class`);
    assert(!seen.has(name), `${name} is there twice`);
    seen.add(name);
    const isLocalPath = route.path.startsWith("/v1/local/");
    assert(isLocalPath === (route.class === "local"), `${name} is in the wrong place for its class`);
    assert(
      route.path.startsWith("/hooks/") === (route.class === "hook"),
      `${name} is in the wrong place for its class`,
    );
    if (route.class !== "bearer") continue;
    assert(route.scopes.length > 0, `${name} opens to no scope`);
    if (route.kind === "ask") assert(route.reply !== undefined, `${name} has no reply schema`);
  }
}
