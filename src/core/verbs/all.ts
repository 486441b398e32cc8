/** Every verb of the local socket, as one closed table. Server, client and tests read this. */
import type { z } from "zod";
import { CARE_VERBS } from "./care.ts";
import { CONVERSATION_VERBS } from "./conversations.ts";
import { EVIDENCE_VERBS } from "./evidence.ts";
import { GRANT_VERBS } from "./grants.ts";
import { KEY_VERBS } from "./keys.ts";
import { MODEL_VERBS } from "./models.ts";
import { REPORT_VERBS } from "./report.ts";
import { WALL_VERBS } from "./wall.ts";

export const VERBS = {
  ...CARE_VERBS,
  ...CONVERSATION_VERBS,
  ...EVIDENCE_VERBS,
  ...GRANT_VERBS,
  ...REPORT_VERBS,
  ...KEY_VERBS,
  ...MODEL_VERBS,
  ...WALL_VERBS,
} as const;
export type VerbName = keyof typeof VERBS;
export const VERB_NAMES = Object.keys(VERBS) as readonly VerbName[];
export type VerbInput<N extends VerbName> = z.output<(typeof VERBS)[N]["input"]>;
export type VerbOutput<N extends VerbName> = z.output<(typeof VERBS)[N]["output"]>;

/** What the daemon implements: every verb, by name. */
export type Owner = { readonly [N in VerbName]: (input: VerbInput<N>) => Promise<VerbOutput<N>> };
