/**
 * Matrix against a real Synapse: `npm run test:matrix`, and `.ci/run` after the others. The first run fetches Debian's
 * packages into the user's cache.
 */
import { defineConfig } from "vitest/config";
import { reportersFor } from "./build/reporters.ts";

const TEST_MS_MAX = 10 * 60_000;

export default defineConfig({
  test: {
    include: ["test/matrix/**/*.matrix.test.ts"],
    testTimeout: TEST_MS_MAX,
    hookTimeout: TEST_MS_MAX,
    // Each file has a homeserver, a daemon and clients of its own.
    fileParallelism: false,
    reporters: reportersFor("matrix"),
  },
});
