/** The smallest value that a schema accepts, so that a table of schemas is also a table of examples. */
import { z } from "zod";

type Json = { readonly [key: string]: unknown };

const ID = /^\^([a-z]+)_\[0-9a-f\]\{32\}\$$/;

function text(schema: Json): string {
  const pattern = String(schema["pattern"] ?? "");
  const id = ID.exec(pattern);
  if (id !== null) return `${id[1]}_${"0".repeat(32)}`;
  if (pattern.startsWith("^(?:local|cloud:")) return "local";
  if (pattern === "^[a-z]{2}$") return "en";
  if (pattern.startsWith("^\\d")) return "0";
  return "a".repeat(Math.max(1, Number(schema["minLength"] ?? 0)));
}

function make(schema: Json): unknown {
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) return make(choices[0] as Json);
  switch (schema["type"]) {
    case "object": {
      const properties = (schema["properties"] ?? {}) as Record<string, Json>;
      const required = (schema["required"] ?? []) as readonly string[];
      return Object.fromEntries(required.map((name) => [name, make(properties[name] ?? {})]));
    }
    case "array":
      return Array.from({ length: Number(schema["minItems"] ?? 0) }, () => make((schema["items"] ?? {}) as Json));
    case "string":
      return text(schema);
    case "integer":
    case "number":
      return Math.max(0, Number(schema["minimum"] ?? 0));
    case "boolean":
      return false;
    default:
      return null;
  }
}

/** `io`: what is sent to the schema, or what it gives. */
export const sampleOf = (schema: z.ZodType, io: "input" | "output" = "output"): unknown =>
  make(z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json);
