/** What `tidy.test.ts` knows about a source file, read from its syntax tree: comments and strings count for nothing. */
import { builtinModules } from "node:module";
import { posix } from "node:path";
import ts from "typescript";

type Import = {
  /** `node:fs`, `zod`, or the path from the root of a file of ours. */
  readonly from: string;
  /** What was asked for by name; `*` when it was the whole module. */
  readonly names: readonly string[];
};

export type Source = {
  readonly file: string;
  readonly imports: readonly Import[];
  /**
   * Every name that the file reads from its surroundings: `Date`, `Date.now`, `new Date()`, `Date as a value`, and
   * `.localeCompare` (a property of anything).
   */
  readonly uses: ReadonlySet<string>;
  readonly functions: readonly { readonly name: string; readonly lines: number }[];
  /** Sentences about what the house does not have, wherever it stands. */
  readonly faults: readonly string[];
  readonly lines: readonly string[];
};

const TEST_WORDS = ["describe", "test", "it", "bench", "beforeAll", "beforeEach", "afterAll", "afterEach"];
const SUPPRESSION = /@ts-(?:ignore|expect-error|nocheck)/;
const UNFINISHED = /\b(?:TODO|FIXME|XXX)\b/;

function moduleOf(file: string, specifier: string): string {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(file), specifier);
  return !specifier.startsWith("node:") && builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
}

function namesOf(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  const named =
    bindings && ts.isNamedImports(bindings) ? bindings.elements.map((e) => (e.propertyName ?? e.name).text) : [];
  const whole = clause?.name !== undefined || (bindings !== undefined && ts.isNamespaceImport(bindings));
  return whole || clause === undefined ? ["*", ...named] : named;
}

function importOf(file: string, node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { from: moduleOf(file, node.moduleSpecifier.text), names: namesOf(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { from: moduleOf(file, node.moduleSpecifier.text), names: ["*"] };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { from: moduleOf(file, node.argument.literal.text), names: ["*"] };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [target] = node.arguments;
    const known = target !== undefined && ts.isStringLiteralLike(target);
    return { from: known ? moduleOf(file, target.text) : "(computed)", names: ["*"] };
  }
  return undefined;
}

/** Whether this identifier reads a name from its surroundings, and is neither a member's name nor a declaration's. */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) {
    return (ts.isPropertyAccessExpression(parent) ? parent.name : parent.right) !== node;
  }
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent)) return false;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isExportSpecifier(parent) || ts.isLabeledStatement(parent) || ts.isJSDoc(parent)) return false;
  const declared = parent as ts.Node & { readonly name?: ts.Node };
  return declared.name !== node;
}

/** The member that `node` is asked for: `now` in `Date.now` and in `Date["now"]`. */
function memberOf(node: ts.Identifier): string | undefined {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) return parent.name.text;
  if (ts.isElementAccessExpression(parent) && parent.expression === node) {
    return ts.isStringLiteralLike(parent.argumentExpression) ? parent.argumentExpression.text : undefined;
  }
  return undefined;
}

function usesOf(node: ts.Node): string[] {
  if (ts.isPropertyAccessExpression(node)) {
    return [`${ts.isMetaProperty(node.expression) ? "import.meta" : ""}.${node.name.text}`];
  }
  if (!ts.isIdentifier(node) || !isReference(node)) return [];
  const member = memberOf(node);
  if (member !== undefined) return [node.text, `${node.text}.${member}`];
  const parent = node.parent;
  if (ts.isNewExpression(parent) && parent.expression === node) {
    return [node.text, `new ${node.text}`, ...(parent.arguments?.length ? [] : [`new ${node.text}()`])];
  }
  if (ts.isCallExpression(parent) && parent.expression === node) return [node.text, `${node.text}()`];
  return ts.isTypeReferenceNode(parent) ? [node.text] : [node.text, `${node.text} as a value`];
}

/** The word a call chain begins with: `describe` in `describe.each(rows)("…", …)`. */
function rootOf(call: ts.Expression): string {
  if (ts.isIdentifier(call)) return call.text;
  if (ts.isPropertyAccessExpression(call) || ts.isCallExpression(call)) return rootOf(call.expression);
  return "";
}

function functionOf(tree: ts.SourceFile, node: ts.Node): { name: string; lines: number } | undefined {
  if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return undefined;
  if (ts.isCallExpression(node.parent) && TEST_WORDS.includes(rootOf(node.parent.expression))) return undefined;
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  const holder = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return {
    name: holder?.getText(tree) ?? `line ${first + 1}`,
    lines: tree.getLineAndCharacterOfPosition(node.end).line - first + 1,
  };
}

function exportFault(tree: ts.SourceFile, node: ts.Node): string | undefined {
  if (ts.isExportAssignment(node)) return "a default export";
  if (ts.canHaveModifiers(node) && node.modifiers?.some((m) => m.kind === ts.SyntaxKind.DefaultKeyword))
    return "a default export";
  if (!ts.isExportDeclaration(node)) return undefined;
  if (node.exportClause === undefined) return `a barrel: export * from ${node.moduleSpecifier?.getText(tree)}`;
  const named =
    ts.isNamedExports(node.exportClause) && node.exportClause.elements.some((e) => e.name.text === "default");
  return named ? "a default export" : undefined;
}

function faultOf(tree: ts.SourceFile, node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "the type any";
  if (ts.isCatchClause(node) && node.block.getText(tree).replace(/[{}\s]/g, "") === "")
    return "an error swallowed without a why";
  if (ts.isCallExpression(node) && ["test", "it", "describe"].includes(rootOf(node.expression))) {
    const [name] = node.arguments;
    if (name && ts.isStringLiteralLike(name) && /\bshould\b/i.test(name.text))
      return `a test named with should: ${name.text}`;
    const chain = node.expression.getText(tree);
    if (/^\w+\.(?:only|skip|todo|fails)\b/.test(chain)) return `a test set aside: ${chain}`;
  }
  if (ts.isPropertyAccessExpression(node) && /^vi\.(?:mock|doMock|stubGlobal|spyOn)$/.test(node.getText(tree))) {
    return `a mock: ${node.getText(tree)}`;
  }
  return exportFault(tree, node);
}

/** The text without its strings and regular expressions: a word for unfinished work is data there. */
function withoutLiterals(tree: ts.SourceFile, literals: readonly ts.Node[]): string {
  let rest = "";
  let at = 0;
  for (const literal of literals) {
    rest += tree.text.slice(at, literal.getStart(tree));
    at = literal.end;
  }
  return rest + tree.text.slice(at);
}

function isLiteral(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isRegularExpressionLiteral(node);
}

/** Reads one file. `file` is its path from the root with forward slashes. */
export function sourceOf(file: string, text: string): Source {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const functions: { name: string; lines: number }[] = [];
  const faults: string[] = [];
  const uses = new Set<string>();
  const literals: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    const imported = importOf(file, node);
    if (imported) imports.push(imported);
    const measured = functionOf(tree, node);
    if (measured) functions.push(measured);
    const fault = faultOf(tree, node);
    if (fault) faults.push(fault);
    for (const use of usesOf(node)) uses.add(use);
    if (isLiteral(node)) literals.push(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const bare = withoutLiterals(tree, literals);
  if (SUPPRESSION.test(bare)) faults.push("a silenced compiler");
  if (UNFINISHED.test(bare)) faults.push("unfinished work");
  const reexports = tree.statements.filter(
    (statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier,
  );
  if (reexports.length > 0 && reexports.length === tree.statements.length) faults.push("a barrel: nothing of its own");
  return { file, imports, uses, functions, faults, lines: text.replace(/\n$/, "").split("\n") };
}
