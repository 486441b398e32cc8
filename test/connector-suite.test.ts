/**
 * The contract suite on its reference network. That it catches what it names is shown by the slow suite of seeded
 * bugs.
 */
import { connectorSuite } from "./contract/connector-suite.ts";
import { LOOPBACK_TRAITS, loopbackHarness } from "./contract/loopback-harness.ts";

connectorSuite("the reference network", LOOPBACK_TRAITS, () => loopbackHarness());
