/** Intents and their outcomes: both carry the same `effect`, `outbox` or `call` in their body. */
const TYPE_CHARS_MAX = 27;
const [DOT, QUOTE, E, F] = [0x2e, 0x22, 0x65, 0x66];
const KEYS = ["effect", "outbox", "call"] as const;

/** The type stands last in an entry, so most are told apart by the letters before its dot, and not parsed. */
function mayBeEffect(leaf: Buffer): boolean {
  const first = Math.max(0, leaf.length - TYPE_CHARS_MAX);
  for (let dot = leaf.length - 1; dot >= first; dot--) {
    if (leaf[dot] === DOT) return leaf[dot - 7] === QUOTE && leaf[dot - 6] === E && leaf[dot - 5] === F;
  }
  return false;
}

export class Effects {
  readonly #open = new Map<string, number>();

  /** `leaf` is the byte 0 and the entry. */
  follow(leaf: Buffer, seq: number): void {
    if (!mayBeEffect(leaf)) return;
    const { type, body } = JSON.parse(leaf.toString("utf8", 1)) as { type: string; body: Record<string, unknown> };
    const key = KEYS.map((name) => body[name]).find((value) => typeof value === "string") ?? `entry ${seq}`;
    if (type === "effect.intended") this.#open.set(String(key), seq);
    else this.#open.delete(String(key));
  }

  dangling(): readonly number[] {
    return [...this.#open.values()].sort((a, b) => a - b);
  }
}
