/**
 * Node's own modules as `require` gives them. An `import` of one reads every export, and with that loads what is behind
 * the lazy ones: for node:http alone its fetch and WebSocket, 13 MB and a fifth of a start.
 */
import { isBuiltin } from "node:module";
import type { Plugin } from "rolldown";

const MARK = "\0builtin:";

export const builtins: Plugin = {
  name: "builtins",
  resolveId(id, importer) {
    // The bundler's own runtime stands below what wraps a module like ours.
    if (!isBuiltin(id) || importer?.startsWith("\0rolldown")) return null;
    return `${MARK}${id.replace(/^node:/, "")}`;
  },
  load(id) {
    if (!id.startsWith(MARK)) return null;
    const name = JSON.stringify(`node:${id.slice(MARK.length)}`);
    return { code: `module.exports = process.getBuiltinModule(${name});`, moduleType: "js" };
  },
};
