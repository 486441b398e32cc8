/**
 * The person at the other end, and the only file that touches the process's streams. What was asked for goes to stdout;
 * everything else that is said, and every question, goes to stderr.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { MIB } from "../core/limits.ts";
import { linesOf } from "../core/lines.ts";
import { wrapped } from "./printable.ts";

/** A conversation at the terminal: lines come while others are shown. */
export interface Talk extends AsyncIterable<string> {
  /** Shows text above the line that is being typed. */
  show(text: string): void;
  close(): void;
}

export interface Terminal {
  /** Somebody can be asked: stdin and stderr are terminals. */
  readonly isInteractive: boolean;
  /** stdout is a terminal and NO_COLOR is not set. */
  readonly isColoured: boolean;
  out(text: string): void;
  err(text: string): void;
  /** All of stdin, at most so many characters. Null when there is more. */
  read(charsMax: number): Promise<string | null>;
  /** Lines of stdin, without their ends. */
  lines(): AsyncIterable<string>;
  /** One answer that is not shown while it is typed; a line of stdin where there is no terminal. Null at its end. */
  hidden(question: string): Promise<string | null>;
  /** One answer; null at the end of stdin. */
  ask(question: string): Promise<string | null>;
  talk(prompt: string, interrupted: () => void): Talk;
  /** Calls back instead of ending when this process is told to end; returns a function that lets it end again. */
  interrupted(told: () => void): () => void;
}

/** A line of JSON may hold a whole conversation. */
const LINE_CHARS_MAX = 8 * MIB;

/** The terminal of this process. */
export const openTerminal = (): Terminal => new ProcessTerminal();

class ProcessTerminal implements Terminal {
  readonly isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  readonly isColoured = process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
  #lines: AsyncIterator<string> | null = null;

  constructor() {
    // Whoever reads us may have read enough, as `head` does.
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", (error: Error & { readonly code?: string }) => {
        if (error.code === "EPIPE") process.exit(0);
        throw error;
      });
    }
  }

  out(text: string): void {
    process.stdout.write(text);
  }

  err(text: string): void {
    process.stderr.write(text);
  }

  async read(charsMax: number): Promise<string | null> {
    let text = "";
    process.stdin.setEncoding("utf8");
    for await (const piece of process.stdin) {
      text += String(piece);
      if (text.length > charsMax) return null;
    }
    return text;
  }

  async *lines(): AsyncIterable<string> {
    for (let next = await this.#next(); next !== null; next = await this.#next()) yield next;
  }

  /** Questions and lines share one reader, so that none swallows what another waits for. */
  async #next(): Promise<string | null> {
    process.stdin.setEncoding("utf8");
    this.#lines ??= linesOf(process.stdin, LINE_CHARS_MAX);
    const next = await this.#lines.next();
    return next.done === true ? null : next.value;
  }

  async ask(question: string): Promise<string | null> {
    if (!this.isInteractive) return this.#next();
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    return new Promise((resolve) => {
      reader.once("close", () => resolve(null));
      reader.question(question, (answer) => {
        resolve(answer);
        reader.close();
      });
    });
  }

  async hidden(question: string): Promise<string | null> {
    if (!this.isInteractive) return this.#next();
    const { stdin, stderr } = process;
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.setEncoding("utf8");
    stdin.resume();
    return new Promise((resolve) => {
      let text = "";
      const done = (answer: string | null): void => {
        stdin.off("data", typed);
        stdin.setRawMode(false);
        stdin.pause();
        stderr.write("\n");
        resolve(answer);
      };
      const typed = (piece: string): void => {
        // Bracketed paste and the like come as escapes; what is wanted is what was typed.
        for (const char of piece.replaceAll("\u001b[200~", "").replaceAll("\u001b[201~", "")) {
          const isEnd = char === "\r" || char === "\n";
          if (isEnd || char === "\u0003" || (char === "\u0004" && text === "")) {
            done(isEnd ? text : null);
            return;
          }
          if (char === "\u007f" || char === "\b") text = [...text].slice(0, -1).join("");
          else if (char === "\u0015") text = "";
          else if (char >= " ") text += char;
        }
      };
      stdin.on("data", typed);
    });
  }

  interrupted(told: () => void): () => void {
    process.on("SIGINT", told).on("SIGTERM", told);
    return () => void process.off("SIGINT", told).off("SIGTERM", told);
  }

  talk(prompt: string, interrupted: () => void): Talk {
    const reader = createInterface({ input: process.stdin, output: process.stdout, prompt, historySize: 100 });
    let isOpen = true;
    reader.on("close", () => {
      isOpen = false;
      process.stdout.write("\n");
    });
    reader.on("SIGINT", interrupted);
    reader.prompt();
    return {
      show(text) {
        // Back to the line's start, erase to the screen's end, write, and the prompt with what was typed again.
        process.stdout.write(`\r\u001b[J${wrapped(text, process.stdout.columns)}\n`);
        if (isOpen) reader.prompt(true);
      },
      close: () => reader.close(),
      async *[Symbol.asyncIterator]() {
        for await (const line of reader) {
          yield line;
          if (isOpen) reader.prompt();
        }
      },
    };
  }
}
