/** The `wall:` list of the configuration: where programs behind the network wall may go (CONTRACT section 9). */
import { z } from "zod";
import type { WallHost } from "../core/wall.ts";
import { Addresses, Host, WallName } from "./fields.ts";
import { CATEGORIES, categoryBits } from "./models.ts";

const PORTS_MAX = 20;

const Entry = z.strictObject({
  host: z.union([WallName, Host]),
  ports: z.array(z.int().min(1).max(65_535)).min(1).max(PORTS_MAX).default([443]),
  plain: z.boolean().default(false).describe("http:// too; whoever carries it reads it"),
  addresses: Addresses,
  accepts: z
    .array(z.enum(CATEGORIES))
    .max(CATEGORIES.length)
    .default([])
    .describe("What a run may have been told and still reach it; nothing private unless listed"),
});

export const WallEntry = z.union([WallName, Entry]);
export type WallEntry = z.output<typeof WallEntry>;

/** The short form is the long one with its defaults. */
export function wallHostFrom(entry: WallEntry): WallHost {
  if (typeof entry !== "string") return { ...entry, accepts: categoryBits(entry.accepts) };
  const [host = "", port = "443"] = entry.split(":");
  return { host, ports: [Number(port)], plain: false, addresses: ["public"], accepts: 0 };
}
