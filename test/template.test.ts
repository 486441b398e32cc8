import { expect, test } from "vitest";
import { renderValue } from "../src/gateway/template.ts";

const task = { title: "Bring the tent", assignee: "Ben", due: "2026-11-27", status: "open", priority: "high" };

test("a task has its box for a bullet, and its day as people say it", () => {
  const done = { ...task, due: "2026-11-27T16:30:00+01:00", status: "done", priority: "normal", assignee: null };
  expect(renderValue([task, done])).toBe(
    "☐ Bring the tent — Ben, due Fri 27 Nov 2026, urgent\n☑ Bring the tent — due Fri 27 Nov 2026, 16:30",
  );
});

test("everything else in a list has a bullet, and a day that is none stays as it is", () => {
  expect(renderValue(["one", { text: "Ana", count: 2 }])).toBe("• one\n• Ana ×2");
  expect(renderValue([{ ...task, due: "soon" }])).toContain("due soon");
});
