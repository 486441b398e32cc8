/** The Telegram channel under the contract of every connector, against the Bot API server of our own. */
import { connectorSuite } from "./contract/connector-suite.ts";
import { TELEGRAM_TRAITS, telegramHarness } from "./contract/telegram-harness.ts";

connectorSuite("Telegram", TELEGRAM_TRAITS, () => telegramHarness());
