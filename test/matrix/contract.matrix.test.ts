/** A Matrix account under the contract of every connector, against a real Synapse; and bugs that the contract finds. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHECKS, connectorSuite, runCheck } from "../contract/connector-suite.ts";
import { MatrixBench } from "../contract/matrix-bench.ts";
import { MATRIX_BUGS } from "../contract/matrix-bugs.ts";
import { MATRIX_TRAITS, matrixHarness } from "../contract/matrix-harness.ts";

let bench: MatrixBench;
beforeAll(async () => {
  bench = await MatrixBench.start();
});
afterAll(() => bench?.end());

connectorSuite("Matrix", MATRIX_TRAITS, () => matrixHarness(bench));

describe("a Matrix connector is caught that", () => {
  test.each(MATRIX_BUGS)("$name", async ({ caughtBy, ...bug }) => {
    const check = CHECKS.find(({ name }) => name === caughtBy);
    if (check === undefined) throw new Error(`no check is named: ${caughtBy}`);
    const error: unknown = await runCheck(check, MATRIX_TRAITS, () => matrixHarness(bench, bug)).catch(
      (thrown: unknown) => thrown,
    );
    // Any other error would be a fault of the bug's own, and would prove nothing; what is lost is waited for in vain.
    expect(String(error)).toMatch(/AssertionError|nothing within/);
  });
});
