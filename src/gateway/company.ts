/**
 * Nobody waits in silence for an agent of somebody else's: a sign within three seconds, a word within ten
 * (CONTRACT section 8).
 */
import { PROGRESS_MS, SIGN_MS } from "../core/limits.ts";
import type { Run } from "../core/run.ts";
import { seen } from "./call.ts";
import type { Powers } from "./powers.ts";
import { post, publicLabel, say } from "./say.ts";
import { transact } from "./transact.ts";

/** Keeps a run's asker company until it has an answer; returns a function that stops. */
export function keepCompany(powers: Powers, { id, conversation }: Run): () => void {
  const { clock, store } = powers;
  const channel = store.get("conversation", conversation)?.value.channel ?? "";
  const types = powers.connectors.get(channel)?.abilities.operations.includes("typing") === true;
  const signs: (() => void)[] = [];
  signs.push(clock.at(clock.now() + SIGN_MS, () => void sign(powers, id, types ? "typing" : "text")));
  if (types) signs.push(clock.at(clock.now() + PROGRESS_MS, () => void sign(powers, id, "text")));
  return () => {
    for (const forget of signs) forget();
  };
}

function sign(powers: Powers, id: Run["id"], how: "typing" | "text"): Promise<void> {
  return transact(powers, (draft) => {
    const { run } = draft.run(id);
    const conversation = draft.get("conversation", run.conversation);
    // Whoever was answered, or was asked something, knows.
    if (run.status.state !== "active" || run.facts.replies > 0 || conversation === null) return;
    const where = { conversation, thread: run.thread, replyTo: run.request };
    if (how === "text") say(draft, where, `${run.agent} is on it. Say cancel to stop it.`, id);
    else post(draft, where, { op: "typing" }, publicLabel(draft.tenant, conversation.id), id);
  }).catch((error: unknown) => powers.log("run", { run: id, code: seen(error).code }));
}
