/** Every transform there is. Nothing registers itself. */
import type { Transform } from "../src/core/transform.ts";
import { extractEntities } from "./extract-entities.ts";
import { extractTasks } from "./extract-tasks.ts";
import { readRequest } from "./read-request.ts";
import { messageRedact } from "./redact.ts";
import { summarize } from "./summarize.ts";

export const TRANSFORMS: readonly Transform[] = [readRequest, summarize, extractTasks, extractEntities, messageRedact];

/** These mask for themselves what they give out; all others are given text with names and identifiers already masked. */
const READS_PLAIN: ReadonlySet<string> = new Set([readRequest.id, extractEntities.id, messageRedact.id]);

export const transformById = (id: string): Transform | undefined => TRANSFORMS.find((transform) => transform.id === id);

export const readsPlain = (id: string): boolean => READS_PLAIN.has(id);
