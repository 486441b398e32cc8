/**
 * The slow suites: sweeps, kill points, soaks, the packed program. `npm run test:slow`,
 * and `.ci/run` after the quick ones.
 */
import { defineConfig } from "vitest/config";
import { reportersFor } from "./build/reporters.ts";

const TEST_MS_MAX = 10 * 60_000;

export default defineConfig({
  test: {
    include: ["test/slow/**/*.slow.test.ts"],
    testTimeout: TEST_MS_MAX,
    hookTimeout: TEST_MS_MAX,
    // Each sweep has the machine to itself: several of them wait for processes and threads of their own.
    fileParallelism: false,
    reporters: reportersFor("slow"),
  },
});
