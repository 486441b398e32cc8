/** The owner's verbs about models: what is configured, and one question without content to see whether it answers. */
import { canonical } from "../core/canonical.ts";
import { BOTTOM, categoriesOf } from "../core/label.ts";
import { costOf, type ModelAnswer, type ModelAsk, type ModelProfile, tokensAtMost, unpriced } from "../core/model.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner, VerbOutput } from "../core/verbs/all.ts";
import type { MODEL_VERBS, ModelView } from "../core/verbs/models.ts";
import { seen } from "./call.ts";
import type { Gateway } from "./gateway.ts";
import { localOwner } from "./owned.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

type Verbs = Pick<Owner, keyof typeof MODEL_VERBS>;

export function modelVerbs({ powers }: Gateway): Verbs {
  const profiles = powers.models?.profiles ?? [];
  return {
    "model.list": async () => ({ models: profiles.map((profile) => viewOf(powers, profile)) }),
    "model.test": async ({ name }) => {
      const profile = profiles.find((it) => it.name === name);
      if (profile === undefined) throw new Refusal("model.unknown", { field: name, hint: "lazaret model list" });
      return test(powers, profile);
    },
  };
}

function viewOf(powers: Powers, profile: ModelProfile): ModelView {
  const { name, kind, model, host, where, use, accepts, price } = profile;
  return {
    name,
    kind,
    model,
    host,
    where,
    use: [...use],
    accepts: [...categoriesOf({ ...BOTTOM, cats: accepts })],
    price: price === null ? null : { in: price.inMicros, out: price.outMicros },
    tokens_in: profile.tokensInMax,
    tokens_out: profile.tokensOutMax,
    blocked: blockedOf(powers, profile),
  };
}

/** Known without asking it. */
function blockedOf({ store, settings }: Powers, { secret, ...profile }: ModelProfile): string | null {
  if (unpriced(profile)) return "It is elsewhere and has no price: set price in the configuration.";
  if (secret !== null && !store.secretNames(settings.tenant).includes(secret))
    return `Its key is not in the vault: lazaret secrets set ${secret}`;
  return null;
}

const QUESTION: ModelAsk = {
  instructions: "Answer with one JSON value in the given schema and nothing else.",
  messages: [{ from: "user", text: "Is two plus two four?" }],
  answer: {
    type: "object",
    properties: { yes: { type: "boolean" } },
    required: ["yes"],
    additionalProperties: false,
  },
  tokensMax: 512,
};

async function test(powers: Powers, profile: ModelProfile): Promise<VerbOutput<"model.test">> {
  const { name, host, where, secret } = profile;
  if (unpriced(profile))
    throw new Refusal("budget.unpriced", { field: name, hint: "Give it a price in the configuration." });
  const most = { in: tokensAtMost(QUESTION), out: QUESTION.tokensMax };
  const actor = localOwner(powers).id;
  await transact(powers, (draft) => {
    const cost = { tokens: most.in + most.out, cost_micros: costOf(profile.price, most) };
    const to = { sink: "model", recipient: host, model: name, host, where, label: canonical(BOTTOM), cats: 0, ...cost };
    draft.entry("egress.checked", to, { actor });
    if (secret === null) return;
    const use = { name: secret, capability: "model.test", place: host, slot: "key", rule: "owner" };
    draft.entry("secret.used", use, { actor });
  });
  const begun = powers.clock.now();
  const permit = grantPermit({ by: "gateway", why: "owner" }, "model", "model.test", []);
  const stop = new AbortController().signal;
  const result = await (powers.models?.ask(permit, name, QUESTION, profile.timeoutMs, stop) ?? Promise.reject()).then(
    (answer) => ({
      ...told(answer),
      cost_micros: costOf(profile.price, answer.tokens ?? most),
      code: null,
      hint: null,
    }),
    (error: unknown) => {
      const { code, hint, message } = seen(error);
      const cost_micros = costOf(profile.price, most);
      return { ok: false, structured: false, tokens: null, cost_micros, code, hint: hint ?? message };
    },
  );
  return { name, ms: Math.max(0, powers.clock.now() - begun), ...result };
}

function told({ text, tokens }: ModelAnswer): { ok: boolean; structured: boolean; tokens: number | null } {
  return { ok: true, structured: isKept(text), tokens: tokens === null ? null : tokens.in + tokens.out };
}

function isKept(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "yes" in value && typeof value.yes === "boolean";
  } catch {
    return false; // not JSON, which is the answer to the question
  }
}
