/**
 * What the command line does without a daemon. `main.ts` hands these in; a verb whose function is missing does not
 * exist.
 */
import type { VerbOutput } from "../core/verbs/all.ts";

export type Home = {
  /** Where the data is. */
  readonly home: string;
  /** The daemon's Unix socket. */
  readonly socket: string;
  /** Where tokens of agents on this machine are put: beside the configuration, never with the data. */
  readonly tokens: string;
};

export const TRANSFORMS = [
  "summarize",
  "extract_tasks",
  "extract_entities",
  "answer",
  "classify",
  "compose",
  "redact",
] as const;
export type TransformName = (typeof TRANSFORMS)[number];

export type PolicyFinding = {
  readonly severity: "error" | "warning" | "note";
  readonly file: string;
  readonly line: number | null;
  readonly rule: string | null;
  readonly text: string;
};

/** The program as a service of this user. */
export type Service = {
  /** The unit's file. */
  readonly path: string;
  install(): Promise<{ readonly path: string; readonly started: boolean; readonly words: readonly string[] }>;
  status(): Promise<{
    readonly path: string;
    readonly installed: boolean;
    /** The unit is the one that this program would write. */
    readonly current: boolean;
    /** In systemd's own word, such as `active`; `unknown` where there is no systemd. */
    readonly state: string;
  }>;
  uninstall(): Promise<{ readonly path: string; readonly removed: boolean }>;
};

/** Scenarios, and those that were answered otherwise than they expect. */
export type PolicyTested = {
  readonly total: number;
  readonly failed: readonly {
    readonly file: string;
    readonly line: number;
    readonly name: string;
    readonly text: string;
  }[];
};

/** What becomes newly allowed, asked and denied; `widens` when anything is permitted that was not. */
export type PolicyChange = {
  readonly widens: boolean;
  readonly lines: readonly { readonly widens: boolean; readonly text: string; readonly example: string }[];
};

/** One case of the corpus on one channel. */
export type AttackResult = {
  readonly id: string;
  readonly channel: string;
  readonly attack: string;
  readonly expected: string;
  readonly seen: string;
  readonly passed: boolean;
  /** How what was seen differs from what must be. */
  readonly wrong: readonly string[];
};

export const PROFILES = ["home", "team", "strict"] as const;
export type Profile = (typeof PROFILES)[number];

export type Trying = {
  readonly transform: TransformName;
  readonly jsonl: boolean;
  /** The question, the classes with commas between them, or the instruction; null where none was given. */
  readonly ask: string | null;
  /** Of the configuration of this home; nothing else of the home is looked at. */
  readonly model: string | null;
  readonly home: Home;
  readonly text: () => Promise<string>;
  readonly lines: () => AsyncIterable<string>;
  readonly write: (line: string) => void;
};

/** Programs behind a network wall, on this machine. */
export type WallVerbs = {
  /** Set around a program that `agent run` started: the run it works on, and the file with its token. */
  readonly around: { readonly run: string | null; readonly tokenFile: string | null };
  /** Why no wall can stand here; null when one can. */
  readonly fault: () => Promise<string | null>;
  /** Runs a program to its end and gives its exit code. Throws `wall.missing`, or why the daemon ended it. */
  readonly run: (
    home: Home,
    order: {
      readonly command: readonly string[];
      /** The daemon's sockets of this wall. */
      readonly directory: string;
      /** Where the daemon's own door is looked for. */
      readonly door: number;
      readonly environment: Readonly<Record<string, string>>;
      /** Names of this process's variables that the program gets too. */
      readonly pass: readonly string[];
      readonly token: string;
      readonly stop: AbortSignal;
    },
  ) => Promise<number>;
};

/** Every function may throw a Refusal; its code decides the exit code. */
export type Offline = {
  /** Creates a home; harmless where there is one. A profile writes a configuration, and refuses where there is one. */
  readonly init?: (
    home: Home,
    profile: Profile | null,
  ) => Promise<{ readonly created: boolean; readonly next: readonly string[] }>;
  /**
   * Runs the daemon in the foreground until it is stopped, and gives the exit code. Calls `ready` once the socket
   * answers; `say` is for a person and not the log.
   */
  readonly up?: (
    home: Home,
    ways: { readonly ready: (daemon: { stop(): void }) => Promise<void>; readonly say: (words: string) => void },
  ) => Promise<number>;
  /** With `dryRun` it only says what it would bring back. */
  readonly restore?: (
    home: Home,
    from: { readonly file: string; readonly dryRun: boolean },
  ) => Promise<{ readonly messages: number; readonly entries: number; readonly words: readonly string[] }>;
  /** Text or lines in, text or lines out; nothing is stored. */
  readonly try?: (what: Trying) => Promise<void>;
  /** `file` null is the home's own; `config.invalid` says line, column and the nearest valid key. */
  readonly configCheck?: (
    home: Home,
    file: string | null,
    /** With each key, its value and who said it. */
    showOrigin: boolean,
  ) => Promise<{ readonly file: string; readonly words: readonly string[] }>;
  readonly configSchema?: () => Promise<object>;
  /** Without files it checks the home's own packs. */
  readonly policyCheck?: (
    home: Home,
    files: readonly string[],
  ) => Promise<{ readonly rules: number; readonly findings: readonly PolicyFinding[] }>;
  readonly policyTest?: (home: Home, files: readonly string[]) => Promise<PolicyTested>;
  /** Each side is a shipped pack's name, or a file as it would stand on the home's packs. */
  readonly policyDiff?: (home: Home, a: string, b: string) => Promise<PolicyChange>;
  /** `against` is the text of a checkpoint kept outside. */
  readonly verifyBundle?: (file: string, against: string | null) => Promise<VerbOutput<"ledger.verify">>;
  /** Cases against homes of their own; without files the shipped ones. Each result is told as it comes. */
  readonly attack?: (
    files: readonly string[],
    tell: (result: AttackResult) => void,
  ) => Promise<readonly AttackResult[]>;
  /** When no daemon answers. */
  readonly doctor?: (home: Home, residue: boolean) => Promise<VerbOutput<"doctor">>;
  readonly demo?: (home: Home) => Promise<VerbOutput<"demo.load">>;
  /** Puts the keys of a recovery file back; `home.unlock` when it is stale, of another home, or the words are wrong. */
  readonly recover?: (home: Home, file: string, passphrase: string) => Promise<void>;
  readonly service?: (home: Home) => Promise<Service>;
  /**
   * Runs a program to its end and gives its exit code; what it says goes to stderr. `stop` ends it. Throws
   * `input.invalid` when there is none of that name.
   */
  readonly start?: (
    command: readonly string[],
    how: {
      /** Beside this process's own environment. */
      readonly environment: Readonly<Record<string, string>>;
      readonly stdin: string;
      readonly stop: AbortSignal;
    },
  ) => Promise<number>;
  readonly wall?: WallVerbs;
  /** Program and arguments with which another program starts this one. */
  readonly command?: () => Promise<readonly string[]>;
};
