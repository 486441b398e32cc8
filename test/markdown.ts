/** What `readme.test.ts` reads from a document: commands, files it names, tests it points to. */

/** A fenced block. `info` is everything after the backticks: `sh run` gives `["sh", "run"]`. */
export type Block = { readonly info: readonly string[]; readonly line: number; readonly text: string };

const FENCE = /^(`{3,}|~{3,})(.*)$/;
/** Documents and settings; not `config.yaml`, which is the reader's. */
const ROOT_FILE =
  /^(?:[A-Z]+\.md|LICENSE|Dockerfile|config\.example\.yaml|(?:biome|knip|package|tsconfig)[\w.]*\.json)$/;
const FOLDERS = ["src", "connectors", "transforms", "policy", "test", "bench", "docs", "build", "deploy", ".ci"];

/** The fenced blocks, in order, and the text around them with their lines left empty, so that line numbers stay. */
export function blocksOf(markdown: string): { readonly blocks: readonly Block[]; readonly prose: string } {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { fence: string; info: string[]; line: number; lines: string[] } | undefined;
  for (const [at, line] of markdown.split("\n").entries()) {
    const [, fence = "", info = ""] = FENCE.exec(line) ?? [];
    if (open === undefined && fence !== "") {
      open = { fence, info: info.trim().split(/\s+/), line: at + 1, lines: [] };
    } else if (open !== undefined && fence.startsWith(open.fence) && info.trim() === "") {
      blocks.push({ info: open.info, line: open.line, text: open.lines.join("\n") });
      open = undefined;
    } else {
      open?.lines.push(line);
    }
    prose.push(open === undefined && fence === "" ? line : "");
  }
  if (open !== undefined) throw new Error(`line ${open.line}: a block that is never closed`);
  return { blocks, prose: prose.join("\n") };
}

/** The paths in backticks: below one of our folders, or a file at the root. `…`, `*` and `<name>` make it a pattern. */
export function pathsIn(markdown: string): string[] {
  const spans = [...blocksOf(markdown).prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  const paths = spans.filter((span) => {
    const folder = span.split("/")[0] ?? "";
    return !/[\s*<>{}…]/.test(span) && (span.includes("/") ? FOLDERS.includes(folder) : ROOT_FILE.test(span));
  });
  return [...new Set(paths)];
}

/** The relative targets of links, without their fragments. */
export function linksIn(markdown: string): string[] {
  const targets = [...blocksOf(markdown).prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const files = targets.filter((target) => !/^[a-z]+:|^#/.test(target)).map((target) => target.replace(/#.*/, ""));
  return [...new Set(files)];
}

/** Tests pointed to by name: `` `test/approval.test.ts` "a changed draft voids its approval" ``. */
export function testsIn(markdown: string): { readonly file: string; readonly name: string }[] {
  const pointer = /`(test\/[^`]+\.test\.ts)`((?:[ ,\n]+(?:and\s+)?"[^"]+")+)/g;
  return [...blocksOf(markdown).prose.matchAll(pointer)].flatMap(([, file = "", names = ""]) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => ({ file, name: name.replace(/\s+/g, " ") })),
  );
}

/** The statements marked by `**Invariant:**`, each up to the next one or the end of its paragraph. */
export function invariantsIn(markdown: string): string[] {
  const paragraphs = blocksOf(markdown).prose.split(/\n\s*\n|\n(?=\s*[-*] )/);
  return paragraphs.flatMap((paragraph) => paragraph.split("**Invariant:**").slice(1));
}
