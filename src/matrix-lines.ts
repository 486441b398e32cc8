/** Matrix accounts as channels of a daemon: each made from its record, with one secret that is the whole account. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { CONNECTORS, signIn, signOut } from "../connectors/index.ts";
import type { MatrixConnector } from "../connectors/matrix/matrix.ts";
import type { Account, Sas } from "../connectors/matrix/questions.ts";
import type { OpenPipe } from "../connectors/matrix/wire.ts";
import type { Request } from "../connectors/telegram/wire.ts";
import type { AccountFacts } from "./core/account-facts.ts";
import type { Channel } from "./core/records.ts";
import { Refusal } from "./core/refusal.ts";
import { Draft } from "./gateway/draft.ts";
import { findPrincipal } from "./gateway/people.ts";
import { grantPermit } from "./gateway/permit.ts";
import type { Powers } from "./gateway/powers.ts";
import { keepsMessage } from "./gateway/prompts.ts";
import { transact } from "./gateway/transact.ts";

const MAY_INVITE: readonly string[] = ["owner", "approver", "member"];
const KEY_BYTES = 32;
const PLACES_MAX = 1000;
const STATED_MAX = 20;

const nobody: OpenPipe = () => {
  throw new Refusal("channel.unsupported");
};

export type SignIn = {
  readonly homeserver: string;
  readonly user: string;
  /** The password, or an access token that was made elsewhere. */
  readonly secret: string;
  readonly isToken: boolean;
  /** A recovery key that another client of this account showed. */
  readonly recovery: string | null;
};

export class MatrixLines {
  readonly #powers: Powers;
  readonly #request: Request;
  readonly #openPipe: OpenPipe;
  readonly #home: string;
  readonly #connectors = new Map<string, MatrixConnector>();

  constructor(
    powers: Powers,
    given: { readonly request: Request; readonly openPipe?: OpenPipe; readonly home: string },
  ) {
    this.#powers = powers;
    this.#request = given.request;
    this.#openPipe = given.openPipe ?? nobody;
    this.#home = given.home;
  }

  async make({ id, secret }: Channel): Promise<MatrixConnector> {
    const { clock, settings } = this.#powers;
    const folder = join(this.#home, "matrix", id);
    const made = await CONNECTORS.matrix(
      { tenant: settings.tenant, channel: id },
      {
        clock,
        openPipe: this.#openPipe,
        files: { crypto: join(folder, "crypto.db"), sync: join(folder, "sync.db") },
        withAccount: (use) => this.#withAccount(secret, use),
        published: () => this.#published(secret),
        mayInvite: (person) => {
          const known = findPrincipal(new Draft(this.#powers), id, person);
          return known !== null && MAY_INVITE.includes(known.role);
        },
        keeps: (event) => keepsMessage(this.#powers, event),
        wantingMembers: () => this.#wantingMembers(id),
      },
    );
    this.#connectors.set(id, made);
    return made;
  }

  #wantingMembers(channel: string): readonly string[] {
    const { store } = this.#powers;
    const places = store.find("conversation", "channel", channel, { limit: PLACES_MAX });
    return places
      .filter(({ value: it }) => it.status === "allowed" && it.kind === "group" && !it.closed && it.members === null)
      .slice(0, STATED_MAX)
      .flatMap(({ value }) => store.platformOf("conversation", value.id) ?? []);
  }

  #withAccount<T>(secret: string | null, use: (account: Account) => T | Promise<T>): Promise<T> {
    if (secret === null) throw new Refusal("channel.down", { hint: "Nobody has signed in." });
    const { store, settings, hashing } = this.#powers;
    const permit = grantPermit({ by: "gateway", why: "send" }, "secret", "channel.matrix", []);
    return store.useSecret(permit, settings.tenant, secret, (bytes) => use(JSON.parse(hashing.text(bytes)) as Account));
  }

  /** The password was needed to publish the identity, and for nothing since. */
  async #published(secret: string | null): Promise<void> {
    if (secret === null) return;
    const account = await this.#withAccount(secret, async (it) => it);
    if (account.password === undefined && account.restores === undefined) return;
    const { password: _password, restores: _restores, ...rest } = account;
    await transact(this.#powers, (draft) => {
      draft.secret(secret, this.#powers.hashing.utf8(JSON.stringify(rest)));
      draft.entry("secret.set", { name: secret, reason: "published" }, { actor: "daemon" });
    });
  }

  /** Signs in, once. Gives the account as it goes into the vault, and the recovery key to be written down. */
  async signIn(
    order: SignIn,
  ): Promise<{ readonly account: Uint8Array; readonly user: string; readonly recovery: string | null }> {
    const { random, hashing } = this.#powers;
    const key = (): string => Buffer.from(random.bytes(KEY_BYTES)).toString("base64");
    const found = await signIn(this.#request, order);
    if ("fault" in found) throw refusalFor(found.fault);
    const { login, password, recovery } = found;
    const account: Account = {
      homeserver: order.homeserver,
      ...login,
      cryptoKey: key(),
      syncKey: key(),
      recovery: recovery === null ? key() : Buffer.from(recovery).toString("base64"),
      ...(password === null ? {} : { password }),
      ...(recovery === null ? {} : { restores: true }),
    };
    const shown = recovery === null ? found.encode(Buffer.from(account.recovery, "base64")) : null;
    return { account: hashing.utf8(JSON.stringify(account)), user: login.user, recovery: shown };
  }

  /** Signs out as far as the homeserver can be reached, and destroys keys and stores. */
  async forget(channel: string, secret: string): Promise<void> {
    this.#connectors.delete(channel);
    const { store, settings } = this.#powers;
    if (store.secretNames(settings.tenant).includes(secret))
      await this.#withAccount(secret, ({ homeserver, token }) => signOut(this.#request, homeserver, token));
    rmSync(join(this.#home, "matrix", channel), { recursive: true, force: true });
  }

  #connector(channel: string): MatrixConnector {
    const found = this.#powers.connectors.has(channel) ? this.#connectors.get(channel) : undefined;
    if (found === undefined) throw new Refusal("channel.unsupported", { field: channel });
    return found;
  }

  /** An encrypted room with this person alone, to which they are invited. */
  direct(channel: string, person: string): Promise<string> {
    return this.#asked(this.#connector(channel).direct(person));
  }

  facts(channel: string): Promise<AccountFacts> {
    return this.#asked(this.#connector(channel).facts());
  }

  verify(channel: string, person: string): Promise<Sas> {
    return this.#asked(this.#connector(channel).verify(person));
  }

  verified(channel: string, same: boolean): Promise<boolean> {
    return this.#asked(this.#connector(channel).verified(same));
  }

  pin(channel: string, person: string): Promise<void> {
    return this.#asked(this.#connector(channel).pin(person));
  }

  async #asked<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const code: unknown = Reflect.get(error as object, "code");
      throw new Refusal("channel.down", { hint: hintFor(typeof code === "string" ? code : "unreachable") });
    }
  }
}

const HINTS: Readonly<Record<string, string>> = {
  auth: "The homeserver does not take this sign-in any more.",
  device: "The token belongs to another device than the keys here.",
  store: "The keys or the sync state of this account do not open.",
  identity: "The account has an identity already: give its recovery key with --recovery-key.",
  unreachable: "The homeserver cannot be reached.",
  aborted: "The other side did not go on.",
};

const hintFor = (code: string): string => HINTS[code] ?? code;

type SignInFault = Extract<Awaited<ReturnType<typeof signIn>>, { fault: unknown }>["fault"];

function refusalFor(fault: SignInFault): Refusal {
  switch (fault) {
    case "address":
      return new Refusal("input.invalid", {
        field: "homeserver",
        hint: "No Matrix homeserver answers at this address.",
      });
    case "user":
      return new Refusal("input.invalid", { field: "user", hint: "The password is another account's than named." });
    case "auth":
      return new Refusal("input.invalid", {
        field: "secret",
        hint: "The homeserver does not know this account or password.",
      });
    case "recovery":
      return new Refusal("input.invalid", {
        field: "recovery",
        hint: "That is no recovery key; it has twelve groups of four.",
      });
    case "browser_only":
      return new Refusal("channel.unsupported", {
        hint: "This homeserver signs in by browser only: make an access token there, and give it with --token.",
      });
    case "rate_limited":
      return new Refusal("rate.limited", { hint: "The homeserver wants us to wait." });
    case "unreachable":
      return new Refusal("channel.down", { hint: "The homeserver cannot be reached." });
  }
}
