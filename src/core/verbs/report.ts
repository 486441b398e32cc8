/** The verb that reports a period from the ledger alone (CONTRACT sections 11 and 14). */
import { z } from "zod";
import { Count, Instant, verb, Words } from "./verb.ts";

const Short = z.string().max(256);
const Digest = z.string().max(64);
const rows = <T extends z.ZodType>(row: T) => z.array(row).max(1000);
const Named = rows(z.strictObject({ name: Short, count: Count }));
const At = { seq: Count, time: Instant } as const;

const Question = z.strictObject({
  approval: Short,
  capability: Short,
  /** Of exactly what was shown and done. */
  digest: Digest,
  assurance: Short,
  /** Internal id of who answered. */
  by: Short.nullable(),
  state: Short,
  asked_at: Instant,
  latency_ms: Count.nullable(),
});

const ReportView = z.strictObject({
  /** SHA-256 of the canonical JSON of all the rest. */
  id: Digest,
  from: Instant,
  to: Instant,
  made_at: Instant,
  version: Short,
  ledger: z.strictObject({
    origin: Short,
    key: z.string().max(512),
    first_seq: Count.nullable(),
    last_seq: Count.nullable(),
    entries: Count,
    root: Short,
    /** The newest checkpoint before the period; null when there is none. */
    start: z.string().max(4096).nullable(),
    end: z.string().max(4096),
    /** RFC 6962 proof from `start` to `end`, base64 hashes. */
    consistency: z.array(Short).max(64),
  }),
  keys: rows(z.strictObject({ ...At, type: Short, what: Short })),
  policies: rows(
    z.strictObject({
      digest: Digest,
      from: Instant,
      to: Instant.nullable(),
      seq: Count,
      approval: Short.nullable(),
      widens: z.boolean().nullable(),
      diff: Digest.nullable(),
    }),
  ),
  /** Runs that ended in the period, by how. */
  runs: rows(z.strictObject({ state: Short, count: Count, used: z.record(Short, Count) })),
  runs_open: Count,
  decisions: rows(z.strictObject({ effect: Short, rule: Short, capability: Short, count: Count })),
  /** Codes with which calls were refused. */
  refusals: Named,
  approvals: z.strictObject({
    asked: Count,
    granted: Count,
    denied: Count,
    expired: Count,
    void: Count,
    pending: Count,
    latency_ms_median: Count.nullable(),
    questions: rows(Question),
  }),
  quarantine: rows(z.strictObject({ capability: Short, count: Count, justified: Count })),
  transforms: rows(z.strictObject({ capability: Short, outcome: Short, count: Count })),
  effects: Named,
  /** What was shown to external agents, by recipient and category bits. */
  reveals: rows(z.strictObject({ sink: Short, recipient: Short, cats: Count, count: Count })),
  secrets: Named,
  purges: rows(z.strictObject({ ...At, receipt: Short, by: Short })),
  incidents: rows(z.strictObject({ ...At, type: Short, what: Words })),
  /** Intents without an outcome at the period's end. */
  dangling: z.array(Count).max(1000),
  gaps: rows(z.strictObject({ from: Instant, to: Instant, orderly: z.boolean() })),
  /** Entries that their own machines contradict. */
  contradictions: z.array(Words).max(1000),
  models: rows(z.strictObject({ name: Short, version: Short, region: Short })),
  limits: z.array(Words).max(50),
  verify: Words,
});

export const REPORT_VERBS = {
  /** `to` is exclusive. */
  report: verb(z.strictObject({ from: Instant, to: Instant }), ReportView),
} as const;
