/** The `models:` list of the configuration, and what is made of an entry (CONTRACT sections 3, 8, 14). */
import { z } from "zod";
import { Name } from "../core/ids.ts";
import { MODEL_MS_DEFAULT, MODEL_TOKENS_IN_DEFAULT, MODEL_TOKENS_OUT_DEFAULT } from "../core/limits.ts";
import type { ModelProfile } from "../core/model.ts";
import { Address } from "./fields.ts";
import { duration, money } from "./units.ts";

export const CATEGORIES = ["pii.redacted", "pii.derived", "pii.chat.message", "pii.attachment"] as const;
const BITS: Readonly<Record<(typeof CATEGORIES)[number], number>> = {
  "pii.redacted": 1,
  "pii.derived": 2,
  "pii.chat.message": 4,
  "pii.attachment": 8,
};
const ALL_BITS = 15;

export const categoryBits = (names: readonly (typeof CATEGORIES)[number][]): number =>
  names.reduce((bits, name) => bits | BITS[name], 0);
const PRICE = { least: "0 USD", most: "10000 USD" } as const;

export const ModelEntry = z.strictObject({
  name: Name.describe("Your name for it"),
  kind: z.enum(["openai", "anthropic"]).describe("The interface it speaks; openai is also ollama, llama.cpp and vLLM"),
  url: Address.describe("Where it answers"),
  model: z.string().min(1).max(128).describe("The model's name there"),
  use: z
    .array(z.enum(["transforms", "agent"]))
    .max(2)
    .default(["transforms"])
    .describe("What it is asked for"),
  secret: Name.optional().describe("Its key's name in the vault: `lazaret secrets set NAME`"),
  relay: z.boolean().default(false).describe("It listens here and passes on to a model elsewhere"),
  accepts: z
    .array(z.enum(CATEGORIES))
    .max(CATEGORIES.length)
    .optional()
    .describe("What it may receive: on this machine everything but secrets, elsewhere nothing private unless listed"),
  price: z
    .strictObject({ in: money(PRICE), out: money(PRICE) })
    .optional()
    .describe("Of a million tokens, such as 0.15 USD; elsewhere without a price it is not asked"),
  tokens: z
    .strictObject({
      in: z.int().min(512).max(2_000_000).default(MODEL_TOKENS_IN_DEFAULT).describe("Its context"),
      out: z.int().min(64).max(100_000).default(MODEL_TOKENS_OUT_DEFAULT).describe("Its longest answer"),
    })
    .prefault({}),
  timeout: duration({ least: "1s", most: "10m" }).default(MODEL_MS_DEFAULT).describe("How long one call may take"),
});
export type ModelEntry = z.output<typeof ModelEntry>;

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost)$/;
/** A local server that passes some models on to its maker: `gpt-oss:120b-cloud`, `deepseek:cloud`. */
const RELAYED = /[:-]cloud$/i;

export function profileOf(entry: ModelEntry): ModelProfile {
  const url = new URL(entry.url);
  const isHere = LOOPBACK.test(url.hostname) && !RELAYED.test(entry.model.trim()) && !entry.relay;
  const { accepts, price } = entry;
  const given = accepts === undefined ? undefined : categoryBits(accepts);
  return {
    name: entry.name,
    kind: entry.kind,
    model: entry.model,
    url: entry.url,
    host: url.port === "" ? `${url.hostname}:${url.protocol === "https:" ? 443 : 80}` : url.host,
    where: isHere ? "loopback" : "remote",
    use: entry.use,
    accepts: given ?? (isHere ? ALL_BITS : 0),
    price: price === undefined ? (isHere ? { inMicros: 0, outMicros: 0 } : null) : micros(price),
    tokensInMax: entry.tokens.in,
    tokensOutMax: entry.tokens.out,
    timeoutMs: entry.timeout,
    secret: entry.secret ?? null,
  };
}

const micros = (price: { readonly in: number; readonly out: number }): ModelProfile["price"] => ({
  inMicros: price.in,
  outMicros: price.out,
});
