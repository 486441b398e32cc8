/** Where those wait who are told after the commit: bounded in number, bytes and time, and always in order. */
import { expect, test } from "vitest";
import { Handover } from "../connectors/handover.ts";
import { hookEvent } from "../connectors/webhook-body.ts";
import { WAITING_BYTES_MAX, WAITING_EVENTS_MAX, WAITING_MS_MAX } from "../src/core/limits.ts";
import { TurnedClock } from "./contract/turned-clock.ts";
import { codeOf, stateOf } from "./contract/unfinished.ts";

const PLACE = { tenant: "default", channel: "alerts", receivedAt: 0 };
const EVENT = hookEvent(Buffer.from('{"id":"e1","conversation":"ops","sender":"ana","text":"hello"}'), PLACE);

function bench() {
  const clock = new TurnedClock();
  const handover = new Handover(clock);
  const stopper = new AbortController();
  return { clock, handover, stopper, stream: handover.batches(stopper.signal) };
}

test("only so many wait", async () => {
  const { handover } = bench();
  const waiting = Array.from({ length: WAITING_EVENTS_MAX }, () => codeOf(handover.put(EVENT, 1)));
  expect(await codeOf(handover.put(EVENT, 1))).toBe("rate.limited");
  handover.close();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["daemon.stopping"]));
});

test("only so many bytes wait, and room comes back as they are committed", async () => {
  const { handover, stream } = bench();
  const first = handover.put(EVENT, WAITING_BYTES_MAX);
  expect(await codeOf(handover.put(EVENT, 1))).toBe("rate.limited");
  await stream.next();
  const next = stream.next();
  await first;
  const second = handover.put(EVENT, WAITING_BYTES_MAX);
  expect((await next).done).toBe(false);
  await stream.return();
  expect(await stateOf(second)).toBe("waiting");
  handover.close();
  expect(await codeOf(second)).toBe("daemon.stopping");
});

test("what was refused as late while it was being committed is settled once", async () => {
  const { clock, handover, stream } = bench();
  const late = codeOf(handover.put(EVENT, WAITING_BYTES_MAX));
  await stream.next();
  clock.turn(WAITING_MS_MAX);
  expect(await late).toBe("channel.down");
  const next = stream.next();
  const full = codeOf(handover.put(EVENT, WAITING_BYTES_MAX));
  await next;
  expect(await codeOf(handover.put(EVENT, 1))).toBe("rate.limited");
  handover.close();
  expect(await full).toBe("daemon.stopping");
});

test("no alarm stays set once somebody was told", async () => {
  const { clock, handover, stopper, stream } = bench();
  const told = handover.put(EVENT, 1);
  await stream.next();
  expect(clock.alarms).toBe(1);
  stopper.abort();
  expect((await stream.next()).done).toBe(true);
  await told;
  expect(clock.alarms).toBe(0);
});

test("what came while a batch was out is not acknowledged with it", async () => {
  const { handover, stream } = bench();
  const first = handover.put(EVENT, 1);
  await stream.next();
  const second = handover.put(EVENT, 1);
  await stream.next();
  expect([await stateOf(first), await stateOf(second)]).toEqual(["undefined", "waiting"]);
  handover.close();
  expect(await codeOf(second)).toBe("daemon.stopping");
});
