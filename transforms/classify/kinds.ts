/**
 * The kinds of message that a class can be named after, in four languages: the closed vocabulary of
 * `message.classify`.
 */

import { amountIn } from "../answer/amounts.ts";
import { isQuestion } from "../answer/evidence.ts";

const any = (body: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])(?:${body})(?![\\p{L}\\p{N}])`, "iu");
const head = (body: string): RegExp => new RegExp(`^[\\s\\p{P}]*(?:${body})(?![\\p{L}\\p{N}])`, "iu");

/** What is known of one message. */
export type Facts = {
  readonly text: string;
  readonly hasTask: boolean;
  readonly hasDate: boolean;
  readonly media: number;
};

type Kind = {
  /** Names that an agent may give the class. */
  readonly names: RegExp;
  /** How surely a message is of it, from 0 to 1. */
  readonly score: (facts: Facts) => number;
};

const when =
  (pattern: RegExp, score: number) =>
  ({ text }: Facts): number =>
    pattern.test(text) ? score : 0;

const URGENT = any(
  "urgent(?:ly)?|asap|immediately|right away|right now|emergency|as soon as possible|critical|deadline today|" +
    "dringend|sofort|eilig|eilt|notfall|urgence|tout de suite|au plus vite|urgente|cuanto antes|de inmediato",
);
const COMPLAINT = any(
  "complain(?:t|ts|ing)?|annoy(?:ed|ing)|unacceptable|terrible|awful|horrible|fed up|sick of|disappoint(?:ed|ing)|" +
    "angry|furious|ridiculous|worst|rude|still (?:not|isn't|hasn't|doesn't)|never works|doesn't work|" +
    "not working|broken|" +
    "why (?:is|does) (?:this|it|nobody)|too (?:loud|slow|late|expensive)|beschwer\\p{L}*|nervt|unmöglich|kaputt|" +
    "funktioniert nicht|geht nicht|schrecklich|enttäuscht|inacceptable|marre|déçue?|ne marche pas|nul|queja|" +
    "harto|harta|" +
    "inaceptable|no funciona|fatal",
);
const PROBLEM = any(
  "problem|issue|bug|error|broken|crash(?:ed|es)?|fail(?:ed|s|ing)?|down|stuck|can't|cannot|doesn't work|not working|" +
    "lost|leak(?:ing)?|fehler|kaputt|defekt|panne|erreur|en panne|problème|problema|roto|fallo",
);
const DECISION = any(
  "decided|decision|agreed|it is then|settled|final(?:ly)? decided|let'?s (?:do|go|take|meet|make)|we'?ll (?:go|" +
    "take|do|meet)|" +
    "deal|done deal|\\p{L}+ it is|entschieden|beschlossen|abgemacht|ausgemacht|machen wir|wir (?:nehmen|machen|" +
    "treffen uns)|" +
    "décidé|d'accord pour|on (?:prend|fait|se voit)|decidido|quedamos|acordado|vale, entonces",
);
const GREETING = head(
  "hi|hey|hello|hiya|good (?:morning|evening|afternoon|day)|morning|hallo|servus|moin|guten (?:morgen|tag|" +
    "abend)|salut|" +
    "bonjour|bonsoir|coucou|hola|buenos días|buenas(?: tardes| noches)?|bye|good night|see you|tschüss|" +
    "bis (?:bald|morgen)|" +
    "à (?:bientôt|demain)|adiós|hasta (?:luego|mañana)",
);
const THANKS = any(
  "thanks?|thank you|thx|ty|cheers|danke(?:schön)?|vielen dank|merci|gracias|appreciate(?: it| that)?|🙏",
);
const APOLOGY = any(
  "sorry|apologi[sz]e|my bad|pardon|entschuldig\\p{L}*|tut mir leid|désolée?|pardonne|perdón|lo siento",
);
const YES = head(
  "yes|yep|yeah|yup|sure|ok|okay|of course|agreed|sounds good|works for me|fine|great|perfect|ja|klar|gerne|oui|" +
    "bien sûr|" +
    "d'accord|sí|claro|vale|👍|✅|\\+1",
);
const NO = head(
  "no|nope|nah|can't|cannot|i won't|not really|sorry,? (?:i )?(?:can'?t|no)|nein|leider|non|désolé|👎|❌",
);
const JOKE = any("lol|lmao|rofl|haha\\p{L}*|hihi|jaja\\p{L}*|mdr|😂|🤣|just kidding|jk|joke");
const PRAISE = any(
  "well done|good job|great (?:job|work)|congrat\\p{L}*|bravo|awesome|amazing|proud of|glückwunsch|" +
    "super gemacht|félicitations|" +
    "enhorabuena|felicidades|🎉|👏",
);
const LINK = /https?:\/\/|www\.|LINK_\d/iu;
const WISH = any(
  "happy birthday|happy new year|merry christmas|get well|good luck|alles gute|bon anniversaire|feliz cumpleaños",
);

const SMALL = 0.2;

/** The first kind whose name fits is the class's kind. */
const KINDS: readonly Kind[] = [
  {
    names: any("questions?|asks?|fragen?|preguntas?|inquir\\p{L}+"),
    score: ({ text }) => (isQuestion(text) ? 0.8 : 0),
  },
  {
    names: any("decisions?|decided|agreements?|entscheidung(?:en)?|décisions?|decisión|decisiones|outcome"),
    score: when(DECISION, 0.85),
  },
  {
    names: any(
      "tasks?|to-?dos?|requests?|action(?: items?)?|errands?|aufgaben?|bitten?|tâches?|demandes?|tareas?|assignments?",
    ),
    score: ({ hasTask }) => (hasTask ? 0.9 : 0),
  },
  {
    names: any("urgent|urgency|emergenc(?:y|ies)|critical|important|dringend|wichtig|urgente?s?|high priority"),
    score: when(URGENT, 0.95),
  },
  {
    names: any("complaints?|complaining|beschwerden?|plaintes?|quejas?|negative|angry|unhappy|feedback negative"),
    score: when(COMPLAINT, 0.85),
  },
  {
    names: any("problems?|issues?|bugs?|errors?|incidents?|support|probleme?|fehler|problèmes?|problemas?"),
    score: when(PROBLEM, 0.8),
  },
  {
    names: any("greetings?|hello|goodbyes?|farewells?|begrüßung(?:en)?|gruß|grüße|salutations?|saludos?"),
    score: when(GREETING, 0.7),
  },
  {
    names: any("thanks?|gratitude|thank[- ]yous?|dank|remerciements?|gracias|agradecimientos?"),
    score: when(THANKS, 0.75),
  },
  { names: any("apolog(?:y|ies)|sorry|entschuldigung(?:en)?|excuses?|disculpas?"), score: when(APOLOGY, 0.75) },
  { names: any("jokes?|fun(?:ny)?|humou?r|banter|witz(?:e)?|blagues?|bromas?"), score: when(JOKE, 0.7) },
  { names: any("praise|congratulations?|positive|happy|lob|félicitations|elogios?"), score: when(PRAISE, 0.7) },
  { names: any("wishes|birthday|glückwünsche"), score: when(WISH, 0.9) },
  {
    names: any("answers?|repl(?:y|ies)|confirmations?|yes|acceptances?|zusagen?|antworten?|réponses?|respuestas?"),
    score: when(YES, 0.6),
  },
  { names: any("no|refusals?|rejections?|declines?|absagen?|refus|rechazos?"), score: when(NO, 0.7) },
  { names: any("links?|urls?|websites?|enlaces?|liens?"), score: when(LINK, 0.8) },
  {
    names: any("media|photos?|images?|attachments?|files?|fotos?|bilder|anhänge?"),
    score: ({ media }) => (media > 0 ? 0.9 : 0),
  },
  {
    names: any(
      "money|payments?|prices?|costs?|invoices?|finances?|budget|geld|zahlung(?:en)?|rechnung(?:en)?|argent|" +
        "dinero|pagos?|facturas?",
    ),
    score: ({ text }) => {
      const amount = amountIn(text);
      const money = any(
        "pay|paid|invoices?|money|prices?|costs?|rents?|bills?|refunds?|budgets?|zahlen|rechnung|geld|" +
          "miete|payer|facture|loyer|pagar|factura|alquiler",
      );
      return amount !== null && amount.unit !== "count" && amount.unit !== "percent"
        ? 0.85
        : money.test(text)
          ? 0.7
          : 0;
    },
  },
  {
    names: any(
      "appointments?|scheduling|schedules?|dates?|meetings?|events?|plans?|planning|termine?|rendez-vous|citas?|" +
        "reuniones?",
    ),
    score: ({ hasDate }) => (hasDate ? 0.65 : 0),
  },
  {
    names: any("small ?talk|chit-?chat|chatter|noise|social|spam|smalltalk|geplauder|bavardages?|charla"),
    score: ({ text, hasTask, hasDate }) =>
      JOKE.test(text) || GREETING.test(text) || THANKS.test(text)
        ? 0.5
        : hasTask || hasDate || isQuestion(text)
          ? 0
          : SMALL,
  },
];

/** Classes that take what no other class fits. */
export const OTHER = any(
  "others?|else|rest|misc(?:ellaneous)?|none|general|unknown|neither|sonstiges|andere[s]?|autres?|otros?|otras?",
);

/** The scorer of a class by its name, or null when its name is none of the closed vocabulary. */
export const kindNamed = (name: string): Kind["score"] | null =>
  KINDS.find(({ names }) => names.test(name))?.score ?? null;
