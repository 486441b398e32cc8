/**
 * What happens to a task later in the chat: it is done, called off, moved to another day, or somebody else takes it.
 */

export type Fate = "done" | "cancelled" | "moved" | "reopened";

const DONE = new RegExp(
  String.raw`\b(?:done|finished|completed|sorted|taken care of|all set|did (?:it|that)|already did|(?:is` +
    String.raw`|are|it's) back (?:up|online)|packed|(?:have|has|'ve|'s) (?:just |already )?been (?:\p{L}+ed` +
    "|sent|paid|bought|done|made)|(?:is|are) (?:now |already )?(?:booked|paid|sent|ordered|ready" +
    "|fixed|uploaded|submitted|finished|complete|deployed|merged|signed|printed|reserved|cleaned)" +
    "|erledigt|gemacht|fertig|abgeschickt|gebucht|gekauft|bezahlt|c'est fait|c'est bon|déjà fait" +
    String.raw`|terminé|envoyé|réservé|hecho|listo|ya está|terminado|enviado|reservado|comprado|pagado)\b|✅|☑`,
  "iu",
);
const NOT_DONE = new RegExp(
  String.raw`\b(?:not|isn't|hasn't|haven't|almost|nearly|half|once|when|if|until|after|before|to be|get ` +
    String.raw`(?:it|this|that) done|will be|needs?|nicht|noch nicht|pas encore|todavía no|aún no)\b`,
  "iu",
);
const SELF_DONE = new RegExp(
  "^(?:(?:ok|okay|yes|yep|hey|hi|so|and|just|already|update|fyi|btw|all|done|good news)[,:!. ]+)*" +
    "(?:i |we |i've |we've |i have |we have |just |already )?(?:just |already |finally |now " +
    "|also )*(?:have )?(?:just |already )?(?<verb>sent|paid|bought|booked|ordered|called|emailed" +
    "|mailed|fixed|uploaded|submitted|finished|wrote|reserved|picked|dropped|cleaned|printed|signed" +
    "|renewed|updated|posted|shared|checked|reviewed|deployed|merged|scheduled|cancelled|canceled" +
    "|washed|watered|fed|delivered|returned|replied|answered|contacted|confirmed|registered|took" +
    "|brought|prepared|packed|cooked|baked|moved|added|texted|messaged|invited|talked|spoke" +
    "|transferred|filed|arranged|organised|organized|collected|completed|installed|tested|tidied" +
    String.raw`|mowed|backed|closed|translated|drafted|created|changed|replaced|repaired|picked)\b`,
  "iu",
);
const I_DID = new RegExp(
  "^(?:(?:ok|okay|yes|hey|so|and|just|update|btw)[,:!. ]+)*(?:i|we|i've|we've|i have|we have) " +
    "(?:just |already |finally |now |also )*(?:did|made|set|put|found|gave|got|told|asked" +
    String.raw`|took care of)\b`,
  "iu",
);
const CANCELLED = new RegExp(
  String.raw`\b(?:never ?mind|nevermind|forget (?:it|about it|that|about (?:the|that))|scrap (?:that|it` +
    "|the)|no need (?:to|for|anymore)|not (?:needed|necessary) (?:any ?more|any longer)?|(?:do not" +
    "|don't|dont|does not|doesn't|no longer) (?:have to|need (?:to|it|that|the|this)?)|no longer " +
    "(?:needed|necessary|need)|(?:is|was|are|been|has been) (?:cancelled|canceled|called off" +
    String.raw`|off the table|off)|call(?:ed|ing)? (?:it|that|the \p{L}+) off|cancel (?:it|that|the)|drop ` +
    "(?:that|it)$|skip (?:it|that|the)|hat sich erledigt|nicht mehr nötig|brauchst du nicht" +
    "|brauchen wir nicht|abgesagt|vergiss es|fällt aus|laisse tomber|plus besoin|pas la peine" +
    String.raw`|annulé|annulée|olvídalo|ya no hace falta|no hace falta|cancelado|cancelada)\b`,
  "iu",
);
const MOVED = new RegExp(
  String.raw`\b(?:mov(?:e|ed|ing)|push(?:ed|ing)?|postpon(?:e|ed)|reschedul(?:e|ed)|shift(?:ed)?|delay` +
    "(?:ed)?|extend(?:ed)?|instead|rather|make (?:it|that)|changed? to|bring forward" +
    "|brought forward|new (?:deadline|date|time|due date)|deadline is (?:now|actually)|(?:is|it's) " +
    "(?:now|actually)|now due|due (?:date )?is|actually|not (?:before|until)|verschoben|verschieben" +
    "|lieber|doch erst|stattdessen|reporté|reportée|décalé|plutôt|finalement|aplazado|pospuesto" +
    String.raw`|cambiado|mejor|movido)\b`,
  "iu",
);

const isDone = (text: string): boolean =>
  (DONE.test(text) && !NOT_DONE.test(text)) || SELF_DONE.test(text) || I_DID.test(text);
const isCancelled = (text: string): boolean => CANCELLED.test(text);
const isMoved = (text: string): boolean => MOVED.test(text);

/** The fate a sentence announces, if any; `dated`: it names a day or time to come. */
export function fateOf(text: string, dated: boolean, question: boolean): Fate | null {
  if (isCancelled(text) && !question) return "cancelled";
  if (dated && isMoved(text)) return "moved";
  if (!question && isDone(text)) return "done";
  return null;
}

/** Words that only point back: "I'll do it", "that is done". */
export const POINTING = new Set(
  (
    "it that this them one those these do did done take took handle care job task thing instead actually " +
    "over will finish finished sorted ready cancel cancelled move moved " +
    "push pushed postpone postponed reschedule rescheduled already deadline anymore longer need needed " +
    "mind forget off make change changed due new complete completed erledigt gemacht fertig"
  ).split(" "),
);
