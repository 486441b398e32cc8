/** What nobody may find outside content: the words of people, and the secrets of the channel. */
import { inspect } from "node:util";
import { expect } from "vitest";
import type { Act, Check, ConnectorHarness, Traits } from "./harness.ts";
import { operationOf } from "./sending-checks.ts";
import { fateOf, soon, Tap } from "./tap.ts";

const CANARIES = {
  text: "c4nary-text",
  edit: "c4nary-edit",
  name: "c4nary-name",
  title: "c4nary-title",
  key: "c4nary-key",
  file: "c4nary-file",
  said: "c4nary-said",
} as const;
const WORDS: readonly string[] = Object.values(CANARIES);

const look = (thing: unknown): string =>
  inspect(thing, { depth: 12, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null });
const json = (thing: unknown): string => {
  try {
    return JSON.stringify(thing) ?? "";
  } catch (error) {
    // A thing that refuses to be serialised says so in words that are looked at too.
    return look(error);
  }
};
function expectNone(text: string, words: readonly string[]): void {
  for (const word of words) expect(text.includes(word), `${word} was found`).toBe(false);
}

/** Does one of everything that the network can do, all of it full of canaries. */
function everything(harness: ConnectorHarness, traits: Traits): readonly Act[] {
  const sender = { name: CANARIES.name };
  const files = [{ name: `${CANARIES.file}.txt`, mime: "text/plain", bytes: Buffer.from(CANARIES.file) }];
  const first = harness.act({
    text: CANARIES.text,
    title: CANARIES.title,
    sender,
    ...(traits.files ? { files } : {}),
  });
  const target = first.event;
  const more = traits.kinds.flatMap((kind) => {
    if (kind === "edit") return harness.act({ kind, target, text: CANARIES.edit, sender });
    if (kind === "delete") return harness.act({ kind, target, sender });
    if (kind === "reaction" || kind === "action") return harness.act({ kind, target, key: CANARIES.key, sender });
    return kind === "membership" ? harness.act({ kind, members: ["ana"], title: CANARIES.title }) : [];
  });
  return [first, ...more];
}

/** Everything that is written to the console or the standard streams while `work` runs. */
async function written(work: () => Promise<void>): Promise<string> {
  let text = "";
  const streams = [process.stdout, process.stderr];
  const writers = streams.map((stream) => stream.write.bind(stream));
  const names = ["log", "info", "warn", "error", "debug", "trace"] as const;
  const printers = names.map((name) => console[name]);
  const take = (...words: readonly unknown[]): boolean => {
    text += words.map((word) => (typeof word === "string" ? word : look(word))).join(" ");
    return true;
  };
  for (const stream of streams) stream.write = take;
  for (const name of names) console[name] = take;
  try {
    await work();
  } finally {
    for (const [at, stream] of streams.entries()) stream.write = writers[at] ?? stream.write;
    for (const [at, name] of names.entries()) console[name] = printers[at] ?? console[name];
  }
  return text;
}

/** Sends into every fault the network can have, and gives the outcomes. */
async function trouble(harness: ConnectorHarness, traits: Traits): Promise<readonly unknown[]> {
  const outcomes: unknown[] = [];
  for (const [at, fault] of [...traits.faults.filter((fault) => fault !== "hang"), null].entries()) {
    if (fault !== null) harness.wire.fault(fault);
    const operation = operationOf("text", harness.conversation, at + 50, CANARIES.said);
    const sent = harness.connector.send(operation, new AbortController().signal);
    outcomes.push(await soon(sent, "send", harness.patienceMs).catch((error: unknown) => error));
  }
  return outcomes;
}

export const SECRECY: readonly Check[] = [
  {
    name: "no word of what was written is in an envelope, a cursor or health",
    run: async (harness, traits) => {
      const tap = new Tap(harness);
      const acts = everything(harness, traits);
      const events = await tap.until(acts.length);
      const outside = [events.map(({ envelope }) => envelope), tap.cursor, harness.connector.health()];
      await tap.finish();
      expectNone(json(outside) + look(outside), WORDS);
      expect(json(events.map(({ content }) => content))).toContain(CANARIES.text);
    },
  },
  {
    name: "looking at the connector shows no secret and no word, before, while and after it works",
    run: async (harness, traits) => {
      const hidden = [...harness.secrets, ...WORDS];
      const views = [look(harness.connector) + json(harness.connector)];
      const tap = new Tap(harness);
      const acts = everything(harness, traits);
      await tap.until(acts.length);
      views.push(look(harness.connector) + json(harness.connector));
      await trouble(harness, traits);
      views.push(look(harness.connector) + json(harness.connector));
      await tap.finish();
      await harness.connector.close();
      views.push(look(harness.connector) + json(harness.connector));
      for (const view of views) expectNone(view, hidden);
    },
  },
  {
    name: "no error and no outcome holds a secret or a word",
    run: async (harness, traits) => {
      const tap = new Tap(harness);
      const errors: unknown[] = [];
      const collect = (told: Promise<unknown> | null): void => void told?.catch((error: unknown) => errors.push(error));
      for (const told of harness.garble()) collect(told);
      await tap.crash();
      const late = everything(harness, traits);
      for (const { told } of late) collect(told);
      errors.push(...(await trouble(harness, traits)));
      await harness.connector.close();
      await Promise.all(late.map(({ told }) => fateOf(told)));
      const text = errors
        .map((error) => look(error) + json(error) + (error instanceof Error ? error.stack : ""))
        .join();
      expect(errors.length).toBeGreaterThan(0);
      expectNone(text, [...harness.secrets, ...WORDS]);
    },
  },
  {
    name: "nothing is printed, whatever happens",
    run: async (harness, traits) => {
      const text = await written(async () => {
        const tap = new Tap(harness);
        const acts = everything(harness, traits);
        for (const told of harness.garble()) told?.catch(() => null);
        await tap.until(acts.length);
        await trouble(harness, traits);
        await tap.finish();
        await harness.connector.close();
      });
      expect(text).toBe("");
    },
  },
];
