/** docs/proof.md: every file that it sends a reader to is there, and every promise has a test and a command. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const text = readFileSync("docs/proof.md", "utf8");
const promises = text.split(/^## (?=\d)/mu).slice(1);
const NAMED = /`((?:test|docs|bench)\/[\w./-]+|\.ci\/run|[\w.]+\.config\.(?:ts|json))`/gu;
const filesIn = (part: string): string[] => [...part.matchAll(NAMED)].map(([, file]) => file ?? "");

test("there are as many promises as the contract has, in order", () => {
  expect(promises.map((part) => part[0])).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
});

test("every file that is named is there", () => {
  const named = filesIn(text);
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((file) => !existsSync(file))).toEqual([]);
});

test("each promise names tests and a command", () => {
  const poor = promises.filter(
    (part) => filesIn(part).filter((file) => file.endsWith(".test.ts")).length < 2 || !part.includes("```sh"),
  );
  expect(poor.map((part) => part.split("\n")[0])).toEqual([]);
});

test("the variables that make a suite longer are read by one", () => {
  const suites = ["approval-race", "story-kill"].map((name) => readFileSync(`test/slow/${name}.slow.test.ts`, "utf8"));
  for (const name of ["RACE_ROUNDS", "KILLS_MS"])
    expect([name, text.includes(name), suites.join("\n").includes(`"${name}"`)]).toEqual([name, true, true]);
});
