/** `lazaret`: a client of the daemon over its Unix socket. It never opens the database (CONTRACT section 14). */
import { Command, CommanderError } from "commander";
import { isRefusal, REFUSALS, Refusal } from "../core/refusal.ts";
import { addAgent } from "./agent.ts";
import { addApprovals } from "./approvals.ts";
import { addAttack } from "./attack.ts";
import { addCapability, addChannel, addPair, addPrincipal } from "./channel.ts";
import { addChat } from "./chat.ts";
import { addCompletion } from "./completion.ts";
import { Context, type Powers } from "./context.ts";
import { addConversation } from "./conversation.ts";
import { addBackup, addDaemon, addDemo } from "./daemon.ts";
import { addGrants } from "./grants.ts";
import { addImport } from "./import.ts";
import { addKey } from "./key.ts";
import { addLedger } from "./ledger.ts";
import { addMcp } from "./mcp.ts";
import { addModel } from "./model.ts";
import { addConfig, addPolicy } from "./policy.ts";
import { addExport, addHold, addPurge } from "./purge.ts";
import { addReport } from "./report.ts";
import { addRun } from "./run.ts";
import { addRuns } from "./runs.ts";
import { addPin, addSecrets } from "./secrets.ts";
import { addService } from "./service.ts";
import { addSessions } from "./sessions.ts";
import { addStatus } from "./status.ts";
import { addToken } from "./token.ts";
import { addTry } from "./try.ts";

const USAGE = 2;

/** In the order of --help. */
const NOUNS = [
  addDaemon,
  addStatus,
  addDemo,
  addChat,
  addImport,
  addTry,
  addConversation,
  addChannel,
  addPair,
  addPrincipal,
  addApprovals,
  addGrants,
  addRuns,
  addSessions,
  addLedger,
  addReport,
  addPurge,
  addExport,
  addHold,
  addSecrets,
  addKey,
  addPin,
  addToken,
  addMcp,
  addAgent,
  addRun,
  addPolicy,
  addModel,
  addCapability,
  addConfig,
  addAttack,
  addBackup,
  addService,
  addCompletion,
];

/** The tree of commands, and the context they act in. */
export function treeOf(powers: Powers): { readonly program: Command; readonly context: Context } {
  const { terminal } = powers;
  const program = new Command("lazaret");
  program
    .description("A quarantine between your chats and AI agents")
    .version(powers.version, "--version", "print the version")
    .option("--home <dir>", "where everything is kept (LAZARET_HOME)")
    .option("--json", "print one JSON object")
    .option("--quiet", "print the result and nothing else")
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      // What is one word too many may be a secret on its way into a log.
      outputError: (text, write) =>
        write(text.replace(/^error: /, "lazaret: ").replace(/( arguments? but got \d+): .*/s, "$1.\n")),
    })
    .exitOverride();
  const context = new Context(program, powers);
  for (const add of NOUNS) add(program, context);
  return { program, context };
}

/**
 * Runs one command line (without node and script) and gives the exit code: 0 ok, 1 failure, 2 usage, 3 daemon
 * unreachable, 4 denied, 5 approval required, 6 budget, 7 not found, 78 configuration. Throws nothing.
 */
export async function runCli(argv: readonly string[], powers: Powers): Promise<number> {
  const { program, context } = treeOf(powers);
  try {
    await program.parseAsync(argv, { from: "user" });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    // A fault of ours says where it happened and not with what.
    const refusal = isRefusal(error) ? error : new Refusal("internal", { hint: faultOf(error) });
    context.complain(["lazaret", ...wordsOf(program, argv)].join(" "), refusal);
    return REFUSALS[refusal.code].exit;
  }
}

/** The commands that were meant, without their arguments. */
function wordsOf(program: Command, argv: readonly string[]): string[] {
  const words: string[] = [];
  let at = program;
  for (const word of argv.filter((each) => !each.startsWith("-"))) {
    const next = at.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (next === undefined) continue;
    words.push(next.name());
    at = next;
  }
  return words;
}

function faultOf(error: unknown): string {
  const place = error instanceof Error ? /\n\s+at (.*)/.exec(error.stack ?? "")?.[1] : undefined;
  return `${error instanceof Error ? error.name : "unknown"} at ${place ?? "an unknown place"}; please report this`;
}
