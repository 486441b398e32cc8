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

const LINK = /\b[a-z][a-z0-9+.[\]-]{1,24}:\/\/[^\s<>"']{1,2000}/giu;
const NAME_CHARS_MAX = 80;

/**
 * Replaces tokens by names in text that is about to be shown to people of `conversations`. A person token the run was
 * never given is refused with a hint; at most 20 different names come back, the rest stay tokens.
 */
export async function putBack(
  powers: Powers,
  run: RunId,
  conversations: readonly ConversationId[],
  text: string,
): Promise<string> {
  const tokens = tokensIn(text);
  if (tokens.length === 0) return text;
  const issued = new Set(powers.store.get("issued", run)?.value.tokens ?? []);
  const stranger = tokens.find((token) => token.startsWith("PERSON_") && !issued.has(token));
  if (stranger !== undefined) {
    throw new Refusal("egress.pseudonym", {
      hint: `${stranger} was not given to this run; use the tokens it was given.`,
    });
  }
  const names = new Map<string, string>();
  for (const token of tokens) {
    if (names.size >= NAMES_PUT_BACK_MAX) break;
    const name = issued.has(token) ? await nameOf(powers, conversations, token) : null;
    // A display name is somebody else's text: one plain line of it, whatever it holds.
    if (name !== null) names.set(token, plainText(name, []).replaceAll("\n", " ").slice(0, NAME_CHARS_MAX));
  }
  return outsideLinks(text, (part) =>
    part.replace(TOKEN, (token: string) => names.get(token) ?? WORDS[kindOf(token)] ?? token),
  );
}

const kindOf = (token: string): string => token.slice(0, token.indexOf("_"));

/** A name in a link would be a way out for it: links keep their tokens. */
function outsideLinks(text: string, change: (part: string) => string): string {
  let out = "";
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    out += change(text.slice(at, match.index)) + match[0];
    at = match.index + match[0].length;
  }
  return out + change(text.slice(at));
}

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
