/**
 * Every verb of the owner. Those that need high assurance ask for the PIN where one is set;
 * typing the verb is the answer.
 */
import { Refusal } from "../core/refusal.ts";
import { type Owner, VERB_NAMES, VERBS, type VerbName } from "../core/verbs/all.ts";
import type { Gateway } from "./gateway.ts";
import type { Outside } from "./outside.ts";
import { careVerbs } from "./owner-care.ts";
import { evidenceVerbs } from "./owner-evidence.ts";
import { grantVerbs } from "./owner-grants.ts";
import { keyVerbs } from "./owner-keys.ts";
import { modelVerbs } from "./owner-models.ts";
import { peopleVerbs } from "./owner-people.ts";
import { reportOf } from "./report.ts";
import { transact } from "./transact.ts";

const PIN_TRIES_MAX = 5;
type Stored = { readonly hash: string; readonly wrong: number };

export function ownerOf(gateway: Gateway, outside: Outside): Owner {
  const verbs: Owner = {
    ...careVerbs(gateway, outside),
    ...peopleVerbs(gateway, outside),
    ...evidenceVerbs(gateway, outside),
    ...grantVerbs(gateway),
    ...keyVerbs(gateway, outside),
    ...modelVerbs(gateway),
    "wall.open": async ({ run }) => ({ directory: (await gateway.walls.open(run)).directory }),
    report: ({ from, to }) => reportOf(gateway.powers, outside.version, from, to),
  };
  const guarded = VERB_NAMES.map(
    (name) => [name, guard(gateway, outside, name, verbs[name] as (input: never) => Promise<unknown>)] as const,
  );
  return Object.fromEntries(guarded) as unknown as Owner;
}

function guard(gateway: Gateway, outside: Outside, name: VerbName, run: (input: never) => Promise<unknown>) {
  return async (input: never): Promise<unknown> => {
    const {
      pin,
      dry_run: dry,
      yes,
      clock_is_right: lets,
    } = input as { readonly [K in "dry_run" | "yes" | "clock_is_right"]?: boolean } & { readonly pin?: string };
    // Counting and refusing need no proof: only what gives or takes does.
    const isHarmless = dry === true || (name === "approvals.decide" && yes === false);
    // After that word deletion goes on, which nothing brings back.
    const isHigh = VERBS[name].assurance === "high" || (name === "doctor" && lets === true);
    if (isHigh && !isHarmless) await checkPin(gateway, outside, pin);
    return run(input);
  };
}

/** Five wrong tries lock the PIN until the daemon is started anew by somebody who holds its files. */
async function checkPin({ powers }: Gateway, outside: Outside, pin: string | undefined): Promise<void> {
  const stored = powers.store.get("setting", "pin")?.value.value as Stored | undefined;
  if (stored === undefined) return;
  if (pin === undefined && stored.wrong < PIN_TRIES_MAX)
    throw new Refusal("auth.pin", { hint: "Type the owner's PIN on the terminal." });
  // Counted before it is checked, in the row's own commit: a hundred guesses at once are a hundred tries.
  const wrong = await countTry(powers);
  if (pin === undefined || wrong > PIN_TRIES_MAX)
    throw new Refusal("auth.locked", { hint: "Five wrong PINs. Restart the daemon on this machine, then try again." });
  if (!(await outside.checkPin(pin, stored.hash))) {
    await transact(powers, (draft) => draft.entry("auth.denied", { what: "pin", tries: wrong }));
    throw new Refusal("auth.pin");
  }
  await setWrong(powers, 0);
}

/** One more try, and the how many-eth it is; stops counting once it is locked. */
function countTry(powers: Gateway["powers"]): Promise<number> {
  return transact(powers, (draft) => {
    const setting = draft.need("setting", "pin");
    const { hash, wrong } = setting.value as Stored;
    if (wrong < PIN_TRIES_MAX) draft.put("setting", "pin", { ...setting, value: { hash, wrong: wrong + 1 } });
    return wrong + 1;
  });
}

export async function setWrong(powers: Gateway["powers"], wrong: number): Promise<void> {
  await transact(powers, (draft) => {
    const setting = draft.get("setting", "pin");
    if (setting === null) return;
    const { hash } = setting.value as Stored;
    draft.put("setting", "pin", { ...setting, value: { hash, wrong } });
  });
}
