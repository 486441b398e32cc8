/** The models of the configuration, and whether they answer. */
import type { Command } from "commander";
import type { ModelView } from "../core/verbs/models.ts";
import type { Context } from "./context.ts";

const MICROS = 1_000_000;
const dollars = (micros: number): string => `${(micros / MICROS).toFixed(6).replace(/0{1,4}$/, "")} USD`;

function line({ name, kind, model, host, where, use, accepts, price, blocked }: ModelView): string {
  const cost =
    price === null
      ? "no price"
      : price.in + price.out === 0
        ? "free"
        : `${dollars(price.in)} in, ${dollars(price.out)} out`;
  const place = where === "loopback" ? "this machine" : "elsewhere";
  const parts = [`${kind} ${model} at ${host} (${place})`, `for ${use.join(" and ") || "nothing"}`, cost];
  const takes = `accepts ${accepts.join(", ") || "nothing private"}`;
  return `${name}: ${[...parts, takes].join("; ")}${blocked === null ? "" : `\n  not asked: ${blocked}`}`;
}

export function addModel(program: Command, context: Context): void {
  const model = program.command("model").description("language models that the configuration names");
  model
    .command("list")
    .alias("ls")
    .description("what each may receive, costs and is for")
    .action(async () => {
      const found = await context.ask("model.list", {});
      context.result(found, () => found.models.map(line).join("\n") || "No models: everything works without one.");
    });
  model
    .command("test")
    .argument("<name>", "which")
    .description("ask it one question without content")
    .action(async (name: string) => {
      const found = await context.ask("model.test", { name });
      if (!found.ok) context.exit(1);
      context.result(found, () => {
        if (!found.ok) return `${name} does not answer: ${found.hint ?? found.code}`;
        const kept = found.structured
          ? "keeps to a schema"
          : "does not keep to a schema: built-in answers will stand in";
        const used = `${found.tokens ?? "unknown"} tokens, ${dollars(found.cost_micros)}`;
        return `${name} answered in ${found.ms} ms, ${used}; it ${kept}`;
      });
    });
}
