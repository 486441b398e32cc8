/** `lazaret try --model`: a text or lines, through the model of that name. */
import { readChat, turnsOf } from "./chat-text.ts";
import type { Trying } from "./cli/offline.ts";
import type { Config } from "./config.ts";
import { Refusal } from "./core/refusal.ts";
import type { Lexicon } from "./try.ts";
import { modelNamed, tryChatWith, tryJsonLinesWith } from "./try-model.ts";
import { wordsOf } from "./try-words.ts";

type With = Trying & { readonly model: string };

export async function tryWith({ transform, jsonl, model, text, lines, write }: With, config: Config, lexicon: Lexicon) {
  const asking = modelNamed(model, config);
  if (jsonl) {
    for await (const line of tryJsonLinesWith(asking, transform, lines(), lexicon)) write(line);
    return;
  }
  if (transform === "redact") throw new Refusal("input.invalid", { field: "--model", hint: "redact asks no model." });
  const answer = await tryChatWith(asking, transform, turnsOf(readChat(await text())), lexicon);
  const { by } = answer as { readonly by: string };
  const note = by === "model" ? "" : "\n\nThe model gave no usable answer; this was made without it.";
  write(`${wordsOf(transform, answer)}${note}`);
}
