/**
 * A send that needs somebody's yes, as an interrupt: the first start asks, writes down where it was, and ends. A later
 * start goes on from there with the answer, whoever gave it and however long it took. The key makes it safe: asking
 * again
 * is the same question, and what was granted was done once, by the gateway.
 *
 *     AGENT_TOKEN_FILE=… node examples/interrupt.ts CHECKPOINT FROM TO
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Lazaret, type Reply } from "lazaret/client";

const [checkpoint = "", from = "", to = ""] = process.argv.slice(2);
const url = process.env["AGENT_URL"] ?? "http://127.0.0.1:7717";
const token = readFileSync(process.env["AGENT_TOKEN_FILE"] ?? "", "utf8").trim();
const lazaret = new Lazaret({ url, token });

type Checkpoint = { readonly run: string; readonly key: string };

async function begun(): Promise<Checkpoint> {
  if (existsSync(checkpoint)) return JSON.parse(readFileSync(checkpoint, "utf8")) as Checkpoint;
  const { id: run } = await lazaret.startRun({ conversation: from });
  const at = { run, key: "send" };
  writeFileSync(checkpoint, JSON.stringify(at));
  return at;
}

const { run, key } = await begun();
const reply: Reply = await lazaret.invoke(run, {
  capability: "chat.send",
  input: { to, template: "The minutes are ready." },
  justification: "The minutes were promised for today.",
  idempotency_key: key,
});
console.log(reply.status);
if (reply.status !== "approval_required") await lazaret.finish(run);
