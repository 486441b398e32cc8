/** What the butler says about a file, its words apart. One table a language. Pure. */

export type FileFacts = {
  readonly type: string;
  readonly pages: number | null;
  readonly chars: number;
  readonly cut: boolean;
};

export type FileWords = {
  readonly facts: (facts: FileFacts) => string;
  readonly none: string;
  readonly off: string;
  readonly noSandbox: string;
  readonly tooLarge: string;
};

const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

const EN: FileWords = {
  facts: ({ type, pages, chars, cut }) => {
    const letters = many(chars, "character", "characters");
    const length = pages === null ? letters : `${many(pages, "page", "pages")}, ${letters}`;
    return `A ${type} file, ${length}${cut ? ", of which I read the beginning" : ""}.`;
  },
  none: "I see no attachment here that I could read. Reply to the message that it came with, and ask again.",
  off:
    "I do not open attachments: that is switched off. The owner can allow it: lazaret capability list shows its " +
    "name, lazaret capability enable NAME allows it.",
  noSandbox:
    "I cannot open attachments on this machine: there is nothing to open them in safely. lazaret doctor says why.",
  tooLarge: "The file was too large, so I did not keep it.",
};

const DE: FileWords = {
  facts: ({ type, pages, chars, cut }) => {
    const length = pages === null ? `${chars} Zeichen` : `${many(pages, "Seite", "Seiten")}, ${chars} Zeichen`;
    return `Eine ${type}-Datei, ${length}${cut ? ", von denen ich den Anfang gelesen habe" : ""}.`;
  },
  none:
    "Hier sehe ich keinen Anhang, den ich lesen könnte. Antworte auf die Nachricht, mit der er kam, und frag noch " +
    "einmal.",
  off:
    "Anhänge öffne ich nicht: das ist ausgeschaltet. Der Besitzer kann es erlauben: lazaret capability list zeigt " +
    "den Namen, lazaret capability enable NAME erlaubt es.",
  noSandbox:
    "Auf diesem Rechner kann ich keine Anhänge öffnen: es fehlt, worin das sicher ginge. lazaret doctor sagt, warum.",
  tooLarge: "Die Datei war zu groß, darum habe ich sie nicht behalten.",
};

/** The table of an ISO 639-1 code, English when there is none. */
export const fileWordsIn = (language: string): FileWords => (language === "de" ? DE : EN);
