/**
 * One Matrix account in a process of its own: the SDK, its machine store, and the sync store. When a store cannot be
 * written, or a sync breaks half way, it ends; whoever starts it again goes on from what is durable.
 */
import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import type { Clock, Random } from "../../src/core/ports.ts";
import { directRoom } from "./direct.ts";
import { Drain } from "./drain.ts";
import { factsOf, probe } from "./facts.ts";
import { faultOf, isLoggedOut } from "./fault.ts";
import { forgetRoom } from "./forget.ts";
import { fillGap } from "./gaps.ts";
import { publishIdentity } from "./identity.ts";
import type { RawEvent } from "./inbox.ts";
import { answerInvite } from "./invites.ts";
import { type Ask, fileBytes } from "./media.ts";
import { Opener } from "./opened.ts";
import type { Account, Standing, ToAccount, ToDaemon } from "./questions.ts";
import { markRead } from "./receipts.ts";
import { Rooms } from "./rooms.ts";
import { SasVerification } from "./sas.ts";
import { sendOperation } from "./send.ts";
import { openSession, type Session, type SessionPowers } from "./session.ts";
import { type Answers, type Pipe, Wire, WireFault } from "./wire.ts";

export type AccountPowers = Pick<SessionPowers, "request" | "openStores"> & {
  readonly clock: Clock;
  readonly random: Random;
  readonly ask: Ask;
  /** Ends this process. */
  readonly end: () => void;
};

type Open = {
  readonly account: Account;
  readonly client: MatrixClient;
  readonly machine: CryptoApi & CryptoBackend;
  readonly store: Session["store"];
  readonly keys: Session["keys"];
  readonly makeEvent: (event: RawEvent) => MatrixEvent;
  readonly rooms: Rooms;
  readonly drain: Drain;
  readonly sas: SasVerification;
  readonly close: () => void;
  isSynced: boolean;
};

const FILE_MS_MAX = 60_000;

export class MatrixAccount {
  readonly #powers: AccountPowers;
  readonly #wire: Wire<ToDaemon, ToAccount>;
  #open: Open | null = null;

  constructor(pipe: Pipe, powers: AccountPowers) {
    this.#powers = powers;
    this.#wire = new Wire<ToDaemon, ToAccount>(pipe, this.#answers());
    pipe.onEnd(() => this.#end());
  }

  #opened(): Open {
    if (this.#open === null) throw new WireFault("unreachable");
    return this.#open;
  }

  #answers(): Answers<ToAccount> {
    return {
      start: (input) => this.#start(input),
      next: ({ tenant, channel, ack }) => this.#opened().drain.next({ tenant, channel }, ack),
      send: (operation) => sendOperation(operation, this.#opened()),
      member: ({ conversation, person }) => this.#opened().rooms.members(conversation)?.includes(person) ?? null,
      members: ({ conversation }) => {
        const { rooms, account } = this.#opened();
        return rooms.members(conversation)?.filter((member) => member !== account.user) ?? null;
      },
      file: (ref) => this.#file(ref),
      facts: () => factsOf(this.#opened()),
      probe: () => probe(this.#opened(), this.#powers.random),
      direct: ({ person }) => this.#guarded(({ client, rooms, store }) => directRoom(client, rooms, store, person)),
      verify: ({ person }) =>
        this.#guarded(async ({ client, rooms, store, sas }) => {
          const { conversation } = await directRoom(client, rooms, store, person);
          return sas.begin(person, conversation);
        }),
      verified: async ({ same }) => ({ done: await this.#opened().sas.finish(same) }),
      pin: ({ person }) =>
        this.#guarded(async ({ machine }) => {
          await machine.pinCurrentUserIdentity(person);
          return null;
        }),
      forget: ({ conversation }) => this.#guarded((open) => forgetRoom(open, conversation)),
      stop: async () => {
        this.#close();
        return null;
      },
    };
  }

  /** What the network throws, as a fault that can travel. */
  async #guarded<T>(work: (open: Open) => Promise<T>): Promise<T> {
    try {
      return await work(this.#opened());
    } catch (error) {
      if (error instanceof WireFault) throw error;
      const { code, retryAfterMs, isProven } = faultOf(error);
      throw new WireFault(isLoggedOut(error) ? "auth" : code, retryAfterMs, isProven);
    }
  }

  async #start({ account, files }: ToAccount["start"][0]): Promise<{ readonly published: boolean }> {
    const { clock, request, openStores } = this.#powers;
    const session = await openSession(
      {
        request,
        openStores,
        now: () => clock.now(),
        standing: (standing) => this.#say(standing),
        fatal: () => this.#end(),
      },
      account,
      files,
    );
    const { client, machine, store, makeEvent } = session;
    const rooms = new Rooms(client, store);
    const opener = new Opener({ client, machine, makeEvent, now: () => clock.now(), onKey: () => drain.kick() });
    const drain: Drain = new Drain({
      store,
      rooms,
      opener,
      clock,
      me: account.user,
      selfName: () => client.getUser(account.user)?.rawDisplayName ?? "",
      fillGap: (row) => fillGap(client, store, row),
      read: (room, event) => markRead(client, room, event),
      invited: (row) => answerInvite(client, (person, room) => this.#mayInvite(person, room), row),
    });
    const sas = new SasVerification(machine);
    this.#open = { ...session, account, rooms, drain, sas, isSynced: false };
    await session.begin();
    this.#open.isSynced = true;
    return this.#guarded(async () => {
      await publishIdentity({ client, machine, account, encodeRecoveryKey: session.encodeRecoveryKey });
      return { published: true };
    });
  }

  async #mayInvite(person: string, conversation: string): Promise<boolean> {
    return this.#wire.ask("mayInvite", { person, conversation });
  }

  #say(standing: Standing): void {
    // Without a daemon there is nobody to tell, and this process ends.
    this.#wire.ask("standing", standing).catch(() => this.#end());
  }

  async #file(ref: ToAccount["file"][0]): Promise<string | null> {
    const { ask, clock } = this.#powers;
    const late = new AbortController();
    const forget = clock.at(clock.now() + FILE_MS_MAX, () => late.abort());
    try {
      const bytes = await fileBytes(ask, this.#opened().account, ref, late.signal);
      return bytes === null ? null : Buffer.from(bytes).toString("base64");
    } catch (error) {
      throw new WireFault(faultOf(error).code);
    } finally {
      forget();
    }
  }

  #close(): void {
    const open = this.#open;
    this.#open = null;
    open?.close();
  }

  #end(): void {
    try {
      this.#close();
    } finally {
      this.#powers.end();
    }
  }
}
