/** The command line in this process, at a terminal of paper, against a daemon whose owner's verbs are of paper. */
import { dirname } from "node:path";
import { runCli } from "../src/cli/cli.ts";
import type { Powers } from "../src/cli/context.ts";
import type { Run } from "./cli-scripts.ts";
import { type OpenDoors, openDoors } from "./open-doors.ts";
import { PaperOwner } from "./paper-owner.ts";
import { PaperTerminal } from "./paper-terminal.ts";

export const powersOf = (doors: OpenDoors, terminal: PaperTerminal, offline: Powers["offline"] = {}): Powers => ({
  terminal,
  offline,
  now: () => doors.clock.now(),
  homeOf: (home) => ({
    home: home ?? "/paper",
    socket: home === undefined ? doors.socketPath : `${home}/lazaret.sock`,
    tokens: `${dirname(doors.socketPath)}/tokens`,
  }),
  version: "0.1.0",
});

export async function paperDoors(): Promise<OpenDoors> {
  const doors = await openDoors({ port: null });
  Object.assign(doors.gateway.owner, new PaperOwner(doors.clock, doors.gateway.lines).verbs());
  return doors;
}

/** Runs the command line on these doors; with `isInteractive`, stdin is what a person types. */
export const runOn =
  (doors: OpenDoors, offline: Powers["offline"] = {}, isInteractive = false): Run =>
  async (args, stdin) => {
    const terminal = new PaperTerminal(stdin, isInteractive);
    const code = await runCli(args, powersOf(doors, terminal, offline));
    return { code, stdout: terminal.stdout, stderr: terminal.stderr };
  };
