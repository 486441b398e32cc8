/** The leak scan: live secrets, plain or encoded, and keys of well-known forms, on their way out (section 10). */
import { Refusal } from "../core/refusal.ts";
import { SECRET_SHOWN, withoutKnownSecrets } from "../core/secret-forms.ts";
import type { Powers } from "./powers.ts";

type Scanning = Pick<Powers, "store" | "hashing" | "settings">;

/** Throws `secret.leak` when a text holds a live secret; nothing of it is said. */
export function assertNoSecret({ store, hashing, settings }: Scanning, text: string): void {
  if (store.secretsIn(settings.tenant, hashing.utf8(text)).length > 0)
    throw new Refusal("secret.leak", { hint: "Secrets are named by {{secret:NAME}}, never written out." });
}

/** The bytes with every live secret cut out, as text. */
export function scrubbedText({ store, hashing, settings }: Scanning, bytes: Uint8Array): string {
  let out = "";
  let at = 0;
  for (const { start, end } of store.secretsIn(settings.tenant, bytes)) {
    out += hashing.text(bytes.subarray(at, start)) + SECRET_SHOWN;
    at = end;
  }
  return out + hashing.text(bytes.subarray(at));
}

const scrubbed = (scanning: Scanning, text: string): string => scrubbedText(scanning, scanning.hashing.utf8(text));

/** What is said in a chat: keys of well-known forms are masked, a live secret stops it. */
export function checkedText(scanning: Scanning, text: string): string {
  assertNoSecret(scanning, text);
  return withoutKnownSecrets(text);
}

/** Every text within, in place: what a tool answers, what a trace or a log shows. The same object when nothing was. */
export function scrubbedValue<T>(scanning: Scanning, value: T): T {
  const { store, hashing, settings } = scanning;
  // Most homes of one person have none.
  if (store.secretNames(settings.tenant).length === 0) return value;
  const whole = JSON.stringify(value);
  if (whole === undefined || store.secretsIn(settings.tenant, hashing.utf8(whole)).length === 0) return value;
  const texts = deep(value, (text) => scrubbed(scanning, text));
  // What only the whole of it shows, such as a secret in two fields, is not shown at all.
  const left = store.secretsIn(settings.tenant, hashing.utf8(JSON.stringify(texts)));
  if (left.length > 0) throw new Refusal("secret.leak");
  return texts as T;
}

function deep(value: unknown, of: (text: string) => string): unknown {
  if (typeof value === "string") return of(value);
  if (Array.isArray(value)) return value.map((it) => deep(it, of));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [of(key), deep(inner, of)]));
}
