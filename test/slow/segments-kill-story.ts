/** A child of segments.slow.test.ts: one run in three segments; it dies at a numbered durable point of it. */
import { writeSync } from "node:fs";
import { HOUR_MS } from "../../src/core/limits.ts";
import { HandClock } from "../store-home.ts";
import { openLazaret } from "./kill-home.ts";
import { segmented } from "./segments-driver.ts";

const [dir = "", killAt = "0"] = process.argv.slice(2);
let isArmed = false;
let points = 0;
const probe = (): void => {
  if (!isArmed) return;
  points += 1;
  if (points === Number(killAt)) process.kill(process.pid, "SIGKILL");
};

const clock = new HandClock();
const here = await openLazaret(dir, clock, probe, [segmented]);
here.attach(() => {});
await here.rest();
isArmed = true;
const say = async (text: string): Promise<void> => {
  await here.daemon.surface.owner["chat.say"]({ text });
  await here.rest();
};
await say("begin");
clock.turn(HOUR_MS);
await here.rest();
await say("go on");
isArmed = false;
writeSync(1, `${JSON.stringify({ points })}\n`);
await here.daemon.close();
