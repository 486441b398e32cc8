/** The schema as a table of keys: for nearest words, environment variables and origins. Read from its JSON Schema. */
import type { Path } from "../../policy/yaml-source.ts";
import { configJsonSchema } from "./schema.ts";

type Node = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly const?: unknown;
  readonly default?: unknown;
};

/** A key that no section lies below. `settable`: a variable can hold it; lists of maps are for the file. */
export type Leaf = {
  readonly path: readonly string[];
  readonly text: boolean;
  readonly settable: boolean;
  readonly default: unknown;
};

function leavesOf(node: Node, path: readonly string[]): Leaf[] {
  if (node.type === "object" && node.properties !== undefined)
    return Object.entries(node.properties).flatMap(([key, child]) => leavesOf(child, [...path, key]));
  const isPlainList =
    node.type === "array" &&
    (node.items?.type === "string" || node.items?.anyOf?.some(({ type }) => type === "string") === true);
  const settable = node.type !== "array" || isPlainList;
  return [{ path, text: node.type === "string", settable, default: node.default }];
}

export class Outline {
  #known: Node | undefined;

  /** Worked out when first asked for: a file without a mistake needs none of it. */
  get #root(): Node {
    this.#known ??= configJsonSchema() as Node;
    return this.#known;
  }

  get leaves(): readonly Leaf[] {
    return leavesOf(this.#root, []);
  }

  /** The keys that the map at `path` may have. `value` is that map: its `kind` chooses among several shapes. */
  keysAt(path: Path, value: unknown): readonly string[] {
    let nodes: readonly Node[] = [this.#root];
    for (const step of path) {
      const below = nodes.map((node) => (typeof step === "number" ? node.items : node.properties?.[step]));
      nodes = below.flatMap((node) => (node === undefined ? [] : (node.oneOf ?? node.anyOf ?? [node])));
    }
    const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
    const meant = nodes.filter((node) => node.properties?.["kind"]?.const === kind);
    return [...new Set((meant.length > 0 ? meant : nodes).flatMap((node) => Object.keys(node.properties ?? {})))];
  }
}
