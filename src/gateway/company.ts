/**
 * Nobody waits in silence: a sign within three seconds, a word within ten, and where the network can edit that word
 * says how far it is (CONTRACT section 8).
 */
import type { MessageId } from "../core/ids.ts";
import { PROGRESS_EDIT_MS, PROGRESS_MS, SECOND_MS, SIGN_MS } from "../core/limits.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { seen } from "./call.ts";
import type { Powers } from "./powers.ts";
import { post, publicLabel, say, type Where } from "./say.ts";
import { transact } from "./transact.ts";

type Kept = { readonly id: Run["id"]; readonly from: number; readonly edits: boolean; readonly stop: AbortSignal };

/** Keeps a run's asker company until it has an answer, or until the daemon stops. */
export function keepCompany(powers: Powers, { id, conversation }: Run, stop: AbortSignal): void {
  const { clock, store } = powers;
  const from = clock.now();
  const channel = store.get("conversation", conversation)?.value.channel ?? "";
  const operations = powers.connectors.get(channel)?.abilities.operations ?? [];
  const kept: Kept = { id, from, edits: operations.includes("edit"), stop };
  const types = operations.includes("typing");
  clock.at(from + SIGN_MS, () => void (types ? type(powers, kept) : begin(powers, kept)));
  if (types) clock.at(from + PROGRESS_MS, () => void begin(powers, kept));
}

const whereOf = (run: Run, conversation: Where["conversation"]): Where => ({
  conversation,
  thread: run.thread,
  replyTo: run.request,
});

/** Whoever was answered, or was asked something, knows. */
const isWaited = ({ status, facts }: Run): boolean => status.state === "active" && facts.replies === 0;

function type(powers: Powers, { id, stop }: Kept): Promise<void> {
  return quietly(powers, { id, stop }, () =>
    transact(powers, (draft) => {
      const { run } = draft.run(id);
      const conversation = draft.get("conversation", run.conversation);
      if (!isWaited(run) || conversation === null) return;
      post(draft, whereOf(run, conversation), { op: "typing" }, publicLabel(draft.tenant, conversation.id), id);
    }),
  );
}

function begin(powers: Powers, kept: Kept): Promise<void> {
  return quietly(powers, kept, async () => {
    const message = await transact(powers, (draft): MessageId | null => {
      const { run } = draft.run(kept.id);
      const conversation = draft.get("conversation", run.conversation);
      if (!isWaited(run) || conversation === null) return null;
      return say(draft, whereOf(run, conversation), `${run.agent} is on it. Say cancel to stop it.`, kept.id);
    });
    if (message !== null && kept.edits) again(powers, kept, message);
  });
}

/** Edits the word as time passes, and once more when the run is over or somebody has the floor. */
function again(powers: Powers, kept: Kept, message: MessageId): void {
  const { clock } = powers;
  clock.at(clock.now() + PROGRESS_EDIT_MS, () => {
    void quietly(powers, kept, async () => {
      const goesOn = await transact(powers, (draft): boolean => {
        const { run } = draft.run(kept.id);
        const conversation = draft.get("conversation", run.conversation);
        // Gone with what was erased, or the network never took it: there is nothing to edit.
        if (conversation === null || draft.messageBy(message) === null) return false;
        const seconds = Math.round((draft.now - kept.from) / SECOND_MS);
        const text = isWaited(run)
          ? `${run.agent} is on it: ${seconds} seconds, ${stepsOf(run)}. Say cancel to stop it.`
          : overText(run);
        const label = publicLabel(draft.tenant, conversation.id);
        post(draft, { conversation, thread: run.thread }, { op: "edit", text }, label, run.id, { target: message });
        return isWaited(run);
      });
      if (goesOn) again(powers, kept, message);
    });
  });
}

const stepsOf = ({ budget }: Run): string =>
  `${budget.used.steps} ${budget.used.steps === 1 ? "step" : "steps"} of ${budget.limit.steps}`;

function overText(run: Run): string {
  if (!isTerminal(run)) return run.facts.replies > 0 ? "Answered." : "It waits for somebody.";
  return run.status.state === "done"
    ? "Done."
    : run.status.state === "cancelled"
      ? "Stopped."
      : "This did not work out.";
}

async function quietly(powers: Powers, { id, stop }: Pick<Kept, "id" | "stop">, work: () => Promise<void>) {
  if (stop.aborted) return;
  await work().catch((error: unknown) => {
    if (!stop.aborted) powers.log("run", { run: id, code: seen(error).code });
  });
}
