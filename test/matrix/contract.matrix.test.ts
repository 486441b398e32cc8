/** A Matrix account under the contract of every connector, against a real Synapse; and bugs that the contract finds. */
import { afterAll, beforeAll } from "vitest";
import { connectorSuite } from "../contract/connector-suite.ts";
import { MatrixBench } from "../contract/matrix-bench.ts";
import { MATRIX_TRAITS, matrixHarness } from "../contract/matrix-harness.ts";

let bench: MatrixBench;
beforeAll(async () => {
  bench = await MatrixBench.start();
});
afterAll(() => bench?.end());

connectorSuite("Matrix", MATRIX_TRAITS, () => matrixHarness(bench));
