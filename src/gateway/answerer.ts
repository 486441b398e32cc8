/** Who answers in a conversation, and what happens when nobody by that name is there (CONTRACT section 8). */
import { BOTTOM, type Label } from "../core/label.ts";
import type { Conversation } from "../core/people.ts";
import { tokenNamed } from "./asker.ts";
import type { Powers } from "./powers.ts";

export type Answerer = {
  readonly agent: string;
  readonly external: boolean;
  /** An external agent remembers across runs, so its context does too (CONTRACT section 3). */
  readonly context: Label;
  /** Told to the person when somebody else answers than was meant to. */
  readonly instead: string | null;
};

export const BUTLER = { agent: "butler", external: false, context: BOTTOM, instead: null } as const;

const wantedAgent = (powers: Powers, { agent }: Pick<Conversation, "agent">): string => agent ?? powers.settings.agent;

export const fallbackOf = (powers: Powers, { fallback }: Pick<Conversation, "fallback">): "butler" | "none" =>
  fallback ?? powers.settings.fallback ?? "butler";

/** Can an agent of this name be given a run here now? A run that its token cannot reach would wait for nobody. */
export function isThere(powers: Powers, { id }: Pick<Conversation, "id">, agent: string): boolean {
  const isOurs = powers.drivers.some(({ name }) => name === agent);
  return agent === "butler" || isOurs || tokenNamed(powers, agent)?.conversations.includes(id) === true;
}

/**
 * The agent of the next run here. Where it is not there, the butler answers and says so; with `fallback: none` the run
 * waits for it like for any that is silent.
 */
export function answererFor(powers: Powers, conversation: Conversation): Answerer {
  const agent = wantedAgent(powers, conversation);
  if (powers.drivers.some(({ name }) => name === agent)) return { ...BUTLER, agent };
  if (isThere(powers, conversation, agent) && agent !== "butler")
    return { agent, external: true, context: tokenNamed(powers, agent)?.context ?? BOTTOM, instead: null };
  if (agent === "butler") return BUTLER;
  if (fallbackOf(powers, conversation) === "none") return { agent, external: true, context: BOTTOM, instead: null };
  return { ...BUTLER, instead: `${agent} is not here, so I do what I can myself.` };
}
