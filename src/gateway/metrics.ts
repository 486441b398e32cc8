/** Numbers for a monitoring system in the Prometheus text format. No user, room or run is ever a label. */
import type { Powers } from "./powers.ts";

type Metric = {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly samples: readonly (readonly [labels: string, value: number])[];
};

const RUN_STATES = ["active", "paused.approval", "paused.event"] as const;

export function metricsOf(powers: Powers): string {
  const { store } = powers;
  const counts = store.counts();
  const open = store.find("run", "open", "open", { limit: 10_000 }).map(({ value }) => value.status.state);
  const pending = store
    .find("approval", "open", "open", { limit: 10_000 })
    .filter(({ value }) => value.status.state === "pending").length;
  const metrics: readonly Metric[] = [
    {
      name: "lazaret_runs",
      help: "Runs that have not ended, by state.",
      type: "gauge",
      samples: RUN_STATES.map((state) => [`state="${state}"`, open.filter((it) => it === state).length] as const),
    },
    {
      name: "lazaret_approvals_pending",
      help: "Questions that wait for a person.",
      type: "gauge",
      samples: [["", pending]],
    },
    { name: "lazaret_quarantine_blobs", help: "Sealed blobs.", type: "gauge", samples: [["", counts.blobs]] },
    {
      name: "lazaret_quarantine_bytes",
      help: "Bytes of sealed blobs.",
      type: "gauge",
      samples: [["", counts.blobBytes]],
    },
    { name: "lazaret_messages", help: "Messages kept.", type: "gauge", samples: [["", counts.messages]] },
    {
      name: "lazaret_inbox_waiting",
      help: "Raw events that were not dealt with yet.",
      type: "gauge",
      samples: [["", counts.inbox]],
    },
    {
      name: "lazaret_outbox_waiting",
      help: "Operations that were not sent yet.",
      type: "gauge",
      samples: [["", counts.outbox]],
    },
    {
      name: "lazaret_ledger_entries_total",
      help: "Entries of the ledger.",
      type: "counter",
      samples: [["", counts.entries]],
    },
    {
      name: "lazaret_connector_up",
      help: "1 while a channel is live.",
      type: "gauge",
      samples: [...powers.connectors.values()].map(
        (it) => [`channel="${it.channel}"`, it.health().state === "live" ? 1 : 0] as const,
      ),
    },
  ];
  return `${metrics.map(textOf).join("\n")}\n`;
}

const textOf = ({ name, help, type, samples }: Metric): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labels === "" ? "" : `{${labels}}`} ${value}`),
  ].join("\n");
