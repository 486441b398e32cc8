/**
 * The contract suite's own power: every seeded bug is caught by the check that names it, and every check catches one.
 */
import { describe, expect, test } from "vitest";
import type { Asking } from "../../connectors/telegram/wire.ts";
import type { Connector } from "../../src/core/ports.ts";
import { type Bug, changed } from "../contract/broken.ts";
import { CHECKS, connectorSuite, runCheck } from "../contract/connector-suite.ts";
import { CONSOLE_TRAITS, consoleHarness } from "../contract/console-harness.ts";
import type { ConnectorHarness, Traits } from "../contract/harness.ts";
import { KIND_BUGS } from "../contract/kind-bugs.ts";
import { LoopbackConnector } from "../contract/loopback.ts";
import { LOOPBACK_TRAITS, loopbackHarness } from "../contract/loopback-harness.ts";
import { CONSOLE_BUGS, TELEGRAM_BUGS } from "../contract/network-bugs.ts";
import { RECEIVING_BUGS } from "../contract/receiving-bugs.ts";
import { SECRECY_BUGS, SENDING_BUGS } from "../contract/sending-bugs.ts";
import { type BotBench, TELEGRAM_TRAITS, telegramHarness } from "../contract/telegram-harness.ts";
import { WEBHOOK_TRAITS, webhookHarness } from "../contract/webhook-harness.ts";

/** A bug on a network where whoever sends waits for our word: it sits between the sound webhook and its reader. */
type ToldBug = Omit<Bug, "build"> & { readonly between: (sound: Connector) => Connector };

const TOLD_BUGS: readonly ToldBug[] = [
  {
    name: "reads ahead, and so acknowledges what was only handed over",
    caughtBy: [
      "pulling the next batch acknowledges the previous one, and nothing else does",
      "after a crash, what was not acknowledged is not lost: it comes again, or its sender knows",
      "a batch that nobody acknowledged comes again, the same",
    ],
    between: (sound) =>
      changed(sound, {
        opened: (open) =>
          async function* (options) {
            const stream = open(options)[Symbol.asyncIterator]();
            let next = stream.next();
            for (let given = await next; given.done !== true; given = await next) {
              next = stream.next();
              yield given.value;
            }
          },
      }),
  },
  {
    name: "drops what is in hand when it is stopped",
    caughtBy: ["a batch that was committed while stopping is still acknowledged"],
    between: (sound) =>
      changed(sound, {
        opened: (open) =>
          async function* (options) {
            for await (const batch of open(options)) {
              yield batch;
              if (options.stop.aborted) return;
            }
          },
      }),
  },
  {
    name: "claims that it sent what is there to be fetched",
    caughtBy: ["where the far end fetches, send says that nobody took it, and touches nothing"],
    between: (sound) => changed(sound, { send: async () => ({ state: "sent", eventIds: ["m1"] }) }),
  },
];

type Case = { name: string; check: string; traits: Traits; make: () => Promise<ConnectorHarness> | ConnectorHarness };
const onLoopback = [...RECEIVING_BUGS, ...KIND_BUGS, ...SENDING_BUGS, ...SECRECY_BUGS].flatMap(
  ({ name, caughtBy, build }): Case[] =>
    caughtBy.map((check) => ({ name, check, traits: LOOPBACK_TRAITS, make: () => loopbackHarness(build) })),
);
const onWebhook = TOLD_BUGS.flatMap(({ name, caughtBy, between }): Case[] =>
  caughtBy.map((check) => ({ name, check, traits: WEBHOOK_TRAITS, make: () => webhookHarness(between) })),
);
const onConsole = CONSOLE_BUGS.flatMap(({ name, caughtBy, between }): Case[] =>
  caughtBy.map((check) => ({ name, check, traits: CONSOLE_TRAITS, make: () => consoleHarness(between) })),
);
const onTelegram = TELEGRAM_BUGS.flatMap(({ name, caughtBy, between, onWire }): Case[] =>
  caughtBy.map((check) => {
    const request = (bench: BotBench) => {
      const change = onWire?.(bench);
      return change === undefined ? {} : { request: (url: string, it: Asking) => bench.request(url, change(url, it)) };
    };
    return { name, check, traits: TELEGRAM_TRAITS, make: () => telegramHarness(between, request) };
  }),
);
const CASES = [...onLoopback, ...onWebhook, ...onConsole, ...onTelegram];

describe("a connector is caught that", () => {
  test.each(CASES)("$name: $check", async ({ check: named, traits, make }) => {
    const check = CHECKS.find(({ name }) => name === named);
    if (check === undefined) throw new Error(`no check is named: ${named}`);
    expect(check.when?.(traits) ?? true).toBe(true);
    const error: unknown = await runCheck(check, traits, make).catch((thrown: unknown) => thrown);
    // Any other error would be a fault of the bug's own, and would prove nothing.
    expect(String(error)).toMatch(/AssertionError|nothing within a second|the stream ended early/);
  });
});

test("every check that applies to a network of the sweep catches at least one seeded bug", () => {
  const caught = new Set(CASES.map(({ check }) => check));
  const applies = CHECKS.filter(({ when }) =>
    [LOOPBACK_TRAITS, WEBHOOK_TRAITS, CONSOLE_TRAITS, TELEGRAM_TRAITS].some((it) => when?.(it) ?? true),
  );
  expect(applies.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
});

// Bugs sit in a wrapper: were the wrapper itself wrong, they would be caught for nothing.
connectorSuite("the wrapper without a bug", LOOPBACK_TRAITS, () =>
  loopbackHarness((net, clock) => changed(new LoopbackConnector(net, clock), { event: (event) => event })),
);
