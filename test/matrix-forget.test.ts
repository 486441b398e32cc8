import { expect, test } from "vitest";
import { roomIn } from "../connectors/matrix/forget.ts";

test("the room is the one under which each session was looked for when it was, and at no other time", () => {
  const own = (session: string): string => `room\u001d${session}`;
  const other = "elsewhere\u001dx";
  expect(roomIn([own("a"), other], [own("b"), other], [own("a"), other])).toEqual(["room"]);
  // Whatever is read meanwhile, once or every time, is somebody else's.
  expect(roomIn([own("a"), other], [own("b")], [own("a"), other])).toEqual(["room"]);
  expect(roomIn([other], [other], [other])).toEqual([]);
  expect(roomIn(undefined, [own("b")], [own("a")])).toEqual([]);
});
