import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { REFUSAL_CODES, REFUSALS, Refusal, type RefusalCode } from "../src/core/refusal.ts";

/** The rows of the page, by their columns. */
const rows = readFileSync("docs/refusals.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("docs/refusals.md", () => {
  test("lists every code once and no other", () => {
    const codes = rows.map(([code = ""]) => code.replaceAll("`", ""));
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
    expect([...codes].sort()).toEqual([...REFUSAL_CODES].sort());
  });

  test("says status, exit code, retry and sentence as the program has them", () => {
    for (const [code = "", status, exit, again, sentence] of rows) {
      const meaning = REFUSALS[code.replaceAll("`", "") as RefusalCode];
      expect([code, status, exit, again, sentence]).toEqual([
        code,
        String(meaning.status),
        String(meaning.exit),
        meaning.retryable ? "yes" : "no",
        meaning.sentence,
      ]);
    }
  });

  test("gives a cause and a way out for each", () => {
    expect(rows.filter((cells) => cells.length !== 7 || cells.slice(4).some((cell) => cell.length < 10))).toEqual([]);
  });
});

test("exit codes are those of the command line, statuses those of HTTP", () => {
  for (const { exit, status } of Object.values(REFUSALS)) {
    expect([1, 2, 3, 4, 5, 6, 7, 78]).toContain(exit);
    expect(status === 202 || (status >= 400 && status < 600)).toBe(true);
  }
});

test("a refusal says its sentence and keeps hint, rule and field apart from it", () => {
  const refusal = new Refusal("import.line", { hint: "line 3", field: "text" });
  expect(refusal).toMatchObject({
    code: "import.line",
    hint: "line 3",
    field: "text",
    rule: undefined,
    retryable: false,
  });
  expect(refusal.message).toBe(REFUSALS["import.line"].sentence);
});
