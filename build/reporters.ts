import { join } from "node:path";

/**
 * What vitest prints. With VITEST_REPORTS naming a folder, each suite also leaves `<suite>.json` there, from which
 * `.ci/run` takes its counts; the command that people type stays the same.
 */
export function reportersFor(suite: string): ("default" | ["json", { outputFile: string }])[] {
  const folder = process.env["VITEST_REPORTS"];
  return folder ? ["default", ["json", { outputFile: join(folder, `${suite}.json`) }]] : ["default"];
}
