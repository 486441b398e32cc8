/** `lazaret run -- CMD`: a program that works on a run, behind a network wall (CONTRACT sections 9 and 14). */
import type { Command } from "commander";
import { type AgentRun, addAgentOptions, tokenOf } from "./agent.ts";
import { ask, ended } from "./agent-run.ts";
import type { Context } from "./context.ts";
import type { HttpDoor } from "./http-door.ts";
import type { WallVerbs } from "./offline.ts";
import { Trouble } from "./trouble.ts";

type Options = AgentRun & { readonly env: readonly string[] };
/** A run to work on, a token that opens it, and what is to be done when the program has ended. */
type Work = { readonly run: string; readonly token: string; readonly over: () => Promise<string | null> };

const gathered = (value: string, before: string[]): string[] => [...before, value];

export function addRun(program: Command, context: Context): void {
  const { wall } = context.offline;
  if (wall === undefined) return;
  const command = program
    .command("run")
    .argument("<command...>", "after --: the program and its arguments")
    .description(
      "run a program behind a network wall: only what wall.allow lists can be reached, as far as its run may",
    )
    .option("--name <name>", "the agent's name; not asked for within `lazaret agent run`")
    .option("--env <name>", "a variable of yours that the program gets too; may be repeated", gathered, [] as string[]);
  addAgentOptions(command).action((line: readonly string[], options: Options) => run(context, wall, line, options));
}

async function run(context: Context, wall: WallVerbs, command: readonly string[], options: Options): Promise<void> {
  const { http } = await context.ask("status", {});
  if (http === null) throw new Trouble("daemon.unreachable", "The daemon has no TCP door.", "set listen.port");
  // Before anything is made for it: where no wall stands, nothing is started.
  const fault = await wall.fault();
  if (fault !== null) throw new Trouble("wall.missing", "No network wall can be built here.", fault);
  const url = `http://${http}`;
  const work = await workOf(context, wall, options, url);
  const stop = new AbortController();
  const forget = context.terminal.interrupted(() => stop.abort());
  try {
    const { directory } = await context.ask("wall.open", { run: work.run as never });
    const code = await wall.run(context.home, {
      command,
      directory,
      door: Number(http.split(":").at(-1)),
      environment: { AGENT_URL: url, AGENT_RUN: work.run },
      pass: options.env,
      token: work.token,
      stop: stop.signal,
    });
    context.exit(code);
  } finally {
    forget();
    const state = await work.over();
    if (state !== null) context.say(`${work.run}: ${state}`);
  }
}

/** The run of the program that started this one; else a run of its own, with a token that lives as long. */
async function workOf(context: Context, { around }: WallVerbs, options: Options, url: string): Promise<Work> {
  const [{ HttpDoor }, { readToken }] = await Promise.all([import("./http-door.ts"), import("./token-file.ts")]);
  if (around.run !== null && around.tokenFile !== null)
    return { run: around.run, token: readToken(around.tokenFile), over: async () => null };
  const { name } = options;
  if (name === undefined)
    throw new Trouble("input.invalid", "Say whose run it is.", "--name NAME --conversation ALIAS");
  const own = options.tokenFile === undefined ? await tokenOf(context, { ...options, name }) : null;
  const door = new HttpDoor(url, own?.token ?? readToken(options.tokenFile ?? ""));
  const revoke = async (): Promise<void> => {
    if (own !== null) await context.daemon.ask("token.revoke", { token: own.id });
  };
  try {
    const [conversation] = options.conversation;
    const { id } = await ask({ door }, "/v1/runs", { conversation });
    const { token } = await ask({ door }, `/v1/runs/${id}/token`);
    return { run: String(id), token: String(token), over: () => finished(door, String(id), revoke) };
  } catch (error) {
    await revoke();
    throw error;
  }
}

async function finished(door: HttpDoor, run: string, revoke: () => Promise<void>): Promise<string> {
  try {
    return await ended({ door }, run);
  } finally {
    await revoke();
  }
}
