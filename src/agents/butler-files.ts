/** "what is in the file": its text when that is short, otherwise the points of it; and why not, when not. */
import type { RefusalCode } from "../core/refusal.ts";
import type { Answer } from "./butler-errands.ts";
import { type FileFacts, type FileWords, fileWordsIn } from "./butler-file-words.ts";
import { Declined, type Got, type Hands } from "./butler-hands.ts";
import { type Asked, isFields, listOf } from "./butler-request.ts";
import type { Words } from "./butler-words.ts";

/** A text of so many characters is its own shortest summary. */
const SHORT_CHARS = 800;

function factsOf({ output }: Got): FileFacts | null {
  if (!isFields(output)) return null;
  const { type, pages, chars, cut } = output;
  if (typeof type !== "string" || typeof chars !== "number") return null;
  return { type, pages: typeof pages === "number" ? pages : null, chars, cut: cut === true };
}

/** Causes that are no fault of the request. */
const plainly = (code: RefusalCode, words: FileWords): string | null => {
  if (code === "capability.unknown") return words.noSandbox;
  if (code === "capability.disabled") return words.off;
  if (code === "not_found") return words.none;
  return code === "input.too_large" ? words.tooLarge : null;
};

async function pointsOf(got: Got, told: string, hands: Hands, words: Words): Promise<Answer> {
  const input = { file: got.handle };
  const sum = await hands("message.summarize", input, "Summarise the file that was asked about.", "work-1");
  const none = listOf(sum.output, "points")?.length === 0 || sum.handle === null;
  if (none) return { template: `${told} ${words.noPoints}`, tells: true };
  return { template: `${told} ${words.summary}:\n{{v:${sum.handle}.points}}`, tells: true };
}

/** Throws `Leave` while a person is asked, and `Declined` for what the gateway says best itself. */
export async function fileErrand({ language }: Asked, hands: Hands, words: Words): Promise<Answer> {
  const own = fileWordsIn(language);
  try {
    const why = "Read the attachment that was asked about.";
    const got = await hands("attachment.extract_text", {}, why, "file-1");
    const facts = factsOf(got);
    if (facts === null || got.handle === null) return { template: words.readHidden, tells: false };
    if (facts.chars > SHORT_CHARS) return await pointsOf(got, own.facts(facts), hands, words);
    return { template: `${own.facts(facts)}\n{{v:${got.handle}.text}}`, tells: true };
  } catch (error) {
    const sentence = error instanceof Declined ? plainly(error.code, own) : null;
    if (sentence === null) throw error;
    return { template: sentence, tells: false };
  }
}
