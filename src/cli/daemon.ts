/** The home and its daemon: init, up, demo, backup, restore. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { Refusal } from "../core/refusal.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import { type Offer, talk } from "./chat.ts";
import { type Context, type Destructive, destructive } from "./context.ts";
import { PROFILES, type Profile } from "./offline.ts";
import { counted, printable, size } from "./printable.ts";

export function addDaemon(program: Command, context: Context): void {
  const { offline } = context;
  if (offline.init !== undefined) {
    const { init } = offline;
    program
      .command("init")
      .description("make a home; asks nothing")
      .addOption(
        new Option("--profile <name>", "rules to begin with: for a household, a team, or to be asked more").choices(
          PROFILES,
        ),
      )
      .action(async ({ profile }: { readonly profile?: Profile }) => {
        const { home } = context.home;
        const made = await init(context.home, profile ?? null);
        context.result({ home, ...made }, () =>
          [made.created ? `Made a home in ${home}` : `There is a home in ${home}`, ...made.next].join("\n"),
        );
      });
  }
  if (offline.up !== undefined) {
    const { up } = offline;
    program
      .command("up")
      .description("run the daemon here, until Ctrl-C; on a terminal you can talk to it at once")
      .action(async () => {
        const ready = async (daemon: { stop(): void }): Promise<void> => {
          if (!context.terminal.isInteractive || context.isQuiet) return;
          context.say("You can type to it here. Ctrl-D leaves the chat and lets the daemon run, Ctrl-C stops it.");
          const { store } = await context.ask("status", {});
          const isNew = store.messages === 0;
          if (isNew) context.say(OFFER);
          await talk(context, undefined, () => daemon.stop(), isNew ? demoOffer(context) : undefined);
        };
        context.exit(await up(context.home, { ready, say: (words) => context.say(words) }));
        if (context.terminal.isInteractive) context.say("Stopped.");
      });
  }
}

const OFFER = "There is nothing here yet. Press Enter to load a fictional group of 40 messages and try it, or type n.";
const OWN = "Your own chats come in with: lazaret import FILE --conversation ALIAS. Here, help lists what to ask.";

/** On a first start the first line may be a word on the demo; anything else is a message like any other. */
function demoOffer(context: Context): Offer {
  return async (line) => {
    if (/^(?:n|no)$/i.test(line)) return OWN;
    if (!/^(?:y|yes|demo|)$/i.test(line)) return null;
    return tryLines(await context.ask("demo.load", {}), "Try:");
  };
}

const tryLines = ({ messages, conversation, lines }: VerbOutput<"demo.load">, lead: string): string =>
  [
    `${counted(messages, "message")} in ${conversation}, all of it invented. ${lead}`,
    ...lines.map((line) => `  ${printable(line)}`),
  ].join("\n");

export function addDemo(program: Command, context: Context): void {
  program
    .command("demo")
    .description("load a fictional group of 40 messages to try everything on")
    .action(async () => {
      const loaded = await context.ask("demo.load", {}).catch((error: unknown) => {
        const isDown = error instanceof Refusal && error.code === "daemon.unreachable";
        if (!isDown || context.offline.demo === undefined) throw error;
        return context.offline.demo(context.home);
      });
      context.result(loaded, () => tryLines(loaded, "Try, in lazaret chat:"));
    });
}

export function addBackup(program: Command, context: Context): void {
  program
    .command("backup")
    .argument("<file>", "a new file; it holds no keys that open erased content")
    .description("write a verified copy of the home to a file")
    .action(async (file: string) => {
      const made = await context.ask("backup", { file: resolve(file) });
      context.result(made, () => `${made.file}: ${size(made.bytes)}${made.verified ? ", read back and verified" : ""}`);
      context.exit(made.verified ? 0 : 1);
    });
  if (context.offline.restore === undefined) return;
  const { restore } = context.offline;
  destructive(program.command("restore"))
    .argument("<file>", "a backup")
    .description("bring a home back from a backup; what was erased since stays erased")
    .action(async (file: string, options: Destructive) => {
      const from = { file: resolve(file), dryRun: options.dryRun === true };
      const { home } = context.home;
      if (!from.dryRun && !(await context.sure(`Put ${from.file} in the place of ${home}?`, options))) return;
      const back = await restore(context.home, from);
      context.result({ ...back, home, dry_run: from.dryRun }, () => {
        const what = `${counted(back.messages, "message")}, ${counted(back.entries, "ledger entry", "ledger entries")}`;
        return [`${from.dryRun ? "It would bring back" : "Brought back"} ${what}`, ...back.words].join("\n");
      });
    });
}
