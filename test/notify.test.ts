/** What the service manager hears, and that nothing is said to one that did not ask. */
import { expect, test } from "vitest";
import type { Environment } from "../src/config/environment.ts";
import { notifying } from "../src/notify.ts";
import { HandClock } from "./store-home.ts";

function heard(env: Environment) {
  const clock = new HandClock();
  const said: string[] = [];
  return { clock, said, manager: notifying(env, clock, (args) => void said.push(args.join(" "))) };
}

test("nobody asked: nothing is said", () => {
  const { clock, said, manager } = heard({ WATCHDOG_USEC: "2000000" });
  manager.ready("HTTP: none.");
  clock.turn(60_000);
  manager.stopping();
  expect(said).toEqual([]);
});

test("ready and stopping are said once each, with a status", () => {
  const { clock, said, manager } = heard({ NOTIFY_SOCKET: "/run/user/1000/systemd/notify" });
  manager.ready("HTTP: http://127.0.0.1:7717.");
  clock.turn(3_600_000);
  manager.stopping();
  expect(said).toEqual(["--ready --status=HTTP: http://127.0.0.1:7717.", "STOPPING=1"]);
});

test("a watchdog gets two signs of life in its time, until the daemon stops", () => {
  const { clock, said, manager } = heard({ NOTIFY_SOCKET: "@notify", WATCHDOG_USEC: "60000000" });
  clock.turn(120_000);
  expect(said).toEqual([]);
  manager.ready("up");
  for (const _ of [1, 2]) clock.turn(30_000);
  manager.stopping();
  clock.turn(120_000);
  expect(said.slice(1)).toEqual(["WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]);
});

test("a watchdog time that is no number is no watchdog", () => {
  const { clock, said, manager } = heard({ NOTIFY_SOCKET: "@notify", WATCHDOG_USEC: "soon" });
  manager.ready("up");
  clock.turn(3_600_000);
  expect(said).toHaveLength(1);
});
