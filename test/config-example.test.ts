import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadPolicy } from "../policy/load.ts";
import { configSchema } from "../src/config.ts";
import { configOf, problemsOf } from "./config-reading.ts";

const EXAMPLE = readFileSync("config.example.yaml", "utf8");
/** The example with everything that is commented out switched on; its empty lists give way to the full ones. */
const EXAMPLE_IN_FULL = EXAMPLE.replace(/^#(?=\S| {2})/gm, "").replace(
  /^(?:(?:models|channels|conversations|people|secrets): \[\]| {2}allow: \[\].*)\n/gm,
  "",
);
describe("config.example.yaml", () => {
  const keysIn = (schema: unknown): string[] => {
    if (typeof schema !== "object" || schema === null) return [];
    const {
      properties = {},
      items,
      oneOf = [],
      anyOf = [],
    } = schema as Record<string, unknown> & { properties?: object; oneOf?: unknown[]; anyOf?: unknown[] };
    const below = [...Object.values(properties), items, ...oneOf, ...anyOf].flatMap(keysIn);
    return [...Object.keys(properties), ...below];
  };

  test("is valid as it stands, and says every default", () => {
    expect(problemsOf(EXAMPLE)).toEqual([]);
    expect(configOf(EXAMPLE)).toEqual(configOf(null));
  });

  test("is valid with everything in it switched on", () => {
    expect(EXAMPLE_IN_FULL).not.toBe(EXAMPLE);
    expect(problemsOf(EXAMPLE_IN_FULL)).toEqual([]);
    expect(configOf(EXAMPLE_IN_FULL)).toMatchObject({ conversations: [{}], people: [{}, {}, {}, {}], models: [{}] });
  });

  test("shows every key that there is", () => {
    const keys = [...new Set(keysIn(configSchema()))];
    expect(keys.length).toBeGreaterThan(40);
    expect(
      keys.filter((key) => !new RegExp(`(?:^|[\\s#{,])${key}: `, "m").test(EXAMPLE.replace(/\n/g, " \n"))),
    ).toEqual([]);
  });

  test("names policy packs that load", () => {
    const packs = ["base", "chat-mode", "strict"].map((name) => ({
      name: `${name}.yaml`,
      text: readFileSync(`policy/packs/${name}.yaml`, "utf8"),
    }));
    expect(loadPolicy(packs, { packs: configOf(EXAMPLE).packs })).toMatchObject({ ok: true });
  });
});

test("the schema for editors is JSON Schema with words for every part that needs them", () => {
  const schema = configSchema();
  expect(schema).toMatchObject({
    type: "object",
    additionalProperties: false,
    properties: {
      listen: { properties: { port: { default: 7717, maximum: 65_535 } } },
      retention: { properties: { default: { default: "7d", type: "string" } } },
    },
  });
});
