/** A server on loopback that speaks the chat completions interface and says what a test wrote for it. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ModelEntry as Entry, type ModelEntry, profileOf } from "../src/config/models.ts";
import type { ModelPort } from "../src/core/model.ts";
import { Refusal } from "../src/core/refusal.ts";
import { CheckedHttp } from "../src/edge/http.ts";
import { HttpModels } from "../src/edge/models.ts";
import { WALL } from "./world.ts";

export type Asked = {
  readonly authorization: string | undefined;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: unknown }[];
    readonly tools?: readonly { readonly function: { readonly name: string } }[];
    readonly response_format?: unknown;
    readonly max_tokens?: number;
  };
  /** The first user message. */
  readonly material: string;
};

/** What comes back: a chat completion's message, or anything at all. */
export type Says =
  | { readonly content: string | null; readonly tool_calls?: readonly unknown[]; readonly finish_reason?: string }
  | ((response: ServerResponse) => void);

export type Scripted = {
  readonly url: string;
  readonly asked: Asked[];
  says: (asked: Asked, nth: number) => Says;
  close(): Promise<void>;
};

const USAGE = { prompt_tokens: 120, completion_tokens: 30, total_tokens: 150 };
export const called = (name: string, input: unknown, id = "c1"): unknown => ({
  id,
  type: "function",
  function: { name, arguments: typeof input === "string" ? input : JSON.stringify(input) },
});

export async function scriptedModel(says: Scripted["says"]): Promise<Scripted> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const scripted: Scripted = { url: "", asked, says, close: () => ended(server) };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = JSON.parse(Buffer.concat(pieces).toString("utf8")) as Asked["body"];
    const user = body.messages.find(({ role }) => role === "user")?.content;
    const material = typeof user === "string" ? user : JSON.stringify(user);
    const one: Asked = { authorization: request.headers.authorization, body, material };
    asked.push(one);
    const said = scripted.says(one, asked.length - 1);
    if (typeof said === "function") return said(response);
    const { finish_reason = said.tool_calls === undefined ? "stop" : "tool_calls", ...message } = said;
    const choices = [{ index: 0, message: { role: "assistant", ...message }, finish_reason }];
    send(response, 200, JSON.stringify({ id: "x", created: 1, model: body.model, choices, usage: USAGE }));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(scripted, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
}

export function send(response: ServerResponse, status: number, text: string, type = "application/json"): void {
  response.writeHead(status, { "content-type": type }).end(text);
}

function ended(server: ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Models at a scripted server, as a configuration would name them; `keys` is the vault. */
export const modelsAt = (
  url: string,
  more: Partial<Record<keyof ModelEntry, unknown>> = {},
  keys: Readonly<Record<string, string>> = {},
): ModelPort =>
  new HttpModels([profileOf(Entry.parse({ name: "local", kind: "openai", url, model: "m", ...more }))], {
    http: new CheckedHttp({ clock: WALL }),
    withKey: (name, use) => {
      const key = keys[name];
      return key === undefined ? Promise.reject(new Refusal("not_found")) : use(key);
    },
  });
