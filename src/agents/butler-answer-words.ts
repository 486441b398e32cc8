/** What the butler says of questions, classes and drafts. One table a language. Pure. */

export type AnswerWords = {
  readonly yes: string;
  readonly no: string;
  readonly unclear: string;
  readonly notFound: string;
  /** Messages answer it, but nothing of them may be put in a sentence. */
  readonly unsaid: (messages: number) => string;
  readonly ofKind: (kind: string, found: number, messages: number) => string;
  readonly draft: string;
  readonly sayWhat: string;
  readonly translate: string;
};

const EN: AnswerWords = {
  yes: "Yes.",
  no: "No.",
  unclear: "That is not clear: some say yes, some say no.",
  notFound: "I found no answer to that in these messages.",
  unsaid: (messages) =>
    `${messages === 1 ? "One message is" : `${messages} messages are`} about that; I cannot put it in words.`,
  ofKind: (kind, found, messages) => `${found} of ${messages} messages: ${kind}.`,
  draft: "A draft:",
  sayWhat: "Say what it should say, for example: draft a reply to Ben that we meet at nine.",
  translate: "I cannot translate: no language model is configured here.",
};

const DE: AnswerWords = {
  yes: "Ja.",
  no: "Nein.",
  unclear: "Das ist nicht klar: manche sagen ja, manche nein.",
  notFound: "Darauf habe ich in diesen Nachrichten keine Antwort gefunden.",
  unsaid: (messages) =>
    `${messages === 1 ? "Eine Nachricht handelt" : `${messages} Nachrichten handeln`} davon; ` +
    "in Worte fassen kann ich es nicht.",
  ofKind: (kind, found, messages) => `${found} von ${messages} Nachrichten: ${kind}.`,
  draft: "Ein Entwurf:",
  sayWhat: "Sag, was darin stehen soll, zum Beispiel: schreib eine Antwort an Ben, dass wir uns um neun treffen.",
  translate: "Übersetzen kann ich nicht: hier ist kein Sprachmodell eingerichtet.",
};

export const answerWordsIn = (language: string): AnswerWords => (language === "de" ? DE : EN);
