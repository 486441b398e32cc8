/** How the account is doing, for `verify` and `doctor`. */
export type AccountFacts = {
  readonly user: string;
  readonly device: string;
  readonly fingerprint: string;
  readonly crossSigned: boolean;
  readonly backup: boolean;
  readonly secretStorage: boolean;
  /** Signed one-time keys that the homeserver still has of us; null where it does not say. */
  readonly oneTimeKeys: number | null;
  readonly rooms: number;
  readonly encryptedRooms: number;
  /** Messages that wait for their keys. */
  readonly undecryptable: number;
};
