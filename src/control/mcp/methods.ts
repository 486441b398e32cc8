/** The methods of MCP that this server has, over both eras; everything else is not found. */
import { z } from "zod";
import { MCP_CACHE_MS } from "../../core/limits.ts";
import { isRefusal, REFUSALS, type Refusal } from "../../core/refusal.ts";
import { type Era, isLegacy, LEGACY_VERSIONS, type LegacyVersion, META, VERSIONS } from "./era.ts";
import { type Message, Params, RPC, RpcFault } from "./rpc.ts";
import { type Caller, callTool, isKnown, toolsOf } from "./tools.ts";
import { INSTRUCTIONS, PROMPTS } from "./words.ts";

type Asked = Caller & { readonly version: string };
type Method = {
  readonly eras: readonly Era[];
  /** May be kept by a client for a while; the modern protocol wants that said. */
  readonly cached?: true;
  readonly ask: (asked: Asked, params: Readonly<Record<string, unknown>>) => object | Promise<object>;
};

const BOTH: readonly Era[] = ["legacy", "modern"];
const CAPABILITIES = { tools: {}, prompts: {} } as const;
const serverInfo = (version: string): object => ({ name: "lazaret", title: "Lazaret", version });

function checked<S extends z.ZodType>(schema: S, params: unknown): z.output<S> {
  const found = schema.safeParse(params);
  if (found.success) return found.data;
  const where = found.error.issues[0]?.path.map(String).join(".").slice(0, 100) ?? "";
  throw new RpcFault(RPC.params, `Invalid params${where === "" ? "" : `: ${where}`}`);
}

const _meta = Params.exactOptional();
const None = z.strictObject({ _meta });
/** All lists are one page, so there is no cursor that anybody could have. */
const Listing = z.strictObject({ _meta, cursor: z.undefined().optional() });
const Initialize = z.strictObject({
  _meta,
  protocolVersion: z.string().max(64),
  capabilities: Params,
  clientInfo: Params.exactOptional(),
});
/** Answers to questions (`inputResponses`) are refused with it: we ask none, and nobody approves anything by one. */
const CallParams = z.strictObject({ _meta, name: z.string().min(1).max(128), arguments: z.unknown().optional() });
const PromptParams = z.strictObject({ _meta, name: z.string().max(128), arguments: None.exactOptional() });

/** The version that a client gets: its own where that is served, else the newest that has sessions. */
export function negotiated(params: unknown): LegacyVersion {
  const { protocolVersion } = checked(Initialize, params);
  return isLegacy(protocolVersion) ? protocolVersion : LEGACY_VERSIONS[0];
}

const METHODS: Readonly<Record<string, Method>> = {
  initialize: {
    eras: ["legacy"],
    ask: ({ version }, params) => ({
      protocolVersion: negotiated(params),
      capabilities: CAPABILITIES,
      serverInfo: serverInfo(version),
      instructions: INSTRUCTIONS,
    }),
  },
  ping: {
    eras: ["legacy"],
    ask: (_asked, params) => {
      checked(None, params);
      return {};
    },
  },
  "server/discover": {
    eras: ["modern"],
    cached: true,
    ask: (_asked, params) => {
      checked(None, params);
      return { supportedVersions: VERSIONS, capabilities: CAPABILITIES, instructions: INSTRUCTIONS };
    },
  },
  "tools/list": {
    eras: BOTH,
    cached: true,
    ask: (asked, params) => {
      checked(Listing, params);
      return { tools: toolsOf(asked) };
    },
  },
  "tools/call": { eras: BOTH, ask: toolCall },
  "prompts/list": {
    eras: BOTH,
    cached: true,
    ask: (_asked, params) => {
      checked(Listing, params);
      return { prompts: PROMPTS.map(({ text: _text, ...prompt }) => prompt) };
    },
  },
  "prompts/get": {
    eras: BOTH,
    ask: (_asked, params) => {
      const { name } = checked(PromptParams, params);
      const prompt = PROMPTS.find((it) => it.name === name);
      if (prompt === undefined) throw new RpcFault(RPC.params, "There is no such prompt");
      const { description, text } = prompt;
      return { description, messages: [{ role: "user", content: { type: "text", text } }] };
    },
  },
};

/** The result of one request. Throws RpcFault for faults of the protocol; anything else thrown is a fault of ours. */
export async function answered(era: Era, { method, params = {} }: Message, asked: Asked): Promise<object> {
  const found = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (found?.eras.includes(era) !== true) throw new RpcFault(RPC.method, "Method not found");
  const result = await found.ask(asked, params);
  if (era === "legacy") return result;
  return {
    resultType: "complete",
    ...result,
    ...(found.cached === true ? { ttlMs: MCP_CACHE_MS, cacheScope: "private" } : {}),
    _meta: { [META.server]: serverInfo(asked.version) },
  };
}

/** Refusals are results of the tool, so that the model behind the client can read them. */
async function toolCall(asked: Asked, params: unknown): Promise<object> {
  const { name, arguments: input = {} } = checked(CallParams, params);
  if (!isKnown(asked, name, input)) throw new RpcFault(RPC.params, "Unknown tool");
  try {
    const value = await callTool(asked, name, input);
    const isError = hasStatus(value) && (value.status === "refused" || value.status === "failed");
    return toolResult(value, isError);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return toolResult(refusedBy(error), true);
  }
}

const hasStatus = (value: unknown): value is { readonly status: unknown } =>
  typeof value === "object" && value !== null && "status" in value;

function refusedBy({ code, hint, message }: Refusal): object {
  return { status: "refused", code, hint: hint ?? message, retryable: REFUSALS[code].retryable };
}

/** As text for models, and as structure for programs (revision 2025-06-18 on). */
const toolResult = (value: unknown, isError: boolean): object => ({
  content: [{ type: "text", text: JSON.stringify(value) }],
  structuredContent: value,
  isError,
});
