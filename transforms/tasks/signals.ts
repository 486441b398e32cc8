/** Signs in a message that say something about a task without naming it. */

/** "did you book the tickets?": a task only if the answer makes it one. */
export const INQUIRY =
  /^(?:(?:hey|hi|so|and|btw|\p{L}+),? )?(?:did|have) you (?:already |yet |ever )?(.+?)(?: yet| already)?\?*$/iu;
export const NOT_YET = new RegExp(
  String.raw`\b(?:not yet|no,? not|i(?:'ll| will) (?:do it|do that|get to it)|on my list|forgot|tomorrow` +
    String.raw`|tonight|today|later|this (?:evening|afternoon|week))\b`,
  "iu",
);
export const ALL_DONE = /\b(?:done|already|yes,? (?:all|it is|they are)|just (?:did|now)|did (?:it|that))\b/iu;
/** "it has to be ready by friday", said by anybody. */
export const READY = new RegExp(
  String.raw`^(?:(?:great|thanks|thank you|ok|perfect)\P{L}+)*(?:it|that|this|they|both)\b.*\b(?:by|until` +
    String.raw`|till|before|due|deadline)\b`,
  "iu",
);
export const ALL = /(?<![\p{L}])@?(?:all|everyone|everybody|team|folks|alle|tous|todos)(?![\p{L}])/iu;
/** "ich nehm ihn mit", "je les réserve", "lo llamo": a promise whose object is what was asked for. */
export const TAKES_IT = new RegExp(
  String.raw`^(?:(?:ja|jo|ok|okay|klar|oui|sí|si|vale|claro|d'accord|bien sûr)[,!.]? )*(?:ich \p{L}+ (?:ihn|sie|` +
    "es|das)" +
    String.raw`|je (?:le|la|les|l'|te le|te la|te les)\s?\p{L}{3,}|(?:yo |ya )?(?:te |os |se )?(?:lo|la|los|` +
    String.raw`las) \p{L}+o)` +
    String.raw`(?![\p{L}\p{N}])`,
  "iu",
);
