/** What `npm run check` runs while one works: the tests that open no home, no socket, no thread and no process. */
import { defineConfig } from "vitest/config";
import { plainTests } from "./build/plain-tests.ts";
import { reportersFor } from "./build/reporters.ts";

export default defineConfig({
  test: { include: plainTests(), maxWorkers: "100%", isolate: false, reporters: reportersFor("check") },
});
