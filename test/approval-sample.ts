/** A question that is open, for tests of its machine. */
import type { Approval } from "../src/core/approval.ts";
import { BOTTOM } from "../src/core/label.ts";
import { id } from "./store-home.ts";

export const pending = (more: Partial<Approval> = {}): Approval => ({
  id: id("ApprovalId"),
  tenant: "default",
  session: null,
  run: null,
  call: null,
  capability: "chat.send",
  version: 1,
  requester: null,
  conversation: null,
  destination: "work",
  label: BOTTOM,
  assurance: "medium",
  fourEyes: true,
  approvers: ["owner"],
  digest: "aa",
  codeHash: "",
  wrongCodes: 0,
  sources: [],
  surfaces: [],
  answer: null,
  prompt: null,
  stored: null,
  createdAt: 0,
  expiresAt: 1000,
  status: { state: "pending" },
  ...more,
});
