/** An instruction taken apart: whom the draft is for, and what it is to say. */
import { plain } from "../text/sentences.ts";

const PARTS_MAX = 12;
const PART_CHARS_MAX = 400;

const TEXT =
  "(?:reply|answer|response|message|note|text|e-?mail|letter|line|post|invitation|announcement|reminder|apology|" +
  "antwort|" +
  "nachricht|mail|einladung|réponse|message|mot|respuesta|mensaje|correo)";
const MAKE =
  "(?:draft|write|compose|prepare|formulate|word|suggest|schreibe?|entwirf|verfasse|formuliere?|écris|ecris|" +
  "rédige|redige|" +
  "escribe|redacta)";
/** "please draft a short reply to Ana": everything before what is to be said. */
const OPENING = new RegExp(
  `^(?:(?:hey|hi|please|pls|bitte|can you|could you|kannst du|peux-tu|puedes),? )*(?:${MAKE}(?: me| mir| moi)? ` +
    `(?:(?:a|an|the|eine?n?|une?|una?|my|our) )?(?:\\p{L}+ ){0,2}?${TEXT}|${MAKE}(?= (?:to|that|an|à|a) )|` +
    "(?:reply|answer|respond|antworte|réponds|responde)(?= ))",
  "iu",
);
const RECIPIENT =
  /^ ?(?:back )?(?:to|an|für|for|à|a|para) (?<to>PERSON_[0-9a-f]{4,64}|\p{Lu}[\p{L}_'-]*)(?:'s \p{L}+)?/u;
const SAYING =
  "(?:that|saying|telling|asking|thanking|inviting|confirming|to (?:ask|say|tell|thank)|dass|que|and)(?: |$)";
const ABOUT = new RegExp(`^ ?(?:about|regarding|on|über|wegen|sur|sobre) (?<about>.+?)(?= ${SAYING}|[:,]|$)`, "iu");
const TRANSLATE = new RegExp(
  "^(?:(?:please|pls|bitte|can you|could you),? )*(?:translate|übersetze?|tradui[st]|traduire|traduce|traducir)" +
    "(?![\\p{L}])",
  "iu",
);
const NEXT_ACT =
  "(?:that|thank|thanks|ask|asks|asking|say|says|saying|tell|tells|apologi|confirm|remind|invite|congratul|wish|" +
  "decline|" +
  "accept|refuse|dass|que )";
const BETWEEN = new RegExp(`(?:,? (?:and|und|et|y|but|then) (?:also |then )?|; |, )(?=${NEXT_ACT})|(?<=[.!?]) +`, "iu");

export type Instruction = {
  readonly to: string | null;
  readonly about: string | null;
  readonly parts: readonly string[];
};

export const isTranslation = (text: string): boolean => TRANSLATE.test(plain(text));

export function instructionOf(text: string): Instruction {
  let rest = plain(text).replace(OPENING, "");
  const to = RECIPIENT.exec(rest);
  if (to !== null) rest = rest.slice(to[0].length);
  const about = ABOUT.exec(rest);
  if (about !== null) rest = rest.slice(about[0].length);
  const said = rest.replace(/^[\s,:–-]+/u, "").replace(/^(?:in which (?:you|i) |and )/iu, "");
  const parts = said
    .split(BETWEEN)
    .map((part) => part.trim().slice(0, PART_CHARS_MAX))
    .filter((part) => /[\p{L}\p{N}]/u.test(part));
  return { to: to?.groups?.["to"] ?? null, about: about?.groups?.["about"] ?? null, parts: parts.slice(0, PARTS_MAX) };
}
