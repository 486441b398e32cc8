/**
 * A schema of the Bot API, generated from the types of @grammyjs/types by the compiler: what a value must be to be an
 * update, the arguments or the result of a method. An unknown field is an error, as a missing one is.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";

/** Of what the types say, the part that a value in JSON can be held against. */
type Shape =
  | { readonly is: "literal"; readonly value: string | number | boolean }
  | { readonly is: "string" | "number" | "boolean" | "anything" }
  | { readonly is: "array"; readonly of: () => Shape }
  | { readonly is: "union"; readonly of: readonly Shape[] }
  | {
      readonly is: "object";
      readonly fields: () => ReadonlyMap<string, { readonly optional: boolean; readonly of: Shape }>;
    };

const TYPES = join(dirname(createRequire(import.meta.url).resolve("@grammyjs/types/package.json")), "mod.d.ts");
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  lib: ["lib.es2022.d.ts"],
  exactOptionalPropertyTypes: false,
};
/** Where the one thing that a client sends as no JSON, a file of its own, stands in the types. */
const FILE = "File_";

export class BotApiSchema {
  readonly #checker: ts.TypeChecker;
  readonly #module: ts.Symbol;
  readonly #at: ts.Node;
  readonly #shapes = new Map<ts.Type, Shape>();
  readonly #named = new Map<string, ts.Type>();

  constructor() {
    const source = `import type { ApiMethods, Update } from ${JSON.stringify(TYPES)};
      export type ${FILE} = { __file: never }; export type U = Update; export type M = ApiMethods<${FILE}>;`;
    const name = join(dirname(TYPES), "schema-of-the-bot-api.ts");
    const host = ts.createCompilerHost(OPTIONS);
    const { getSourceFile, fileExists, readFile } = host;
    host.getSourceFile = (file, ...rest) =>
      file === name ? ts.createSourceFile(name, source, ts.ScriptTarget.ESNext) : getSourceFile(file, ...rest);
    host.fileExists = (file) => file === name || fileExists(file);
    host.readFile = (file) => (file === name ? source : readFile(file));
    const program = ts.createProgram([name], OPTIONS, host);
    const file = program.getSourceFile(name);
    this.#checker = program.getTypeChecker();
    const module = file && this.#checker.getSymbolAtLocation(file);
    if (file === undefined || module === undefined) throw new TypeError("the types cannot be read");
    this.#module = module;
    this.#at = file;
  }

  #type(name: "U" | "M"): ts.Type {
    let type = this.#named.get(name);
    if (type === undefined) {
      const symbol = this.#checker.getExportsOfModule(this.#module).find((it) => it.name === name);
      if (symbol === undefined) throw new TypeError(`no type ${name}`);
      type = this.#checker.getDeclaredTypeOfSymbol(symbol);
      this.#named.set(name, type);
    }
    return type;
  }

  #method(name: string): ts.Signature | null {
    const method = this.#type("M").getProperty(name);
    return (method && this.#checker.getTypeOfSymbolAtLocation(method, this.#at).getCallSignatures()[0]) ?? null;
  }

  get methods(): readonly string[] {
    return this.#type("M")
      .getProperties()
      .map(({ name }) => name);
  }

  /** What is wrong with it, each with its place; nothing when it is an update. */
  update(value: unknown): readonly string[] {
    return faults(this.#shape(this.#type("U")), value, "update");
  }

  result(method: string, value: unknown): readonly string[] {
    const signature = this.#method(method);
    if (signature === null) return [`there is no method ${method}`];
    return faults(this.#shape(signature.getReturnType()), value, method);
  }

  args(method: string, value: unknown): readonly string[] {
    const signature = this.#method(method);
    if (signature === null) return [`there is no method ${method}`];
    const [parameter] = signature.getParameters();
    if (parameter === undefined) return faults({ is: "object", fields: () => new Map() }, value, method);
    return faults(this.#shape(this.#checker.getTypeOfSymbolAtLocation(parameter, this.#at)), value, method);
  }

  #shape(type: ts.Type): Shape {
    let shape = this.#shapes.get(type);
    if (shape === undefined) {
      shape = this.#make(type);
      this.#shapes.set(type, shape);
    }
    return shape;
  }

  #make(type: ts.Type): Shape {
    const checker = this.#checker;
    if (type.isUnion()) return { is: "union", of: type.types.map((it) => this.#shape(it)) };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { is: "literal", value: type.value };
    const { flags } = type;
    if ((flags & ts.TypeFlags.BooleanLiteral) !== 0)
      return { is: "literal", value: checker.typeToString(type) === "true" };
    if ((flags & ts.TypeFlags.StringLike) !== 0) return { is: "string" };
    if ((flags & ts.TypeFlags.NumberLike) !== 0) return { is: "number" };
    if ((flags & ts.TypeFlags.BooleanLike) !== 0) return { is: "boolean" };
    if ((flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0) return { is: "anything" };
    if ((flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never)) !== 0) return { is: "union", of: [] };
    if (checker.isArrayType(type)) {
      const [item] = checker.getTypeArguments(type as ts.TypeReference);
      return { is: "array", of: () => (item === undefined ? { is: "anything" } : this.#shape(item)) };
    }
    return { is: "object", fields: () => this.#fields(type) };
  }

  #fields(type: ts.Type): ReadonlyMap<string, { readonly optional: boolean; readonly of: Shape }> {
    return new Map(
      this.#checker.getPropertiesOfType(type).map((property) => {
        const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
        return [
          property.name,
          { optional, of: this.#shape(this.#checker.getTypeOfSymbolAtLocation(property, this.#at)) },
        ];
      }),
    );
  }
}

function faults(shape: Shape, value: unknown, at: string): readonly string[] {
  switch (shape.is) {
    case "anything":
      return [];
    case "literal":
      return value === shape.value ? [] : [`${at} is not ${shape.value}`];
    case "string":
    case "number":
    case "boolean":
      return typeof value === shape.is ? [] : [`${at} is no ${shape.is}`];
    case "array":
      if (!Array.isArray(value)) return [`${at} is no array`];
      return value.flatMap((item, index) => faults(shape.of(), item, `${at}.${index}`));
    case "union": {
      const found = shape.of.filter((it) => !isNothing(it)).map((it) => faults(it, value, at));
      // Of what fits none of them, the nearest says what is wrong.
      return (
        found.find((it) => it.length === 0) ?? found.toSorted((a, b) => a.length - b.length)[0] ?? [`${at} is there`]
      );
    }
    case "object":
      return objectFaults(shape.fields(), value, at);
  }
}

type Fields = ReturnType<Extract<Shape, { is: "object" }>["fields"]>;

function objectFaults(fields: Fields, value: unknown, at: string): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at} is no object`];
  const entries = new Map(Object.entries(value).filter(([, of]) => of !== undefined));
  const missing = [...fields].filter(([name, { optional, of }]) => !optional && !entries.has(name) && !isNothing(of));
  return [
    ...missing.map(([name]) => `${at}.${name} is missing`),
    ...[...entries].flatMap(([name, of]) => {
      const field = fields.get(name);
      return field === undefined ? [`${at}.${name} is unknown`] : faults(field.of, of, `${at}.${name}`);
    }),
  ];
}

const isNothing = (shape: Shape): boolean => shape.is === "union" && shape.of.length === 0;
