/** Answers and messages of an attacker, kept as data, and a server that gives the answers over the wire. */
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { type Says, send } from "./scripted-model.ts";

export type HostileAnswer = {
  readonly id: string;
  readonly content?: string;
  readonly message?: { readonly content: string | null; readonly tool_calls?: readonly unknown[] };
  readonly finish?: string;
  readonly raw?: { readonly status: number; readonly type: string; readonly body: string };
  readonly wire?: string;
};
export type HostileMessage = {
  readonly id: string;
  readonly text: string;
  /** What the message wants an obedient model to call. */
  readonly wants: { readonly name: string; readonly input: unknown };
};

const lines = <T>(name: string): readonly T[] =>
  readFileSync(new URL(`./data/${name}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
export const HOSTILE_ANSWERS = lines<HostileAnswer>("hostile-answers");
export const HOSTILE_MESSAGES = lines<HostileMessage>("hostile-messages");

const TEN_MEGABYTES = 10 * 1024 * 1024;

/** Of each kind of connection one that a client must survive. None ends by itself but by its own trick. */
const WIRES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  redirect: (response) => void response.writeHead(302, { location: "http://127.0.0.1:1/steal" }).end(),
  "ten-megabytes": (response) => send(response, 200, `{"choices": "${"x".repeat(TEN_MEGABYTES)}"}`),
  "hang-up": (response) => void response.destroy(),
  half: (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
    response.write('{"choices": [', () => response.destroy());
  },
  "endless-headers": (response) => void response.writeHead(200, { "x-a": "x".repeat(200_000) }).end("{}"),
  "gzip-bomb": (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync(Buffer.alloc(3 * TEN_MEGABYTES, "x")));
  },
  "slow-drip": (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("{");
  },
};

export function saysOf({ content, message, finish, raw, wire }: HostileAnswer): Says {
  if (raw !== undefined) return (response) => send(response, raw.status, raw.body, raw.type);
  if (wire !== undefined) return WIRES[wire] ?? ((response) => void response.destroy());
  const said = message ?? { content: content ?? "" };
  return finish === undefined ? said : { ...said, finish_reason: finish };
}
