/** What every connector does with what is to be said: one attempt, and the truth about what came of it. */
import { expect } from "vitest";
import type { ApprovalId, OutboxId } from "../../src/core/ids.ts";
import type { Operation, OperationKind, Outcome } from "../../src/core/outbox.ts";
import type { Check, ConnectorHarness, Fault, Traits } from "./harness.ts";
import { aMoment, soon } from "./tap.ts";

const OPERATION_KINDS: readonly OperationKind[] = ["text", "edit", "redact", "react", "typing"];
const outboxId = (at: number): OutboxId => `out_${at.toString(16).padStart(32, "0")}` as OutboxId;

/** A plausible operation of any kind. */
export function operationOf(op: OperationKind, conversation: string, at = 1, text = "hello"): Operation {
  const base = { id: outboxId(at), conversation };
  if (op === "text") return { ...base, op, text };
  if (op === "edit") return { ...base, op, target: "m1", text };
  if (op === "react") return { ...base, op, target: "m1", key: "👍" };
  return op === "redact" ? { ...base, op, target: "m1" } : { ...base, op };
}

const send = ({ connector, patienceMs }: ConnectorHarness, operation: Operation): Promise<Outcome> =>
  soon(connector.send(operation, new AbortController().signal), "send", patienceMs);
const say = (harness: ConnectorHarness, at = 1, text = "hello"): Promise<Outcome> =>
  send(harness, operationOf("text", harness.conversation, at, text));

const pushes = ({ outward }: Traits): boolean => outward === "push";
const meets =
  (fault: Fault) =>
  (traits: Traits): boolean =>
    pushes(traits) && traits.faults.includes(fault);

/** A send that meets a fault: its outcome, and what it left on the wire. */
async function sendInto(harness: ConnectorHarness, fault: Fault) {
  harness.wire.fault(fault);
  const before = harness.wire.attempts();
  const outcome = await say(harness);
  await aMoment();
  return { outcome, attempts: harness.wire.attempts() - before, landed: harness.wire.landed().length };
}

export const SENDING: readonly Check[] = [
  {
    name: "a text lands once, whole, where it was sent, in one attempt, and is called sent",
    when: pushes,
    run: async (harness) => {
      const outcome = await say(harness, 1, "Grüße 👋🏽\nsecond line");
      expect(outcome.state).toBe("sent");
      expect(outcome.state === "sent" && outcome.eventIds.length).toBe(1);
      expect(harness.wire.landed()).toMatchObject([
        { op: "text", conversation: harness.conversation, text: "Grüße 👋🏽\nsecond line" },
      ]);
      expect(harness.wire.attempts()).toBe(1);
    },
  },
  {
    name: "texts land in the order they were sent, each under an id of its own",
    when: pushes,
    run: async (harness) => {
      const ids: string[] = [];
      for (const at of [1, 2, 3]) {
        const outcome = await say(harness, at, `text ${at}`);
        if (outcome.state === "sent") ids.push(...outcome.eventIds);
      }
      expect(harness.wire.landed().map(({ text }) => text)).toEqual(["text 1", "text 2", "text 3"]);
      expect(new Set(ids).size).toBe(3);
    },
  },
  {
    name: "a thread is kept on the way out",
    when: pushes,
    run: async (harness) => {
      if (!harness.connector.abilities.threads) return;
      const { thread = "t-1" } = harness;
      const operation = { ...operationOf("text", harness.conversation), thread };
      expect((await send(harness, operation)).state).toBe("sent");
      expect(harness.wire.landed()[0]?.thread).toBe(thread);
    },
  },
  {
    name: "an edit lands on its target",
    when: pushes,
    run: async (harness) => {
      if (!harness.connector.abilities.operations.includes("edit")) return;
      const sent = await say(harness);
      const target = sent.state === "sent" ? (sent.eventIds[0] ?? "") : "";
      const edit: Operation = { id: outboxId(2), conversation: harness.conversation, op: "edit", target, text: "bye" };
      expect((await send(harness, edit)).state).toBe("sent");
      expect(harness.wire.landed().at(-1)).toMatchObject({ op: "edit", target, text: "bye" });
    },
  },
  {
    name: "a question lands with the code that answers it",
    when: pushes,
    run: async (harness) => {
      const approval = {
        id: `appr_${"a".repeat(32)}` as ApprovalId,
        code: "K7QM-2",
        expiresAt: harness.now() + 60_000,
      };
      const outcome = await send(harness, {
        id: outboxId(1),
        conversation: harness.conversation,
        op: "text",
        text: "Send it?",
        approval,
      });
      expect(outcome.state).toBe("sent");
      expect(harness.wire.landed()[0]?.text).toContain("K7QM-2");
    },
  },
  {
    name: "what cannot have landed is called not_sent, after one attempt at most",
    when: meets("refused"),
    run: async (harness) => {
      const { outcome, attempts, landed } = await sendInto(harness, "refused");
      expect([outcome.state, landed]).toEqual(["not_sent", 0]);
      expect(attempts).toBeLessThanOrEqual(1);
    },
  },
  {
    name: "a rate limit is called not_sent and says for how long",
    when: meets("rate_limited"),
    run: async (harness) => {
      const { outcome, attempts, landed } = await sendInto(harness, "rate_limited");
      expect(outcome).toMatchObject({ state: "not_sent", code: "rate_limited" });
      expect(outcome.state === "not_sent" && (outcome.retryAfterMs ?? 0) > 0).toBe(true);
      expect([attempts, landed]).toEqual([1, 0]);
    },
  },
  ...(["lost_answer", "server_error"] as const).map(
    (fault): Check => ({
      name: `what may have landed is called unknown and is not tried again (${fault})`,
      when: meets(fault),
      run: async (harness) => {
        const { outcome, attempts } = await sendInto(harness, fault);
        expect([outcome.state, attempts]).toEqual(["unknown", 1]);
      },
    }),
  ),
  {
    name: "stop ends a send that gets no answer, and the outcome is unknown",
    when: meets("hang"),
    run: async (harness) => {
      harness.wire.fault("hang");
      const stopper = new AbortController();
      const sending = harness.connector.send(operationOf("text", harness.conversation), stopper.signal);
      await aMoment();
      stopper.abort();
      expect((await soon(sending, "a stopped send", harness.patienceMs)).state).toBe("unknown");
    },
  },
  {
    name: "a send that was stopped before it began touches nothing",
    run: async (harness) => {
      const outcome = await harness.connector.send(operationOf("text", harness.conversation), AbortSignal.abort());
      expect(outcome).toMatchObject({ state: "not_sent", code: "aborted" });
      expect([harness.wire.attempts(), harness.wire.landed()]).toEqual([0, []]);
    },
  },
  {
    name: "an operation that is not declared is refused as unsupported, and touches nothing",
    run: async (harness) => {
      const declared = harness.connector.abilities.operations;
      const others = OPERATION_KINDS.filter((op) => !declared.includes(op));
      for (const op of others)
        expect(await send(harness, operationOf(op, harness.conversation)), op).toMatchObject({
          state: "not_sent",
          code: "unsupported",
        });
      expect(new Set([...declared, ...others]).size).toBe(OPERATION_KINDS.length);
      expect([harness.wire.attempts(), harness.wire.landed()]).toEqual([0, []]);
    },
  },
  {
    name: "a text above the limit is refused before the wire, and one at the limit is not cut",
    run: async (harness, traits) => {
      const { textUnitsMax } = harness.connector.abilities;
      expect(await say(harness, 1, "x".repeat(textUnitsMax + 1))).toMatchObject({
        state: "not_sent",
        code: "too_long",
      });
      expect([harness.wire.attempts(), harness.wire.landed()]).toEqual([0, []]);
      if (!pushes(traits)) return;
      expect((await say(harness, 2, "x".repeat(textUnitsMax))).state).toBe("sent");
      expect(harness.wire.landed()[0]?.text?.length).toBe(textUnitsMax);
    },
  },
  {
    name: "what idempotency is declared is what there is: the same operation twice",
    when: pushes,
    run: async (harness) => {
      const native = harness.connector.abilities.idempotency === "native";
      await say(harness, 7);
      expect((await say(harness, 7)).state).toBe("sent");
      expect(harness.wire.landed()).toHaveLength(native ? 1 : 2);
      expect(harness.wire.attempts()).toBe(2);
    },
  },
  {
    name: "where the far end fetches, send says that nobody took it, and touches nothing",
    when: ({ outward }) => outward === "pull",
    run: async (harness) => {
      expect(await say(harness)).toEqual({ state: "not_sent", code: "nobody_listens", retryAfterMs: null });
      expect([harness.wire.attempts(), harness.wire.landed()]).toEqual([0, []]);
    },
  },
  {
    name: "whatever is asked of it, send answers and does not throw",
    run: async (harness) => {
      const places = ["", "\u0000", "../../etc/passwd", "sha256:", "x".repeat(10_000), "\ud800"];
      for (const place of places)
        for (const op of OPERATION_KINDS) {
          const sent = send(harness, operationOf(op, place, 9, "\ud800 half"));
          const state = await sent.then(
            (outcome) => outcome.state,
            () => "thrown",
          );
          expect(["sent", "not_sent", "unknown"]).toContain(state);
        }
    },
  },
];
