/**
 * Matrix against a real Synapse: `npm run test:matrix`, and `.ci/run` after the others. The first run fetches Debian's
 * packages into the user's cache. The connector contract takes ten minutes more: `MATRIX_CONTRACT=1`.
 */
import { defineConfig } from "vitest/config";
import { reportersFor } from "./build/reporters.ts";

const TEST_MS_MAX = 10 * 60_000;
const CONTRACT = "test/matrix/contract.matrix.test.ts";

export default defineConfig({
  test: {
    include: ["test/matrix/**/*.matrix.test.ts"],
    exclude: process.env["MATRIX_CONTRACT"] ? [] : [CONTRACT],
    testTimeout: TEST_MS_MAX,
    hookTimeout: TEST_MS_MAX,
    // Each file has a homeserver, a daemon and clients of its own.
    fileParallelism: false,
    reporters: reportersFor("matrix"),
  },
});
