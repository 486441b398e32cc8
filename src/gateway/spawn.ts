/** `run.spawn`: a child run on part of the parent's budget, set aside until it ends (CONTRACT sections 5 and 8). */
import type { Amounts } from "../core/budget.ts";
import { newId } from "../core/ids.ts";
import { BOTTOM } from "../core/label.ts";
import { Refusal } from "../core/refusal.ts";
import { isTerminal } from "../core/run.ts";
import { contextOf } from "./asker.ts";
import { type Material, materialOf } from "./brief.ts";
import type { Doing, Handler, Made } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import type { Draft } from "./draft.ts";
import type { SpawnInput } from "./later-capabilities.ts";
import type { Powers } from "./powers.ts";
import { newRun } from "./start.ts";

const STEPS_DEFAULT = 10;

export const runSpawn =
  (powers: Powers, catalogue: Catalogue): Handler =>
  async (doing): Promise<Made> => {
    const input = doing.input as SpawnInput;
    const { asker } = doing;
    if (asker.run.parent !== undefined) throw new Refusal("input.invalid", { hint: "A child run starts no other." });
    const material = await materialOf(powers, catalogue, doing, input, contextOf(asker));
    let output: unknown;
    return {
      get output() {
        return output;
      },
      stripped: true,
      label: { ...BOTTOM, tenant: asker.run.tenant },
      values: [],
      capacity: { bits: 0, chars: 0 },
      used: { steps: 1, children: 1 },
      write: (draft) => {
        output = { run: spawn(powers, draft, doing, input, material) };
      },
    };
  };

/** What the child may use is set aside in the parent's own budget, in the commit in which the child begins. */
function spawn(powers: Powers, draft: Draft, { asker }: Doing, input: SpawnInput, material: Material): string {
  const parent = draft.run(asker.run.id);
  const { steps = STEPS_DEFAULT, tokens = 0, cost_micros = 0, egress_bytes = 0 } = input.budget ?? {};
  const drawn: Partial<Amounts> = { steps, tokens, cost_micros, egress_bytes };
  const call = draft.newId("CallId");
  const isDrawn = parent.apply({ type: "reserve", call, cost: drawn });
  if (!isDrawn || isTerminal(parent.run)) throw new Refusal("budget.exhausted", { hint: "Give the child less." });
  const blob = newId("BlobId", powers.random.bytes(16));
  draft.seal({
    id: blob,
    kind: "note",
    schema: "brief.v1",
    conversation: asker.run.conversation,
    label: material.label,
    bytes: powers.hashing.utf8(JSON.stringify({ text: material.text })),
    expires: draft.now + powers.settings.ttlMs,
  });
  const { principal, agent, external, context } = asker.run;
  const child = newRun(powers, draft, {
    session: draft.need("session", asker.run.session),
    principal,
    request: null,
    brief: { blob, label: material.label, by: material.by, does: "remind" },
    agent,
    external,
    context: external ? context : BOTTOM,
    background: true,
    budget: { ...drawn, children: 0 },
    parent: { run: asker.run.id, call, drawn },
    ...(input.done_when === undefined ? {} : { doneWhen: input.done_when }),
  });
  parent.apply({ type: "spawned", child: child.id });
  draft.rouse(child.id);
  return child.id;
}
