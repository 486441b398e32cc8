/** A language model as the gateway sees it: a sink with a ceiling and a price (CONTRACT sections 3, 5, 9). */
import type { Permit } from "./permit.ts";
import type { Stop } from "./ports.ts";

const MODEL_USES = ["transforms", "agent"] as const;
export type ModelUse = (typeof MODEL_USES)[number];

/** Millionths of a US dollar for a million tokens, that is: of a token in dollars, as price lists have it. */
export type ModelPrice = { readonly inMicros: number; readonly outMicros: number };

/** What the owner configured of one model. */
export type ModelProfile = {
  readonly name: string;
  readonly kind: "openai" | "anthropic";
  /** Its name at the address. */
  readonly model: string;
  readonly url: string;
  /** Host and port, as the ledger has it. */
  readonly host: string;
  /** `remote` is everything that leaves this machine, also through a relay that listens on it. */
  readonly where: "loopback" | "remote";
  readonly use: readonly ModelUse[];
  /** Category bits that a call may carry (CONTRACT section 3). */
  readonly accepts: number;
  /** Null: nobody said, and a remote model without a price is not asked. */
  readonly price: ModelPrice | null;
  readonly tokensInMax: number;
  readonly tokensOutMax: number;
  readonly timeoutMs: number;
  /** Name of its key in the vault. */
  readonly secret: string | null;
};

export type ModelCall = { readonly id: string; readonly name: string; readonly input: string };

/** One thing said to the model, or by it, or found by a tool that it called. */
export type ModelMessage =
  | { readonly from: "user"; readonly text: string }
  | { readonly from: "model"; readonly text: string; readonly calls: readonly ModelCall[] }
  | { readonly from: "tool"; readonly id: string; readonly name: string; readonly text: string };

export type ModelTool = {
  readonly name: string;
  readonly description: string;
  /** JSON Schema. */
  readonly input: Readonly<Record<string, unknown>>;
};

export type ModelAsk = {
  readonly instructions: string;
  readonly messages: readonly ModelMessage[];
  /** JSON Schema of the answer, when it is to be JSON. */
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly tools?: readonly ModelTool[];
  readonly tokensMax: number;
};

export type ModelAnswer = {
  readonly text: string;
  readonly calls: readonly ModelCall[];
  /** As the model counts; null when it does not say. */
  readonly tokens: { readonly in: number; readonly out: number } | null;
  /** It stopped because it had said enough. */
  readonly isWhole: boolean;
};

/**
 * Asks once, retries nothing. Rejects with `model.failed`, `model.timeout`, `model.unknown`: no refusal holds a word of
 * the question, the answer or the key.
 */
export interface ModelPort {
  readonly profiles: readonly ModelProfile[];
  /** `permit` is for use `model` and spent by the call. `timeoutMs` from now. */
  ask(permit: Permit, name: string, ask: ModelAsk, timeoutMs: number, stop: Stop): Promise<ModelAnswer>;
}

const CHARS_PER_TOKEN_MIN = 2;
/** Roles, names and brackets around each message and tool. */
const TOKENS_A_PART = 16;

/** More tokens than a question can have, by its characters: what is reserved must reach (no tokenizer is asked). */
export function tokensAtMost({ instructions, messages, answer, tools = [] }: ModelAsk): number {
  const chars =
    instructions.length +
    messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0) +
    JSON.stringify(answer ?? {}).length +
    JSON.stringify(tools).length;
  return Math.ceil(chars / CHARS_PER_TOKEN_MIN) + TOKENS_A_PART * (messages.length + tools.length + 1);
}

/** Cost in millionths of a dollar, rounded up. Zero for a model without a price: only a loopback one is asked then. */
export const costOf = (price: ModelPrice | null, tokens: { readonly in: number; readonly out: number }): number =>
  price === null ? 0 : Math.ceil((tokens.in * price.inMicros + tokens.out * price.outMicros) / 1_000_000);

/** Why a model cannot be asked at all, or null. */
export const unpriced = ({ where, price }: Pick<ModelProfile, "where" | "price">): boolean =>
  where === "remote" && price === null;
