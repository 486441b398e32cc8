/** Channels whose account is a device of its own: signing in, and comparing emoji (CONTRACT sections 1 and 7). */
import type { Context } from "./context.ts";
import { printable } from "./printable.ts";

export const SECRET_CHARS_MAX = 4096;

export type Add = {
  readonly assurance?: "low" | "medium";
  readonly set: string[];
  readonly owner?: string;
  readonly token?: boolean;
  readonly recoveryKey?: boolean;
};

/**
 * Signs in with what the homeserver wants, and has the owner invited: address, user, password. False when nobody was.
 */
export async function addAccount(
  context: Context,
  name: string,
  options: Add,
  given: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { assurance, owner, token, recoveryKey } = options;
  const known = (await context.ask("channel.list", {})).channels.some((channel) => channel.name === name);
  const homeserver = given["homeserver"] ?? (known ? undefined : await field(context, "Homeserver (https://…): "));
  const user = given["user"] ?? (token === true ? undefined : await field(context, "The bot's user: "));
  const secret = await context.secret(token === true ? "Access token: " : "Password: ", SECRET_CHARS_MAX);
  const recovery = recoveryKey === true ? await context.terminal.hidden("Recovery key: ") : null;
  const settings = {
    ...given,
    ...(homeserver === undefined ? {} : { homeserver: addressOf(homeserver) }),
    ...(user === undefined ? {} : { user }),
    ...(owner === undefined ? {} : { owner }),
  };
  const done = await context.ask("channel.add", {
    kind: "matrix",
    name,
    secret,
    settings,
    ...(assurance === undefined ? {} : { assurance }),
    ...(token === true ? { token } : {}),
    ...(recovery === null ? {} : { recovery }),
  });
  context.result(done, () => `Signed in as ${printable(done.user ?? "")}; try it: lazaret verify ${name}`);
  if (done.recovery !== undefined)
    context.say(`Recovery key of its encryption, shown this once; write it down: ${done.recovery}`);
  if (done.invited === true) context.say("You are invited to an encrypted chat with it: accept there.");
  else context.say(`Nobody was invited: lazaret channel remove ${name}, then add it with --owner @you:example.org`);
  return done.invited === true;
}

const field = async (context: Context, question: string): Promise<string | undefined> =>
  context.terminal.isInteractive ? ((await context.terminal.ask(question))?.trim() ?? undefined) : undefined;

/** `matrix.example.org` is what people call it. */
const addressOf = (homeserver: string): string => (homeserver.includes("://") ? homeserver : `https://${homeserver}`);

/** Emoji on both screens, compared by the owner, who says whether they are the same. */
export async function trust(context: Context, name: string, person: string | undefined): Promise<void> {
  context.say("Accept the verification in the direct chat, on a device of your own.");
  const shown = await context.ask("channel.trust", { name, ...(person === undefined ? {} : { person }) });
  context.say(`${printable(shown.person)} must see the same, in this order:`);
  for (const sign of shown.emoji) context.say(`  ${sign}`);
  const answer = await context.terminal.ask("Are they the same? [y/N] ");
  const same = /^y(?:es)?$/i.test(answer?.trim() ?? "");
  const { trusted } = await context.ask("channel.trusted", { name, same });
  context.result({ trusted }, () => (trusted ? `Verified ${printable(shown.person)}` : "Not verified"));
  context.exit(trusted ? 0 : 4);
}
