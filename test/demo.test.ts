/** What a newcomer sees first: the fictional group, and what the built-in transforms say of it. */
import { expect, test } from "vitest";
import { DEMO_LINES, demoLines } from "../src/gateway/demo.ts";
import { tryJsonLines } from "../src/try.ts";
import { readLexicon } from "../src/word-lists.ts";

const TUESDAY = Date.UTC(2026, 10, 24, 9);
const messages = demoLines(TUESDAY).map(({ sender, text, sent_at }) => ({
  sender,
  text,
  sent_at: new Date(sent_at).toISOString(),
}));
const words = readLexicon();

async function said<T>(transform: "extract_tasks" | "summarize"): Promise<T> {
  async function* lines(): AsyncIterable<string> {
    yield JSON.stringify({ id: "demo", messages });
  }
  const [line = ""] = await Array.fromAsync(tryJsonLines(transform, lines(), words));
  return (JSON.parse(line) as { readonly output: T }).output;
}

type Task = { readonly title: string; readonly assignee: string | null; readonly due: string | null };

test("the demo is forty messages and three lines to type", () => {
  expect([messages.length, DEMO_LINES.length]).toEqual([40, 3]);
});

test("its tasks are the ones its people would write down", async () => {
  const { tasks } = await said<{ readonly tasks: readonly (Task & { readonly status: string })[] }>("extract_tasks");
  expect(
    tasks.map(({ title, assignee, due, status }) => `${status}: ${title}, ${assignee}, ${due?.slice(0, 10)}`),
  ).toEqual([
    "open: Tell the others, Elena Rossi, 2026-11-25",
    "done: Book the campsite, Jonas Weber, 2026-11-24",
    "open: Drive and take three people, Tom Okafor, undefined",
    "open: Repair the pole, Tom Okafor, 2026-11-26",
    "open: Bring the tent to Tom, Samuel Berg, 2026-11-26",
    "open: Make the shopping list, Priya Nair, 2026-11-27",
    "open: Keep the receipts, null, undefined",
    "open: Reserve the boat, Elena Rossi, undefined",
    "open: Pick up Elena and Priya at the station, Tom Okafor, 2026-11-27",
    "open: Bring the guitar, Samuel Berg, undefined",
  ]);
});

test("its summary says what was agreed, and not what was slipped in", async () => {
  const { points } = await said<{ readonly points: readonly string[] }>("summarize");
  const text = points.join("\n");
  expect(text).toContain("Boat tour on Saturday at ten.");
  expect(text).toContain("Jonas Weber books them today.");
  expect(text).toContain("Elena Rossi knows on Tuesday and writes here.");
  expect(text).not.toMatch(/ignore|instruction|evil|keyboard|\d{5}/iu);
});
