/** What is posted in the main story, and what its child says of it. */

/** What the child says, a line each. Everything is said after it was acknowledged, but for what begins with `begun`. */
export type Told = {
  readonly point?: string;
  readonly points?: number;
  readonly secret?: true;
  readonly imported?: readonly string[];
  readonly typed?: number;
  readonly accepted?: string;
  readonly shown?: string;
  readonly acked?: readonly string[];
  readonly asked?: string;
  readonly approved?: string;
  readonly checkpoint?: string;
  readonly backup?: true;
  readonly begun?: "family" | "zoe" | "restore";
  readonly erased?: "family" | "zoe";
  readonly receipt?: string;
  readonly restored?: true;
  readonly ended?: true;
};

export const EVENTS: readonly Record<string, unknown>[] = [
  { id: "e0", sender: "ben", kind: "membership", members: ["ana", "ben", "zoe"] },
  { id: "e1", sender: "zoe", text: "Ben, please book the boat by Friday." },
  { id: "e2", sender: "ben", text: "I will book the boat and bring the ropes." },
  { id: "e3", text: "summarise the last 20 messages", addressed: true },
  { id: "e4", sender: "zoe", kind: "edit", target: "e1", text: "Ben, please book the small boat by Friday." },
  { id: "e5", sender: "ben", text: "Never mind this one." },
  { id: "e6", sender: "ben", kind: "delete", target: "e5" },
  { id: "e7", sender: "ben", kind: "reaction", target: "e1", key: "👍" },
  {
    id: "e8",
    sender: "ben",
    text: "The boat costs 84 euros.",
    attachments: [{ name: "b", mime: "text/plain", data: "Ym9hdA==" }],
  },
];
