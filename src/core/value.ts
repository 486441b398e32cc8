/** A labelled output. Small typed fields travel by value, text travels by handle (CONTRACT section 3). */
import type { BlobId, ConversationId, Handle, MessageId, RunId } from "./ids.ts";
import type { Label } from "./label.ts";

export const TIERS = ["A", "B", "R", "C"] as const;
export type Tier = (typeof TIERS)[number];

/** Where a value comes from; a deleted or edited source takes the value with it. */
export type Source = { readonly message: MessageId; readonly blob: BlobId; readonly revision: number };

export type Value = {
  readonly handle: Handle;
  readonly tenant: string;
  readonly run: RunId;
  readonly conversation: ConversationId;
  readonly label: Label;
  readonly tier: Tier;
  /** What it is in words of the catalogue: `message.summarize`, `chat.draft` … */
  readonly kind: string;
  readonly schema: string;
  readonly sources: readonly Source[];
  /** The sealed value: JSON of the capability's output. */
  readonly blob: BlobId;
  /** A source was edited and it was made anew; it is not made a third time. */
  readonly remade: boolean;
  /** Characters of its longest rendering. */
  readonly chars: number;
  readonly createdAt: number;
  readonly expiresAt: number;
};
