/** Intents and their outcomes: both carry the same `effect`, `outbox` or `call` in their body. */
const EFFECT_TAIL_CHARS = 27;
const KEYS = ["effect", "outbox", "call"] as const;

export class Effects {
  readonly #open = new Map<string, number>();

  /** `leaf` is the byte 0 and the entry. */
  follow(leaf: Buffer, seq: number): void {
    // The type stands last in an entry, so most are told apart without being parsed.
    if (!leaf.toString("latin1", leaf.length - EFFECT_TAIL_CHARS).includes('"effect.')) return;
    const { type, body } = JSON.parse(leaf.toString("utf8", 1)) as { type: string; body: Record<string, unknown> };
    const key = KEYS.map((name) => body[name]).find((value) => typeof value === "string") ?? `entry ${seq}`;
    if (type === "effect.intended") this.#open.set(String(key), seq);
    else this.#open.delete(String(key));
  }

  dangling(): readonly number[] {
    return [...this.#open.values()].sort((a, b) => a - b);
  }
}
