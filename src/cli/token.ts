/** Tokens: what agents, auditors and scripts show at the door (CONTRACT section 13). */
import type { Command } from "commander";
import { Option } from "commander";
import type { Input } from "./client.ts";
import { type Context, type Destructive, destructive } from "./context.ts";
import { duration, relative } from "./moment.ts";
import { short, table } from "./printable.ts";
import { Trouble, whole } from "./trouble.ts";

type Scopes = Input<"token.create">["scopes"];
type Create = {
  readonly agent?: string;
  readonly name?: string;
  readonly scope: Scopes;
  readonly conversation: string[];
  readonly runsOn: string;
  readonly accepts?: string;
  readonly expires?: string;
};

const gathered = (value: string, before: unknown): string[] => [...(before as string[]), value];

export function addToken(program: Command, context: Context): void {
  const token = program.command("token").description("keys to the HTTP doors: scoped, expiring, revocable");
  token
    .command("create")
    .description("make one and show it this once")
    .option("--agent <name>", "an external agent by this name")
    .option("--name <name>", "any other holder; give it scopes")
    .addOption(
      new Option("--scope <scope>", "what it may do; may be repeated")
        .choices(["auditor", "metrics", "operator", "owner"])
        .argParser(gathered)
        .default([], "none"),
    )
    .option("--conversation <alias>", "a room it may see; may be repeated", gathered, [] as string[])
    .option("--runs-on <where>", "local, or cloud:RECIPIENT", "local")
    .option("--accepts <ceiling>", "category bits a reveal to it may carry, 0 to 3")
    .option("--expires <duration>", "such as 90d")
    .action(async (options: Create) => {
      const made = await context.ask("token.create", orderOf(options));
      context.result(made, () => made.token);
      context.say(`${short(made.id)} expires ${relative(made.expires_at, context.now())}. It is not shown again.`);
    });
  token
    .command("list")
    .alias("ls")
    .description("by name; never what they are")
    .action(async () => {
      const found = await context.ask("token.list", {});
      const rows = found.tokens.map((view) => [
        short(view.id),
        view.name,
        view.scopes.join(","),
        view.conversations.map(short).join(",") || "all",
        view.runs_on,
        view.revoked ? "revoked" : relative(view.expires_at, context.now()),
      ]);
      const headings = ["TOKEN", "NAME", "SCOPES", "CONVERSATIONS", "RUNS ON", "EXPIRES"];
      context.result(found, () => (rows.length === 0 ? "No tokens." : table(headings, rows, context.paint)));
    });
  destructive(token.command("revoke"))
    .argument("<token>", "its name or id")
    .description("make it worthless at once")
    .action(async (given: string, options: Destructive) => {
      const { tokens } = await context.ask("token.list", {});
      const found = tokens.find(({ id, name }) => name === given || id === given || short(id) === given);
      if (found === undefined)
        throw new Trouble("not_found", `There is no token ${given}.`, "lazaret token list names them");
      if (options.dryRun === true) return context.say(`Would revoke ${found.name}.`);
      if (!(await context.sure(`Revoke ${found.name}? Whoever uses it is shut out at once.`, options))) return;
      context.result(await context.ask("token.revoke", { token: found.id }), () => `Revoked ${found.name}`);
    });
}

function orderOf({ agent, name, scope, conversation, runsOn, accepts, expires }: Create): Input<"token.create"> {
  const holder = agent ?? name;
  if (holder === undefined || (agent !== undefined && name !== undefined)) {
    throw new Trouble("input.invalid", "Say who holds it.", "an agent with --agent, or another holder with --name");
  }
  if ((agent === undefined) === (scope.length === 0)) {
    const hint = "an agent has the scope agent alone; another holder needs at least one --scope";
    throw new Trouble("input.invalid", "The scopes do not fit the holder.", hint);
  }
  return {
    name: holder,
    scopes: agent === undefined ? scope : ["agent"],
    conversations: conversation,
    runs_on: runsOn,
    ...(accepts === undefined ? {} : { accepts: whole(accepts, "--accepts") }),
    ...(expires === undefined ? {} : { expires_ms: duration(expires, "--expires") }),
  };
}
