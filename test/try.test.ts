import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readChat, type Said } from "../src/chat-text.ts";
import { TRANSFORMS, type TransformName } from "../src/cli/offline.ts";
import { linesOf } from "../src/core/lines.ts";
import { tryJsonLines } from "../src/try.ts";
import { tryText } from "../src/try-words.ts";
import { readLexicon } from "../src/word-lists.ts";

const lexicon = readLexicon();

/** What `lazaret try … --jsonl` answers to these lines, parsed. */
async function answers(transform: TransformName, ...lines: readonly (string | object)[]): Promise<unknown[]> {
  const written = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  const out: unknown[] = [];
  for await (const line of tryJsonLines(transform, written, lexicon, "what, when")) out.push(JSON.parse(line));
  return out;
}

const CHAT: readonly Said[] = [
  { sender: "Ana", text: "Can somebody book the venue before Friday?", sent_at: "2026-03-02T09:15:00+01:00" },
  { sender: "Ben", text: "I will call the caterer tomorrow.", sent_at: "2026-03-02T09:17:00+01:00" },
  {
    sender: "Eva",
    text: "The budget is 400 euros, see https://example.org/plan",
    sent_at: "2026-03-02T09:20:00+01:00",
  },
];
const chat = { id: "c1", messages: CHAT };

describe("lines of JSON have the shapes of the contract", () => {
  test("summarize gives points with the names as given, and the summary is their words in a row", async () => {
    const [answer] = (await answers("summarize", chat)) as { id: string; output: Record<string, unknown> }[];
    expect(answer?.id).toBe("c1");
    const { summary, points, ...rest } = (answer?.output ?? {}) as { summary: string; points: string[] };
    expect(points.length).toBeGreaterThan(0);
    expect(summary).toBe(points.join(" "));
    expect(summary).toMatch(/\b(?:Ana|Ben)\b/);
    expect(summary).not.toMatch(/PERSON_/);
    expect(rest).toEqual({
      topics: expect.any(Array),
      participants: ["Ana", "Ben", "Eva"].map((name) => ({ name, messages: 1 })),
      counts: { messages: 3, people: 3, media: 0, questions: 1 },
      not_read: { media: 0, without_text: 0 },
    });
  });

  test("extract_tasks gives title, assignee, due, priority, status and sources, and nothing else", async () => {
    const [answer] = (await answers("extract_tasks", chat)) as { output: { tasks: Record<string, unknown>[] } }[];
    const tasks = answer?.output.tasks ?? [];
    expect(tasks.length).toBeGreaterThan(0);
    for (const task of tasks) {
      expect(Object.keys(task).sort()).toEqual(["assignee", "due", "priority", "sources", "status", "title"]);
      expect(["open", "done", "cancelled"]).toContain(task["status"]);
      expect(["low", "normal", "high"]).toContain(task["priority"]);
    }
    expect(tasks).toContainEqual(expect.objectContaining({ assignee: "Ben", due: "2026-03-03", sources: [1] }));
  });

  test("a date is counted from its own message and in its zone, and without one only a full date is due", async () => {
    const promise = (sent_at?: string) => ({
      id: 1,
      messages: [
        { sender: "Ben", text: "I will send the report tomorrow.", ...(sent_at === undefined ? {} : { sent_at }) },
        { sender: "Ana", text: "Thanks!" },
      ],
    });
    const due = async (sent_at?: string): Promise<unknown> => {
      const [answer] = (await answers("extract_tasks", promise(sent_at))) as {
        output: { tasks: { due: unknown }[] };
      }[];
      return answer?.output.tasks[0]?.due;
    };
    expect(await due("2026-03-02T23:30:00-08:00")).toBe("2026-03-03");
    expect(await due("2026-03-03T07:30:00Z")).toBe("2026-03-04");
    expect(await due()).toBe(null);
  });

  test("extract_entities gives six lists of text and count", async () => {
    const [answer] = (await answers("extract_entities", chat)) as { output: Record<string, unknown> }[];
    const kinds = ["amounts", "dates", "links", "organisations", "people", "places"];
    expect(Object.keys(answer?.output ?? {}).sort()).toEqual(kinds);
    expect(answer?.output).toMatchObject({
      amounts: [{ text: "400 euros", count: 1 }],
      links: [{ text: "https://example.org/plan", count: 1 }],
    });
  });

  test("redact gives the text and spans over the input, counted in UTF-16 units", async () => {
    const text = "🎉 Call Maria Hofer on +43 660 1234567 or write to maria@example.org";
    const [answer] = (await answers("redact", { id: 7, text })) as {
      id: number;
      output: { text: string; spans: { start: number; end: number; type: string }[] };
    }[];
    expect(answer?.id).toBe(7);
    expect(Object.keys(answer?.output ?? {}).sort()).toEqual(["spans", "text"]);
    const found = answer?.output.spans.map(({ start, end, type }) => [type, text.slice(start, end)]);
    expect(found).toEqual([
      ["PERSON", "Maria Hofer"],
      ["PHONE", "+43 660 1234567"],
      ["EMAIL", "maria@example.org"],
    ]);
    expect(answer?.output.text).toBe("🎉 Call PERSON_1 on PHONE_1 or write to EMAIL_1");
  });

  test("redact knows the senders of messages, and takes the texts as one with a line for each", async () => {
    const messages = [
      { sender: "Zbrx", text: "hello" },
      { sender: "Ana", text: "Zbrx, are you there?" },
    ];
    const [answer] = (await answers("redact", { id: 1, messages })) as { output: { text: string; spans: unknown } }[];
    expect(answer?.output).toEqual({
      text: "hello\nPERSON_1, are you there?",
      spans: [{ start: 6, end: 10, type: "PERSON" }],
    });
  });

  test.each(TRANSFORMS)("%s answers text and messages, an empty chat and keys it does not know", async (transform) => {
    const out = await answers(
      transform,
      { id: "a", text: "Ben, please bring the tent." },
      { id: "b", text: "" },
      { id: "c", messages: [] },
      "",
      { id: "d", messages: [{ sender: "A", text: "hi", sent_at: null, id: 3 }], reference: "r", topic: "t" },
    );
    expect(out.map((line) => (line as { id: string }).id)).toEqual(["a", "b", "c", "d"]);
    expect(out.every((line) => Object.keys(line as object).join() === "id,output")).toBe(true);
  });
});

describe("a line that cannot be read is named, after the answers to those before it", () => {
  test.each([
    ["no JSON", "{", "line 2: this is not JSON"],
    ["no object", "[]", "line 2: expected"],
    ["neither text nor messages", '{"id": 1}', "line 2: expected"],
    ["both", '{"id": 1, "text": "", "messages": []}', "line 2: expected"],
    ["no id", '{"text": "a"}', "line 2: id:"],
    ["text that is none", '{"id": 1, "text": 5}', "line 2: text:"],
    ["messages that are none", '{"id": 1, "messages": {}}', "line 2: messages:"],
    ["a message without a sender", '{"id": 1, "messages": [{"text": "a"}]}', "line 2: messages[0].sender:"],
    ["a message that is none", '{"id": 1, "messages": ["a"]}', "line 2: messages[0]:"],
    [
      "a day for a moment",
      '{"id": 1, "messages": [{"sender": "a", "text": "b", "sent_at": "2026-03-02"}]}',
      "RFC 3339",
    ],
    ["text without end", `{"id": 1, "text": "${"x".repeat(1_100_000)}"}`, "line 2: text:"],
  ])("%s", async (_, line, hint) => {
    const out: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const answer of tryJsonLines("redact", ['{"id": 0, "text": "a"}', line], lexicon)) out.push(answer);
    };
    await expect(reading()).rejects.toMatchObject({
      code: "input.invalid",
      field: "line 2",
      hint: expect.stringContaining(hint),
    });
    expect(out).toEqual(['{"id":0,"output":{"text":"a","spans":[]}}']);
  });

  test("and what it holds is not quoted", async () => {
    for (const line of ['{"id": 1, "text": qxcanaryqx', '{"id": 1, "text": ["qxcanaryqx"]}', '"qxcanaryqx"']) {
      const error = await answers("redact", line).catch((caught: unknown) => caught);
      expect(JSON.stringify(error)).not.toContain("qxcanaryqx");
    }
  });
});

describe("input is cut into lines", () => {
  const collected = async (pieces: readonly string[], charsMax = 1000): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of linesOf(pieces, charsMax)) lines.push(line);
    return lines;
  };

  test("at \\n alone, wherever the pieces end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string().map((text) => text.replace(/[\r\n]/g, ""))),
        fc.integer({ min: 1, max: 7 }),
        async (lines, size) => {
          const text = lines.map((line) => `${line}\n`).join("");
          const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
            text.slice(i * size, (i + 1) * size),
          );
          expect(await collected(pieces)).toEqual(lines);
        },
      ),
      { numRuns: 50 },
    );
    expect(await collected(["a\u2028b\r\nc"])).toEqual(["a\u2028b", "c"]);
  });

  test("and one without end is refused by its number before it is held", async () => {
    let given = 0;
    function* endless(): Generator<string> {
      yield "short\n";
      for (;;) {
        given++;
        yield "x".repeat(100);
      }
    }
    const reading = async (): Promise<void> => {
      for await (const line of linesOf(endless(), 1000)) expect(line).toBe("short");
    };
    await expect(reading()).rejects.toMatchObject({ code: "input.invalid", field: "line 2" });
    expect(given).toBe(11);
  });
});

describe("a chat that somebody pasted", () => {
  test("is read by the names before the colons, with moments and lines that go on", () => {
    const text = [
      "Preface",
      "2026-03-02 09:15 Ana: Hi",
      "and more",
      "",
      "[2026-03-02 09:17:30] Ben van Dyk: see https://x.org",
      "Eva:",
      "  12:30 works",
    ].join("\n");
    expect(readChat(text)).toEqual([
      { sender: "Someone", text: "Preface" },
      { sender: "Ana", text: "Hi\nand more", sent_at: "2026-03-02T09:15:00Z" },
      { sender: "Ben van Dyk", text: "see https://x.org", sent_at: "2026-03-02T09:17:30Z" },
      { sender: "Eva", text: "12:30 works" },
    ]);
  });

  test("and text with fewer than two names is one person's", () => {
    expect(readChat("Note: buy milk\n\ncall Ben\n")).toEqual([
      { sender: "Someone", text: "Note: buy milk" },
      { sender: "Someone", text: "call Ben" },
    ]);
    expect(readChat("")).toEqual([]);
  });

  test("is read in one go, however it is written", () => {
    const odd = ["a: ", "[2026-", "2026-03-02 09:15 ", ":", " : ", "\n", "Ana: x\n", "[[[[", "more\n"];
    for (const piece of odd) expect(() => readChat(`Ana: x\nBen: y\n${piece.repeat(20_000)}`)).not.toThrow();
  });

  test("is answered in words", () => {
    const text = CHAT.map(({ sender, text }) => `${sender}: ${text}`).join("\n");
    expect(tryText("summarize", text, lexicon)).toMatch(/^- .+\n(?:.*\n)*Read: 3 messages from 3 people, 1 question$/);
    expect(tryText("extract_tasks", text, lexicon)).toMatch(/^\[ \] .*\(.*message \d/);
    expect(tryText("extract_entities", text, lexicon)).toContain("Amounts: 400 euros\n");
    expect(tryText("redact", "Ana: I am Ana\nBen: hi", lexicon)).toBe("PERSON_1: I am PERSON_1\nPERSON_2: hi");
    for (const transform of TRANSFORMS) expect(tryText(transform, "", lexicon, "what is new")).toBeTypeOf("string");
    expect(tryText("answer", text, lexicon, "how much is the budget?")).toBe("400 eur\nRead in message 3");
    expect(tryText("answer", text, lexicon, "how much is the rent?")).toBe("Nothing in it answers that.");
    expect(tryText("classify", text, lexicon, "question, other")).toMatch(/^1: /);
    expect(tryText("compose", "", lexicon, "draft a note to Ben that it rains")).toBe("Hi Ben,\nIt rains.");
    expect(() => tryText("answer", text, lexicon)).toThrow("The input does not fit its schema.");
    expect(() => tryText("redact", "x".repeat(9_000_000), lexicon)).toThrow(
      expect.objectContaining({ code: "input.too_large" }),
    );
  });
});
