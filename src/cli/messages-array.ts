/** The objects of the array `messages` at the top of a JSON document, one at a time: exports are larger than memory. */
import { Refusal } from "../core/refusal.ts";

const ELEMENT_CHARS_MAX = 4 * 1024 * 1024;
const KEY_CHARS_MAX = 64;

export type Element = { readonly line: number; readonly text: string };

/**
 * Follows the structure of a document character by character, without understanding more of it than brackets and
 * strings.
 */
class Cursor {
  line = 1;
  /** Brackets that are open. */
  depth = 0;
  isInArray = false;
  wasThere = false;
  /** Names of other arrays and objects at the top, for a hint. */
  readonly keys: string[] = [];
  #isInString = false;
  #isEscaped = false;
  #string = "";
  #key = "";

  /** Where the character at hand leaves us: `open` and `close` are an element's first and last. */
  step(char: string): "open" | "close" | "stray" | null {
    if (char === "\n") this.line += 1;
    if (this.#isInString) {
      this.#inString(char);
      return null;
    }
    switch (char) {
      case '"':
        this.#isInString = true;
        this.#string = "";
        return this.isInArray && this.depth === 2 ? "stray" : null;
      case ":":
        if (this.depth === 1) {
          this.#key = this.#string;
          if (this.keys.length < 20) this.keys.push(this.#key);
        }
        return null;
      case "{":
      case "[":
        return this.#opened(char);
      case "}":
      case "]":
        return this.#closed();
      default:
        return this.isInArray && this.depth === 2 && /[^\s,]/.test(char) ? "stray" : null;
    }
  }

  #inString(char: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (char === "\\") this.#isEscaped = true;
    else if (char === '"') this.#isInString = false;
    else if (this.depth === 1 && this.#string.length < KEY_CHARS_MAX) this.#string += char;
  }

  #opened(char: string): "open" | "stray" | null {
    this.depth += 1;
    if (this.isInArray) return this.depth !== 3 ? null : char === "{" ? "open" : "stray";
    if (this.depth === 2 && char === "[" && this.#key === "messages") {
      this.isInArray = true;
      this.wasThere = true;
    }
    return null;
  }

  #closed(): "close" | null {
    this.depth -= 1;
    if (!this.isInArray) return null;
    if (this.depth === 1) this.isInArray = false;
    return this.depth === 2 ? "close" : null;
  }
}

/** Throws `import.line` where the document is no such export, or breaks off. */
export async function* messagesOf(pieces: AsyncIterable<string>): AsyncIterable<Element> {
  const cursor = new Cursor();
  let line = 0;
  let text = "";
  let isInElement = false;
  for await (const piece of pieces) {
    let from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const event = cursor.step(piece[at] ?? "");
      if (event === "stray") throw broken(cursor.line, "messages holds something that is no object");
      if (event === "open") {
        isInElement = true;
        from = at;
        line = cursor.line;
      } else if (event === "close" && isInElement) {
        yield { line, text: text + piece.slice(from, at + 1) };
        text = "";
        isInElement = false;
      }
    }
    if (isInElement) text += piece.slice(from);
    if (text.length > ELEMENT_CHARS_MAX) throw broken(line, "a message is larger than 4 MiB");
  }
  if (cursor.depth !== 0) throw broken(cursor.line, "the file breaks off here");
  if (cursor.wasThere) return;
  const hint = cursor.keys.includes("chats")
    ? "this is the export of a whole account: export one chat (its menu, Export chat history, JSON)"
    : "there is no list called messages at the top of this file";
  throw broken(1, hint);
}

const broken = (line: number, hint: string): Refusal => new Refusal("import.line", { field: `line ${line}`, hint });
