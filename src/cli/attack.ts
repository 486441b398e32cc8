/** `lazaret attack`: the shipped attacks, or one's own, against a throw-away home (CONTRACT section 14). */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Context } from "./context.ts";
import type { AttackResult } from "./offline.ts";
import { counted, printable } from "./printable.ts";

export function addAttack(program: Command, context: Context): void {
  const { attack } = context.offline;
  if (attack === undefined) return;
  program
    .command("attack")
    .argument("[files...]", "cases of your own as YAML; without them the shipped ones")
    .description("attack a throw-away home, and print attack, expected and seen")
    .action(async (files: string[]) => {
      const tell = (result: AttackResult): void => {
        if (!context.isJson) context.result(result, () => words(result, context));
      };
      const results = await attack(
        files.map((file) => resolve(file)),
        tell,
      );
      const failed = results.filter(({ passed }) => !passed).length;
      if (context.isJson) context.result({ results }, () => "");
      context.say(`${counted(results.length, "attack")}, ${failed} got through.`);
      context.exit(failed > 0 || results.length === 0 ? 1 : 0);
    });
}

function words({ id, channel, attack, expected, seen, passed, wrong }: AttackResult, { paint }: Context): string {
  const mark = passed ? paint("green", "held   ") : paint("red", "THROUGH");
  const lines = [
    `${mark} ${printable(id)} on ${channel}: ${printable(attack)}`,
    `        expected: ${printable(expected)}`,
    `        seen: ${printable(seen)}`,
    ...wrong.map((it) => `        ${paint("red", printable(it))}`),
  ];
  return lines.join("\n");
}
