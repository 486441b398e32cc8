/** What the owner's verbs need of the world beyond the ports; main.ts hands it in. */

import type { Policy } from "../../policy/compile.ts";
import type { AccountFacts } from "../core/account-facts.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { CheckView } from "../core/verbs/care.ts";

/** Channels whose account is a device of its own. */
export type Accounts = {
  /** Signs in, once. The account as it goes into the vault; the recovery key, once, when it was made here. */
  signIn(order: {
    readonly homeserver: string;
    readonly user: string;
    readonly secret: string;
    readonly isToken: boolean;
    readonly recovery: string | null;
  }): Promise<{ readonly account: Uint8Array; readonly user: string; readonly recovery: string | null }>;
  /** An encrypted room with this person alone, to which they are invited. */
  direct(channel: string, person: string): Promise<string>;
  /** Emoji to be compared with what this person sees; then what the owner saw. */
  verify(
    channel: string,
    person: string,
  ): Promise<{ readonly emoji: readonly string[]; readonly decimal: readonly number[] }>;
  verified(channel: string, same: boolean): Promise<boolean>;
  /** Takes the identity that this person shows now, unseen. */
  pin(channel: string, person: string): Promise<void>;
  facts(channel: string): Promise<AccountFacts>;
  /** Signs out as far as the homeserver can be reached, and destroys keys and stores. The channel is closed before. */
  forget(channel: string, secret: string): Promise<void>;
};

export type Outside = {
  readonly version: string;
  readonly home: string;
  readonly startedAt: number;
  /** Where the loopback HTTP door listens; null when it does not. */
  readonly http: () => string | null;
  /** Makes and opens the connector of a channel that was just written down. */
  readonly connect: (channel: string) => Promise<void>;
  /**
   * Where a bot is found by its token, before it is a channel. Refuses a token that its network does not know, and a
   * bot that another channel has. `root` is the network's address when it is not the usual one.
   */
  readonly introduce: (token: string, root: string | null) => Promise<{ readonly link: string }>;
  /** Matrix accounts: signing in, rooms with one person, comparing emoji. Each refuses what the homeserver refuses. */
  readonly accounts?: Accounts;
  /** Does its network tell this channel of every message in a group? null: it does not say, or has no such thing. */
  readonly readsAll: (channel: string) => Promise<boolean | null>;
  /**
   * Hands a line to the console channel; resolves once it is durable.
   * `place` is the console's own conversation when null.
   */
  readonly submit: (text: string, place: string | null) => Promise<void>;
  readonly doctor: (residue: boolean) => Promise<readonly CheckView[]>;
  /** Writes a verified copy of the database to a new file. */
  readonly backup: (file: string) => Promise<{ readonly bytes: number; readonly verified: boolean }>;
  readonly exportLedger: (file: string) => Promise<{ readonly entries: number; readonly bytes: number }>;
  /** Lines into a new 0600 file that only the holder of an age key reads; answers its bytes. */
  readonly seal: (file: string, recipient: string, lines: AsyncIterable<string>) => Promise<number>;
  /** The keys of the home: a new epoch, another unlock, a file for the day they are lost. */
  readonly keys: {
    /** Null is a key file. Answers the epochs before and after. */
    readonly rekey: (passphrase: string | null) => Promise<readonly [before: number, after: number]>;
    readonly recovery: (file: string, passphrase: string) => Promise<{ readonly epoch: number }>;
    readonly check: (file: string) => Promise<VerbOutput<"key.recovery_check">>;
  };
  /** Argon2id of a PIN, and checking one against it. */
  readonly hashPin: (pin: string) => Promise<string>;
  readonly checkPin: (pin: string, hash: string) => Promise<boolean>;
  /** Compiles packs; throws `policy.invalid` with the place of the first error. */
  readonly compilePolicy: (packs: readonly { readonly name: string; readonly text: string }[]) => Policy;
  /** Names of the packs in force. */
  readonly packs: () => readonly string[];
  /** What the configuration says that may surprise. */
  readonly notes: () => readonly string[];
  readonly stop: () => void;
};
