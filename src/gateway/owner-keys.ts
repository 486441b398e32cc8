/** The owner's verbs about how secrets were used: provenance, never a value (CONTRACT section 10). */
import type { Entry } from "../core/entry.ts";
import type { Owner } from "../core/verbs/all.ts";
import type { KEY_VERBS, UseView } from "../core/verbs/keys.ts";
import { exportOf } from "./export.ts";
import type { Gateway } from "./gateway.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { entriesWhere } from "./owner-evidence.ts";
import type { Powers } from "./powers.ts";
import { verifyReceipt } from "./receipt.ts";
import { transact } from "./transact.ts";

type Verbs = Pick<Owner, keyof typeof KEY_VERBS>;
const USES_READ_MAX = 100_000;

export function keyVerbs({ powers }: Gateway, outside: Outside): Verbs {
  return {
    "key.rotate": async () => {
      await transact(powers, (draft) => void owned(powers, draft, "key.rotate", "epoch", {}));
      const { tenant } = powers.settings;
      const { epoch } = await powers.store.erase({ tenant, ...NOTHING });
      return { before: epoch[0], epoch: epoch[1] };
    },
    "key.passphrase": async ({ next }) => {
      await transact(powers, (draft) => void owned(powers, draft, "key.rotate", "unlock", { file: next === null }));
      const [before, epoch] = await outside.keys.rekey(next);
      await note(powers, "key.rotated", { what: "unlock", kind: next === null ? "file" : "passphrase", epoch });
      return { before, epoch };
    },
    "key.recovery": async ({ file, passphrase }) => {
      await transact(powers, (draft) => void owned(powers, draft, "key.rotate", "recovery", {}));
      const { epoch } = await outside.keys.recovery(file, passphrase);
      await note(powers, "key.rotated", { what: "recovery", epoch });
      await transact(powers, (draft) => {
        draft.put("setting", "recovery", { id: "recovery", tenant: draft.tenant, value: { epoch, at: draft.now } });
      });
      return { file, epoch };
    },
    "key.recovery_check": ({ file }) => outside.keys.check(file),
    "export.make": async ({ principal, recipient, file }) => {
      await transact(powers, (draft) => void owned(powers, draft, "export.make", principal, { principal }));
      const { lines, messages } = exportOf(powers, principal);
      const bytes = await outside.seal(file, recipient, lines);
      await transact(powers, (draft) =>
        draft.entry("export.made", { principal, messages: messages(), bytes }, { actor: localOwner(powers).id }),
      );
      return { file, messages: messages(), bytes };
    },
    "ledger.receipt": ({ text }) => verifyReceipt(powers, text),
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

const NOTHING = { conversations: [], messages: [], blobs: [], drop: [], put: [], refs: [], entries: [] };

const note = (powers: Powers, type: "key.rotated", body: Entry["body"]): Promise<void> =>
  transact(powers, (draft) => draft.entry(type, body, { actor: localOwner(powers).id }));

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
