/** What of an output goes to the agent by value, and what it only gets a handle to (CONTRACT section 3). */
import { z } from "zod";
import type { Decision } from "../../policy/decide.ts";
import type { Request } from "../../policy/request.ts";
import { type Capacity, capacityOf } from "../core/capability.ts";
import type { CallId } from "../core/ids.ts";
import { CATEGORY, join, type Label } from "../core/label.ts";
import {
  DAY_MS,
  TIER_A_DAY_BITS_MAX,
  TIER_A_RUN_BITS_MAX,
  TIER_B_DAY_CHARS_MAX,
  TIER_B_RUN_CHARS_MAX,
} from "../core/limits.ts";
import type { Pool, Token } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Tier } from "../core/value.ts";
import { type Asker, judge, requestOf } from "./asker.ts";
import type { Draft } from "./draft.ts";
import { modelFor } from "./model-call.ts";
import { poolOf } from "./pool.ts";
import type { Powers } from "./powers.ts";

type Schema = { readonly [key: string]: unknown };
const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The label of what one tier says, from the label of what was read. Only these lower anything (section 3). */
export function labelAt(tier: Tier | "own-request", sources: Label): Label {
  const { "pii.redacted": redacted, "pii.derived": derived, "pii.chat.message": message } = CATEGORY;
  const secret = sources.cats & CATEGORY["secret.token"];
  switch (tier) {
    case "A":
      return { ...sources, cats: derived | secret };
    case "B":
      return { ...sources, cats: redacted | derived | secret, integrity: 2 };
    case "own-request":
      return { ...sources, cats: redacted | message | secret };
    case "R":
      return { ...sources, cats: redacted | message | secret, integrity: 2 };
    case "C":
      return { ...sources, cats: sources.cats | derived, integrity: 2 };
  }
}

/** The output without its text fields: what is left is choices, bounded numbers, dates and ids. */
export function withoutText(output: z.ZodType, value: unknown): unknown {
  return strip(z.toJSONSchema(output, { io: "output", reused: "inline" }), value);
}

function strip(schema: Schema, value: unknown): unknown {
  const options = schema["anyOf"];
  if (Array.isArray(options)) {
    const text = options.filter(isSchema).find((option) => isText(option));
    return text !== undefined && typeof value === "string" ? undefined : strip(options.find(isSchema) ?? {}, value);
  }
  if (isText(schema)) return undefined;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!isSchema(items)) return [];
    return isText(items) ? undefined : value.map((item) => strip(items, item));
  }
  if (!isSchema(value)) return value;
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => {
      const inner = properties[key];
      const kept = isSchema(inner) ? strip(inner, field) : undefined;
      return kept === undefined ? [] : [[key, kept]];
    }),
  );
}

const isText = (schema: Schema): boolean => schema["tier"] === "B" || schema["tier"] === "R" || schema["tier"] === "C";

/** Policy's word on showing one tier to the run's agent. */
export function judgeReveal(
  powers: Powers,
  asker: Asker,
  capability: string,
  tier: Tier | "own-request",
  label: Label,
): Decision {
  const { destination, accepts } = readerOf(powers, asker);
  const listed = (label.cats & ~accepts) === 0 ? "listed" : "unlisted";
  return judge(powers, requestOf(powers, asker, { action: "reveal", capability, tier, destination, listed }, label));
}

/** Who would read it: a token's holder, the model behind the model agent, or the butler in this process. */
function readerOf(powers: Powers, { token, run }: Asker): { destination: Request["destination"]; accepts: number } {
  if (token !== null)
    return { destination: token.runsOn === "local" ? "agent_local" : "agent_cloud", accepts: token.accepts };
  const model = run.agent === "model" ? modelFor(powers, "agent") : null;
  if (model !== null)
    return { destination: model.where === "remote" ? "model_remote" : "model_loopback", accepts: model.accepts };
  return { destination: "agent_builtin", accepts: CATEGORY["pii.redacted"] | CATEGORY["pii.derived"] };
}

const dayOf = (now: number): number => Math.floor(now / DAY_MS);
const poolId = (conversation: string, now: number): string => `${conversation}/${dayOf(now)}`;

/** What a value would say beyond what this run and this conversation's day may still be told. */
export function fits(
  powers: Powers,
  asker: Asker,
  capacity: Capacity,
): { readonly bits: boolean; readonly chars: boolean } {
  const pool = powers.store.get("pool", poolId(asker.conversation.id, powers.clock.now()))?.value;
  const bits = { bits: capacity.bits, chars: 0 };
  const chars = { bits: 0, chars: capacity.chars };
  return { bits: hasRoom(asker.run, pool ?? null, bits), chars: hasRoom(asker.run, pool ?? null, chars) };
}

const hasRoom = (run: Run, pool: Pick<Pool, "bits" | "chars"> | null, { bits, chars }: Capacity): boolean =>
  (bits === 0 || (run.revealedBits + bits <= TIER_A_RUN_BITS_MAX && (pool?.bits ?? 0) + bits <= TIER_A_DAY_BITS_MAX)) &&
  (chars === 0 ||
    (run.revealedChars + chars <= TIER_B_RUN_CHARS_MAX && (pool?.chars ?? 0) + chars <= TIER_B_DAY_CHARS_MAX));

/**
 * Books what was shown against the conversation's day. Calls that ran side by side were measured each alone: the last
 * one is refused here.
 */
export function book(draft: Draft, { conversation, run }: Asker, capacity: Capacity): void {
  if (capacity.bits === 0 && capacity.chars === 0) return;
  const pool = poolOf(draft, conversation.id);
  if (!hasRoom(draft.run(run.id).run, pool, capacity))
    throw new Refusal("tier.cap", { hint: "Use the handles, or go on tomorrow." });
  draft.put("pool", pool.id, { ...pool, bits: pool.bits + capacity.bits, chars: pool.chars + capacity.chars });
}

export const measured = (output: z.ZodType, value: unknown): Capacity => {
  const { bits, chars } = capacityOf(output, value);
  return { bits: Math.ceil(bits), chars };
};

/** An external agent remembers: its token's context label grows with the run's and never shrinks. */
export function keepContext(draft: Draft, token: Token | null, run: Run): void {
  if (token === null) return;
  const stored = draft.need("token", token.id);
  draft.put("token", token.id, { ...stored, context: join(stored.context, run.context) });
}

/** An output as a person reads it before saying yes to showing it. */
export const renderedReveal = (output: unknown): string => JSON.stringify(output, null, 1);

/** A reveal to an external agent is egress to its recipient. */
export function noteSink(draft: Draft, { token, run }: Asker, call: CallId, label: Label): void {
  if (token === null) return;
  const sink = { call, sink: "agent", token: token.id, recipient: token.runsOn, cats: label.cats };
  draft.run(run.id).note("egress.checked", sink);
}
