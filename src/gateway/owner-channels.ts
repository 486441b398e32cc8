/** The owner's verbs about channels: list, add, remove, verify (CONTRACT sections 2, 14). */
import { HOOK_SECRET_BYTES_MIN } from "../core/limits.ts";
import type { Channel } from "../core/records.ts";
import { Refusal } from "../core/refusal.ts";
import type { Owner, VerbInput } from "../core/verbs/all.ts";
import { seen } from "./call.ts";
import type { Gateway } from "./gateway.ts";
import type { Outside } from "./outside.ts";
import { localOwner, owned } from "./owned.ts";
import { accountChecks, accountVerbs, addAccount } from "./owner-accounts.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";
import { channelView } from "./views.ts";

type Verbs = Pick<Owner, Extract<keyof Owner, `channel.${string}`>>;
type Order = VerbInput<"channel.add">;
const DONE = { done: true } as const;
const PROBE_MS_MAX = 10_000;

export function channelVerbs({ powers, supervisor }: Gateway, outside: Outside): Verbs {
  return {
    "channel.list": async () => ({
      channels: powers.store.all("channel", { limit: 1000 }).map(({ value }) => channelView(powers, value)),
    }),
    ...accountVerbs(powers, outside),
    "channel.add": async (order) => {
      if (order.kind === "matrix") return addAccount(powers, outside, order);
      const { secret, link } = await checked(powers, outside, order);
      await write(powers, order, secret);
      await outside.connect(order.name);
      return link === null ? DONE : { ...DONE, link };
    },
    "channel.remove": async ({ name, dry_run }) => {
      const channel = powers.store.get("channel", name)?.value;
      if (channel === undefined) throw new Refusal("channel.unknown", { field: name });
      const isAccount = channel.kind === "matrix" && channel.secret !== null;
      const hasAccount = isAccount && powers.store.secretNames(channel.tenant).includes(channel.secret ?? "");
      if (channel.from === "file" && !hasAccount)
        throw new Refusal("conflict", { hint: "It is in the configuration file; remove it there." });
      if (dry_run === true) return DONE;
      await supervisor.disconnect(name);
      if (isAccount) await outside.accounts?.forget(name, channel.secret ?? "");
      await forget(powers, channel);
      // The file still names it: it waits for an account again.
      if (channel.from === "file") await outside.connect(name);
      return DONE;
    },
    "channel.verify": async ({ name }) => {
      const connector = powers.connectors.get(name);
      if (connector === undefined) throw new Refusal("channel.unknown", { field: name });
      const started = powers.clock.now();
      if (connector.probe === undefined) throw new Refusal("channel.unsupported", { field: name });
      const late = new AbortController();
      const forget = powers.clock.at(started + PROBE_MS_MAX, () => late.abort());
      const code = await connector.probe(late.signal).then(
        () => null,
        (error: unknown) => seen(error).code,
      );
      forget();
      const milliseconds = Math.max(0, powers.clock.now() - started);
      const checks = await accountChecks(outside, connector.kind, name);
      const isFine = code === null && checks.every(({ ok }) => ok);
      return { ok: isFine, milliseconds, code, ...(checks.length === 0 ? {} : { checks }) };
    },
  };
}

/** The secret is what the network takes, and the account is nobody's yet; a bot's address comes back. */
async function checked(powers: Powers, outside: Outside, { name, kind, secret, settings }: Order) {
  if (powers.store.get("channel", name) !== null)
    throw new Refusal("conflict", { field: name, hint: "There is a channel of that name." });
  if (kind === "webhook") {
    if (secret === undefined || secret.length < HOOK_SECRET_BYTES_MIN)
      throw new Refusal("input.invalid", { field: "secret", hint: "A webhook's secret has at least 32 characters." });
    return { secret, link: null };
  }
  if (kind !== "telegram") throw new Refusal("channel.unsupported", { hint: `This version has no ${kind} channels.` });
  const token = secret?.trim() ?? "";
  if (!BOT_TOKEN.test(token))
    throw new Refusal("input.invalid", { field: "secret", hint: "A bot's token looks like 123456:ABC…" });
  const { link } = await outside.introduce(token, settings?.["root"] ?? null);
  return { secret: token, link };
}

const BOT_TOKEN = /^\d{1,16}:[A-Za-z0-9_-]{30,128}$/;

async function write(powers: Powers, { name, kind, assurance, settings }: Order, secret: string): Promise<void> {
  const vaultName = `${kind === "webhook" ? "hook" : kind}-${name}`;
  await transact(powers, (draft) => {
    const actor = localOwner(powers).id;
    owned(powers, draft, "channel.connect", name, { name, kind });
    draft.secret(vaultName, powers.hashing.utf8(secret));
    draft.entry("secret.set", { name: vaultName }, { actor });
    draft.put("channel", name, {
      id: name,
      tenant: draft.tenant,
      kind,
      from: "cli",
      assurance: assurance ?? "low",
      secret: vaultName,
      settings: settings ?? {},
    });
    draft.entry("channel.connected", { channel: name, kind, from: "cli" }, { actor });
  });
}

async function forget(powers: Powers, channel: Channel): Promise<void> {
  await transact(powers, (draft) => {
    const actor = localOwner(powers).id;
    owned(powers, draft, "channel.remove", channel.id, { name: channel.id });
    if (channel.from === "cli") draft.drop("channel", channel.id);
    if (channel.secret !== null) {
      draft.secret(channel.secret, null);
      draft.entry("secret.removed", { name: channel.secret }, { actor });
    }
    draft.entry("channel.removed", { channel: channel.id }, { actor });
  });
}
