/**
 * `npm run build [-- OUT [ROOT]]`: src/main.ts and all it imports become dist/main.js; what it imports lazily, and each
 * thread it starts, a file beside it; src/client.ts, which others import, dist/client.js with its types. Files that the
 * sources name by `new URL("./x", import.meta.url)` come along under assets/. Packages with files of their own stay
 * outside and are installed. The same sources give the same bytes.
 */
import { existsSync, globSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, type PluginContext, rolldown } from "rolldown";
import ts from "typescript";
import { builtins } from "./builtins.ts";
import { OUTSIDE } from "./outside.ts";
import { packTwin } from "./packs.ts";

const NAMED_FILE = /\bnew URL\(\s*"(\.[^"]*)",\s*import\.meta\.url\s*,?\s*\)/g;
const COMMENT_LINE = /^[ \t]*(?:\/\*|\*|\/\/)/;
const LOST_PATH = /\bimport\.meta\.(?:dirname|filename|resolve)\b/;
const LICENCES = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license", "license.md"];

const [out = "dist", root = dirname(dirname(fileURLToPath(import.meta.url)))] = process.argv
  .slice(2)
  .map((it) => resolve(it));
const slashed = (path: string): string => path.split(sep).join("/");

/** Takes one named file, or all files of a named folder, into the bundle. Returns its address beside the bundle. */
function carry(context: PluginContext, importer: string, target: string): string {
  const path = resolve(dirname(importer), target);
  if (relative(root, path).startsWith(".."))
    context.error(`${relative(root, importer)} names ${target}, outside the project`);
  if (!existsSync(path)) context.error(`${relative(root, importer)} names ${target}, which is not there`);
  if (path.endsWith(".ts")) {
    const fileName = slashed(relative(root, path)).replaceAll("/", "-").replace(/\.ts$/, ".js");
    context.emitFile({ type: "chunk", id: path, fileName });
    return `./${fileName}`;
  }
  const isFolder = statSync(path).isDirectory();
  const files = isFolder ? globSync("**/*", { cwd: path, withFileTypes: true }).filter((it) => it.isFile()) : [];
  for (const file of isFolder ? files.map((it) => join(it.parentPath, it.name)).sort() : [path]) {
    context.emitFile({
      type: "asset",
      fileName: `assets/${slashed(relative(root, file))}`,
      source: readFileSync(file),
    });
    const twin = packTwin(file, slashed(relative(root, file)));
    if (twin !== null) context.emitFile({ type: "asset", ...twin });
  }
  return `./assets/${slashed(relative(root, path))}${isFolder ? "/" : ""}`;
}

/** Our own sources only: a library's files stay with the library. */
const namedFiles: Plugin = {
  name: "named-files",
  transform(code, id) {
    if (id.includes("node_modules") || !id.startsWith(root)) return null;
    if (LOST_PATH.test(code))
      this.error(`${relative(root, id)}: only new URL("./x", import.meta.url) survives bundling`);
    return code.replace(NAMED_FILE, (named, target: string, at: number) => {
      const line = code.slice(code.lastIndexOf("\n", at) + 1, at);
      if (COMMENT_LINE.test(line)) return named;
      return `new URL("${carry(this, id, target)}", import.meta.url)`;
    });
  },
};

/** The licence texts of the packages whose code is in the bundle, as their licences ask. */
const licences: Plugin = {
  name: "licences",
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
    const homes = modules.flatMap((id) => /^.*node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0] ?? []);
    const texts = [...new Set(homes)].map((home) => {
      const { name, version, license } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
      const file = LICENCES.map((it) => join(home, it)).find((it) => existsSync(it));
      return `${name} ${version} (${license})\n\n${file ? readFileSync(file, "utf8").trim() : "no licence file"}\n`;
    });
    const source = texts.sort().join(`\n${"-".repeat(80)}\n\n`);
    this.emitFile({ type: "asset", fileName: "LICENCES.txt", source });
  },
};

/** What others import from the package: one file of ours that stands alone, with its types. */
const client = join(root, "src/client.ts");
const hasClient = existsSync(client);
const declarations: Plugin = {
  name: "declarations",
  generateBundle() {
    if (!hasClient) return;
    const compilerOptions = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ESNext };
    const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(client, "utf8"), { compilerOptions });
    if (diagnostics !== undefined && diagnostics.length > 0)
      this.error(`src/client.ts: ${ts.flattenDiagnosticMessageText(diagnostics[0]?.messageText, " ")}`);
    this.emitFile({ type: "asset", fileName: "client.d.ts", source: outputText });
  },
};

rmSync(out, { recursive: true, force: true });
const build = await rolldown({
  input: { main: join(root, "src/main.ts"), ...(hasClient ? { client } : {}) },
  platform: "node",
  external: (id) => OUTSIDE.some((name) => id === name || id.startsWith(`${name}/`)),
  plugins: [builtins, namedFiles, licences, declarations],
  onLog(level, log) {
    if (level === "warn") throw new Error(log.message);
  },
});
const { output } = await build.write({
  dir: out,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
});
await build.close();
// Words, so that `npm pack --json` stays JSON.
for (const file of output) {
  const bytes = file.type === "chunk" ? Buffer.byteLength(file.code) : file.source.length;
  console.error(`${String(Math.ceil(bytes / 1024)).padStart(6)} KiB  ${file.fileName}`);
}
