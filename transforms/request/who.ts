/** Whom and which place a request names: only those that its caller listed. */
import type { Slots } from "../../src/core/request.ts";
import type { Surroundings } from "../../src/core/transform.ts";
import { fold, type Plain } from "./plain.ts";

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
const PERSON_CUES =
  "by|from|did|has|have|does|was|is|about|for|of|with|to|tell|ask|von|uber|fur|an|mit|hat|par|de|pour|a|ha|dijo|" +
  "sobre|para|que";
const NAMES_MAX = 4;

/**
 * Is the name, one of the language's words too, meant as a name here? Written with a capital inside the request, or
 * behind a cue.
 */
function isNamed(name: string, { written, folded }: Plain): boolean {
  const inside = new RegExp(`(?<=[\\p{L}\\p{N},] )${escaped(capital(name))}(?![\\p{L}\\p{N}_])`, "u");
  const cued = new RegExp(`(?<![a-z])(?:${PERSON_CUES}) ${escaped(fold(name))}(?![a-z0-9_])`);
  return inside.test(written) || cued.test(folded);
}
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Whole words of folded text. */
const holds = (folded: string, name: string): boolean =>
  folded.includes(name) && new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(name)}(?![\\p{L}\\p{N}_])`, "u").test(folded);

/** Tokens of everybody whom the request names, at most four, by a known name or by the token itself. */
export function personsOf(
  plain: Plain,
  around: Pick<Surroundings, "people" | "isOrdinaryWord">,
  aliases: readonly string[],
): readonly string[] {
  const found = new Set<string>();
  for (const { names, token } of around.people) {
    if (found.size >= NAMES_MAX) break;
    // A token that somebody writes arrives escaped (transforms/pseudonyms.ts).
    if (holds(plain.written, token) || holds(plain.written, token.replace("_", "-"))) found.add(token);
    for (const name of names) {
      const small = fold(name);
      if (small.length < 2 || !holds(plain.folded, small)) continue;
      if (aliases.includes(small) && aliasOf(plain, [small], around) === small) continue;
      if (around.isOrdinaryWord(small) && !isNamed(name, plain)) continue;
      found.add(token);
    }
  }
  return [...found];
}

const OWN = new RegExp(
  "(?<![a-z])(?:for me|my own|mine|to me|assigned to me|i (?:have|need|must|should)|do i|should i|" +
    "must i|my|fur mich|meine[rnms]?|muss ich|soll ich|ich|pour moi|mes|mon|ma|dois-je|je|para mi|mis?|" +
    "tengo)(?![a-z])",
);
/** Does the request ask for what concerns its author? */
export const isOwn = (folded: string): boolean =>
  OWN.test(folded.replace(/remind me|(?:send|tell|give|show|make) (?:it |this |that )?(?:to )?me/g, ""));

const ALIAS_CUES =
  "in|from|of|into|to|tell|within|over|conversation|chat|group|room|channel|thread|with|check|read|summari[sz]e|" +
  "recap|sum up|tl;?dr|redact|anonymi[sz]e|catch me up on|" +
  "aus|von|im|an|nach|gruppe|raum|kanal|fasse?|unterhaltung|dans|groupe|salon|resume|en|grupo|sala|conversacion|" +
  "resumen?|resume de";
const PLACE_CUES =
  `(?:${ALIAS_CUES})(?: (?:the|our|my|der|die|das|dem|den|unserer?|la|le|les|el|los|du|group|` +
  "chat|room|conversation|gruppe|groupe|grupo))?";

/**
 * The alias that the request names, of those that exist; null for none or several. An ordinary word needs a cue
 * before or behind it.
 */
export function aliasOf(
  { folded }: Plain,
  aliases: readonly string[],
  { isOrdinaryWord }: Pick<Surroundings, "isOrdinaryWord">,
): string | null {
  const found = aliases.filter((alias) => {
    const spoken = [...new Set([alias, alias.replace(/[-_.]/g, " ")])].map(escaped).join("|");
    const cued = new RegExp(`(?<![a-z])${PLACE_CUES} ["'#]?(?:${spoken})(?![a-z0-9_])`);
    const marked = new RegExp(
      `[#"'](?:${spoken})(?![a-z0-9_])|(?<![a-z0-9_])(?:${spoken})["']? (?:chat|group|room|conversation|channel|` +
        "gruppe|raum|groupe|grupo)(?![a-z])",
    );
    if (cued.test(folded) || marked.test(folded)) return true;
    return !isOrdinaryWord(alias) && /[-_.\d]/.test(alias) && holds(folded, alias);
  });
  // "family-old" also holds "family": the longest wins when it contains the others.
  const longest = found.reduce((a, b) => (b.length > a.length ? b : a), "");
  return longest !== "" && found.every((alias) => longest.includes(alias)) ? longest : null;
}

const THREAD = new RegExp(
  "(?<![a-z])(?:(?:this|the|that|dieser|diesem|diesen|der|im|ce|cet|le|este|el|du|in|our) (?:thread|" +
    "fil|hilo|faden|strang)|thread)(?![a-z])",
);
const CONVERSATION = new RegExp(
  "(?<![a-z])(?:(?:this|the|our|whole|entire|full|in|diese[rnms]?|der|die|im|ganze[rnms]?|cette|ce|la|" +
    "le|esta|este|el|toute la|toda la|todo el) (?:conversation|chat|group|room|channel|unterhaltung|gruppe|raum|" +
    "kanal|gesprach|discussion|groupe|salon|conversacion|grupo|sala)|everything|alles)(?![a-z])",
);

export function scopeOf(folded: string): Slots["scope"] {
  if (CONVERSATION.test(folded)) return "conversation";
  return THREAD.test(folded) ? "thread" : null;
}

const PRIVATELY = new RegExp(
  "(?<![a-z])(?:privately|in private|private(?:ly)? (?:message|chat)|direct(?:ly)? (?:message|to me)|" +
    "(?:dm|pm) me|(?:in|via|by|as|per|to) (?:a |my |our )?(?:dms?|pms?|direct messages?|direct chat|pn|" +
    "privatnachricht)|(?:only|just) (?:to|for) me|only me|privat|nur (?:an |fur )?mich|en prive|" +
    "par message prive|seulement a moi|en privado|por privado|solo a mi)(?![a-z])",
);
const HERE = new RegExp(
  "(?<![a-z])(?:(?:post|send|put|share|write|reply|answer|show)(?: \\S+){0,6} here|" +
    "in(?:to)? this (?:chat|room|group|conversation|thread)$|hierher|poste.{0,30} hier|ici|aqui)(?![a-z])",
);

export function toOf(folded: string): Slots["to"] {
  if (PRIVATELY.test(folded)) return "direct";
  return HERE.test(folded) ? "here" : null;
}
