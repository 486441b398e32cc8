/** What a rule that asks says of the question: who may answer, how surely, where. */
import type { Decision } from "../../policy/decide.ts";
import type { AskFor } from "./call.ts";
import type { Powers } from "./powers.ts";

type AskedBy = Pick<AskFor, "assurance" | "fourEyes" | "approvers" | "rule" | "because" | "route">;

/** `assurance`: what it takes where the rule does not say. */
export const askedBy = (
  { settings }: Powers,
  { rule, because, route, ...decision }: Decision,
  assurance: AskFor["assurance"] = "medium",
): AskedBy => ({
  assurance: decision.assurance ?? assurance,
  // A rule may ask for a second person; none may waive what the owner configured.
  fourEyes: decision.fourEyes === true || settings.fourEyes,
  approvers: decision.approvers ?? ["owner", "approver"],
  rule,
  because,
  ...(route === undefined ? {} : { route }),
});
