/** A child of later.slow.test.ts: two reminders come due; it dies at a numbered durable point of that. */
import { writeSync } from "node:fs";
import { HOUR_MS, MINUTE_MS } from "../../src/core/limits.ts";
import { HandClock } from "../store-home.ts";
import { openLazaret } from "./kill-home.ts";

const [dir = "", killAt = "0"] = process.argv.slice(2);
const tell = (what: unknown): void => void writeSync(1, `${JSON.stringify(what)}\n`);
let isArmed = false;
let points = 0;
const probe = (): void => {
  if (!isArmed) return;
  points += 1;
  if (points === Number(killAt)) process.kill(process.pid, "SIGKILL");
};

const clock = new HandClock();
const here = await openLazaret(dir, clock, probe);
here.attach((operation) => tell({ shown: operation.id }));
await here.rest();
const say = async (text: string): Promise<void> => {
  await here.daemon.surface.owner["chat.say"]({ text });
  await here.rest();
};
await say("remind me in 10 minutes to drink");
await say("every day at 8 remind me to breathe");
isArmed = true;
clock.turn(11 * MINUTE_MS);
await here.rest();
clock.turn(4 * HOUR_MS - 11 * MINUTE_MS);
await here.rest();
isArmed = false;
tell({ points });
await here.daemon.close();
