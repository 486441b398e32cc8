/** What a person at a terminal sees of the first console. */
import { describe, expect, test } from "vitest";
import type { Powers } from "../src/cli/context.ts";
import { wrapped } from "../src/cli/printable.ts";
import { paperDoors, runOn } from "./paper-cli.ts";

describe("a first console", () => {
  const up: Powers["offline"] = {
    up: async (_home, { ready }) => {
      await ready({ stop: () => {} });
      return 0;
    },
  };
  const begin = async (typed: string, messages = 0) => {
    await using doors = await paperDoors();
    const now = await doors.gateway.owner.status({});
    Object.assign(doors.gateway.owner, { status: async () => ({ ...now, store: { ...now.store, messages } }) });
    return await runOn(doors, up, true)(["up"], typed);
  };

  test.each(["\n", "y\n", "demo\n"])("%j loads the demo and prints what to type", async (typed) => {
    const ran = await begin(typed);
    expect(ran.stderr).toContain("Press Enter to load a fictional group");
    expect(ran.stdout).toContain("40 messages in demo, all of it invented. Try:\n  summarise the last 20 messages\n");
  });

  test("a no says how one's own chats come in, and any other line is a message", async () => {
    expect((await begin("n\n")).stdout).toContain("lazaret import FILE --conversation ALIAS");
    const other = await begin("hello\n\n");
    expect(other.stdout).not.toContain("invented");
  });

  test("with messages in the home nothing is offered, and Enter is nothing", async () => {
    const ran = await begin("\n", 3);
    expect(ran.stderr).not.toContain("Press Enter");
    expect(ran.stdout).toBe("");
  });
});

test("long lines break between words, and what follows a bullet stays under its text", () => {
  expect(wrapped("• one two three four\n> a b c d e f g\n\n  kept as it is", 14)).toBe(
    "• one two\n  three four\n> a b c d e f\n  g\n\n  kept as it\nis",
  );
  expect(wrapped("unbreakably-long-word next", 8)).toBe("unbreakably-long-word\nnext");
});
