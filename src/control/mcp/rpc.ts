/** JSON-RPC 2.0 as MCP uses it: one message strictly parsed, one answer built (jsonrpc.org/specification). */
import { z } from "zod";
import { MCP_BATCH_MAX, MCP_NESTING_MAX } from "../../core/limits.ts";

const RpcId = z.union([z.string().max(256), z.number().int()]);
export type RpcId = z.infer<typeof RpcId>;

export const Params = z.record(z.string().max(256), z.unknown());
const Message = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: RpcId.exactOptional(),
  method: z.string().min(1).max(128),
  params: Params.exactOptional(),
});
/** A request, or, without an id, a notification. */
export type Message = z.infer<typeof Message>;

/** Codes of JSON-RPC, and those that MCP 2026-07-28 defines (specification, basic, Error Codes). */
export const RPC = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  header: -32020,
  version: -32022,
} as const;
export type RpcCode = (typeof RPC)[keyof typeof RPC];

/** A fault of the protocol, never a refusal of the gateway: those are results. */
export class RpcFault extends Error {
  override readonly name = "RpcFault";
  readonly code: RpcCode;
  readonly data: { readonly [key: string]: unknown } | undefined;
  /** The request is not even whole: over HTTP that is a status of its own. */
  readonly isMalformed: boolean;

  constructor(code: RpcCode, message: string, data?: RpcFault["data"], isMalformed = false) {
    super(message);
    this.code = code;
    this.data = data;
    this.isMalformed = isMalformed;
  }
}

export type Answer =
  | { readonly jsonrpc: "2.0"; readonly id: RpcId; readonly result: object }
  | {
      readonly jsonrpc: "2.0";
      readonly id?: RpcId;
      readonly error: { readonly code: number; readonly message: string; readonly data?: object };
    };

export const resultOf = (id: RpcId, result: object): Answer => ({ jsonrpc: "2.0", id, result });

export const faultOf = (id: RpcId | undefined, { code, message, data }: RpcFault): Answer => ({
  jsonrpc: "2.0",
  ...(id === undefined ? {} : { id }),
  error: { code, message, ...(data === undefined ? {} : { data }) },
});

/** How deep brackets go in a JSON text, those inside strings left out. Linear, and before anything is parsed. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (isText) {
      if (sign === "\\") at++;
      else if (sign === '"') isText = false;
    } else if (sign === '"') isText = true;
    else if (sign === "{" || sign === "[") deepest = Math.max(deepest, ++depth);
    else if (sign === "}" || sign === "]") depth--;
  }
  return deepest;
}

/**
 * The messages of one body; `isBatch` when it came as an array, which only revision 2025-03-26 knows. Throws RpcFault.
 * Answers to questions of ours do not exist: we ask a client nothing.
 */
export function messagesOf(text: string): { readonly messages: readonly Message[]; readonly isBatch: boolean } {
  if (nestingOf(text) > MCP_NESTING_MAX) throw new RpcFault(RPC.request, "nested too deeply");
  const body = parsedJson(text);
  const all: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (all.length === 0 || all.length > MCP_BATCH_MAX)
    throw new RpcFault(RPC.request, `a batch holds 1 to ${MCP_BATCH_MAX} messages`);
  return { messages: all.map(messageOf), isBatch: Array.isArray(body) };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What stood there is the sender's; only that it is no JSON is said.
    throw new RpcFault(RPC.parse, "not JSON");
  }
}

function messageOf(value: unknown): Message {
  const found = Message.safeParse(value);
  if (found.success) return found.data;
  const isAnswer = typeof value === "object" && value !== null && ("result" in value || "error" in value);
  throw new RpcFault(RPC.request, isAnswer ? "this server asks nothing of a client" : "not a JSON-RPC 2.0 message");
}
