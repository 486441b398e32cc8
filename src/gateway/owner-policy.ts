/**
 * The owner's verbs about the rules: what holds, why, and changing it by a yes to exactly what changes (CONTRACT
 * section 6).
 */
import { TooTangled } from "../../policy/box.ts";
import { type ChangeLine, tellChange } from "../../policy/change-lines.ts";
import type { Policy } from "../../policy/compile.ts";
import { explain, explanationSentences } from "../../policy/explain.ts";
import { type Given, Given as GivenSchema } from "../../policy/language.ts";
import { DIMENSIONS, isCounter } from "../../policy/request.ts";
import { requestOf } from "../../policy/scenario.ts";
import { nearestWord } from "../../policy/spelling.ts";
import { type Canonical, canonical } from "../core/canonical.ts";
import { hex } from "../core/ids.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner, VerbInput, VerbOutput } from "../core/verbs/all.ts";
import { policyDigest } from "./ask.ts";
import { BLANK } from "./asker.ts";
import type { Gateway } from "./gateway.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";
import { policyView } from "./views.ts";

/** The setting that keeps what `policy load` brought. */
export const LOADED_PACKS = "policy/packs";

const LINES_MAX = 100;
const WORDS_MAX = 2000;

type Verbs = Pick<Owner, "policy.show" | "policy.explain" | "policy.load">;

export function policyVerbs({ powers }: Gateway, outside: Outside): Verbs {
  return {
    "policy.show": async () => policyView(powers, outside.packs()),
    "policy.explain": async ({ request }) => explained(powers, request),
    "policy.load": (input) => load(powers, outside, input),
  };
}

const clipped = (text: string): string => (text.length <= WORDS_MAX ? text : `${text.slice(0, WORDS_MAX - 1)}…`);

function explained(powers: Powers, given: VerbInput<"policy.explain">["request"]): VerbOutput<"policy.explain"> {
  const { current } = powers.policy;
  const { tenant } = powers.settings;
  const asked = requestOf(undefined, understood(given));
  const known = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const explanation = explain(current, { ...BLANK, tenant, now: powers.clock.now(), ...known });
  const { decision } = explanation;
  const { nearest } = decision;
  return {
    effect: decision.effect,
    rule: decision.rule,
    because: decision.because,
    nearest:
      nearest === undefined
        ? null
        : `The closest permission is ${nearest.rule}; it fails on ${nearest.failed.join(", ")}.`,
    assurance: decision.assurance ?? null,
    changes: explanationSentences({ ...explanation, unknown: [] })
      .filter((sentence) => sentence.startsWith("It would be"))
      .slice(0, LINES_MAX)
      .map(clipped),
  };
}

/** What was typed, as a scenario writes it. Refuses `input.invalid` with the nearest valid word. */
function understood(given: VerbInput<"policy.explain">["request"]): Given {
  for (const name of Object.keys(given)) {
    if (DIMENSIONS.some((dimension) => dimension === name)) continue;
    const nearest = nearestWord(name, DIMENSIONS);
    const hint = nearest === undefined ? `There are ${DIMENSIONS.join(", ")}.` : `Did you mean ${nearest}?`;
    throw new Refusal("input.invalid", { field: name, hint });
  }
  const spelled = Object.entries(given).map(([name, value]) => {
    if (name === "cats") return [name, String(value).split(",")];
    return [name, isCounter(name) ? Number(value) : String(value)];
  });
  const parsed = GivenSchema.safeParse(Object.fromEntries(spelled));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join(".") ?? "";
  const values = issue?.code === "invalid_value" ? issue.values.map(String) : [];
  const nearest = nearestWord(String(given[String(issue?.path[0])]), values);
  const known = values.length === 0 ? (issue?.message ?? "") : `There are ${values.join(", ")}.`;
  throw new Refusal("input.invalid", { field, hint: nearest === undefined ? known : `Did you mean ${nearest}?` });
}

type Change = {
  readonly digest: string;
  readonly widens: boolean;
  readonly lines: readonly ChangeLine[];
};

const sha256 = (powers: Powers, text: string): string => hex(powers.hashing.sha256(powers.hashing.utf8(text)));

/**
 * SHA-256 over `lazaret.policy-diff.v1` ‖ 0 ‖ canonical JSON of both policies' digests and every region that changes.
 */
function changeOf(powers: Powers, after: Policy): Change {
  const rules = (policy: Policy) => policy.rules.map(({ rule }) => rule);
  try {
    const { diff, widens, lines } = tellChange(rules(powers.policy.current), rules(after));
    const changes = diff.changes.map(({ from, to, demand, box }) => ({ from, to, demand, box }));
    const bound = { before: policyDigest(powers), after: sha256(powers, after.canonical), changes } as Canonical;
    return { digest: sha256(powers, `lazaret.policy-diff.v1\0${canonical(bound)}`), widens, lines };
  } catch (error) {
    if (!(error instanceof TooTangled)) throw error;
    throw new Refusal("policy.invalid", {
      hint: "These rules differ in too many ways to be told; load fewer at a time.",
    });
  }
}

/**
 * Atomic: rules, approval and entry are one commit, and only then do they hold. What permits anything new needs
 * `expect`, the digest
 * of the very difference that the owner was shown; narrowing needs nothing.
 */
async function load(
  powers: Powers,
  outside: Outside,
  { packs, dry_run: dry, expect }: VerbInput<"policy.load">,
): Promise<VerbOutput<"policy.load">> {
  const policy = outside.compilePolicy(packs);
  const before = policyDigest(powers);
  const change = changeOf(powers, policy);
  const digest = sha256(powers, policy.canonical);
  const view = {
    digest,
    permits_new: change.widens,
    diff: change.digest,
    lines: change.lines
      .slice(0, LINES_MAX)
      .map((line) => ({ ...line, text: clipped(line.text), example: clipped(line.example) })),
    more: Math.max(0, change.lines.length - LINES_MAX),
  };
  if (dry === true) return { ...view, approval: null };
  if (expect !== undefined && expect !== change.digest)
    throw new Refusal("approval.void", {
      hint: "The rules changed since you looked. Look again, then say yes to that.",
    });
  if (change.widens && expect === undefined)
    throw new Refusal("approval.required", {
      hint: "They permit something new: say yes to what changes.",
      field: change.digest,
    });
  const approval = await transact(powers, (draft) => {
    if (policyDigest(powers) !== before)
      throw new Refusal("approval.void", { hint: "Other rules were loaded meanwhile." });
    const texts = packs.map(({ name, text }) => ({ name, sha256: sha256(powers, text) }));
    const input = { before, after: digest, diff: change.digest, packs: texts };
    const { id } = owned(powers, draft, "policy.load", packs.map(({ name }) => name).join(", "), input);
    const value = packs.map(({ name, text }) => ({ name, text }));
    draft.put("setting", LOADED_PACKS, { id: LOADED_PACKS, tenant: draft.tenant, value });
    const body = {
      before,
      digest,
      diff: change.digest,
      widens: change.widens,
      rules: policy.rules.length,
      approval: id,
    };
    draft.entry("policy.loaded", body, { actor: localOwner(powers).id });
    return id;
  });
  powers.policy.current = policy;
  return { ...view, approval };
}
