/**
 * Whole dialogues through the whole product: each is imported as a conversation of its own into a throw-away home, and
 * the butler is asked at the console for a summary and a to-do list. Scores are of what a person reads there, names put
 * back; only what passed tier B is ever written, so a dialogue whose summary did not counts as 0.
 * node bench/dialogues.ts FILE.jsonl [--show N]; a line: {id, messages: [{sender, text}], reference | references}
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readConfig } from "../src/config.ts";
import { HOUR_MS, MINUTE_MS } from "../src/core/limits.ts";
import type { Clock } from "../src/core/ports.ts";
import { type Daemon, startDaemon } from "../src/daemon.ts";
import { systemRandom, wallClock } from "../src/powers.ts";
import { openStore } from "../src/store/open.ts";
import { bestRouge } from "./rouge.ts";

type Line = {
  readonly id: string;
  readonly messages: readonly { readonly sender: string; readonly text: string }[];
  readonly reference?: string;
  readonly references?: readonly string[];
};

/**
 * Wall time with an hour added for each dialogue: caps and pools are of a day, and people do not ask 300 times in
 * one.
 */
class PassingClock implements Clock {
  #ahead = 0;

  now(): number {
    return wallClock.now() + this.#ahead;
  }

  at(at: number, wake: () => void): () => void {
    return wallClock.at(at - this.#ahead, wake);
  }

  pass(ms: number): void {
    this.#ahead += ms;
  }
}

/** What the butler's answer says in points, without its heading and the line about what was read. */
const pointsOf = (answer: string): string =>
  answer
    .split("\n")
    .flatMap((line) => (line.startsWith("• ") ? [line.slice(2)] : []))
    .join(" ");
const tasksOf = (answer: string): number => answer.split("\n").filter((line) => /^[☐☑☒] /u.test(line)).length;

class Bench {
  readonly #clock = new PassingClock();
  readonly #dir = mkdtempSync(join(tmpdir(), "lazaret-dialogues-"));
  readonly #said: string[] = [];
  #daemon: Daemon | null = null;

  async start(): Promise<void> {
    const [dataDir, keysDir] = [join(this.#dir, "data"), join(this.#dir, "keys")];
    const clock = this.#clock;
    const unlock = { kind: "file" } as const;
    const store = await openStore({
      ...{ dataDir, keysDir, clock, random: systemRandom, unlock },
      tenant: "default",
      create: true,
    });
    const known = { packs: ["chat-mode"], channelKinds: ["console"], models: false, http: false };
    const reading = readConfig({ file: "bench", text: null, env: {}, zone: "UTC", known });
    if (!reading.ok) throw new Error("the default configuration does not validate");
    const refuse = (): never => {
      throw new Error("not part of this bench");
    };
    this.#daemon = await startDaemon({
      ...{ store, config: reading.config, clock, random: systemRandom, log: () => {} },
      ...{ version: "bench", home: dataDir, http: () => null, stop: () => {} },
      worker: new URL("../src/worker.ts", import.meta.url),
      hashPin: refuse,
      checkPin: refuse,
      doctor: refuse,
      exportLedger: refuse,
      request: refuse,
    });
    void this.#listen(this.#daemon);
  }

  async #listen({ surface }: Daemon): Promise<void> {
    const { signal } = new AbortController();
    for await (const { kind, text } of surface.console(signal)) if (kind === "text") this.#said.push(text);
  }

  get daemon(): Daemon {
    if (this.#daemon === null) throw new Error("not started");
    return this.#daemon;
  }

  async bring(alias: string, messages: Line["messages"]): Promise<void> {
    this.#clock.pass(HOUR_MS);
    const begun = this.#clock.now() - messages.length * MINUTE_MS;
    const lines = messages.map(({ sender, text }, n) => ({
      id: `${alias}-${n}`,
      sender,
      text,
      sent_at: begun + n * MINUTE_MS,
    }));
    await this.daemon.surface.owner.import({ conversation: alias, lines });
  }

  /** Types a line and gives what was answered. */
  async ask(text: string): Promise<string> {
    const before = this.#said.length;
    await this.daemon.surface.owner["chat.say"]({ text });
    await this.daemon.gateway.supervisor.idle();
    // The reader is behind the console by a turn or two of the event loop.
    for (let turn = 0; this.#said.length === before && turn < 100; turn++)
      await new Promise<void>((resolve) => setImmediate(resolve));
    return this.#said.slice(before).join("\n");
  }

  /** How often an output of this capability went to the agent whole, without its text, or by handle alone. */
  shown(capability: string): Readonly<Record<string, number>> {
    const counts: Record<string, number> = { allow: 0, fields: 0, handle: 0 };
    const { ledger } = this.daemon.powers.store;
    for (let after = 0; ; ) {
      const page = ledger.entries(after, 1000);
      if (page.length === 0) return counts;
      for (const { type, body } of page) {
        if (type !== "decision.made" || body["action"] !== "reveal" || body["capability"] !== capability) continue;
        const how = String(body["effect"]);
        counts[how] = (counts[how] ?? 0) + 1;
      }
      after = page.at(-1)?.seq ?? after;
    }
  }

  async close(): Promise<void> {
    await this.daemon.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { show: { type: "string", default: "0" } },
});
const [file] = positionals;
if (file === undefined) throw new Error("usage: node bench/dialogues.ts FILE.jsonl [--show N]");
const lines = readFileSync(file, "utf8")
  .split("\n")
  .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]));
const bench = new Bench();
await bench.start();
const begun = performance.now();
const sum = { one: 0, two: 0, l: 0, words: 0, silent: 0, lists: 0, tasks: 0, tokens: 0 };
for (const [n, { id, messages, reference, references }] of lines.entries()) {
  const alias = `dialogue-${n}`;
  await bench.bring(alias, messages);
  const summary = await bench.ask(`summarise ${alias}`);
  const list = await bench.ask(`make a to-do list from ${alias}`);
  const points = pointsOf(summary);
  const score = bestRouge(points, references ?? [reference ?? ""]);
  for (const key of ["one", "two", "l"] as const) sum[key] += score[key];
  sum.words += points === "" ? 0 : points.split(" ").length;
  if (points === "") sum.silent += 1;
  if (/PERSON_[0-9a-f]{4}/.test(summary + list)) sum.tokens += 1;
  const tasks = tasksOf(list);
  sum.tasks += tasks;
  if (tasks > 0) sum.lists += 1;
  if (n < Number(options.show)) console.log(`${id}\n${summary}\n${list}\n  = ${reference ?? references?.[0]}\n`);
}
const seconds = (performance.now() - begun) / 1000;
const percent = (value: number): string => ((100 * value) / lines.length).toFixed(1);
const said = (counts: Readonly<Record<string, number>>): string =>
  `${counts["allow"]} whole, ${counts["fields"]} without text, ${counts["handle"]} by handle`;
const report = await bench.daemon.powers.store.ledger.verify(null);
console.log(
  `dialogues    ${lines.length} (${sum.silent} without a point), ${(sum.words / lines.length).toFixed(1)} words`,
);
console.log(`ROUGE-1/2/L  ${percent(sum.one)} / ${percent(sum.two)} / ${percent(sum.l)}`);
console.log(`summaries    revealed to the butler: ${said(bench.shown("message.summarize"))}`);
console.log(`to-do lists  revealed to the butler: ${said(bench.shown("message.extract_tasks"))}`);
console.log(`tasks        ${sum.tasks} in ${sum.lists} dialogues`);
console.log(`names        put back in all answers but ${sum.tokens}`);
console.log(`ledger       ${report.entries} entries, ${report.ok ? "verified" : report.reason}`);
console.log(`time         ${(seconds / lines.length).toFixed(2)} s a dialogue`);
await bench.close();
