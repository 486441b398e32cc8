/** A terminal of paper: what a person types is given, what is shown is kept. */
import type { Talk, Terminal } from "../src/cli/terminal.ts";

export class PaperTerminal implements Terminal {
  readonly isInteractive: boolean;
  readonly isColoured = false;
  stdout = "";
  stderr = "";
  readonly #stdin: string;
  readonly #lines: string[];

  /** With `isInteractive`, lines are what the person answers, one after the other. */
  constructor(stdin: string, isInteractive = false) {
    this.isInteractive = isInteractive;
    this.#stdin = stdin;
    this.#lines = stdin === "" ? [] : stdin.replace(/\n$/, "").split("\n");
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  async read(charsMax: number): Promise<string | null> {
    return this.#stdin.length > charsMax ? null : this.#stdin;
  }

  async *lines(): AsyncIterable<string> {
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) yield line;
  }

  async ask(question: string): Promise<string | null> {
    if (this.isInteractive) this.err(`${question}\n`);
    return this.#lines.shift() ?? null;
  }

  hidden(question: string): Promise<string | null> {
    return this.ask(question);
  }

  talk(_prompt: string, _interrupted: () => void): Talk {
    const lines = this.lines();
    return {
      show: (text) => this.out(`${text}\n`),
      close: () => {},
      [Symbol.asyncIterator]: () => lines[Symbol.asyncIterator](),
    };
  }

  /** What the command hung up to be told of an interruption. */
  interrupt: () => void = () => {};
  interrupted(told: () => void): () => void {
    this.interrupt = told;
    return () => {};
  }
}
