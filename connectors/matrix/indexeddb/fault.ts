/** What IndexedDB throws: exceptions known by their name (Indexed DB 3.0, section 3.11). */
export type FaultName =
  | "AbortError"
  | "ConstraintError"
  | "DataError"
  | "InvalidStateError"
  | "NotFoundError"
  | "NotSupportedError"
  | "ReadOnlyError"
  | "TransactionInactiveError"
  | "UnknownError"
  | "VersionError";

export const fault = (name: FaultName, message: string): DOMException => new DOMException(message, name);

/** Outside of what the crypto store was seen to use: a new version of it fails here and not in somebody's room. */
export const unsupported = (what: string): DOMException => fault("NotSupportedError", `${what} is not supported`);
