/** What the load sends, to the straw-man and to the product alike. */
import { z } from "zod";

export const Frame = z.strictObject({
  id: z.string().max(64),
  room: z.string().max(255),
  sender: z.string().max(255),
  at: z.int(),
  body: z.string().max(65_536),
});
export type Frame = z.infer<typeof Frame>;

export const ROOMS = 20;
export const SENDERS = 50;
/** Sealed, it fills a frame of one KiB; the next step is four. */
const BODY_CHARS = 960;
const WORDS = "the tent is in the red box next to the boat and someone has to bring the cake on saturday ".split(" ");

const bodies = Array.from({ length: 64 }, (_, n) => {
  let body = "";
  for (let i = n; body.length < BODY_CHARS; i++) body += `${WORDS[i % WORDS.length]} `;
  return body.slice(0, BODY_CHARS);
});

export const roomName = (n: number): string => `!room${n % ROOMS}:example.org`;

/** The n-th frame: rooms and senders in turn. */
export const frameOf = (n: number, at: number): string =>
  JSON.stringify({
    id: `$${n.toString(36).padStart(40, "0")}`,
    room: roomName(n),
    sender: `@u${n % SENDERS}:example.org`,
    at,
    body: bodies[n % bodies.length] ?? "",
  } satisfies Frame);
