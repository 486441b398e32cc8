/** Runs a transform with the model that the owner configured for transforms, or as it is where there is none. */
import { hex } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import { MODEL_SPARE_MS, TRANSFORM_MS_MAX } from "../core/limits.ts";
import type { ModelProfile } from "../core/model.ts";
import type { TransformCall, TransformOutcome } from "../core/ports.ts";
import { type Answered, quarantined, questionOf } from "../core/quarantined.ts";
import { deadlineOf } from "../core/run.ts";
import type { ModelRoom } from "../core/transform.ts";
import type { Doing } from "./call.ts";
import { askModel, modelFor } from "./model-call.ts";
import type { Powers } from "./powers.ts";

type Run = (doing: Doing, more: Pick<TransformCall, "model" | "answers">) => Promise<TransformOutcome>;

/** `label` is that of everything that the transform reads. */
export function withModel(powers: Powers, doing: Doing, label: Label, run: Run): Promise<Answered> {
  const profile = modelFor(powers, "transforms");
  const end = deadlineOf(doing.asker.run);
  /** Each stretch of work has its own time: the model may have taken long. */
  const now = (more: Pick<TransformCall, "model" | "answers">): Promise<TransformOutcome> =>
    run({ ...doing, deadline: Math.min(powers.clock.now() + TRANSFORM_MS_MAX, end) }, more);
  if (profile === null) return quarantined({ prepare: () => now({}), finish: never, ask: never });
  const model = roomOf(powers, profile);
  return quarantined({
    prepare: () => now({ model }),
    finish: (answers) => now({ model, answers }),
    ask: (request) =>
      askModel(powers, {
        run: doing.asker.run.id,
        profile,
        capability: doing.manifest.id,
        label,
        ask: questionOf(request),
        deadline: end - MODEL_SPARE_MS,
        short: "keep",
      }),
  });
}

const never = (): never => {
  throw new RangeError("nothing was asked");
};

const NONCE_BYTES = 16;

/** A character takes at most one token; what instructions, schema and answer need is left free. */
const roomOf = (powers: Powers, profile: ModelProfile): ModelRoom => ({
  nonce: hex(powers.random.bytes(NONCE_BYTES)),
  charsMax: Math.max(256, profile.tokensInMax - 2048),
});
