/** A plan that is answered in part says which of its steps are still open. */
import type { Approval } from "../core/approval.ts";
import { grantPermit } from "./permit.ts";
import type { Powers } from "./powers.ts";
import { post } from "./say.ts";
import { isButtoned, marksOf } from "./settled.ts";
import { transact } from "./transact.ts";

/** A plan that is answered in part shows which steps, and keeps buttons for the others alone. */
export async function showOpenSteps(powers: Powers, id: Approval["id"]): Promise<void> {
  const { store, connectors, hashing } = powers;
  const plan = store.get("approval", id)?.value;
  if (plan?.status.state !== "pending" || plan.prompt === null) return;
  const channelOf = (place: Approval["surfaces"][number]): string =>
    store.get("conversation", place.conversation)?.value.channel ?? "";
  const shown = plan.surfaces.filter((surface) => isButtoned(powers, channelOf(surface)));
  if (shown.length === 0) return;
  const permit = grantPermit({ by: "gateway", why: "prompt" }, "prompt", plan.capability, [plan.prompt]);
  const prompt = await store.open(
    permit,
    [plan.prompt],
    ([opened]) => (JSON.parse(hashing.text(opened?.bytes ?? new Uint8Array())) as { readonly text: string }).text,
  );
  await transact(powers, (draft) => {
    const now = draft.get("approval", id);
    if (now?.status.state !== "pending") return;
    const steps = (now.steps ?? []).flatMap((step) => draft.get("approval", step) ?? []);
    const open = steps.flatMap(({ status }, at) => (status.state === "pending" ? [at + 1] : []));
    const text = `${prompt}\n\n${marksOf(steps)}`;
    for (const { conversation: place, message } of shown) {
      const conversation = draft.get("conversation", place);
      const unitsMax = connectors.get(conversation?.channel ?? "")?.abilities.textUnitsMax ?? 0;
      // What went as several messages cannot be shown anew in one; its buttons then answer that they are used up.
      if (conversation === null || message === null || text.length > unitsMax) continue;
      const label = { ...now.label, audience: [conversation.id] };
      const edit = { op: "edit", text, approval: { id, steps: open } } as const;
      post(draft, { conversation, thread: null }, edit, label, now.run, { target: message, approval: id });
    }
  });
}
