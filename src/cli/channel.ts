/** Channels and the people on them: channel, pair, principal, capability (CONTRACT sections 1, 2 and 7). */
import type { Command } from "commander";
import { Argument, Option } from "commander";
import { Refusal } from "../core/refusal.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import { type Add, addAccount, SECRET_CHARS_MAX, trust } from "./account.ts";
import type { Input } from "./client.ts";
import { type Context, type Destructive, destructive } from "./context.ts";
import { duration, relative } from "./moment.ts";
import { printable, short, table } from "./printable.ts";
import { Trouble, whole } from "./trouble.ts";

const PAIR_WAIT_MS = 30_000;

export function addChannel(program: Command, context: Context): void {
  const channel = program.command("channel").description("networks and systems that messages come from");
  channel
    .command("add")
    .addArgument(new Argument("<kind>", "what it is").choices(["webhook", "telegram", "matrix"]))
    .argument("<name>", "what you call it")
    .description("connect one; its secret comes from stdin or is asked for unseen")
    .addOption(new Option("--assurance <level>", "what its senders' answers count as").choices(["low", "medium"]))
    .option("--set <key=value>", "a setting of the channel; may be repeated", (one, all: string[]) => [...all, one], [])
    .option("--owner <id>", "matrix: your own full id, to be invited to a direct chat")
    .option("--token", "matrix: the secret is an access token that was made elsewhere")
    .option("--recovery-key", "matrix: the account has an identity; its recovery key is asked for unseen")
    .action(async (kind: Input<"channel.add">["kind"], name: string, options: Add) => {
      const { assurance, set } = options;
      if (kind === "matrix") {
        const isInvited = await addAccount(context, name, options, Object.fromEntries(set.map(setting)));
        return isInvited ? meetAt(context, name) : undefined;
      }
      const secret = await context.secret(`Secret or token of ${name}: `, SECRET_CHARS_MAX);
      const settings = Object.fromEntries(set.map(setting));
      const about = assurance === undefined ? {} : { assurance };
      const done = await context.ask("channel.add", { kind, name, secret, settings, ...about });
      context.result(done, () => `Added ${name}; try it: lazaret verify ${name}`);
      if (done.link !== undefined) await meet(context, name, done.link);
    });
  channel
    .command("list")
    .alias("ls")
    .description("every channel and how it is")
    .action(async () => {
      const found = await context.ask("channel.list", {});
      const rows = found.channels.map(({ name, kind, state, code, assurance, waiting, from }) => [
        name,
        kind,
        code === null ? state : `${state} (${code})`,
        assurance,
        String(waiting),
        from,
      ]);
      const headings = ["NAME", "KIND", "STATE", "ASSURANCE", "WAITING", "FROM"];
      context.result(found, () => (rows.length === 0 ? "No channels." : table(headings, rows, context.paint)));
    });
  channel
    .command("trust")
    .argument("<name>", "a matrix channel")
    .argument("[person]", "whom, by the full id; its owner when absent")
    .description("compare emoji with a person, so that their answers count as high")
    .action((name: string, person: string | undefined) => trust(context, name, person));
  destructive(channel.command("remove").alias("rm"))
    .argument("<name>", "which")
    .description("disconnect it; what it brought stays until it is purged")
    .action(async (name: string, options: Destructive) => {
      if (options.dryRun === true) {
        await context.ask("channel.remove", { name, dry_run: true });
        return context.say(`Would disconnect ${name}.`);
      }
      if (!(await context.sure(`Disconnect ${name} and forget its secret?`, options))) return;
      context.result(await context.ask("channel.remove", { name }), () => `Removed ${name}`);
    });
}

/** A new bot knows nobody: its owner is the first to write to it. */
async function meet(context: Context, name: string, link: string): Promise<void> {
  context.say(`Open ${link} and press Start.`);
  await meetAt(context, name);
}

async function meetAt(context: Context, name: string): Promise<void> {
  if (!context.terminal.isInteractive || context.isJson)
    return context.say(`Then: lazaret pair ${name} --role owner --assurance medium`);
  await pair(context, name, { role: "owner", assurance: "medium" });
}

function setting(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at < 1) throw new Trouble("input.invalid", `${pair} is no setting.`, "write --set key=value");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

type Pair = {
  readonly role: "owner" | "approver" | "member";
  readonly conversation?: string;
  readonly uses?: string;
  readonly expires?: string;
  readonly assurance?: "low" | "medium";
};

export function addPair(program: Command, context: Context): void {
  program
    .command("pair")
    .argument("<channel>", "where the person will write")
    .description("show a code; whoever sends it in a direct chat is shown to you, and you say y")
    .addOption(
      new Option("--role <role>", "what they may do").choices(["owner", "approver", "member"]).default("member"),
    )
    .option("--conversation <alias>", "a member of this room only")
    .option("--uses <n>", "the code is good for so many people, who become members unseen")
    .option("--expires <duration>", "such as 10m")
    .addOption(new Option("--assurance <level>", "the most their answers count as").choices(["low", "medium"]))
    .action((channel: string, options: Pair) => pair(context, channel, options));
}

async function pair(context: Context, channel: string, options: Pair): Promise<void> {
  const { role, conversation, uses, expires, assurance } = options;
  const started = await context.ask("pair.start", {
    channel,
    role,
    ...(conversation === undefined ? {} : { conversation }),
    ...(uses === undefined ? {} : { uses: whole(uses, "--uses") }),
    ...(expires === undefined ? {} : { expires_ms: duration(expires, "--expires") }),
    ...(assurance === undefined ? {} : { assurance }),
  });
  context.result(started, () => started.code);
  context.say(`Let them send this code on ${channel}. It expires ${relative(started.expires_at, context.now())}.`);
  if (Number(uses ?? 1) > 1) return;
  const claim = await claimOf(context, started.code);
  const who = [claim.platform, claim.name === null ? null : `"${claim.name}"`]
    .filter((part) => part !== null)
    .join(" ");
  context.say(`Sent by ${printable(who)} on ${claim.channel}.`);
  const whose = assurance === "medium" && role !== "member" ? ", whose pressed buttons count as medium" : "";
  const title = role === "member" ? "a member" : `an ${role}`;
  const answer = await context.terminal.ask(`Make them ${title}${whose}? [y/N] `);
  const yes = /^y(?:es)?$/i.test(answer?.trim() ?? "");
  await context.ask("pair.confirm", { code: started.code, yes });
  context.say(yes ? "Paired." : "Not paired.");
  context.exit(yes ? 0 : 4);
}

type Claim = NonNullable<VerbOutput<"pair.wait">["claim"]>;

async function claimOf(context: Context, code: string): Promise<Claim> {
  for (;;) {
    const { state, claim } = await context.ask("pair.wait", { code, wait_ms: PAIR_WAIT_MS });
    if (state === "sent" && claim !== null) return claim;
    if (state === "failed")
      throw new Refusal("pairing.failed", { hint: "nobody sent it in time, or it was wrong too often" });
  }
}

export function addPrincipal(program: Command, context: Context): void {
  const principal = program.command("principal").description("people, as their networks identify them");
  const known = async () => (await context.ask("principal.list", {})).principals.map(({ id }) => id);
  principal
    .command("list")
    .alias("ls")
    .description("everybody who is known")
    .action(async () => {
      const found = await context.ask("principal.list", {});
      const rows = found.principals.map((view) => [
        short(view.id),
        view.role,
        view.channel,
        view.platform ?? "erased",
        view.name ?? "",
        view.person === view.id ? "" : `same as ${short(view.person)}`,
        view.only === null ? "everywhere" : view.only.join(","),
      ]);
      const headings = ["PRINCIPAL", "ROLE", "CHANNEL", "ID", "NAME", "PERSON", "WHERE"];
      context.result(found, () => (rows.length === 0 ? "Nobody yet." : table(headings, rows, context.paint)));
    });
  principal
    .command("link")
    .argument("<a>", "a principal")
    .argument("<b>", "another")
    .description("say that two are one person; roles stay as they are")
    .action(async (one: string, two: string) => {
      const [a, b] = [await context.idOf("prn", one, known), await context.idOf("prn", two, known)];
      context.result(await context.ask("principal.link", { a, b }), () => `${short(a)} and ${short(b)} are one person`);
    });
  destructive(principal.command("remove").alias("rm"))
    .argument("<principal>", "its id, or the first digits of it")
    .description("take their role away")
    .action(async (given: string, options: Destructive) => {
      const id = await context.idOf("prn", given, known);
      if (options.dryRun === true) return context.say(`Would take the role of ${short(id)} away.`);
      if (!(await context.sure(`Take the role of ${short(id)} away?`, options))) return;
      context.result(await context.ask("principal.remove", { principal: id }), () => `${short(id)} is a stranger now`);
    });
}

export function addCapability(program: Command, context: Context): void {
  const capability = program.command("capability").description("what a run may ask for");
  capability
    .command("list")
    .alias("ls")
    .description("every capability, on or off")
    .action(async () => {
      const found = await context.ask("capability.list", {});
      const rows = found.capabilities.map(({ id, enabled, tier, effect, risk, title }) => [
        id,
        enabled ? "on" : "off",
        tier,
        effect,
        risk,
        title,
      ]);
      const headings = ["CAPABILITY", "STATE", "TIER", "EFFECT", "RISK", "WHAT"];
      context.result(found, () => table(headings, rows, context.paint));
    });
  for (const [word, state] of [
    ["enable", "on"],
    ["disable", "off"],
  ] as const) {
    capability
      .command(word)
      .argument("<capability>", "its id, such as http.request")
      .description(`switch it ${state}`)
      .action(async (id: string) => {
        context.result(await context.ask(`capability.${word}`, { id }), () => `${id} is ${state}`);
      });
  }
}
