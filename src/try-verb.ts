/** `lazaret try` as the command line asks for it. */
import type { Offline } from "./cli/offline.ts";
import { Refusal } from "./core/refusal.ts";
import { type Lexicon, tryJsonLines } from "./try.ts";
import { tryText } from "./try-words.ts";

/** `lexicon` is read when it is needed: refusing costs no word list. Built-ins only: a model by name is refused. */
export const tryVerb =
  (lexicon: () => Lexicon): NonNullable<Offline["try"]> =>
  async ({ transform, jsonl, model, text, lines, write }) => {
    if (model !== null)
      throw new Refusal("input.invalid", { field: "model", hint: "this version tries the built-in transforms alone" });
    if (jsonl) for await (const line of tryJsonLines(transform, lines(), lexicon())) write(line);
    else write(tryText(transform, await text(), lexicon()));
  };
