/** Walks a value beside the JSON schema of its output and names every text in it with its tier. */

export type Schema = { readonly [key: string]: unknown };
export type TextField = {
  /** Property names and list places of the schema, such as `points[3].text`. Never a word of the value. */
  readonly path: string;
  readonly tier: string | undefined;
  readonly text: string;
};

export const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every string of `value` that the schema does not fix as one of its own words (enum, const). Linear in the value. */
export function textFields(schema: Schema, value: unknown, path = ""): readonly TextField[] {
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(options)) {
    // `.nullable().meta()` puts the tier on the union.
    const inherited = schema["tier"] === undefined ? {} : { tier: schema["tier"] };
    const possible = options.filter(isSchema).filter((option) => couldBe(option, value));
    return possible.flatMap((option) => textFields({ ...inherited, ...option }, value, path));
  }
  if (typeof value === "string") {
    if (schema["const"] !== undefined || Array.isArray(schema["enum"])) return [];
    const tier = schema["tier"];
    return [{ path, tier: typeof tier === "string" ? tier : undefined, text: value }];
  }
  if (Array.isArray(value)) {
    const items = isSchema(schema["items"]) ? schema["items"] : {};
    return value.flatMap((item, at) => textFields(items, item, `${path}[${at}]`));
  }
  if (isSchema(value)) {
    const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
    return Object.entries(value).flatMap(([key, field]) => {
      const inner = properties[key];
      // A key that the schema does not name cannot get here past a strict parse; if it did, its text counts as
      // untiered.
      return isSchema(inner)
        ? textFields(inner, field, path === "" ? key : `${path}.${key}`)
        : textFields({}, field, path);
    });
  }
  return [];
}

/** Could this option of a union have produced the value? A shallow look: type, constants, and which keys there are. */
function couldBe(option: Schema, value: unknown): boolean {
  if (option["const"] !== undefined) return option["const"] === value;
  if (Array.isArray(option["enum"])) return option["enum"].includes(value);
  if (Array.isArray(value)) return option["type"] === "array";
  if (!isSchema(value)) return option["type"] === typeOf(value);
  if (option["type"] !== "object") return Array.isArray(option["anyOf"] ?? option["oneOf"]);
  const properties = isSchema(option["properties"]) ? option["properties"] : {};
  const required = Array.isArray(option["required"]) ? option["required"] : [];
  if (!required.every((key) => typeof key === "string" && Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, field]) => {
    const inner = properties[key];
    if (!isSchema(inner)) return false;
    return inner["const"] === undefined || inner["const"] === field;
  });
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Path of a zod issue, with names of the schema alone: a key that the value invented is left out. */
export function issuePath(schema: Schema, path: readonly PropertyKey[]): string {
  let at: unknown = schema;
  let said = "";
  for (const step of path) {
    if (typeof step === "number") {
      said += `[${step}]`;
      at = isSchema(at) ? at["items"] : undefined;
      continue;
    }
    const properties = isSchema(at) && isSchema(at["properties"]) ? at["properties"] : {};
    if (typeof step !== "string" || !Object.hasOwn(properties, step)) break;
    said += said === "" ? step : `.${step}`;
    at = properties[step];
  }
  return said;
}
