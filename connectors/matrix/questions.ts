/** What daemon and account process ask each other. */
import type { AccountFacts } from "../../src/core/account-facts.ts";
import type { InboundEvent } from "../../src/core/message.ts";
import type { Operation, Outcome } from "../../src/core/outbox.ts";

/** Everything that makes an account on this machine. It is one secret of the vault. */
export type Account = {
  readonly homeserver: string;
  readonly user: string;
  readonly device: string;
  readonly token: string;
  /** 32 bytes each, base64: of the crypto store, of the sync store, and of secret storage (the recovery key). */
  readonly cryptoKey: string;
  readonly syncKey: string;
  readonly recovery: string;
  /** Kept until the identity is published, which the homeserver lets only the password do. */
  readonly password?: string;
  /** The account had an identity before, which the recovery key opens. */
  readonly restores?: boolean;
};

/** A file on the network: where it is, and what opens and proves it when it is encrypted. */
export type FileRef = {
  readonly url: string;
  readonly name: string;
  readonly mime: string;
  /** EncryptedFile v2 of the specification, as JSON; null for a file in clear. */
  readonly sealed: string | null;
};

export type Item = { readonly event: InboundEvent; readonly files: readonly FileRef[] };
export type Batch = { readonly cursor: string; readonly items: readonly Item[] };

export type Sas = { readonly emoji: readonly string[]; readonly decimal: readonly number[] };

/** What the daemon asks of the account. */
export type ToAccount = {
  /** Opens stores, proves the device, publishes the identity where it is not yet, and begins to sync. */
  readonly start: readonly [
    { readonly account: Account; readonly files: { readonly crypto: string; readonly sync: string } },
    { readonly published: boolean },
  ];
  /** Everything that waits, as soon as something does. `ack` is the cursor of the last batch once it is durable. */
  readonly next: readonly [{ readonly tenant: string; readonly channel: string; readonly ack: string | null }, Batch];
  readonly send: readonly [Operation, Outcome];
  readonly member: readonly [{ readonly conversation: string; readonly person: string }, boolean | null];
  /** Everybody who is in a room; null when we are not. */
  readonly members: readonly [{ readonly conversation: string }, readonly string[] | null];
  /** Bytes in base64; null for a file that is too large, gone, or not what was announced. */
  readonly file: readonly [FileRef, string | null];
  readonly facts: readonly [Record<string, never>, AccountFacts];
  /** Sends something to ourselves through the homeserver and waits for it to come back. */
  readonly probe: readonly [Record<string, never>, null];
  /** An encrypted room with this person alone: the one there is, or a new one to which they are invited. */
  readonly direct: readonly [{ readonly person: string }, { readonly conversation: string }];
  /** Begins an interactive verification in the direct chat; answered once the emoji can be compared. */
  readonly verify: readonly [{ readonly person: string }, Sas];
  /** What the owner saw: the same, or not. */
  readonly verified: readonly [{ readonly same: boolean }, { readonly done: boolean }];
  /** Trusts the identity that this person shows now, after it changed. */
  readonly pin: readonly [{ readonly person: string }, null];
  /** What only the account keeps of a room, and its sessions in the backup: gone. */
  readonly forget: readonly [{ readonly conversation: string }, null];
  readonly stop: readonly [Record<string, never>, null];
};

/** How the account is connected; `code` is a fault code. */
export type Standing = { readonly state: "connecting" | "live" | "backoff" | "failed"; readonly code: string | null };

/** What the account asks of the daemon. */
export type ToDaemon = {
  /** May we join the room that this person invites us to? */
  readonly mayInvite: readonly [{ readonly person: string; readonly conversation: string }, boolean];
  readonly standing: readonly [Standing, null];
};
