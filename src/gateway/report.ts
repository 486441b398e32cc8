/**
 * A report of a period from the ledger alone: what ran, what was decided and by whom, what left, what was erased
 * (field-notes of the standards: EU AI Act 12, 14, 19, 26; GDPR 5, 17, 25, 30, 32, 33). Evidence for, never a
 * certification. Nothing in it comes from another table, so an auditor can make it again from a bundle.
 */
import { type Canonical, canonical } from "../core/canonical.ts";
import { hex } from "../core/ids.ts";
import type { VerbOutput } from "../core/verbs/all.ts";
import type { Powers } from "./powers.ts";
import { Tallies } from "./report-tallies.ts";

type Report = VerbOutput<"report">;

const PAGE = 1000;
const ROWS_MAX = 1000;

/** What the reader must know before relying on it. */
const LIMITS: readonly string[] = [
  "Made from the ledger alone. It shows what the daemon wrote down; it cannot show what was never written.",
  "Without a checkpoint that was kept outside this machine, rollback and truncation are not excluded.",
  "Entries hold no content: texts, names and platform ids are not here, and commitments to erased content say nothing.",
  "Detection of personal data is not complete; how good the shipped redactor is, bench/redact-quality.ts measures.",
  "What networks, recipients and model providers keep is beyond it; the receipts of erasures list them.",
  "It is evidence for a person who assesses, not a certification and not legal advice.",
];

/** `from` and `to` in milliseconds, `to` exclusive. */
export async function reportOf(powers: Powers, version: string, from: number, to: number): Promise<Report> {
  const { store, hashing, clock } = powers;
  const { ledger } = store;
  const end = await ledger.checkpoint();
  const size = sizeOf(end);
  const tallies = new Tallies(from, to);
  for (let after = 0; after < size; ) {
    const page = ledger.entries(after, PAGE).filter(({ seq }) => seq <= size);
    if (page.length === 0) break;
    for (const entry of page) tallies.take(entry);
    after = page.at(-1)?.seq ?? size;
  }
  const start = ledger.checkpoints().findLast(({ at }) => at < from) ?? null;
  const verifier = ledger.verifierKey();
  const body: Omit<Report, "id"> = {
    from,
    to,
    made_at: clock.now(),
    version,
    ledger: {
      origin: end.slice(0, end.indexOf("\n")),
      key: verifier,
      first_seq: tallies.first,
      last_seq: tallies.last,
      entries: tallies.entries,
      root: end.split("\n")[2] ?? "",
      start: start?.text ?? null,
      end,
      consistency: [...ledger.consistency(start?.size ?? 0, size)],
    },
    ...tallies.tables(ROWS_MAX),
    models: [],
    limits: [...LIMITS],
    verify: "lazaret ledger export BUNDLE && node docs/verify-ledger.mjs BUNDLE --against CHECKPOINT",
  };
  return { id: hex(hashing.sha256(hashing.utf8(canonical(body as unknown as Canonical)))), ...body };
}

const sizeOf = (checkpoint: string): number => Number(checkpoint.split("\n")[1]);
