/** The only ways an answer leaves: parsed by its schema first, or a problem. */
import type { Duplex } from "node:stream";
import type { FastifyReply } from "fastify";
import type { z } from "zod";
import { Refusal } from "../core/refusal.ts";
import { PROBLEM_TYPE, problemOf } from "./problem.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** On every response, whoever writes it. No CORS header is ever among them. */
export const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Throws when the reply is not what its schema says: the caller then sees `internal` and nothing of it. */
export function answer(
  reply: FastifyReply,
  schema: z.ZodType,
  value: unknown,
  how: { readonly status: (value: unknown) => number; readonly media: "json" | "text" },
): FastifyReply {
  const checked = schema.parse(value);
  const text = how.media === "text" ? String(checked) : JSON.stringify(checked);
  reply.code(how.status(checked)).type(how.media === "text" ? TEXT_TYPE : JSON_TYPE);
  return reply.send(Buffer.from(text));
}

export function refuse(reply: FastifyReply, refusal: Refusal, toOwner: boolean): FastifyReply {
  const problem = problemOf(refusal, toOwner);
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  // What is left of an oversized body is not read.
  if (refusal.code === "input.too_large") reply.header("connection", "close");
  return reply
    .code(problem.status)
    .type(PROBLEM_TYPE)
    .send(Buffer.from(JSON.stringify(problem)));
}

/** The same without the web server: for what is refused before routing, and for upgrades. */
export function problemText(refusal: Refusal): { readonly status: number; readonly body: string } {
  const problem = problemOf(refusal);
  return { status: problem.status, body: JSON.stringify(problem) };
}

export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const { status, body } = problemText(refusal);
  endRaw(socket, status, body);
}

/** What the parser could not read: too many headers, too slow, or no HTTP at all. */
export function refuseMalformed(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  endRaw(socket, status, problemText(new Refusal(status === 431 ? "input.too_large" : "input.invalid")).body);
}

function endRaw(socket: Duplex, status: number, body: string): void {
  const head = Object.entries({ ...HEADERS, "content-type": PROBLEM_TYPE, connection: "close" });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const start = `HTTP/1.1 ${status} \r\n${lines}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  socket.end(start + body, () => socket.destroy());
}
