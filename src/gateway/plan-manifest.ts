/** What a plan takes and gives, from the capabilities that there are. */
import { z } from "zod";
import type { CapabilityId, Manifest } from "../core/capability.ts";
import { JUSTIFICATION_CHARS_MAX, PLAN_STEPS_MAX } from "../core/limits.ts";
import { REFUSAL_CODES, type RefusalCode } from "../core/refusal.ts";

const Count = z.number().int().min(1).max(PLAN_STEPS_MAX);

/** What became of each step. What it gave is the answer of an invocation of its own: the plan's key, `#`, number. */
const PlanOutput = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        step: Count,
        status: z.enum(["done", "refused", "failed", "unknown"]),
        code: z.enum(REFUSAL_CODES as [RefusalCode, ...RefusalCode[]]).nullable(),
      }),
    )
    .max(PLAN_STEPS_MAX),
});
export type PlanOutput = z.infer<typeof PlanOutput>;

export type PlanInput = {
  readonly steps: readonly {
    readonly capability: CapabilityId;
    readonly input: unknown;
    readonly justification: string;
  }[];
};

/** What is asked of people one by one can be a step: what sends, and what shows redacted messages. */
const isStep = ({ id, egress }: Manifest): boolean => egress !== undefined || id === "message.redact";

/** The manifest for the capabilities that there are: a step takes exactly what its capability takes. */
export function planManifest(manifests: readonly Manifest[]): Manifest {
  const [first, ...more] = manifests.filter(isStep).map(({ id, input }) =>
    z.strictObject({
      capability: z.literal(id),
      input,
      justification: z.string().min(1).max(JUSTIFICATION_CHARS_MAX),
    }),
  );
  if (first === undefined) throw new TypeError("a plan needs something that can be a step");
  return {
    id: "plan.propose",
    version: 1,
    title: "Several steps behind one question; a person may allow some of them",
    effect: "once",
    input: z.strictObject({
      steps: z
        .array(z.discriminatedUnion("capability", [first, ...more]))
        .min(1)
        .max(PLAN_STEPS_MAX),
    }),
    output: PlanOutput,
    tier: "A",
    cost: { steps: 1 },
    risk: "medium",
    asks: true,
  };
}
