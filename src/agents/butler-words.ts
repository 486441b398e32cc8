/** What the butler says. One table a language; a table that lacks nothing is one that compiles. Pure. */
import type { RefusalCode } from "../core/refusal.ts";

/** What was read, as the gateway states it beside every answer over a range. Times are milliseconds since 1970 UTC. */
export type Read = {
  readonly messages: number;
  readonly people: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly unreadMedia: number;
  readonly othersUnread: boolean;
  readonly gap: boolean;
  readonly cut: boolean;
  /** A model was asked and gave nothing usable. */
  readonly withoutModel: boolean;
};

export type Words = {
  readonly examples: readonly string[];
  readonly hello: string;
  readonly thanks: string;
  readonly unknown: string;
  readonly tryThese: string;
  readonly sendWhat: string;
  readonly sendWhere: string;
  readonly sent: (alias: string) => string;
  readonly sentPrivately: string;
  readonly sentPrivatelyForeign: (alias: string) => string;
  readonly comes: (alias: string) => string;
  readonly noDirect: string;
  readonly unknownConversation: (name: string) => string;
  readonly personElsewhere: string;
  readonly summary: string;
  readonly missed: string;
  readonly nothingNew: (since: string) => string;
  readonly noPoints: string;
  readonly topics: string;
  readonly tasks: string;
  readonly noTasks: string;
  readonly tasksOf: (who: string | "you", count: number) => string;
  readonly noTasksOf: (who: string | "you", others: number) => string;
  readonly due: (when: string) => string;
  readonly urgent: string;
  readonly entities: Readonly<Record<"people" | "organisations" | "places" | "dates" | "amounts" | "links", string>>;
  readonly noEntities: string;
  readonly redacted: string;
  readonly conversations: string;
  readonly noConversations: string;
  readonly conversation: (alias: string, kind: string, messages: number) => string;
  readonly noMessages: string;
  readonly noMessagesThen: string;
  readonly read: (messages: number, people: number, place: string | null, when: string) => string;
  readonly which: string;
  readonly readHidden: string;
  readonly unreadMedia: (count: number) => string;
  readonly othersUnread: string;
  readonly gap: string;
  readonly cut: string;
  readonly withoutModel: string;
  readonly next: Partial<Readonly<Record<RefusalCode, string>>>;
  readonly cannot: (cause: string, next: string) => string;
  /** Cause in this language; absent is the core's own sentence. */
  readonly causes: Partial<Readonly<Record<RefusalCode, string>>>;
  readonly nextDefault: string;
  readonly weekdays: readonly string[];
  readonly months: readonly string[];
};

const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

const EN: Words = {
  examples: ["summarise the last 20 messages", "what did I miss since yesterday", "make a to-do list from this thread"],
  hello: "Hello. I read your chats for you and keep them here. Try one of these:",
  thanks: "You are welcome.",
  unknown: "I did not understand that. I work without a language model and know a few requests, such as:",
  tryThese: "You could try:",
  sendWhat:
    "I can send a summary or a to-do list that I make, nothing else yet. Say for example: send a summary of " +
    "today to ALIAS.",
  sendWhere: "To which conversation? Name it by its alias; “list my chats” shows those I know.",
  sent: (alias) => `Sent to ${alias}.`,
  sentPrivately: "I sent it to our direct chat.",
  sentPrivatelyForeign: (alias) => `What was said in ${alias} stays there, so I send it to our direct chat.`,
  comes: (alias) => `You asked about ${alias}. Here is what I found:`,
  noDirect: "I cannot reach you in a direct chat, so I kept it to myself. Write to me there once, then ask again.",
  unknownConversation: (name) =>
    `I know no conversation called “${name}” that you may ask about. “list my chats” shows those I know.`,
  personElsewhere: "This is about everybody: one person can be picked out only by asking in that conversation itself.",
  summary: "Summary",
  missed: "What you missed",
  nothingNew: (since) => `Nothing new since ${since}.`,
  noPoints: "There is nothing in these messages that I can put into points.",
  topics: "Topics:",
  tasks: "To do",
  noTasks: "I found no tasks in these messages.",
  tasksOf: (who, count) => `${many(count, "task", "tasks")} for ${who}:`,
  noTasksOf: (who, others) =>
    `I found no tasks for ${who} in these messages${others > 0 ? `, but ${many(others, "other", "others")}` : ""}.`,
  due: (when) => `due ${when}`,
  urgent: "urgent",
  entities: {
    people: "People",
    organisations: "Organisations",
    places: "Places",
    dates: "Dates",
    amounts: "Amounts",
    links: "Links",
  },
  noEntities: "I found no people, places, dates, amounts or links in these messages.",
  redacted: "With names, numbers and links masked:",
  conversations: "You may ask me about these conversations:",
  noConversations:
    "There is no conversation that you may ask about. The owner gives one an alias and turns its context on: " +
    "lazaret conversation context.",
  conversation: (alias, kind, messages) => `${alias} (${kind}, ${many(messages, "message", "messages")})`,
  noMessages: "There are no messages here that I could read. “list my chats” shows the chats I know.",
  noMessagesThen: "I have no messages from that time.",
  read: (messages, people, place, when) =>
    `Read ${many(messages, "message", "messages")} of ` +
    `${many(people, "person", "people")}${place === null ? "" : ` in ${place}`}${when === "" ? "" : `, ${when}`}.`,
  which: "Which conversation? Name one of these in your request:",
  readHidden: "Which messages I read cannot be listed: today's limit of what I may be told is reached.",
  unreadMedia: (count) => `I did not open ${many(count, "attachment", "attachments")}.`,
  othersUnread:
    "I am not allowed to keep everybody's messages there, so some were not read (lazaret conversation context).",
  gap: "The network lost some messages in this time.",
  cut: "Some messages did not fit and were left out.",
  withoutModel: "The language model gave no usable answer, so this was made without it.",
  next: {
    "policy.denied": "The owner can change the rules.",
    "approval.denied": "Ask again if that was a mistake.",
    "approval.expired": "Ask again when somebody can answer.",
    "approval.void": "Ask again.",
    "approval.no_route": "The owner can pair somebody who may approve.",
    "budget.exhausted": "Ask for less at once.",
    "budget.pool": "Try again tomorrow.",
    "tier.cap": "Ask for less, or go on tomorrow.",
    "transform.failed": "Try a shorter range.",
    "transform.timeout": "Try a shorter range.",
    "rate.limited": "Try again in a minute.",
    not_found: "Check the name, or ask in that conversation.",
    "label.flow": "Ask me in our direct chat.",
    "egress.control": "Name the destination in your request.",
    "conversation.unknown": "“list my chats” shows those I know.",
    "capability.disabled": "The owner can switch it on.",
    "quarantine.integrity": "Tell the owner: lazaret doctor says more.",
    "store.full": "Tell the owner to make room.",
    "channel.down": "Try again when it is connected.",
  },
  cannot: (cause, next) => `I could not do that. ${cause} ${next}`,
  causes: {},
  nextDefault: "Try again later, or ask the owner to look at lazaret doctor.",
  weekdays: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
  months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
};

const DE: Words = {
  examples: [
    "fass die letzten 20 Nachrichten zusammen",
    "was habe ich seit gestern verpasst",
    "mach eine To-do-Liste aus diesem Thread",
  ],
  hello: "Hallo. Ich lese deine Chats für dich, und sie bleiben hier. Versuch es zum Beispiel so:",
  thanks: "Gern geschehen.",
  unknown: "Das habe ich nicht verstanden. Ich arbeite ohne Sprachmodell und kenne einige Bitten, zum Beispiel:",
  tryThese: "Möglich ist zum Beispiel:",
  sendWhat:
    "Schicken kann ich bisher nur eine Zusammenfassung oder eine To-do-Liste. Sag zum Beispiel: schick die " +
    "Zusammenfassung von heute an ALIAS.",
  sendWhere: "In welche Unterhaltung? Nenn sie bei ihrem Alias; „welche Chats kennst du“ zeigt sie.",
  sent: (alias) => `An ${alias} geschickt.`,
  sentPrivately: "Ich habe es dir im Direktchat geschickt.",
  sentPrivatelyForeign: (alias) => `Was in ${alias} gesagt wurde, bleibt dort; ich schicke es dir im Direktchat.`,
  comes: (alias) => `Du hast nach ${alias} gefragt. Das habe ich gefunden:`,
  noDirect:
    "Im Direktchat erreiche ich dich nicht, darum habe ich es für mich behalten. Schreib mir dort einmal und " +
    "frag dann wieder.",
  unknownConversation: (name) =>
    `Ich kenne keine Unterhaltung „${name}“, nach der du fragen darfst. „welche Chats kennst du“ zeigt sie.`,
  personElsewhere: "Das betrifft alle: eine einzelne Person lässt sich nur in jener Unterhaltung selbst heraussuchen.",
  summary: "Zusammenfassung",
  missed: "Das hast du verpasst",
  nothingNew: (since) => `Nichts Neues seit ${since}.`,
  noPoints: "In diesen Nachrichten steht nichts, was ich in Punkte fassen kann.",
  topics: "Themen:",
  tasks: "Zu erledigen",
  noTasks: "Ich habe in diesen Nachrichten keine Aufgaben gefunden.",
  tasksOf: (who, count) => `${many(count, "Aufgabe", "Aufgaben")} für ${who === "you" ? "dich" : who}:`,
  noTasksOf: (who, others) =>
    `Für ${who === "you" ? "dich" : who} habe ich in diesen Nachrichten keine Aufgaben ` +
    `gefunden${others > 0 ? `, aber ${many(others, "andere", "andere")}` : ""}.`,
  due: (when) => `bis ${when}`,
  urgent: "dringend",
  entities: {
    people: "Personen",
    organisations: "Organisationen",
    places: "Orte",
    dates: "Daten",
    amounts: "Beträge",
    links: "Links",
  },
  noEntities: "Ich habe in diesen Nachrichten keine Personen, Orte, Daten, Beträge oder Links gefunden.",
  redacted: "Mit verdeckten Namen, Nummern und Links:",
  conversations: "Nach diesen Unterhaltungen darfst du mich fragen:",
  noConversations:
    "Es gibt keine Unterhaltung, nach der du fragen darfst. Der Besitzer gibt ihr einen Alias und schaltet den " +
    "Kontext ein: lazaret conversation context.",
  conversation: (alias, kind, messages) => `${alias} (${kind}, ${many(messages, "Nachricht", "Nachrichten")})`,
  noMessages: "Hier sind keine Nachrichten, die ich lesen könnte. „welche Chats kennst du“ zeigt, welche ich kenne.",
  noMessagesThen: "Aus dieser Zeit habe ich keine Nachrichten.",
  read: (messages, people, place, when) =>
    `${many(messages, "Nachricht", "Nachrichten")} von ${many(people, "Person", "Personen")} ` +
    `${place === null ? "" : `in ${place} `}gelesen${when === "" ? "" : `, ${when}`}.`,
  which: "In welcher Unterhaltung? Nenn eine davon in deiner Bitte:",
  readHidden:
    "Welche Nachrichten ich gelesen habe, kann ich nicht angeben: das heutige Maß dessen, was mir gesagt werden " +
    "darf, ist voll.",
  unreadMedia: (count) => `${many(count, "Anhang", "Anhänge")} habe ich nicht geöffnet.`,
  othersUnread:
    "Ich darf dort nicht alle Nachrichten behalten, darum habe ich manche nicht gelesen (lazaret conversation " +
    "context).",
  gap: "In dieser Zeit hat das Netz Nachrichten verloren.",
  cut: "Einige Nachrichten passten nicht mehr hinein.",
  withoutModel: "Das Sprachmodell gab keine brauchbare Antwort, darum ist dies ohne es gemacht.",
  next: {
    "policy.denied": "Der Besitzer kann die Regeln ändern.",
    "approval.denied": "Frag noch einmal, falls das ein Versehen war.",
    "approval.expired": "Frag noch einmal, wenn jemand antworten kann.",
    "budget.exhausted": "Frag nach weniger auf einmal.",
    "budget.pool": "Versuch es morgen wieder.",
    "tier.cap": "Frag nach weniger oder morgen wieder.",
    "transform.failed": "Versuch einen kürzeren Zeitraum.",
    "attachment.opaque": "Lesen kann ich Text, Markdown, CSV, JSON, PDF und Word.",
    "attachment.refused": "Schick eine andere Fassung der Datei.",
    "transform.timeout": "Versuch einen kürzeren Zeitraum.",
    "rate.limited": "Versuch es in einer Minute wieder.",
    not_found: "Prüf den Namen oder frag in jener Unterhaltung.",
    "label.flow": "Frag mich im Direktchat.",
    "egress.control": "Nenn das Ziel in deiner Bitte.",
    "conversation.unknown": "„welche Chats kennst du“ zeigt, welche ich kenne.",
  },
  cannot: (cause, next) => `Das ging nicht. ${cause} ${next}`,
  causes: {
    "policy.denied": "Die Regeln des Besitzers erlauben es nicht.",
    "approval.denied": "Jemand hat nein gesagt.",
    "approval.expired": "Niemand hat rechtzeitig geantwortet.",
    "budget.exhausted": "Das Budget dieses Laufs ist verbraucht.",
    "budget.pool": "Das heutige Budget dieser Unterhaltung ist verbraucht.",
    "tier.cap": "Mehr Text darf heute nicht gezeigt werden.",
    "transform.failed": "Es kam keine geprüfte Antwort zustande.",
    "transform.timeout": "Es hat zu lange gedauert.",
    "attachment.opaque": "Diese Art von Datei wird nicht gelesen.",
    "attachment.refused": "Diese Datei ließ sich nicht gefahrlos lesen.",
    "rate.limited": "Es warten zu viele Anfragen.",
    not_found: "Das gibt es hier nicht, oder es gehört dir nicht.",
    "label.flow": "Das darf nicht dorthin.",
    "egress.control": "Niemand hat dieses Ziel genannt.",
    "conversation.unknown": "Eine Unterhaltung dieses Namens gibt es nicht.",
  },
  nextDefault: "Versuch es später wieder, oder bitte den Besitzer, lazaret doctor anzusehen.",
  weekdays: ["So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"],
  months: ["Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
};

const TABLES: Readonly<Record<string, Words>> = { en: EN, de: DE };

/** The table of an ISO 639-1 code, English when there is none. */
export const wordsIn = (language: string): Words =>
  (Object.hasOwn(TABLES, language) ? TABLES[language] : undefined) ?? EN;
