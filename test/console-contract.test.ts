/** The console channel under the contract of every connector. */
import { connectorSuite } from "./contract/connector-suite.ts";
import { CONSOLE_TRAITS, consoleHarness } from "./contract/console-harness.ts";

connectorSuite("the console", CONSOLE_TRAITS, () => consoleHarness());
