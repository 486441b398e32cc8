/** For programmer's errors: what must never happen ends the program. Callers' errors are Refusals. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(message);
}
