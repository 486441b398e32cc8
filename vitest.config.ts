/** The quick tests: every file in test/ itself. Suites that take longer have a folder and a configuration of their own. */
import { defineConfig } from "vitest/config";
import { reportersFor } from "./build/reporters.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/slow/**", "test/homeserver/**"],
    isolate: false, // no module of ours keeps state, and a process a file would double the time
    reporters: reportersFor("quick"),
  },
});
