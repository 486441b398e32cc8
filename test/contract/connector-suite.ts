/**
 * The contract of every connector (HOUSE section 4.6), as checks that its author runs: `connectorSuite("my network",
 * traits, makeHarness)` in a test file. A check that a network has no use for is left out by its traits, never passed
 * over in silence.
 */
import { describe, expect, test } from "vitest";
import type { Check, ConnectorHarness, Traits } from "./harness.ts";
import { KINDS } from "./kind-checks.ts";
import { RECEIVING } from "./receiving-checks.ts";
import { SECRECY } from "./secrecy-checks.ts";
import { SENDING } from "./sending-checks.ts";

export const CHECKS: readonly Check[] = [...RECEIVING, ...KINDS, ...SENDING, ...SECRECY];

const checksFor = (traits: Traits): readonly Check[] => CHECKS.filter(({ when }) => when === undefined || when(traits));

type MakeHarness = () => Promise<ConnectorHarness> | ConnectorHarness;

/** Runs one check on a fresh harness. Rejects when the connector breaks the contract, and never hangs. */
export async function runCheck(check: Check, traits: Traits, make: MakeHarness): Promise<void> {
  const harness = await make();
  try {
    await check.run(harness, traits);
  } finally {
    await harness.end();
  }
}

/** Registers every check that applies, and one that holds the traits to what the connector declares of itself. */
export function connectorSuite(name: string, traits: Traits, make: MakeHarness): void {
  describe(`${name} keeps the connector contract`, () => {
    for (const check of checksFor(traits)) test(check.name, () => runCheck(check, traits, make));

    test("at least 25 checks apply, and no two have one name", () => {
      expect(checksFor(traits).length).toBeGreaterThanOrEqual(25);
      expect(new Set(CHECKS.map((check) => check.name)).size).toBe(CHECKS.length);
    });
  });
}
