/** An instant as people of a zone write it: never without the zone (CONTRACT section 8). */
import { wallOf } from "../core/zoned.ts";
import type { Powers } from "./powers.ts";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number): string => String(value).padStart(2, "0");

/** `Wed 25 Nov 2026, 09:00 (Europe/Vienna)`. */
export function clockText({ hashing }: Powers, zone: string, at: number): string {
  const wall = new Date(wallOf(at, (instant) => hashing.offsetMinutes(zone, instant) ?? 0));
  const day = `${WEEKDAYS[wall.getUTCDay()]} ${wall.getUTCDate()} ${MONTHS[wall.getUTCMonth()]}`;
  return `${day} ${wall.getUTCFullYear()}, ${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())} (${zone})`;
}
