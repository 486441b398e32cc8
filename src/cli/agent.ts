/** `lazaret agent run`: whatever answers lines on stdin can be an agent (CONTRACT sections 8 and 14). */
import type { Command } from "commander";
import type { Context } from "./context.ts";
import { Trouble, whole } from "./trouble.ts";

export type AgentRun = {
  readonly name?: string;
  readonly conversation: string[];
  readonly runsOn: string;
  readonly accepts?: string;
  readonly tokenFile?: string;
};
type Run = AgentRun & { readonly name: string; readonly atOnce: string };

const gathered = (value: string, before: string[]): string[] => [...before, value];
const AT_ONCE_MAX = 16;

export function addAgent(program: Command, context: Context): void {
  const { start } = context.offline;
  if (start === undefined) return;
  const command = program
    .command("agent")
    .description("agents that are programs of yours")
    .command("run")
    .argument("<command...>", "after --: the program and its arguments, started once for each run")
    .description("answer by a program: the request on its stdin, AGENT_URL, AGENT_RUN and AGENT_TOKEN_FILE around it")
    .requiredOption("--name <name>", "the agent's name");
  addAgentOptions(command)
    .option("--at-once <count>", "how many may run side by side", "4")
    .action(async (command: readonly string[], options: Run) => run(context, start, command, options));
}

/** Whose token a program works with. */
export const addAgentOptions = (command: Command): Command =>
  command
    .option("--conversation <alias>", "a room it may work in; may be repeated", gathered, [] as string[])
    .option("--runs-on <where>", "local, or cloud:RECIPIENT", "local")
    .option("--accepts <ceiling>", "category bits a reveal to it may carry, 0 to 3")
    .option("--token-file <file>", "its token, where it has one already");

async function run(
  context: Context,
  start: NonNullable<Context["offline"]["start"]>,
  command: readonly string[],
  options: Run,
): Promise<void> {
  const atOnce = whole(options.atOnce, "--at-once");
  if (atOnce < 1 || atOnce > AT_ONCE_MAX) throw new Trouble("input.invalid", `--at-once takes 1 to ${AT_ONCE_MAX}.`);
  const [{ HttpDoor }, { readToken }, { runAgent }] = await Promise.all([
    import("./http-door.ts"),
    import("./token-file.ts"),
    import("./agent-run.ts"),
  ]);
  const { http } = await context.ask("status", {});
  if (http === null) throw new Trouble("daemon.unreachable", "The daemon has no TCP door.", "set listen.port");
  const url = `http://${http}`;
  const own = options.tokenFile === undefined ? await tokenOf(context, options) : null;
  const door = new HttpDoor(url, own?.token ?? readToken(options.tokenFile ?? ""));
  const { terminal } = context;
  const stop = new AbortController();
  const forget = terminal.interrupted(() => stop.abort());
  context.say(`${options.name} answers with ${command.join(" ")}. Ctrl-C ends it.`);
  try {
    await runAgent({ door, url, start, command, atOnce, say: (words) => context.say(words), stop: stop.signal });
  } finally {
    forget();
    // Where the daemon is gone, what is thrown already says so.
    if (own !== null) await context.daemon.ask("token.revoke", { token: own.id }).catch(() => {});
  }
}

/** A token that lives as long as this command, in its memory alone. */
export async function tokenOf(
  context: Context,
  { name, conversation, runsOn, accepts }: AgentRun & { readonly name: string },
) {
  if (conversation.length === 0)
    throw new Trouble("input.invalid", "Say which rooms it may work in.", "--conversation ALIAS, or --token-file FILE");
  return context.ask("token.create", {
    name,
    scopes: ["agent"],
    conversations: conversation,
    runs_on: runsOn,
    ...(accepts === undefined ? {} : { accepts: whole(accepts, "--accepts") }),
  });
}
