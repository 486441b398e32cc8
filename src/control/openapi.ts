/** The route table as OpenAPI 3.1. Local routes are the owner's and not part of it. */
import { z } from "zod";
import { PROBLEM_TYPE, Problem } from "./problem.ts";
import { Event } from "./replies.ts";
import type { AskRoute, EventsRoute, Route } from "./route.ts";

type Json = { readonly [key: string]: unknown };

const idOf = (route: Route): string =>
  [route.method.toLowerCase(), ...route.path.split(/[^A-Za-z0-9]+/).filter((part) => part !== "")].join("_");

class Components {
  readonly schemas: Record<string, unknown> = {};

  /** Registers a schema under a name and returns a reference to it; references inside it are made absolute. */
  add(name: string, schema: z.ZodType, io: "input" | "output"): Json {
    const { $schema: _dialect, ...body } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
    const here = `#/components/schemas/${name}`;
    this.schemas[name] = JSON.parse(
      JSON.stringify(body, (key, value: unknown) => {
        if (key !== "$ref" || typeof value !== "string") return value;
        return value === "#" ? here : value.replace(/^#\//, `${here}/`);
      }),
    );
    return { $ref: here };
  }
}

function parametersOf(route: AskRoute | EventsRoute): Json[] {
  return ([route.params, route.query] as const).flatMap((schema, at) => {
    if (schema === null) return [];
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    return Object.entries(properties).map(([name, property]) => ({
      name,
      in: at === 0 ? "path" : "query",
      required: required.includes(name),
      schema: property,
    }));
  });
}

function bearerOperation(route: AskRoute | EventsRoute, components: Components): Json {
  const id = idOf(route);
  const isEvents = route.kind === "events";
  const reply = isEvents
    ? components.add("Event", Event, "output")
    : components.add(`${id}_reply`, route.reply, "output");
  const media = isEvents ? "text/event-stream" : route.media === "text" ? "text/plain" : "application/json";
  const body = isEvents || route.body === null ? null : components.add(`${id}_body`, route.body, "input");
  const once = !isEvents && route.once;
  return {
    operationId: id,
    summary: route.summary,
    security: [{ token: [] }],
    "x-scopes": route.scopes,
    parameters: [
      ...parametersOf(route),
      ...(once ? [{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string" } }] : []),
    ],
    ...(body === null ? {} : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      "2XX": { description: route.summary, content: { [media]: { schema: reply } } },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function plainOperation(route: Route, components: Components): Json {
  const content =
    route.class === "public"
      ? { "application/json": { schema: components.add(`${idOf(route)}_reply`, route.reply, "output") } }
      : { "application/json": {} };
  return {
    operationId: idOf(route),
    summary: route.summary,
    security: route.class === "bearer" ? [{ token: [] }] : [],
    ...(route.class === "bearer" ? { "x-scopes": route.scopes } : {}),
    responses: {
      "2XX": { description: route.summary, content },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

export function openApi(routes: readonly Route[]): Json {
  const components = new Components();
  const problem = components.add("Problem", Problem, "output");
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    if (route.class === "local") continue;
    const path = route.path.replace(/:([a-z]+)/g, "{$1}");
    const isPlain = route.class !== "bearer" || route.kind === "mcp";
    const operation = isPlain ? plainOperation(route, components) : bearerOperation(route, components);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Lazaret", version: "1", description: "The control plane for agents, hooks and auditors." },
    paths,
    components: {
      schemas: components.schemas,
      responses: {
        Problem: { description: "RFC 9457, with a stable code", content: { [PROBLEM_TYPE]: { schema: problem } } },
      },
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}
