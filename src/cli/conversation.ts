/** Rooms on channels: what the owner allows, names, and sets for them (CONTRACT section 2). */
import type { Command } from "commander";
import { Argument, Option } from "commander";
import type { z } from "zod";
import type { ConversationView } from "../core/verbs/conversations.ts";
import type { Context } from "./context.ts";
import { duration, span } from "./moment.ts";
import { short, size, table } from "./printable.ts";

type Conversation = z.infer<typeof ConversationView>;

export function addConversation(program: Command, context: Context): void {
  const conversation = program.command("conversation").description("rooms: who may speak, what is kept, for how long");
  conversation
    .command("list")
    .alias("ls")
    .description("every room that is known")
    .action(async () => {
      const found = await context.ask("conversation.list", {});
      context.result(found, () =>
        found.conversations.length === 0 ? "No conversations." : list(found.conversations, context),
      );
    });
  conversation
    .command("allow")
    .argument("<conversation>", "alias, id, or the room's own id with --channel")
    .description("let its members speak with the agent")
    .option("--alias <name>", "the name you give it")
    .option("--channel <name>", "the channel whose own id you gave")
    .addOption(new Option("--members <who>", "everybody in the room is a member there").choices(["all"]))
    .action(async (given: string, options: { alias?: string; channel?: string; members?: string }) => {
      const { alias, channel, members } = options;
      const view = await context.ask("conversation.allow", {
        conversation: given,
        ...(alias === undefined ? {} : { alias }),
        ...(channel === undefined ? {} : { channel }),
        ...(members === undefined ? {} : { members_all: true }),
      });
      tell(context, view);
    });
  one(conversation, "block", "stop listening there").action(async (given: string) =>
    tell(context, await context.ask("conversation.block", { conversation: given })),
  );
  one(conversation, "context", "whose messages are kept as material")
    .addArgument(new Argument("<who>", "nobody's but what is addressed, members', or everyone's").choices(CONTEXTS))
    .action(async (given: string, who: Conversation["context"]) => {
      const view = await context.ask("conversation.context", { conversation: given, context: who });
      tell(context, view);
      if (view.announced) context.say("The room was told.");
      if (view.notice !== undefined) context.say(view.notice);
      if (who !== "off" && view.kind === "group" && view.past !== undefined) await prove(context, given);
      if (view.past !== undefined) context.say(`For what was said before: ${view.past}`);
    });
  one(conversation, "ttl", "how long content is kept")
    .argument("<duration>", "such as 7d or 36h")
    .action(async (given: string, text: string) =>
      tell(
        context,
        await context.ask("conversation.ttl", { conversation: given, ttl_ms: duration(text, "The time to keep") }),
      ),
    );
  addWords(conversation, context);
}

const PROOF_WAIT_MS = 30_000;
const PROOF_ROUNDS = 4;

/** Networks keep messages from bots that they do not address: one that arrives is the proof that this one does not. */
async function prove(context: Context, conversation: string): Promise<void> {
  if (!context.terminal.isInteractive || context.isJson || context.isQuiet) return;
  context.say("Now let somebody write a word there, to nobody in particular. I wait two minutes; Ctrl-C ends it.");
  // Networks count whole seconds.
  const since = context.now() - 1000;
  for (let round = 0; round < PROOF_ROUNDS; round += 1) {
    const { heard } = await context.ask("conversation.heard", { conversation, since, wait_ms: PROOF_WAIT_MS });
    if (heard) return context.say("It arrived: what is said there is kept.");
  }
  context.say("Nothing arrived. Do what is said above, or see lazaret doctor, and try again.");
}

const CONTEXTS = ["off", "members", "everyone"] as const;

const one = (parent: Command, name: string, description: string): Command =>
  parent.command(name).argument("<conversation>", "alias or id").description(description);

function addWords(conversation: Command, context: Context): void {
  one(conversation, "timezone", "the zone its times are said in")
    .argument("<zone>", "such as Europe/Vienna")
    .action(async (given: string, timezone: string) =>
      tell(context, await context.ask("conversation.timezone", { conversation: given, timezone })),
    );
  one(conversation, "language", "the language it is answered in")
    .argument("<language>", "two letters, such as en")
    .action(async (given: string, language: string) =>
      tell(context, await context.ask("conversation.language", { conversation: given, language })),
    );
  one(conversation, "agent", "who answers there")
    .argument("<agent>", "butler, model, or the name of a token")
    .addOption(new Option("--fallback <who>", "who answers when it does not").choices(["butler", "none"]))
    .action(async (given: string, agent: string, { fallback }: { readonly fallback?: "butler" | "none" }) => {
      const more = fallback === undefined ? {} : { fallback };
      const after = await context.ask("conversation.agent", { conversation: given, agent, ...more });
      tell(context, after);
      if (after.notice !== undefined) context.say(after.notice);
    });
  one(conversation, "alias", "give it another name")
    .argument("<alias>", "the new name")
    .action(async (given: string, alias: string) =>
      tell(context, await context.ask("conversation.alias", { conversation: given, alias })),
    );
}

function list(conversations: readonly Conversation[], { paint }: Context): string {
  const rows = conversations.map((view) => [
    view.alias ?? short(view.id),
    view.channel,
    view.kind,
    view.status,
    view.context,
    span(view.ttl_ms),
    view.agent ?? "default",
    String(view.messages),
    size(view.bytes),
    view.from,
  ]);
  const headings = ["ALIAS", "CHANNEL", "KIND", "STATUS", "CONTEXT", "KEPT", "AGENT", "MESSAGES", "SIZE", "FROM"];
  return table(headings, rows, paint);
}

function tell(context: Context, view: Conversation): void {
  context.result(view, () => {
    const zone = view.timezone === null ? "" : `, ${view.timezone}`;
    const language = view.language === null ? "" : `, ${view.language}`;
    const members = view.members_all ? ", everybody there is a member" : "";
    return `${view.alias ?? view.id} is ${view.status}: context ${view.context}, kept ${span(view.ttl_ms)}, agent ${
      view.agent ?? "default"
    }${zone}${language}${members}`;
  });
}
