/** The shape of a web request: what a run may write, what a person is shown, and the bytes of it. Pure. */
import { z } from "zod";
import type { Canonical } from "../core/canonical.ts";
import { HTTP_METHODS, type HttpAsk, type HttpMethod, isHeader, isOurHeader } from "../core/http.ts";
import { HTTP_BODY_BYTES_MAX, HTTP_HEADER_CHARS_MAX, HTTP_HEADERS_MAX, HTTP_URL_CHARS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";

const Header = z.string().regex(/^[a-z0-9-]{1,64}$/, "lower case");
const Field = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/);
const FIELDS_MAX = 64;
const JSON_DEPTH_MAX = 16;

export const HttpInput = z.strictObject({
  method: z.enum(HTTP_METHODS),
  url: z.string().min(8).max(HTTP_URL_CHARS_MAX),
  headers: z.record(Header, z.string().max(HTTP_HEADER_CHARS_MAX)).optional(),
  /** Text in it may hold `{{v:HANDLE}}`, and where the owner declared it `{{secret:NAME}}`. */
  body: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("json"), json: z.json() }),
      z.strictObject({ type: z.literal("form"), fields: z.record(Field, z.string().max(HTTP_BODY_BYTES_MAX)) }),
      z.strictObject({
        type: z.literal("text"),
        media: z.enum(["text/plain", "text/markdown", "text/csv"]),
        text: z.string().max(HTTP_BODY_BYTES_MAX),
      }),
    ])
    .optional(),
});
export type HttpInput = z.infer<typeof HttpInput>;

export const HttpOutput = z.strictObject({
  status: z.number().int().min(100).max(599),
  media: z.enum(["none", "json", "text", "html", "other"]),
  bytes: z.number().int().min(0).max(1_000_000),
  /** The answer was longer than is read. */
  cut: z.boolean(),
});
export type HttpOutput = z.infer<typeof HttpOutput>;

type Json = Canonical;
type Query = readonly (readonly [name: string, value: string])[];

/** A request with its values in it and its secrets still by name: what is shown, bound and stored. */
export type Prepared = {
  readonly method: HttpMethod;
  readonly origin: string;
  readonly path: string;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  readonly body:
    | null
    | { readonly type: "json"; readonly json: Json }
    | { readonly type: "form"; readonly fields: Readonly<Record<string, string>> }
    | { readonly type: "text"; readonly media: string; readonly text: string };
};

const SECRET = /\{\{secret:([a-z0-9][a-z0-9_.-]{0,62})\}\}/g;

/** Secrets by name, and the slot each stands in. Any other use of double braces is refused. */
export function slotsOf(prepared: Prepared): readonly { readonly name: string; readonly slot: string }[] {
  const found: { name: string; slot: string }[] = [];
  const look = (text: string, slot: string | null): void => {
    for (const [, name = ""] of text.matchAll(SECRET)) {
      if (slot === null) throw new Refusal("secret.slot", { field: name });
      found.push({ name, slot });
    }
    if (/\{\{|\}\}/.test(text.replaceAll(SECRET, ""))) throw new Refusal("egress.template", { field: slot ?? "url" });
  };
  const { body } = prepared;
  look(prepared.path, null);
  for (const [name, value] of prepared.query) {
    look(name, null);
    look(value, `query:${name}`);
  }
  for (const [name, value] of Object.entries(prepared.headers)) look(value, `header:${name}`);
  if (body?.type === "text") look(body.text, null);
  if (body?.type === "form") for (const [name, value] of Object.entries(body.fields)) look(value, `form:${name}`);
  if (body?.type === "json")
    eachText(body.json, "", (text, pointer, isKey) => look(text, isKey ? null : `body:${pointer}`));
  return found;
}

function eachText(json: Json, pointer: string, see: (text: string, pointer: string, isKey: boolean) => void): void {
  if (pointer.split("/").length > JSON_DEPTH_MAX) throw new Refusal("input.too_large", { field: "body" });
  if (typeof json === "string") see(json, pointer, false);
  if (json === null || typeof json !== "object") return;
  for (const [key, value] of Object.entries(json)) {
    see(key, pointer, true);
    eachText(value as Json, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, see);
  }
}

function withTexts(json: Json, of: (text: string) => string): Json {
  if (typeof json === "string") return of(json);
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) return json.map((it) => withTexts(it as Json, of));
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withTexts(value as Json, of)])) as Json;
}

/** Texts of the body that may hold values. */
export function bodyTexts({ body }: HttpInput): readonly string[] {
  if (body === undefined) return [];
  if (body.type === "text") return [body.text];
  if (body.type === "form") return Object.values(body.fields);
  const texts: string[] = [];
  eachText(body.json as Json, "", (text, _pointer, isKey) => {
    if (!isKey) texts.push(text);
  });
  return texts;
}

/** Throws `input.invalid` for what is no URL, `http.address` for what is no web address. */
export function prepared(input: HttpInput, render: (text: string) => string): Prepared {
  const { method, headers = {}, body } = input;
  if (!URL.canParse(input.url)) throw new Refusal("input.invalid", { field: "url" });
  const url = new URL(input.url);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Refusal("http.address", { field: "url" });
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    throw new Refusal("input.invalid", { field: "url", hint: "No user, password or fragment stands in a URL here." });
  if (Object.keys(headers).length > HTTP_HEADERS_MAX) throw new Refusal("input.too_large", { field: "headers" });
  for (const [name, value] of Object.entries(headers)) {
    const isDouble = name === "content-type" && body !== undefined;
    if (!isHeader(name, value) || isOurHeader(name) || isDouble)
      throw new Refusal("input.invalid", { field: `headers.${name}` });
  }
  if (body !== undefined && (method === "GET" || method === "HEAD"))
    throw new Refusal("input.invalid", { field: "body", hint: `${method} has no body.` });
  return {
    method,
    origin: url.origin,
    path: readable(url.pathname),
    query: [...url.searchParams],
    headers,
    body: body === undefined ? null : bodyOf(body, render),
  };
}

/** The parser escapes braces: a secret that is named in a path is seen as one, and refused. */
const readable = (path: string): string => path.replaceAll(/%7B/gi, "{").replaceAll(/%7D/gi, "}");

function bodyOf(body: NonNullable<HttpInput["body"]>, render: (text: string) => string): NonNullable<Prepared["body"]> {
  switch (body.type) {
    case "text":
      return { ...body, text: render(body.text) };
    case "form": {
      const fields = Object.entries(body.fields);
      if (fields.length > FIELDS_MAX) throw new Refusal("input.too_large", { field: "body" });
      return { type: "form", fields: Object.fromEntries(fields.map(([name, text]) => [name, render(text)])) };
    }
    case "json":
      return { type: "json", json: withTexts(body.json as Json, render) };
  }
}

const MEDIA = { json: "application/json", form: "application/x-www-form-urlencoded" } as const;
const mediaOf = (body: NonNullable<Prepared["body"]>): string =>
  body.type === "text" ? `${body.media}; charset=utf-8` : MEDIA[body.type];

/** Encoded in both; for people a secret that is named is still to be read. */
const queryText = (query: Query, shown: boolean): string => {
  const named = (text: string): string => text.replaceAll(/%7B%7Bsecret%3A([a-z0-9_.-]{1,63})%7D%7D/g, "{{secret:$1}}");
  const coded = (text: string): string => (shown ? named(encodeURIComponent(text)) : encodeURIComponent(text));
  return query.length === 0 ? "" : `?${query.map(([name, value]) => `${coded(name)}=${coded(value)}`).join("&")}`;
};

/** As a person reads it: everything that will be sent, secrets by name. */
export function shownRequest(it: Prepared): string {
  const { method, origin, path, query, headers, body } = it;
  const text = body === null ? null : body.type === "json" ? JSON.stringify(body.json, null, 1) : plainBody(body);
  return [
    // Host and path apart: a link to press would be a request of its own.
    `${method} ${path}${queryText(query, true)}`,
    `host: ${origin.replace(/^(https?):\/\/(.*)$/, "$2 ($1)")}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === null ? [] : [`content-type: ${mediaOf(body)}`, "", text ?? ""]),
  ].join("\n");
}

const plainBody = (body: Extract<Prepared["body"], { type: "form" | "text" }>): string =>
  body.type === "text" ? body.text : queryText(Object.entries(body.fields), true).slice(1).replaceAll("&", "\n");

/**
 * The request as it goes out. `secret` gives each by its slot and name. Throws `input.too_large`, and `input.invalid`
 * where a value does not fit a header.
 */
export function bytesOf(
  it: Prepared,
  utf8: (text: string) => Uint8Array,
  secret: (slot: string, name: string) => string,
): HttpAsk {
  const put = (text: string, slot: string): string =>
    text.replaceAll(SECRET, (_whole, name: string) => secret(slot, name));
  const { method, origin, path, query, headers, body } = it;
  const url = `${origin}${encodeURI(path).replaceAll("%25", "%")}${queryText(
    query.map(([name, value]) => [name, put(value, `query:${name}`)] as const),
    false,
  )}`;
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, put(value, `header:${name}`)]));
  const bytes = body === null ? null : utf8(bodyText(body, put));
  if ((bytes?.length ?? 0) > HTTP_BODY_BYTES_MAX) throw new Refusal("input.too_large", { field: "body" });
  return { method, url, headers: body === null ? sent : { ...sent, "content-type": mediaOf(body) }, body: bytes };
}

function bodyText(body: NonNullable<Prepared["body"]>, put: (text: string, slot: string) => string): string {
  if (body.type === "text") return body.text;
  if (body.type === "json") return JSON.stringify(filled(body.json, "", put));
  const fields = Object.entries(body.fields).map(([name, value]) => [name, put(value, `form:${name}`)] as const);
  return queryText(fields, false).slice(1);
}

function filled(json: Json, pointer: string, put: (text: string, slot: string) => string): Json {
  if (typeof json === "string") return put(json, `body:${pointer}`);
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) return json.map((it, at) => filled(it as Json, `${pointer}/${at}`, put));
  const below = (key: string): string => `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, filled(value as Json, below(key), put)]),
  ) as Json;
}

/** `application/json; charset=utf-8` as one of ours. */
export function mediaKind(type: string | undefined, bytes: number): HttpOutput["media"] {
  if (bytes === 0) return "none";
  const [media = ""] = (type ?? "").toLowerCase().split(";");
  if (/^application\/(?:[a-z0-9.+-]+\+)?json$/.test(media.trim())) return "json";
  if (media.trim() === "text/html" || media.trim() === "application/xhtml+xml") return "html";
  return media.trim().startsWith("text/") ? "text" : "other";
}
