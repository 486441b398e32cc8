/** Completion scripts, made from the tree of commands: static, so that a Tab starts no program. */
import { Argument, type Command } from "commander";
import type { Context } from "./context.ts";

type Node = { readonly path: string; readonly words: readonly string[] };

/** Every command by its path, with what may come after it. */
function nodesOf(command: Command, path = ""): Node[] {
  const inner = command.commands.filter((child) => child.name() !== "help");
  const options = command.options.map(({ long }) => long ?? "").filter((long) => long !== "");
  const choices = command.registeredArguments[0]?.argChoices ?? [];
  const words = [...inner.map((child) => child.name()), ...choices, ...options, "--help"];
  return [
    { path, words },
    ...inner.flatMap((child) => nodesOf(child, path === "" ? child.name() : `${path} ${child.name()}`)),
  ];
}

/** An argument is no command: the longest path that is one decides what may come next. */
function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`).join("\n");
  return `_lazaret() {
  local word path="" words="" current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
${cases}
    *) if [ "\${path% *}" = "$path" ]; then path=""; else path="\${path% *}"; fi; continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _lazaret lazaret`;
}

const zsh = (nodes: readonly Node[]): string =>
  ["#compdef lazaret", "autoload -U +X bashcompinit && bashcompinit", bash(nodes)].join("\n");

function fish(nodes: readonly Node[]): string {
  return nodes
    .map(({ path, words }) => {
      const seen = path === "" ? [] : path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
      const plain = words.filter((word) => !word.startsWith("--"));
      const condition = seen.length === 0 ? "__fish_use_subcommand" : seen.join("; and ");
      const options = words.filter((word) => word.startsWith("--")).map((word) => `-l ${word.slice(2)}`);
      const lines = plain.length === 0 ? [] : [`complete -c lazaret -f -n '${condition}' -a '${plain.join(" ")}'`];
      return [...lines, ...options.map((option) => `complete -c lazaret -n '${condition}' ${option}`)].join("\n");
    })
    .join("\n");
}

const SHELLS = { bash, zsh, fish } as const;

export function addCompletion(program: Command, context: Context): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "for which").choices(Object.keys(SHELLS)))
    .description("print a completion script; put it where your shell looks for them")
    .action((shell: keyof typeof SHELLS) => context.terminal.out(`${SHELLS[shell](nodesOf(program))}\n`));
}
