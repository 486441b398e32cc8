/**
 * The tests that judge mutants in `.ci/run`: those of the security machines in src/core alone, since each mutant runs them
 * anew. `npx stryker run` judges all floors by all quick tests and takes hours.
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/{label,approval-machine,permit}.test.ts"],
    testTimeout: 30_000,
    isolate: false,
  },
});
