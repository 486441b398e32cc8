/**
 * Tokens that stand for persons and things in what agents read and write, and putting names back (CONTRACT section 5).
 */
import type { BlobId, ConversationId, PrincipalId, RunId } from "../core/ids.ts";
import type { Label } from "../core/label.ts";
import { NAMES_PUT_BACK_MAX, PSEUDONYMS_PER_RUN_MAX } from "../core/limits.ts";
import type { Pseudonym } from "../core/people.ts";
import type { Found } from "../core/ports.ts";
import { Refusal } from "../core/refusal.ts";
import type { MaskKind } from "../core/transform.ts";
import type { Draft } from "./draft.ts";
import { grantPermit } from "./permit.ts";
import { plainText } from "./plain-text.ts";
import type { Powers } from "./powers.ts";

const KNOWN_MAX = 5000;
const PREFIX_CHARS_MIN = 4;

/** Names come back; identifiers, contacts and secrets never do: people read a plain word for them. */
const COMES_BACK: readonly MaskKind[] = ["PERSON", "ORG", "PLACE", "WORD", "DATE"];
const WORDS: Readonly<Partial<Record<string, string>>> = {
  ADDRESS: "(address)",
  PHONE: "(phone number)",
  EMAIL: "(e-mail address)",
  HANDLE: "(handle)",
  URL: "(link)",
  IP: "(network address)",
  MAC: "(device address)",
  CARD: "(card number)",
  IBAN: "(account number)",
  ID: "(id number)",
  SECRET: "(secret)",
  GEO: "(coordinates)",
  PLATE: "(number plate)",
};

export const knownIn = (powers: Powers, conversation: ConversationId): readonly Pseudonym[] =>
  powers.store.find("pseudonym", "conversation", conversation, { limit: KNOWN_MAX }).map(({ value }) => value);

/** Shortest prefix of the keyed hash that nobody else in the conversation has. */
function tokenFor(kind: MaskKind, mac: string, known: readonly Pick<Pseudonym, "token" | "mac">[]): string {
  const same = known.find((other) => other.mac === mac && other.token.startsWith(`${kind}_`));
  if (same !== undefined) return same.token;
  const taken = new Set(known.map((other) => other.token));
  for (let length = PREFIX_CHARS_MIN; length < mac.length; length++) {
    const token = `${kind}_${mac.slice(0, length)}`;
    if (!taken.has(token)) return token;
  }
  return `${kind}_${mac}`;
}

/** The token of a principal in a conversation, written down in the draft when it is new. */
export function personToken(
  powers: Powers,
  draft: Draft,
  conversation: ConversationId,
  principal: PrincipalId,
  known: Pseudonym[],
): string {
  const mac = powers.store.mac("pseudonym", conversation, powers.hashing.utf8(`PERSON\u0000${principal}`));
  const token = tokenFor("PERSON", mac, known);
  if (!known.some((other) => other.token === token)) {
    known.push(write(draft, { conversation, token, kind: "PERSON", mac, principal, blob: null }));
  }
  return token;
}

function write(draft: Draft, about: Omit<Pseudonym, "id" | "tenant">): Pseudonym {
  const id = `${about.conversation}/${about.token}`;
  const held = draft.get("pseudonym", id);
  return held ?? draft.put("pseudonym", id, { ...about, id, tenant: draft.tenant });
}

/** What a transform found in the text gets its token written down, with the original sealed. */
export function writeFound(
  draft: Draft,
  conversation: ConversationId,
  label: Label,
  found: readonly Found[],
  expires: number,
): void {
  for (const { token, mac, kind, original } of found) {
    // Only what may come back is worth keeping; the rest stays a word.
    if (!COMES_BACK.includes(kind) || draft.get("pseudonym", `${conversation}/${token}`) !== null) continue;
    const blob: BlobId = draft.sealJson("name", "name.v1", conversation, label, { original }, expires);
    write(draft, { conversation, token, kind, mac, principal: null, blob });
  }
}

const TOKEN = /\b([A-Z]{2,8})_([0-9a-f]{4,64})\b/g;

export const tokensIn = (text: string): readonly string[] => [...new Set(text.match(TOKEN) ?? [])];

/**
 * Remembers which tokens a run was given, and which destinations its request names: no other token is put back for it.
 */
export function issue(draft: Draft, run: RunId, tokens: readonly string[], named: readonly string[] = []): void {
  const had = draft.get("issued", run) ?? { id: run, tenant: draft.tenant, tokens: [], named: [] };
  const all = [...new Set([...had.tokens, ...tokens])].slice(0, PSEUDONYMS_PER_RUN_MAX);
  const places = [...new Set([...had.named, ...named])];
  if (all.length === had.tokens.length && places.length === had.named.length) return;
  draft.put("issued", run, { ...had, tokens: all, named: places });
}

const NAME_CHARS_MAX = 80;
/**
 * A word that something could follow, live or defanged. A name in it would be a way out for the name, so its tokens
 * stay tokens.
 */
const LINKISH = /:\/\/|\[[.:]\]|[\p{L}\p{N}][.。．｡][\p{L}\p{N}-]{2,}[/?#:]/u;

export type Stretch = { readonly from: number; readonly to: number };

/**
 * Replaces tokens by names in text that is about to be shown to people of `conversations`, but for the stretches that
 * stay masked. A token of a name that the run was never given is refused with a hint; at most 20 different names come
 * back, the rest stay tokens.
 */
export async function putBack(
  powers: Powers,
  run: RunId,
  conversations: readonly ConversationId[],
  text: string,
  masked: readonly Stretch[] = [],
): Promise<string> {
  const isMasked = (at: number): boolean => masked.some(({ from, to }) => from <= at && at < to);
  const tokens = [
    ...new Set([...text.matchAll(TOKEN)].filter(({ index }) => !isMasked(index)).map(([token]) => token)),
  ];
  if (tokens.length === 0) return text;
  const issued = new Set(powers.store.get("issued", run)?.value.tokens ?? []);
  const stranger = tokens.find(
    (token) => (COMES_BACK as readonly string[]).includes(kindOf(token)) && !issued.has(token),
  );
  if (stranger !== undefined) {
    throw new Refusal("egress.pseudonym", {
      hint: `${stranger} was not given to this run; use the tokens it was given.`,
    });
  }
  const names = new Map<string, string>();
  for (const token of tokens) {
    if (names.size >= NAMES_PUT_BACK_MAX) break;
    const name = await nameOf(powers, conversations, token);
    // A display name is somebody else's text: one plain line of it, whatever it holds.
    if (name !== null)
      names.set(token, plainText([...name].slice(0, NAME_CHARS_MAX).join(""), []).replaceAll("\n", " "));
  }
  return text.replace(/\S+/gu, (word: string, at: number) =>
    LINKISH.test(word)
      ? word
      : word.replace(TOKEN, (token: string, _kind: string, _mac: string, inside: number) =>
          isMasked(at + inside) ? token : (names.get(token) ?? WORDS[kindOf(token)] ?? token),
        ),
  );
}

const kindOf = (token: string): string => token.slice(0, token.indexOf("_"));

async function nameOf(powers: Powers, conversations: readonly ConversationId[], token: string): Promise<string | null> {
  for (const conversation of conversations) {
    const known = powers.store.get("pseudonym", `${conversation}/${token}`)?.value;
    if (known === undefined || !COMES_BACK.includes(known.kind)) continue;
    if (known.principal !== null) {
      const permit = grantPermit({ by: "gateway", why: "names" }, "names", "put-back", []);
      return powers.store.names(permit, [known.principal]).get(known.principal) ?? null;
    }
    const { blob } = known;
    if (blob === null) continue;
    const permit = grantPermit({ by: "gateway", why: "names" }, "render", "put-back", [blob]);
    return powers.store.open(permit, [blob], ([opened]) => originalOf(powers, opened?.bytes));
  }
  return null;
}

function originalOf(powers: Powers, bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null;
  const { original } = JSON.parse(powers.hashing.text(bytes)) as { original: string };
  return original;
}
