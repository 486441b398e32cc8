/**
 * One question to a model: judged as egress, its budget reserved, written down, asked, settled. In this order, and
 * nowhere else (CONTRACT sections 8 and 9).
 */
import { type Amounts, left } from "../core/budget.ts";
import { canonical } from "../core/canonical.ts";
import type { CallId, RunId } from "../core/ids.ts";
import { CATEGORY, type Label, TENANT_MIXED } from "../core/label.ts";
import {
  costOf,
  type ModelAnswer,
  type ModelAsk,
  type ModelPort,
  type ModelProfile,
  type ModelUse,
  tokensAtMost,
  unpriced,
} from "../core/model.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import { type Asker, askerOf, judge, refusalBy, requestOf } from "./asker.ts";
import { seen } from "./call.ts";
import type { Draft } from "./draft.ts";
import { grantPermit } from "./permit.ts";
import { drawDay, settleDay } from "./pool.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";
import { refusalOf } from "./transition.ts";
import { whileOpen } from "./while-open.ts";

/** The first model that the owner configured for this, or null. */
export const modelFor = (powers: Powers, use: ModelUse): ModelProfile | null =>
  powers.models?.profiles.find((profile) => profile.use.includes(use)) ?? null;

export type Question = {
  readonly run: RunId;
  readonly profile: ModelProfile;
  /** What it is asked for: the capability whose transform asks, or `none` for an agent's own thinking. */
  readonly capability: string;
  /** Of everything that went into the question. */
  readonly label: Label;
  readonly ask: ModelAsk;
  /** Milliseconds since 1970: no answer counts after it. */
  readonly deadline: number;
  /** What a run without room for it does: `fail` ends it by name, `keep` leaves it as it was. */
  readonly short: "fail" | "keep";
};

/**
 * Rejects with `budget.unpriced`, `label.mixed`, `policy.denied`, `secret.leak`, `budget.exhausted`, `budget.pool`,
 * `run.ended`, `model.failed`, `model.timeout`. Every question that passed the checks has its entries, whatever came
 * back.
 */
export async function askModel(powers: Powers, question: Question): Promise<ModelAnswer> {
  const { models } = powers;
  if (models === undefined) throw new Refusal("model.unknown");
  const { profile, ask } = question;
  if (unpriced(profile))
    throw new Refusal("budget.unpriced", { field: profile.name, hint: "The owner gives it a price." });
  const tokensIn = tokensAtMost(ask);
  if (tokensIn > profile.tokensInMax)
    throw new Refusal("model.failed", { hint: "The question is longer than it takes." });
  const most = { in: tokensIn, out: Math.min(ask.tokensMax, profile.tokensOutMax) };
  const cost = {
    tokens: most.in + most.out,
    cost_micros: costOf(profile.price, most),
    egress_bytes: profile.where === "remote" ? 2 * tokensIn : 0,
  };
  assertNoSecret(powers, ask);
  const opened = await transact(powers, (draft) => open(powers, draft, question, cost));
  if (opened instanceof Refusal) throw opened;
  return await carried(powers, models, question, opened, cost, most.out);
}

/** A secret that the vault holds is in nothing that is sent, however it got there. */
function assertNoSecret(powers: Powers, { instructions, messages }: ModelAsk): void {
  const bytes = powers.hashing.utf8(instructions + messages.map(({ text }) => text).join("\n"));
  if (powers.store.secretsIn(powers.settings.tenant, bytes).length > 0) throw new Refusal("secret.leak");
}

/** Judged, reserved and written down in one commit. A refusal that is to be recorded is returned, not thrown. */
function open(powers: Powers, draft: Draft, question: Question, cost: Partial<Amounts>): CallId | Refusal {
  const { profile, capability, label } = question;
  const run = draft.run(question.run);
  if (run.run.status.state !== "active") throw refusalOf(run.run);
  const asker = askerOf(powers, run.run);
  const call = draft.newId("CallId");
  const decision = judgeModel(powers, asker, profile, capability, label);
  run.note("decision.made", { call, action: "egress", capability, effect: decision.effect, rule: decision.rule });
  if (decision.effect !== "allow") return refusalBy(decision);
  const isShort = Object.entries(cost).find(([unit, amount]) => left(run.run.budget)[unit as keyof Amounts] < amount);
  if (isShort !== undefined && question.short === "keep") return new Refusal("budget.exhausted", { field: isShort[0] });
  const lacks = drawDay(powers, draft, run.run.conversation, { tokens: 0, cost_micros: 0, ...cost, steps: 0 });
  if (lacks !== null) return new Refusal("budget.pool", { field: lacks });
  if (!run.apply({ type: "reserve", call, cost }, { capability, model: profile.name })) return refusalOf(run.run);
  if (isTerminal(run.run)) return refusalOf(run.run);
  run.note("egress.checked", {
    call,
    sink: "model",
    recipient: profile.host,
    model: profile.name,
    host: profile.host,
    where: profile.where,
    capability,
    label: canonical(label),
    cats: label.cats,
    tokens: cost.tokens ?? 0,
    cost_micros: cost.cost_micros ?? 0,
  });
  const key = { name: profile.secret, capability, call, place: profile.host, slot: "key", rule: decision.rule };
  if (profile.secret !== null) run.note("secret.used", key);
  return call;
}

/** Hard edges first; then the owner's rules on this model and what it may receive. */
function judgeModel(
  powers: Powers,
  asker: Asker,
  profile: ModelProfile,
  capability: string,
  label: Label,
): ReturnType<typeof judge> {
  const isForeign = label.tenant !== "-" && label.tenant !== asker.run.tenant;
  if (label.tenant === TENANT_MIXED || isForeign) throw new Refusal("label.mixed");
  if ((label.cats & CATEGORY["secret.token"]) !== 0) throw new Refusal("label.flow", { field: "categories" });
  const about = {
    action: "egress",
    capability,
    destination: profile.where === "remote" ? "model_remote" : "model_loopback",
    host: profile.host,
    listed: (label.cats & ~profile.accepts) === 0 ? "listed" : "unlisted",
    control: "configured",
  } as const;
  return judge(powers, requestOf(powers, asker, about, label));
}

async function carried(
  powers: Powers,
  models: ModelPort,
  question: Question,
  call: CallId,
  reserved: Partial<Amounts>,
  tokensMax: number,
): Promise<ModelAnswer> {
  const { profile, capability, ask } = question;
  const permit = grantPermit({ by: "run", run: question.run, call, reserved: true }, "model", capability, []);
  const leftMs = Math.min(question.deadline - powers.clock.now(), profile.timeoutMs);
  let answer: ModelAnswer;
  try {
    // A run that ends meanwhile takes the question with it.
    answer = await whileOpen(powers, question.run, (stop) =>
      models.ask(permit, profile.name, { ...ask, tokensMax }, leftMs, stop),
    );
  } catch (error) {
    // Nobody knows what it did with the question: charged in full.
    await settle(powers, question, call, reserved, null, seen(error).code);
    throw error;
  }
  await settle(powers, question, call, reserved, answer.tokens, null);
  return answer;
}

/** What the model says it counted, never more than was set aside and never less than nothing; in full on doubt. */
function settle(
  powers: Powers,
  { run: id, profile, capability }: Question,
  call: CallId,
  reserved: Partial<Amounts>,
  tokens: ModelAnswer["tokens"],
  code: string | null,
): Promise<void> {
  const counted = tokens === null ? Number.POSITIVE_INFINITY : tokens.in + tokens.out;
  const isSound = tokens !== null && counted <= (reserved.tokens ?? 0);
  const used = isSound ? { ...reserved, tokens: counted, cost_micros: costOf(profile.price, tokens) } : reserved;
  return transact(powers, (draft) => {
    const run = draft.run(id);
    const details = { capability, model: profile.name, host: profile.host, ...(code === null ? {} : { code }) };
    run.apply({ type: "settle", call, reserved, used }, details);
    settleDay(draft, run.run.conversation, {
      tokens: (used.tokens ?? 0) - (reserved.tokens ?? 0),
      cost_micros: (used.cost_micros ?? 0) - (reserved.cost_micros ?? 0),
    });
  });
}
