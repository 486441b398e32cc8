/** The runs of one requester in one conversation and thread (CONTRACT section 2). */
import type { ConversationId, PrincipalId, SessionId, ThreadId } from "./ids.ts";
import { SESSION_IDLE_MS_MAX } from "./limits.ts";

export type Session = {
  readonly id: SessionId;
  readonly tenant: string;
  readonly conversation: ConversationId;
  readonly thread: ThreadId | null;
  readonly requester: PrincipalId;
  readonly createdAt: number;
  readonly lastAt: number;
  readonly state: "open" | "closed";
};

/** The key under which the open session of a requester is found. */
export const sessionKey = (conversation: ConversationId, thread: ThreadId | null, requester: PrincipalId): string =>
  `${conversation}/${thread ?? "main"}/${requester}`;

export const isIdle = (session: Session, now: number): boolean => now - session.lastAt >= SESSION_IDLE_MS_MAX;
