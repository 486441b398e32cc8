/** The owner's verbs about how secrets were used: provenance, never a value (CONTRACT section 10). */
import type { Entry } from "../core/entry.ts";
import type { Owner } from "../core/verbs/all.ts";
import type { KEY_VERBS, UseView } from "../core/verbs/keys.ts";
import type { Gateway } from "./gateway.ts";
import { entriesWhere } from "./owner-evidence.ts";
import type { Powers } from "./powers.ts";

type Verbs = Pick<Owner, keyof typeof KEY_VERBS>;
const USES_READ_MAX = 100_000;

export function keyVerbs({ powers }: Gateway): Verbs {
  return {
    "secrets.uses": async ({ name, limit }) => {
      const isOf = ({ type, body }: Entry): boolean =>
        type === "secret.used" && (name === undefined || body["name"] === name);
      const all = entriesWhere(powers, isOf, USES_READ_MAX)
        .toReversed()
        .slice(0, limit ?? 100);
      return { uses: all.map((entry) => useOf(powers, entry)) };
    },
  };
}

function useOf({ store }: Powers, { seq, time, run, body }: Entry): UseView {
  const word = (key: string): string => (typeof body[key] === "string" ? body[key] : "");
  const call = store.get("call", word("call"))?.value;
  const approval = call?.approval == null ? undefined : store.get("approval", call.approval)?.value;
  const by = approval !== undefined && "by" in approval.status ? approval.status.by : null;
  return {
    seq,
    time,
    name: word("name"),
    version: word("version") === "" ? null : word("version"),
    capability: word("capability"),
    place: word("place"),
    slot: word("slot"),
    rule: word("rule"),
    call: word("call"),
    run: run ?? null,
    requester: run === undefined ? null : (store.get("run", run)?.value.principal ?? null),
    approval: approval?.id ?? null,
    by,
  };
}
