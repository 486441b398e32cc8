/** What every command is given: the daemon, the person, and how to say what came of it. */
import type { Command } from "commander";
import { REFUSALS, Refusal } from "../core/refusal.ts";
import type { VerbName, VerbOutput } from "../core/verbs/all.ts";
import { Daemon, type Input } from "./client.ts";
import type { Home, Offline } from "./offline.ts";
import { type Paint, painter } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { Trouble } from "./trouble.ts";

export type Powers = {
  readonly terminal: Terminal;
  readonly offline: Offline;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Where the home and the socket are, given `--home` (undefined: LAZARET_HOME, else XDG). */
  readonly homeOf: (option: string | undefined) => Home;
  readonly version: string;
};

type Settings = { readonly home?: string; readonly json?: boolean; readonly quiet?: boolean };

export class Context {
  readonly terminal: Terminal;
  readonly offline: Offline;
  readonly now: () => number;
  readonly paint: Paint;
  readonly #program: Command;
  readonly #homeOf: Powers["homeOf"];
  #exitCode = 0;

  constructor(program: Command, powers: Powers) {
    this.terminal = powers.terminal;
    this.offline = powers.offline;
    this.now = powers.now;
    this.paint = painter(powers.terminal.isColoured);
    this.#program = program;
    this.#homeOf = powers.homeOf;
  }

  get #settings(): Settings {
    return this.#program.opts();
  }
  get isJson(): boolean {
    return this.#settings.json === true;
  }
  get isQuiet(): boolean {
    return this.#settings.quiet === true;
  }
  get home(): Home {
    return this.#homeOf(this.#settings.home);
  }
  get daemon(): Daemon {
    return new Daemon(this.home.socket);
  }
  get exitCode(): number {
    return this.#exitCode;
  }

  /** What the command ends with when nothing is thrown. */
  exit(code: number): void {
    this.#exitCode = code;
  }

  /** Asks the daemon; where the owner's PIN is wanted and somebody can be asked, asks for it once. */
  async ask<N extends VerbName>(verb: N, input: Input<N>): Promise<VerbOutput<N>> {
    try {
      return await this.daemon.ask(verb, input);
    } catch (error) {
      const wantsPin = error instanceof Refusal && error.code === "auth.pin";
      if (!wantsPin || !this.terminal.isInteractive || "pin" in (input as object)) throw error;
      const pin = await this.terminal.hidden("Owner PIN: ");
      if (pin === null) throw error;
      return this.daemon.ask(verb, { ...input, pin } as Input<N>);
    }
  }

  /** The result: one JSON object, or words for a person. */
  result(value: object, words: () => string): void {
    const text = this.isJson ? JSON.stringify(value) : words();
    if (text !== "") this.terminal.out(`${text}\n`);
  }

  /** Words that are not the result. */
  say(words: string): void {
    if (!this.isQuiet) this.terminal.err(`${words}\n`);
  }

  /** What went wrong, with which input, and what to do. */
  complain(where: string, { code, message, hint, field, rule }: Refusal): void {
    if (this.isJson) {
      const error = { code, message, hint, field, rule, exit: REFUSALS[code].exit };
      this.terminal.err(`${JSON.stringify({ error })}\n`);
      return;
    }
    const about = field === undefined || hint?.includes(field) === true ? "" : ` (${field})`;
    this.terminal.err(`${this.paint("red", where)}: ${message}${about} [${code}]\n`);
    if (rule !== undefined) this.terminal.err(`  rule: ${rule}\n`);
    if (hint !== undefined) this.terminal.err(`  ${hint}\n`);
  }

  /** True when the person, or `--yes`, says so. Nobody to ask and no `--yes` is a refusal. */
  async sure(question: string, options: { readonly yes?: boolean }): Promise<boolean> {
    if (options.yes === true) return true;
    if (!this.terminal.isInteractive) {
      throw new Trouble("input.invalid", "Nobody can be asked here.", "add --yes to go ahead");
    }
    const answer = await this.terminal.ask(`${question} [y/N] `);
    if (/^y(?:es)?$/i.test(answer?.trim() ?? "")) return true;
    this.say("Nothing was changed.");
    return false;
  }

  /** A secret from stdin, or typed unseen. */
  async secret(question: string, charsMax: number): Promise<string> {
    const given = this.terminal.isInteractive
      ? await this.terminal.hidden(question)
      : await this.terminal.read(charsMax + 1);
    const value = given?.replace(/\r?\n$/, "") ?? "";
    if (value !== "" && value.length <= charsMax) return value;
    if (value !== "") throw new Trouble("input.too_large", `That is longer than ${charsMax} characters.`);
    throw new Trouble("input.invalid", "Nothing was given.", "give it on stdin, or type it when asked");
  }

  /** The one id that begins as given: `run_1a2b3c4d`, or `1a2b3c4d`. Whole ids are not looked up. */
  async idOf(prefix: string, given: string, known: () => Promise<readonly string[]>): Promise<string> {
    if (new RegExp(`^${prefix}_[0-9a-f]{32}$`).test(given)) return given;
    const start = given.startsWith(`${prefix}_`) ? given : `${prefix}_${given}`;
    const found = start.length < prefix.length + 5 ? [] : (await known()).filter((id) => id.startsWith(start));
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    const sentence =
      found.length > 1 ? `${found.length} begin with ${given}: give more of it.` : `Nothing here is called ${given}.`;
    throw new Trouble("not_found", sentence);
  }
}

/** Adds --dry-run and --yes, as every verb has that takes something away. */
export const destructive = (command: Command): Command =>
  command.option("--dry-run", "say what would happen and change nothing").option("--yes", "do not ask");

export type Destructive = { readonly dryRun?: boolean; readonly yes?: boolean };
