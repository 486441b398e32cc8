import { afterEach, beforeEach, expect, test } from "vitest";
import type { HomeStore } from "../src/store/store.ts";
import { id, say, type TestHome, testHome, textOf } from "./store-home.ts";

let home: TestHome;
let store: HomeStore;
beforeEach(async () => {
  home = testHome();
  store = await home.open();
});
afterEach(async () => {
  await store.close();
  home.remove();
});

test("what was committed is there after the home was opened again", async () => {
  const conversation = id("ConversationId");
  const said = await say(store, conversation, "the harbour is closed");
  expect(await textOf(store, said.blob)).toBe("the harbour is closed");
  await store.close();
  store = await home.open();
  expect(await textOf(store, said.blob)).toBe("the harbour is closed");
  expect(store.messages({ conversation, last: 20 }).map((m) => m.id)).toEqual([said.message]);
  expect(store.platformOf("event", said.message)).toBe(said.platform);
  expect(store.ref("event", "default", "home", said.platform)).toBe(said.message);
  expect((await store.ledger.verify(null)).ok).toBe(true);
});
