/**
 * Which protocol a message speaks. Until 2025-11-25 a session begins with `initialize`; from 2026-07-28 on every
 * request carries its version, and headers repeat parts of its body (specification, basic and streamable HTTP).
 */
import { z } from "zod";
import { type Message, RPC, RpcFault } from "./rpc.ts";

export const LEGACY_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;
const MODERN_VERSIONS = ["2026-07-28"] as const;
export const VERSIONS = [...MODERN_VERSIONS, ...LEGACY_VERSIONS] as const;
export type LegacyVersion = (typeof LEGACY_VERSIONS)[number];
export type Era = "legacy" | "modern";

export const META = {
  version: "io.modelcontextprotocol/protocolVersion",
  capabilities: "io.modelcontextprotocol/clientCapabilities",
  server: "io.modelcontextprotocol/serverInfo",
} as const;

export const isLegacy = (version: unknown): version is LegacyVersion =>
  (LEGACY_VERSIONS as readonly unknown[]).includes(version);
const isModern = (version: unknown): boolean => (MODERN_VERSIONS as readonly unknown[]).includes(version);

/** The header in one spelling, as Node gives it; one that came twice is joined and fits nothing. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const Meta = z.record(z.string().max(256), z.unknown());

const metaOf = ({ params }: Message): Readonly<Record<string, unknown>> => {
  const found = Meta.safeParse(params?.["_meta"] ?? {});
  if (!found.success) throw new RpcFault(RPC.params, "_meta is not an object");
  return found.data;
};

const unsupported = (requested: unknown): RpcFault =>
  new RpcFault(RPC.version, "Unsupported protocol version", {
    supported: VERSIONS,
    requested: String(requested).slice(0, 64),
  });

const incomplete = (key: string): RpcFault => new RpcFault(RPC.params, `_meta lacks ${key}`, undefined, true);

/** Throws RpcFault for a version that is not served and for a modern request that is not whole. */
export function eraOf(message: Message, headers: Headers): Era {
  if (message.method === "initialize") return "legacy";
  const meta = metaOf(message);
  const header = headers["mcp-protocol-version"];
  if (!(META.version in meta)) {
    if (message.id === undefined || !(isModern(header) || message.method === "server/discover")) return "legacy";
    throw incomplete(META.version);
  }
  const version = meta[META.version];
  if (header !== undefined && header !== version) throw mismatch("MCP-Protocol-Version");
  if (!isModern(version)) throw unsupported(version);
  if (message.id === undefined) return "modern";
  const { success } = z.record(z.string().max(256), z.unknown()).safeParse(meta[META.capabilities]);
  if (!success) throw incomplete(META.capabilities);
  assertHeaders(message, headers);
  return "modern";
}

const mismatch = (name: string): RpcFault =>
  new RpcFault(RPC.header, `Header mismatch: ${name} is missing or does not match the body`);

/** Requests whose `params.name` is repeated in Mcp-Name. */
const NAMED: ReadonlySet<string> = new Set(["tools/call", "prompts/get"]);
const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

function assertHeaders({ method, params }: Message, headers: Headers): void {
  if (headers["mcp-protocol-version"] === undefined) throw mismatch("MCP-Protocol-Version");
  if (headers["mcp-method"] !== method) throw mismatch("Mcp-Method");
  if (!NAMED.has(method)) return;
  const given = headers["mcp-name"];
  const encoded = typeof given === "string" ? ENCODED.exec(given)?.[1] : undefined;
  const name = encoded === undefined ? given : Buffer.from(encoded, "base64").toString("utf8");
  if (name === undefined || name !== params?.["name"]) throw mismatch("Mcp-Name");
}
