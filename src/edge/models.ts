/**
 * Models behind an address, by the AI SDK's provider objects (docs/decisions/0012), imported when the first is asked.
 * Every request goes the checked way; nothing leaves here as an error but a Refusal without a word of question, answer
 * or key.
 */
import { MODEL_ANSWER_BYTES_MAX } from "../core/limits.ts";
import type { ModelAnswer, ModelAsk, ModelMessage, ModelPort, ModelProfile } from "../core/model.ts";
import { type Permit, redeem } from "../core/permit.ts";
import type { Stop } from "../core/ports.ts";
import { isRefusal, Refusal } from "../core/refusal.ts";
import type { CheckedHttp } from "./http.ts";
import { checkedFetch } from "./http-fetch.ts";

export type ModelPowers = {
  readonly http: CheckedHttp;
  /** The key's text inside `use`; rejects when the vault has none of that name. */
  readonly withKey: <T>(secret: string, use: (key: string) => Promise<T>) => Promise<T>;
};

export class HttpModels implements ModelPort {
  readonly profiles: readonly ModelProfile[];
  readonly #powers: ModelPowers;

  constructor(profiles: readonly ModelProfile[], powers: ModelPowers) {
    this.profiles = profiles;
    this.#powers = powers;
  }

  async ask(permit: Permit, name: string, ask: ModelAsk, timeoutMs: number, stop: Stop): Promise<ModelAnswer> {
    redeem(permit, "model");
    const profile = this.profiles.find((it) => it.name === name);
    if (profile === undefined) throw new Refusal("model.unknown", { field: name });
    if (stop.aborted || timeoutMs <= 0) throw new Refusal("model.timeout");
    const abort = new AbortController();
    const stopped = (): void => abort.abort();
    stop.addEventListener("abort", stopped, { once: true });
    try {
      const work = (key: string | null) => generate(this.#powers.http, profile, key, ask, timeoutMs, abort.signal);
      return await (profile.secret === null ? work(null) : this.#powers.withKey(profile.secret, work));
    } catch (error) {
      throw refusalFor(error);
    } finally {
      stop.removeEventListener("abort", stopped);
    }
  }
}

async function generate(
  http: CheckedHttp,
  profile: ModelProfile,
  key: string | null,
  ask: ModelAsk,
  timeoutMs: number,
  abortSignal: AbortSignal,
): Promise<ModelAnswer> {
  const { hostname, origin } = new URL(profile.url);
  const checked = checkedFetch(http, {
    origin,
    // What is called this machine leads to this machine; what is elsewhere never leads back into the house.
    addresses: isLocal(hostname) ? ["loopback"] : ["public"],
    bytesMax: MODEL_ANSWER_BYTES_MAX,
    msMax: timeoutMs,
  });
  const model = await modelOf(profile, key, checked);
  const { answer, tools = [] } = ask;
  const result = await model.doGenerate({
    prompt: [{ role: "system", content: ask.instructions }, ...promptOf(ask.messages)],
    maxOutputTokens: ask.tokensMax,
    temperature: 0,
    abortSignal,
    ...(answer === undefined ? {} : { responseFormat: { type: "json", name: "answer", schema: answer } }),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, input }) => ({
            type: "function" as const,
            name,
            description,
            inputSchema: input,
          })),
          toolChoice: { type: "auto" as const },
        }),
  });
  return answerFrom(result);
}

const isLocal = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);

type Fetch = ReturnType<typeof checkedFetch>;

/** The provider's object for one call; the key lives as long as it does. */
async function modelOf({ kind, url, model }: ModelProfile, key: string | null, checked: Fetch) {
  if (kind === "anthropic") {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    // Both are given: otherwise the library reads them from the environment.
    return createAnthropic({ baseURL: url, apiKey: key ?? "none", fetch: checked })(model);
  }
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const provider = createOpenAICompatible({
    name: "openai",
    baseURL: url,
    fetch: checked,
    supportsStructuredOutputs: true,
    ...(key === null ? {} : { apiKey: key }),
  });
  return provider.chatModel(model);
}

type Model = Awaited<ReturnType<typeof modelOf>>;
type Prompt = Parameters<Model["doGenerate"]>[0]["prompt"];
type Result = Awaited<ReturnType<Model["doGenerate"]>>;

/** What a model's call says its input is, when it is JSON; the gateway checks it against the capability's schema. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {}; // it was refused as it came; what goes back to the model need not be what it wrote
  }
}

const promptOf = (messages: readonly ModelMessage[]): Prompt => messages.map(said);

function said(message: ModelMessage): Prompt[number] {
  switch (message.from) {
    case "user":
      return { role: "user", content: [{ type: "text", text: message.text }] };
    case "model":
      return {
        role: "assistant",
        content: [
          ...(message.text === "" ? [] : [{ type: "text" as const, text: message.text }]),
          ...message.calls.map(({ id, name, input }) => ({
            type: "tool-call" as const,
            toolCallId: id,
            toolName: name,
            input: inputOf(input),
          })),
        ],
      };
    case "tool": {
      const { id, name, text } = message;
      const output = { type: "text" as const, value: text };
      return { role: "tool", content: [{ type: "tool-result", toolCallId: id, toolName: name, output }] };
    }
  }
}

const CALLS_MAX = 8;
const wholeNumber = (value: number | undefined): number | null =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** The parts that mean something; reasoning, files and sources are left where they are. */
function answerFrom({ content, finishReason, usage }: Result): ModelAnswer {
  const [tokensIn, tokensOut] = [wholeNumber(usage.inputTokens.total), wholeNumber(usage.outputTokens.total)];
  return {
    text: content.map((part) => (part.type === "text" ? part.text : "")).join(""),
    calls: content
      .flatMap((part) =>
        part.type === "tool-call" ? [{ id: part.toolCallId, name: part.toolName, input: part.input }] : [],
      )
      .slice(0, CALLS_MAX),
    tokens: tokensIn === null || tokensOut === null ? null : { in: tokensIn, out: tokensOut },
    isWhole: finishReason.unified === "stop" || finishReason.unified === "tool-calls",
  };
}

const BY_STATUS: Readonly<Record<number, string>> = {
  400: "It did not take the question.",
  401: "It refused the key.",
  403: "It refused the key.",
  404: "There is no such model, or the address is not that of an API.",
  429: "It has too much to do, or the account is used up.",
};

/** The library's errors carry question and answer; only a number is taken from them. */
function refusalFor(error: unknown): Refusal {
  for (let at = error, depth = 0; depth < 4; depth++) {
    if (isRefusal(at)) return ours(at);
    if (typeof at !== "object" || at === null) break;
    const { statusCode, cause } = at as { readonly statusCode?: unknown; readonly cause?: unknown };
    if (typeof statusCode === "number" && statusCode >= 300)
      return new Refusal("model.failed", { hint: BY_STATUS[statusCode] ?? `It answered ${Math.trunc(statusCode)}.` });
    at = cause;
  }
  return new Refusal("model.failed", { hint: "It did not answer in the form that was asked for." });
}

function ours(refusal: Refusal): Refusal {
  switch (refusal.code) {
    case "http.timeout":
      return new Refusal("model.timeout");
    case "http.address":
    case "http.unlisted":
      return new Refusal("model.failed", { hint: "Its address is not one that may be asked." });
    case "http.failed":
      return new Refusal("model.failed", { hint: "It could not be reached, or answered with too much." });
    case "not_found":
      return new Refusal("model.failed", { hint: "The vault has no secret of that name: lazaret secrets set NAME." });
    default:
      return refusal;
  }
}
