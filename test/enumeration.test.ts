/**
 * Every route with every scope, every verb, both kinds of events, every error: none of them says a secret, and no file,
 * argument or environment has it in clear (CONTRACT sections 10 and 13).
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { ROUTES } from "../src/control/routes.ts";
import { VERB_NAMES, VERBS } from "../src/core/verbs/all.ts";
import { type DaemonWorld, daemonWorld } from "./daemon-world.ts";
