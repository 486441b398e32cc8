/** Every transform there is. Nothing registers itself. */
import type { Transform } from "../src/core/transform.ts";
import { answer } from "./answer.ts";
import { classify } from "./classify.ts";
import { compose } from "./compose.ts";
import { extractEntities } from "./extract-entities.ts";
import { extractTasks } from "./extract-tasks.ts";
import { readRequest } from "./read-request.ts";
import { messageRedact } from "./redact.ts";
import { summarize } from "./summarize.ts";

export const TRANSFORMS: readonly Transform[] = [
  readRequest,
  summarize,
  extractTasks,
  extractEntities,
  answer,
  classify,
  compose,
  messageRedact,
];

export const transformById = (id: string): Transform | undefined => TRANSFORMS.find((transform) => transform.id === id);
