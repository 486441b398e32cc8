/** A transform on stdin: nothing is stored and no daemon is needed. */
import type { Command } from "commander";
import { Argument } from "commander";
import { TEXT_BYTES_MAX } from "../core/limits.ts";
import type { Context } from "./context.ts";
import { TRANSFORMS, type TransformName } from "./offline.ts";
import { Trouble } from "./trouble.ts";

type Options = { readonly jsonl?: boolean; readonly ask?: string; readonly model?: string };

export function addTry(program: Command, context: Context): void {
  const attempt = context.offline.try;
  if (attempt === undefined) return;
  const { terminal } = context;
  program
    .command("try")
    .addArgument(new Argument("<transform>", "what to try").choices(TRANSFORMS))
    .description("run a transform over stdin; nothing is stored")
    .option("--jsonl", 'one JSON object a line: {"id", "text"} or {"id", "messages"}')
    .option("--ask <text>", "a question to answer, classes to classify by (a, b, c), what to compose")
    .option("--model <name>", "with this model instead of the built-in")
    .action(async (transform: TransformName, options: Options) => {
      await attempt({
        transform,
        jsonl: options.jsonl === true,
        ask: options.ask ?? null,
        model: options.model ?? null,
        home: context.home,
        text: async () => {
          const text = await terminal.read(TEXT_BYTES_MAX);
          if (text === null)
            throw new Trouble("input.too_large", "That is more than 64 KiB.", "use --jsonl, one text a line");
          return text;
        },
        lines: () => terminal.lines(),
        write: (line) => terminal.out(`${line}\n`),
      });
    });
}
