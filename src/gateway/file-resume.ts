/** Reads that a yes was given for and that the end of the process cut off: having no effect, they are done again. */
import type { RunId } from "../core/ids.ts";
import { type FileCall, readApproved } from "./attachments.ts";
import { storedOf } from "./execute.ts";
import type { Powers } from "./powers.ts";

const OPEN_MAX = 10_000;

export type CutOff = { readonly run: RunId; readonly read: () => Promise<void> };

export function cutOffReads(powers: Powers): readonly CutOff[] {
  const { store } = powers;
  return store.find("call", "open", "open", { limit: OPEN_MAX }).flatMap(({ value: call }): CutOff[] => {
    const approval = call.approval === null ? undefined : store.get("approval", call.approval)?.value;
    const isCut = call.capability === "attachment.extract_text" && call.status === "waiting";
    const stored = approval?.stored ?? null;
    if (!isCut || approval?.status.state !== "consumed" || stored === null) return [];
    const read = async (): Promise<void> => {
      const { call: what } = await storedOf(powers, approval.capability, stored);
      await readApproved(powers, call.id, what as FileCall);
    };
    return [{ run: call.run, read }];
  });
}
