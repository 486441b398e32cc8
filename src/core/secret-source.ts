/** Secrets as others see them: where they may come from, and where they were found. */

/** A secret that is kept elsewhere. Read when it is used, in memory for the session, never written down. */
export interface SecretSource {
  readonly kind: "file" | "command";
  /** The caller wipes it. Rejects with `not_found` when it cannot be had. */
  read(): Promise<Uint8Array>;
}

/** A stretch of bytes that holds a secret, `end` not included. */
export type SecretHit = { readonly name: string; readonly start: number; readonly end: number };
