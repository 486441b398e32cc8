/**
 * The quick tests: every file in test/ itself. Suites that take longer have a folder and a configuration of their own.
 */
import { defineConfig } from "vitest/config";
import { reportersFor } from "./build/reporters.ts";

/** Far more than any quick test takes: a busy machine must not fail one that starts a process. */
const TEST_MS_MAX = 30_000;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/slow/**", "test/homeserver/**", "test/matrix/**"],
    testTimeout: TEST_MS_MAX,
    maxWorkers: "100%", // the default leaves a core free, and there may be two
    isolate: false, // no module of ours keeps state, and a process a file would double the time
    reporters: reportersFor("quick"),
  },
});
