/**
 * The names that are meant to last, against the program: every one exists, and beside them nothing that is not said.
 */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { HOOK_KINDS, HookBody } from "../connectors/webhook-body.ts";
import { SIGNATURE_HEADER, TIMESTAMP_HEADER } from "../connectors/webhook-signature.ts";
import { treeOf } from "../src/cli/cli.ts";
import { configJsonSchema } from "../src/config/schema.ts";
import { Problem } from "../src/control/problem.ts";
import { InvocationReply } from "../src/control/replies.ts";
import { Decision, Invoke, RunOrder } from "../src/control/requests.ts";
import { ROUTES } from "../src/control/routes.ts";
import { REFUSALS } from "../src/core/refusal.ts";
import { VERBS } from "../src/core/verbs/all.ts";
import { offlineVerbs } from "../src/offline-verbs.ts";
import { PaperTerminal } from "./paper-terminal.ts";

const Names = z.record(
  z.string(),
  z.strictObject({
    names: z.array(z.string()).min(1),
    /** What another issue builds, with its subject. */
    /** What there is beside the contract's names, and why. */
    beyond: z.record(z.string(), z.string().min(10)).optional(),
  }),
);
const { about: _about, ...file } = JSON.parse(
  readFileSync(new URL("contract-names.json", import.meta.url), "utf8"),
) as Record<string, unknown>;
const NAMES = Names.parse(file);

const named = (what: string) => {
  const found = NAMES[what];
  if (found === undefined) throw new TypeError(`no names of ${what}`);
  return found;
};

/** Every name is there, and whatever is there is a name, or said to be more. */
function compare(what: string, present: readonly string[], onlyMissing = false): void {
  const { names, beyond = {} } = named(what);
  expect(names.filter((name) => !present.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  expect(Object.keys(beyond).filter((name) => !present.includes(name))).toEqual([]);
  const known = [...names, ...Object.keys(beyond)];
  expect(new Set(known).size).toBe(known.length);
  if (!onlyMissing) expect(present.filter((name) => !known.includes(name))).toEqual([]);
}

const keysOf = (schema: z.ZodType): readonly string[] =>
  Object.keys((z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as { properties: object }).properties);

const { program } = treeOf({
  terminal: new PaperTerminal("", false),
  offline: offlineVerbs({}, () => "/"),
  now: () => 0,
  homeOf: () => ({ home: "/paper", socket: "/paper/lazaret.sock", tokens: "/paper/tokens" }),
  version: "0.1.0",
});

type Leaf = { readonly words: string; readonly command: Command };
const leavesOf = (command: Command, before = ""): readonly Leaf[] =>
  command.commands.flatMap((child) => {
    const words = `${before}${child.name()}`;
    const below = leavesOf(child, `${words} `);
    // `mcp` does something of its own, with options, and has verbs below it.
    const isVerb = below.length === 0 || child.options.length > 0;
    return [...(isVerb ? [{ words, command: child }] : []), ...below];
  });
const LEAVES = leavesOf(program);

describe("names of section 13", () => {
  test("routes", () => {
    const present = ROUTES.filter(({ class: of }) => of !== "local").map(({ method, path }) => `${method} ${path}`);
    compare("routes", present);
  });

  test("routes of the local class are the owner's verbs and the console, and are served on no port", () => {
    const local = ROUTES.filter(({ class: of }) => of === "local").map(({ method, path }) => `${method} ${path}`);
    expect(local).toEqual([...Object.keys(VERBS).map((name) => `POST /v1/local/${name}`), "GET /v1/local/console"]);
  });

  test("scopes of tokens", () => {
    compare("scopes", VERBS["token.create"].input.shape.scopes.element.options);
  });

  test.each([
    ["run order", RunOrder],
    ["invocation", Invoke],
    ["answer", InvocationReply],
    ["decision", Decision],
    ["error", Problem],
    ["webhook body", HookBody],
  ] as const)("%s: its keys", (what, schema) => compare(what, keysOf(schema)));

  test("the answer's own choices", () => {
    const { status, values, approval } = InvocationReply.shape;
    compare("answer status", status.options);
    compare("answer value", Object.keys(values.unwrap().element.shape));
    compare("answer approval", Object.keys(approval.unwrap().shape));
  });

  test("the webhook's kinds and headers", () => {
    compare("webhook kinds", HOOK_KINDS);
    compare(
      "webhook headers",
      [TIMESTAMP_HEADER, SIGNATURE_HEADER].map((name) => name.toLowerCase()),
    );
  });
});

describe("names of section 14", () => {
  test("commands", () => {
    const { names } = named("commands");
    const withArguments = new Set(names.filter((name) => name.includes("<")).map((name) => name.replace(/ <.*/, "")));
    const present = LEAVES.map(({ words, command }) => {
      const [first] = command.registeredArguments;
      return withArguments.has(words) && first !== undefined ? `${words} <${first.name()}>` : words;
    });
    compare("commands", present);
  });

  test("every command says what it does", () => {
    for (const { words, command } of LEAVES) expect([words, command.description() === ""]).toEqual([words, false]);
  });

  test("options that the contract names", () => {
    const own = LEAVES.flatMap(({ words, command }) => command.options.map(({ long }) => `${words} ${long}`));
    compare("options", [...program.options.map(({ long }) => String(long)), ...own], true);
  });

  test("whatever takes something away can be tried dry, and asks or takes --yes", () => {
    const takes = LEAVES.filter(({ words }) => /(?:remove|revoke|purge|restore|uninstall)$/.test(words));
    expect(takes.length).toBeGreaterThanOrEqual(7);
    for (const { words, command } of takes)
      expect([words, command.options.map(({ long }) => long)]).toEqual([
        words,
        expect.arrayContaining(["--dry-run", "--yes"]),
      ]);
  });

  test("exit codes", () => {
    const codes = new Set([0, 2, ...Object.values(REFUSALS).map(({ exit }) => exit)]);
    compare("exit codes", [...codes].map(String));
  });

  test("keys of the configuration", () => {
    compare("configuration", pathsOf(configJsonSchema() as Shape), true);
  });
});

type Shape = {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
};

function pathsOf(shape: Shape, before = ""): readonly string[] {
  const parts = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])].flatMap((it) => pathsOf(it, before));
  const items = shape.items === undefined ? [] : pathsOf(shape.items, `${before}[]`);
  const own = Object.entries(shape.properties ?? {}).flatMap(([name, of]) => {
    const path = before === "" ? name : `${before}.${name}`;
    return [path, ...pathsOf(of, path)];
  });
  return [...own, ...items, ...parts];
}
