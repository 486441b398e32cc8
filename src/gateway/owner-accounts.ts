/** Channels whose account is a device of its own: signing in, the owner's direct chat, comparing emoji (section 1). */
import type { Channel } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner, VerbInput } from "../core/verbs/all.ts";
import type { Accounts, Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { findPrincipal } from "./people.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";

type Order = VerbInput<"channel.add">;
type Added = Awaited<ReturnType<Owner["channel.add"]>>;
type Verbs = Pick<Owner, "channel.trust" | "channel.trusted">;

const MATRIX_ID = /^@[!-9;-~]{1,190}:[A-Za-z0-9.:[\]-]{1,190}$/;
const ADDRESS = /^https:\/\/[^/?#@\s]{1,250}$|^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;
const OWNERS_MAX = 20;

const accountsOf = ({ accounts }: Outside): Accounts => {
  if (accounts === undefined) throw new Refusal("channel.unsupported");
  return accounts;
};

/** Signs in and begins the channel; then an encrypted room with its owner alone, to which the owner is invited. */
export async function addAccount(powers: Powers, outside: Outside, order: Order): Promise<Added> {
  const { name, secret = "", settings = {} } = order;
  const known = powers.store.get("channel", name)?.value ?? null;
  const homeserver = (settings["homeserver"] ?? String(known?.settings["homeserver"] ?? "")).replace(/\/+$/, "");
  if (!ADDRESS.test(homeserver))
    throw new Refusal("input.invalid", { field: "homeserver", hint: "An address such as https://matrix.example.org" });
  assertFree(powers, known, order);
  const owner = ownerOf(powers, name, settings["owner"]);
  const accounts = accountsOf(outside);
  const signedIn = await accounts.signIn({
    homeserver,
    user: settings["user"] ?? "",
    secret,
    isToken: order.token === true,
    recovery: order.recovery ?? null,
  });
  // Keys of an account that was here before are nobody's to go on with.
  await accounts.forget(name, `matrix-${name}`);
  await write(powers, order, known, homeserver, signedIn.account);
  await outside.connect(name);
  if (owner !== null) await accounts.direct(name, owner);
  // Whoever is not invited still wants to know that it runs.
  else await accounts.facts(name);
  return {
    done: true,
    user: signedIn.user,
    invited: owner !== null,
    ...(signedIn.recovery === null ? {} : { recovery: signedIn.recovery }),
  };
}

/** One that the configuration names waits for its account; any other name has to be new. */
function assertFree({ store, settings }: Powers, known: Channel | null, { name, assurance }: Order): void {
  if (known === null) return;
  const isWaiting = known.kind === "matrix" && known.from === "file" && assurance === undefined;
  if (isWaiting && known.secret !== null && !store.secretNames(settings.tenant).includes(known.secret)) return;
  throw new Refusal("conflict", { field: name, hint: "There is a channel of that name." });
}

/** Named in the order, or the only owner that the configuration knows on this channel. */
function ownerOf(powers: Powers, channel: string, named: string | undefined): string | null {
  if (named !== undefined && named !== "") {
    if (!MATRIX_ID.test(named))
      throw new Refusal("input.invalid", { field: "owner", hint: "A full Matrix id, such as @ana:example.org" });
    return named;
  }
  const owners = powers.store.find("principal", "role", "owner", { limit: OWNERS_MAX });
  const here = owners.filter(({ value }) => value.channel === channel);
  const [only] = here;
  return only === undefined || here.length > 1 ? null : powers.store.platformOf("principal", only.value.id);
}

async function write(
  powers: Powers,
  { name, assurance }: Order,
  known: Channel | null,
  homeserver: string,
  account: Uint8Array,
): Promise<void> {
  const vaultName = `matrix-${name}`;
  await transact(powers, (draft) => {
    const actor = localOwner(powers).id;
    owned(powers, draft, "channel.connect", name, { name, kind: "matrix" });
    draft.secret(vaultName, account);
    draft.entry("secret.set", { name: vaultName }, { actor });
    if (known === null)
      draft.put("channel", name, {
        id: name,
        tenant: draft.tenant,
        kind: "matrix",
        from: "cli",
        assurance: assurance ?? "low",
        secret: vaultName,
        settings: { homeserver },
      });
    draft.entry("channel.connected", { channel: name, kind: "matrix", from: known?.from ?? "cli" }, { actor });
  });
}

export function accountVerbs(powers: Powers, outside: Outside): Verbs {
  /** Whose emoji are being compared, by channel. */
  const comparing = new Map<string, string>();
  return {
    "channel.trust": async ({ name, person }) => {
      const whom = ownerOf(powers, name, person);
      if (whom === null)
        throw new Refusal("input.invalid", {
          field: "person",
          hint: "Say whom: lazaret channel trust NAME @ana:example.org",
        });
      const { emoji, decimal } = await accountsOf(outside).verify(name, whom);
      comparing.set(name, whom);
      return { person: whom, emoji: [...emoji], decimal: [...decimal] };
    },
    "channel.trusted": async ({ name, same }) => {
      const whom = comparing.get(name);
      if (whom === undefined) throw new Refusal("not_found", { hint: "Begin with: lazaret channel trust NAME" });
      comparing.delete(name);
      const done = await accountsOf(outside).verified(name, same);
      if (done) await trusted(powers, name, whom);
      return { trusted: done };
    },
  };
}

type Checks = NonNullable<Awaited<ReturnType<Owner["channel.verify"]>>["checks"]>;
const KEYS_MIN = 10;

/** What has to be so before other clients speak to us; none for a channel without such an account. */
export async function accountChecks(outside: Outside, kind: string, name: string): Promise<Checks> {
  if (kind !== "matrix" || outside.accounts === undefined) return [];
  const it = await outside.accounts.facts(name).catch(() => null);
  if (it === null) return [{ name: "account", ok: false, found: "it does not run" }];
  const keys = it.oneTimeKeys;
  return [
    { name: "account", ok: true, found: it.user },
    { name: "device", ok: true, found: `${it.device}, fingerprint ${it.fingerprint}` },
    { name: "cross-signing", ok: it.crossSigned, found: it.crossSigned ? "signed by its own identity" : "not signed" },
    { name: "secret storage", ok: it.secretStorage, found: it.secretStorage ? "ready" : "not ready" },
    { name: "key backup", ok: it.backup, found: it.backup ? "on" : "off" },
    {
      name: "one-time keys",
      ok: keys === null || keys >= KEYS_MIN,
      found: keys === null ? "unknown" : `${keys} at the homeserver`,
    },
    { name: "rooms", ok: true, found: `${it.rooms}, ${it.encryptedRooms} of them encrypted` },
    { name: "undecryptable", ok: it.undecryptable === 0, found: `${it.undecryptable} wait for their keys` },
  ];
}

/** Whoever compared in person may answer with the best evidence that there is; whoever has no role gets none by it. */
async function trusted(powers: Powers, channel: string, platform: string): Promise<void> {
  await transact(powers, (draft) => {
    const person = findPrincipal(draft, channel, platform);
    if (person === null) return;
    owned(powers, draft, "channel.trust", channel, { principal: person.id });
    draft.put("principal", person.id, { ...person, assurance: "high" });
  });
}
