/** Canonical texts of labels, remembered: few are in use at a time, and every message and blob needs one. */
import { canonicalLabel, type Label } from "../core/label.ts";

const KEPT_MAX = 4096;

export class LabelTexts {
  readonly #texts = new Map<string, string>();

  of(label: Label): string {
    const { cats, integrity, tenant, audience } = label;
    const id = `${cats}/${integrity}/${tenant}/${audience === "*" ? "*" : audience.join(" ")}`;
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    if (this.#texts.size >= KEPT_MAX) this.#texts.clear();
    const text = canonicalLabel(label);
    this.#texts.set(id, text);
    return text;
  }
}
