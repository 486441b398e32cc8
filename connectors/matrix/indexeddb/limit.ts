/** `[EnforceRange] unsigned long`; nothing and zero mean all. */
export function limitOf(count: unknown): number {
  if (count === undefined || count === null) return -1;
  const whole = Math.trunc(Number(count));
  if (!(whole >= 0 && whole <= 0xffff_ffff)) throw new TypeError("not a count");
  return whole === 0 ? -1 : whole;
}
