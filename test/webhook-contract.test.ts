/** The webhook channel under the contract of every connector. */
import { connectorSuite } from "./contract/connector-suite.ts";
import { WEBHOOK_TRAITS, webhookHarness } from "./contract/webhook-harness.ts";

connectorSuite("the webhook", WEBHOOK_TRAITS, () => webhookHarness());
