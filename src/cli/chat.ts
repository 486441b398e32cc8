/** Talking in the console channel: a terminal, or lines on stdin (CONTRACT section 14). */
import type { Command } from "commander";
import { Refusal } from "../core/refusal.ts";
import { type ConsoleLine, shown } from "./console-line.ts";
import type { Context } from "./context.ts";
import { printable } from "./printable.ts";

const CONSOLE = "console";
const WAIT_MS = 30_000;
/** Ten minutes: longer than any budget lets a run take. */
const WAITS_MAX = 20;
/** Rounds without a new line before what is on its way counts as all there is. */
const QUIET_ROUNDS = 3;

export function addChat(program: Command, context: Context): void {
  program
    .command("chat")
    .description("talk in the console: type, or give one message a line on stdin")
    .option("--conversation <alias>", "speak about this conversation")
    .action(async ({ conversation }: { readonly conversation?: string }) => {
      if (context.terminal.isInteractive && !context.isJson) await talk(context, conversation, () => {});
      else await feed(context, conversation);
    });
}

const about = (conversation: string | undefined) => (conversation === undefined ? {} : { conversation });

/** Lines of another conversation say so. */
function heard(line: ConsoleLine, conversation: string | undefined): string {
  const text = printable(shown(line));
  return line.conversation === (conversation ?? CONSOLE) ? text : `[${printable(line.conversation)}] ${text}`;
}

/**
 * One message a line; each is answered before the next is said. Ends with 5 when a question still waits for a person.
 */
async function feed(context: Context, conversation: string | undefined): Promise<void> {
  const stop = new AbortController();
  const lines = await context.daemon.console(stop.signal);
  let count = 0;
  const listening = (async (): Promise<void> => {
    for await (const line of lines) {
      count += 1;
      if (context.isJson) context.terminal.out(`${JSON.stringify(line)}\n`);
      else if (line.kind !== "typing") context.terminal.out(`${heard(line, conversation)}\n`);
    }
    if (!stop.signal.aborted) throw new Refusal("daemon.unreachable", { hint: "the daemon has stopped" });
  })();
  const speaking = (async (): Promise<void> => {
    let state = "idle";
    for await (const text of context.terminal.lines()) {
      if (text.trim() === "") continue;
      await context.ask("chat.say", { text, ...about(conversation) });
      state = await answered(context, conversation, () => count);
    }
    if (state === "approval") context.exit(5);
    stop.abort();
  })();
  try {
    await Promise.race([speaking, listening.then(() => speaking)]);
  } finally {
    stop.abort();
    await listening.catch(() => "what ended it was thrown above");
  }
}

async function answered(context: Context, conversation: string | undefined, heardSoFar: () => number): Promise<string> {
  let state = "busy";
  for (let wait = 0; state === "busy" && wait < WAITS_MAX; wait += 1) {
    state = (await context.ask("chat.wait", { ...about(conversation), wait_ms: WAIT_MS })).state;
  }
  if (state === "busy") throw new Refusal("run.waiting", { hint: "no answer in ten minutes; see lazaret runs list" });
  // The lines come over a connection of their own: a few rounds in which none came, and they have all come.
  for (let quiet = 0; quiet < QUIET_ROUNDS; quiet += 1) {
    const before = heardSoFar();
    state = (await context.ask("chat.wait", { ...about(conversation), wait_ms: 0 })).state;
    await new Promise((resolve) => setImmediate(resolve));
    if (heardSoFar() > before) quiet = -1;
  }
  return state;
}

/** What a first line may answer, for instance whether to load the demo: what to show, or null when it is a message. */
export type Offer = (line: string) => Promise<string | null>;

/**
 * A terminal: lines are said as they are typed, and shown as they come. `interrupted` is called on Ctrl-C; an `offer`
 * is given the first line.
 */
export async function talk(
  context: Context,
  conversation: string | undefined,
  interrupted: () => void,
  offer?: Offer,
): Promise<void> {
  const { terminal, paint } = context;
  const stop = new AbortController();
  const lines = await context.daemon.console(stop.signal);
  const person = terminal.talk(paint("cyan", `${conversation ?? "you"}> `), () => {
    person.close();
    interrupted();
  });
  const listening = (async (): Promise<void> => {
    let isWorking = false;
    for await (const line of lines) {
      if (line.kind !== "typing")
        person.show(
          line.kind === "edit" ? `${paint("dim", "(edited)")} ${heard(line, conversation)}` : heard(line, conversation),
        );
      else if (!isWorking) person.show(paint("dim", "…"));
      isWorking = line.kind === "typing";
    }
    if (!stop.signal.aborted) person.show("The daemon has stopped.");
    person.close();
  })();
  let open = offer;
  for await (const text of person) {
    if (text.trim() === "/quit") break;
    try {
      const taken = (await open?.(text.trim())) ?? null;
      open = undefined;
      if (taken !== null) person.show(taken);
      else if (text.trim() !== "") await context.ask("chat.say", { text, ...about(conversation) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      context.complain("not said", error);
    }
  }
  person.close();
  stop.abort();
  await listening;
}
