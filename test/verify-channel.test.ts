/** `lazaret verify`: a channel is called good only when something really went out and came back. */
import { expect, test } from "vitest";
import { ConsoleConnector } from "../connectors/console.ts";
import { HookBench } from "./contract/hook.ts";
import { HandClock, random } from "./store-home.ts";

const never = new AbortController().signal;

test("the console is good when what it shows is heard", async () => {
  const connector = new ConsoleConnector({ tenant: "default", channel: "console" }, { clock: new HandClock(), random });
  await expect(connector.probe(never)).resolves.toBeUndefined();
  await expect(connector.probe(AbortSignal.abort())).rejects.toMatchObject({ code: "channel.down" });
});

test("a webhook without its secret is not good", async () => {
  const hook = new HookBench();
  hook.secret = null;
  await expect(hook.connector.probe(never)).rejects.toMatchObject({ code: "not_found" });
});

test("a webhook is good when its own signed event is committed and then known", async () => {
  const hook = new HookBench();
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const batch of hook.connector.open({ cursor: null, stop: stop.signal }))
      for (const { envelope } of batch.events) seen.push(envelope.conversation);
  })();
  await hook.connector.probe(never);
  expect(seen).toEqual(["lazaret.verify"]);
  stop.abort();
  await reading;
});
