/**
 * Answers every request for this agent with a summary, over plain HTTP. The text of the messages never comes here: the
 * reply names a handle, and the gateway puts the text in on its way to the room.
 *
 *     AGENT_TOKEN_FILE=~/.config/lazaret/tokens/helper node examples/answer.ts
 */
import { readFileSync } from "node:fs";
import { Lazaret, LazaretRefusal, type Request } from "lazaret/client";

const url = process.env["AGENT_URL"] ?? "http://127.0.0.1:7717";
const token = readFileSync(process.env["AGENT_TOKEN_FILE"] ?? "", "utf8").trim();
const lazaret = new Lazaret({ url, token });

async function answer(run: string, { intent, slots }: Request): Promise<void> {
  const justification = `The request is to ${intent}.`;
  const made = await lazaret.invoke(run, {
    capability: "message.summarize",
    input: { last: slots.last ?? 20 },
    justification,
    idempotency_key: "summary",
  });
  const handle = made.values?.[0]?.handle;
  // What was refused is said; nobody is left without an answer.
  const template = handle === undefined ? `I could not do this: ${made.hint ?? made.code}` : `{{v:${handle}}}`;
  await lazaret.invoke(run, {
    capability: "chat.reply",
    input: { template },
    justification,
    idempotency_key: "reply",
  });
  await lazaret.finish(run);
}

for (let after = 0; ; ) {
  for await (const { run, request, seq } of lazaret.requests({ after })) {
    after = seq;
    await answer(run, request).catch((error: unknown) => {
      if (!(error instanceof LazaretRefusal)) throw error;
      console.error(`${run}: ${error.code} ${error.hint ?? ""}`);
    });
  }
}
