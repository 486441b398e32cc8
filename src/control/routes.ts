/**
 * Every route, as one table. Server, OpenAPI and tests read this; a handler is one line into the gateway (CONTRACT
 * section 13).
 */

import type { Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import { VERB_NAMES, VERBS } from "../core/verbs/all.ts";
import { RunView } from "../core/verbs/evidence.ts";
import type { Scope } from "./auth.ts";
import { openApi } from "./openapi.ts";
import * as replies from "./replies.ts";
import * as requests from "./requests.ts";
import {
  type BearerRoute,
  bearer,
  type EventsRoute,
  type HookRoute,
  type McpRoute,
  type PublicRoute,
  type Route,
} from "./route.ts";

const AGENT: readonly Scope[] = ["agent", "owner"];
const READ: readonly Scope[] = ["auditor", "operator", "owner"];
const AGENT_READ: readonly Scope[] = ["agent", ...READ];
const SENSITIVE: readonly Scope[] = ["auditor", "owner"];
const ANY: readonly Scope[] = ["agent", "auditor", "metrics", "operator", "owner"];

/** Operators may say no; only the owner says yes, and over HTTP it counts as low. */
function decisionBy(token: Token, decision: "approve" | "deny"): boolean {
  if (decision === "deny") return false;
  if (!token.scopes.includes("owner")) throw new Refusal("auth.denied", { hint: "only an owner's token may approve" });
  return true;
}

const isAsking = (reply: unknown): boolean =>
  typeof reply === "object" && reply !== null && "status" in reply && reply.status === "approval_required";

const RUNS: readonly BearerRoute[] = [
  bearer("GET", "/v1/capabilities", {
    summary: "What a run may ask for",
    scopes: AGENT_READ,
    reply: replies.Capabilities,
    ask: (door, token) => ({ capabilities: door.capabilities(token) }),
  }),
  bearer("GET", "/v1/conversations", {
    summary: "Conversations of this token",
    scopes: AGENT_READ,
    reply: replies.Conversations,
    ask: (door, token) => ({ conversations: door.conversations(token) }),
  }),
  bearer("GET", "/v1/values/:handle", {
    summary: "What is known about a value; never its text",
    scopes: AGENT_READ,
    params: requests.ByValue,
    reply: replies.Value,
    ask: (door, token, { params }) => door.value(token, params.handle),
  }),
  bearer("POST", "/v1/runs", {
    summary: "Start a run",
    scopes: AGENT,
    body: requests.RunOrder,
    reply: RunView,
    status: () => 201,
    once: true,
    ask: (door, token, { body }) => door.startRun(token, body),
  }),
  bearer("GET", "/v1/runs", {
    summary: "Runs, all or those not ended",
    scopes: AGENT_READ,
    query: requests.OpenRuns,
    reply: replies.Runs,
    ask: (door, token, { query }) => ({ runs: door.runs(token, query.open === "true") }),
  }),
  bearer("GET", "/v1/runs/:run", {
    summary: "One run",
    scopes: AGENT_READ,
    params: requests.ByRun,
    reply: RunView,
    ask: (door, token, { params }) => door.run(token, params.run),
  }),
  bearer("POST", "/v1/runs/:run/finish", {
    summary: "Say that a run is done, or that it waits",
    scopes: AGENT,
    params: requests.ByRun,
    body: requests.Finish,
    reply: RunView,
    ask: (door, token, { params, body }) => door.finish(token, params.run, body.wait ?? null),
  }),
  bearer("POST", "/v1/runs/:run/cancel", {
    summary: "End a run",
    scopes: ["agent", "operator", "owner"],
    params: requests.ByRun,
    body: requests.Nothing,
    reply: RunView,
    ask: (door, token, { params }) => door.cancel(token, params.run),
  }),
  bearer("POST", "/v1/runs/:run/token", {
    summary: "A token for this run alone, for the program that works on it; shown once",
    scopes: AGENT,
    params: requests.ByRun,
    body: requests.Nothing,
    reply: replies.RunToken,
    status: () => 201,
    ask: (door, token, { params }) => door.runToken(token, params.run),
  }),
  bearer("POST", "/v1/runs/:run/invoke", {
    summary: "Ask for a capability; the same key and body give the first answer again",
    scopes: AGENT,
    params: requests.ByRun,
    body: requests.Invoke,
    reply: replies.InvocationReply,
    status: (reply) => (isAsking(reply) ? 202 : 200),
    ask: (door, token, { params, body }) => door.invoke(token, params.run, body),
  }),
  bearer("GET", "/v1/runs/:run/invocations/:key", {
    summary: "The answer of an earlier invocation, waited for at most `wait` seconds",
    scopes: AGENT_READ,
    params: requests.ByInvocation,
    query: requests.Wait,
    reply: replies.InvocationReply,
    status: (reply) => (isAsking(reply) ? 202 : 200),
    ask: (door, token, { params, query }) => door.invocation(token, params.run, params.key, 1000 * (query.wait ?? 0)),
  }),
];

const EVENTS: EventsRoute = {
  class: "bearer",
  kind: "events",
  method: "GET",
  path: "/v1/events",
  summary: "What happens, from `after` on: WebSocket, or server-sent events with Last-Event-ID",
  scopes: ["agent", "operator", "owner"],
  params: null,
  query: requests.After,
};

const MCP: McpRoute = {
  class: "bearer",
  kind: "mcp",
  method: "POST",
  path: "/mcp",
  summary: "Model Context Protocol over streamable HTTP, for agents",
  scopes: ["agent"],
  params: null,
  query: null,
};

const EVIDENCE: readonly BearerRoute[] = [
  bearer("GET", "/v1/channels", {
    summary: "Channels and how they are",
    scopes: READ,
    reply: VERBS["channel.list"].output,
    ask: (door, token) => door.channels(token),
  }),
  bearer("GET", "/v1/sessions", {
    summary: "Sessions",
    scopes: READ,
    reply: VERBS["sessions.list"].output,
    ask: (door, token) => door.sessions(token),
  }),
  bearer("GET", "/v1/sessions/:session/trace", {
    summary: "What happened in a session, as ledger entries",
    scopes: READ,
    params: requests.BySession,
    reply: VERBS["trace.export"].output,
    ask: (door, token, { params }) => door.trace(token, params.session),
  }),
  bearer("GET", "/v1/approvals", {
    summary: "Questions to people",
    scopes: READ,
    reply: VERBS["approvals.list"].output,
    ask: (door, token) => door.approvals(token),
  }),
  bearer("POST", "/v1/approvals/:approval/decision", {
    summary: "Say yes (owner; counts as low) or no",
    scopes: ["operator", "owner"],
    params: requests.ByApproval,
    body: requests.Decision,
    reply: VERBS["approvals.show"].output,
    ask: (door, token, { params, body }) =>
      door.decide(token, params.approval, decisionBy(token, body.decision), body.steps ?? null, body.reason),
  }),
  bearer("GET", "/v1/ledger/checkpoint", {
    summary: "A signed checkpoint of the ledger as it stands",
    scopes: READ,
    reply: replies.Checkpoint,
    ask: async (door, token) => ({ checkpoint: await door.checkpoint(token) }),
  }),
  bearer("GET", "/v1/ledger/entries", {
    summary: "Ledger entries after a number",
    scopes: READ,
    query: requests.Page,
    reply: VERBS["ledger.entries"].output,
    ask: (door, token, { query }) => door.entries(token, query.after ?? 0, query.limit ?? 100),
  }),
  bearer("GET", "/v1/policy", {
    summary: "The rules in force",
    scopes: SENSITIVE,
    reply: VERBS["policy.show"].output,
    ask: (door, token) => door.policy(token),
  }),
  bearer("GET", "/v1/tokens", {
    summary: "Tokens by name, never what they are",
    scopes: SENSITIVE,
    reply: VERBS["token.list"].output,
    ask: (door, token) => door.tokens(token),
  }),
  bearer("GET", "/v1/secrets", {
    summary: "Secrets by name, never what they are",
    scopes: SENSITIVE,
    reply: VERBS["secrets.list"].output,
    ask: (door, token) => door.secrets(token),
  }),
  bearer("GET", "/v1/purge", {
    summary: "Receipts of erasures",
    scopes: SENSITIVE,
    reply: VERBS["purge.list"].output,
    ask: (door, token) => door.receipts(token),
  }),
  bearer("POST", "/v1/purge", {
    summary: "Ask for an erasure: opens an approval, erases nothing",
    scopes: ["owner"],
    body: requests.Purge,
    reply: VERBS["purge"].output,
    status: () => 202,
    ask: (door, token, { body }) => door.purge(token, body.scope),
  }),
  bearer("GET", "/metrics", {
    summary: "Prometheus metrics; no ids",
    scopes: ["metrics", ...READ],
    reply: replies.Metrics,
    media: "text",
    ask: (_door, _token, _given, surface) => surface.metrics(),
  }),
  bearer("GET", "/openapi.json", {
    summary: "This table as OpenAPI 3.1",
    scopes: ANY,
    reply: replies.OpenApi,
    ask: describe,
  }),
];

let description: ReturnType<typeof openApi> | null = null;
/** The table does not change, so it is described once. */
function describe(): unknown {
  description ??= openApi(ROUTES);
  return description;
}

const PUBLIC: readonly PublicRoute[] = [
  {
    class: "public",
    method: "GET",
    path: "/healthz",
    summary: "Is it alive",
    reply: replies.Health,
    status: () => 200,
    ask: () => ({ ok: true }),
  },
  {
    class: "public",
    method: "GET",
    path: "/readyz",
    summary: "Can it work",
    reply: replies.Readiness,
    status: (reply) => ((reply as { readonly ready: boolean }).ready ? 200 : 503),
    ask: (surface) => ({ ready: surface.ready() }),
  },
];

const HOOKS: readonly HookRoute[] = [
  { class: "hook", method: "POST", path: "/hooks/:channel", summary: "An event of a webhook channel" },
  { class: "hook", method: "GET", path: "/hooks/:channel/outbox", summary: "What waits to be shown there" },
  { class: "hook", method: "POST", path: "/hooks/:channel/outbox/ack", summary: "What was shown" },
];

export const ROUTES: readonly Route[] = [
  ...PUBLIC,
  ...HOOKS,
  ...RUNS,
  EVENTS,
  MCP,
  ...EVIDENCE,
  ...VERB_NAMES.map(
    (name) =>
      ({ class: "local", method: "POST", path: `/v1/local/${name}`, summary: `Owner: ${name}`, verb: name }) as const,
  ),
  { class: "local", method: "GET", path: "/v1/local/console", summary: "The console's lines", verb: "console" },
];
