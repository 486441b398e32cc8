/** Somebody on Matrix with a client of their own: encryption, cross-signing, a device; in memory, for one test. */
import { setTimeout as pause } from "node:timers/promises";
import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import * as sdk from "matrix-js-sdk";
import type { CryptoApi, ShowSasCallbacks, VerificationRequest } from "matrix-js-sdk/lib/crypto-api/index.js";
import { logger } from "matrix-js-sdk/lib/logger.js";
import type { Homeserver, Registered } from "./homeserver.ts";

const WAIT_MS_MAX = 75_000;
const nothing = (): void => {};
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, getChild: () => SILENT };

export async function until<T>(
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
): Promise<T> {
  for (const begun = performance.now(); ; await pause(30)) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() - begun > WAIT_MS_MAX) throw new Error("waited in vain");
  }
}

export type Heard = {
  readonly id: string;
  readonly sender: string;
  readonly type: string;
  readonly body: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly encrypted: boolean;
};

export class Person implements AsyncDisposable {
  readonly client: MatrixClient;
  readonly id: string;
  readonly #account: Registered;

  private constructor(server: Homeserver, account: Registered) {
    (logger as unknown as { disableAll(): void }).disableAll();
    this.#account = account;
    this.id = account.user;
    this.client = sdk.createClient({
      baseUrl: server.url,
      userId: account.user,
      accessToken: account.token,
      deviceId: account.device,
      disableVoip: true,
      logger: SILENT,
    });
  }

  /** `isSigned`: their device is signed by their own identity, as modern clients see to. */
  static async arrive(server: Homeserver, account: Registered, isSigned = true): Promise<Person> {
    const person = new Person(server, account);
    const { client } = person;
    await client.initRustCrypto({ useIndexedDB: false });
    const synced = new Promise<void>((resolve) =>
      client.on(sdk.ClientEvent.Sync, (state) => state === "PREPARED" && resolve()),
    );
    await client.startClient({ initialSyncLimit: 30 });
    await synced;
    if (isSigned) await person.sign();
    return person;
  }

  get crypto(): CryptoApi {
    const crypto = this.client.getCrypto();
    if (crypto === undefined) throw new Error("no encryption");
    return crypto;
  }

  /** A new identity, whatever there was before. */
  async sign(isReset = false): Promise<void> {
    await this.crypto.bootstrapCrossSigning({
      setupNewCrossSigning: isReset,
      authUploadDeviceSigningKeys: async (upload) => {
        await upload({
          type: "m.login.password",
          identifier: { type: "m.id.user", user: this.id },
          password: this.#account.password,
        } as never);
      },
    });
  }

  /** The room to which somebody invites or invited me, once I am in it. */
  async joinFrom(inviter: string): Promise<string> {
    const room = await until(() =>
      this.client
        .getRooms()
        .find(
          (it) => it.getMyMembership() === "invite" && it.getMember(this.id)?.events.member?.getSender() === inviter,
        ),
    );
    await this.client.joinRoom(room.roomId);
    await until(() => this.client.getRoom(room.roomId)?.getMyMembership() === "join");
    return room.roomId;
  }

  async makeRoom(invite: readonly string[], encrypted = true, more: object = {}): Promise<string> {
    const encryption = {
      type: "m.room.encryption",
      state_key: "",
      content: { algorithm: "m.megolm.v1.aes-sha2", rotation_period_msgs: 1 },
    };
    const { room_id } = await this.client.createRoom({
      preset: sdk.Preset.PrivateChat,
      invite: [...invite],
      ...(encrypted ? { initial_state: [encryption] } : {}),
      ...more,
    });
    await until(() => this.client.getRoom(room_id)?.getMyMembership() === "join");
    return room_id;
  }

  async joined(room: string, other: string): Promise<void> {
    await until(() => this.client.getRoom(room)?.getMember(other)?.membership === "join");
  }

  async say(room: string, body: string, more: object = {}): Promise<string> {
    const content = { msgtype: "m.text", body, ...more };
    return (await this.client.sendEvent(room, "m.room.message" as never, content as never)).event_id;
  }

  ask(room: string, bot: string, body: string, more: object = {}): Promise<string> {
    return this.say(room, body, { "m.mentions": { user_ids: [bot] }, ...more });
  }

  async react(room: string, event: string, key: string): Promise<string> {
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: event, key } };
    return (await this.client.sendEvent(room, "m.reaction" as never, content as never)).event_id;
  }

  /** What somebody said in a room, the oldest first, as far as it opened. */
  async heard(room: string, sender: string): Promise<readonly Heard[]> {
    const events = this.client.getRoom(room)?.getLiveTimeline().getEvents() ?? [];
    const said: Heard[] = [];
    for (const event of events.filter((it) => it.getSender() === sender)) {
      await this.client.decryptEventIfNeeded(event);
      said.push(heardOf(event));
    }
    return said.filter(({ type }) => type === "m.room.message");
  }

  /** The first of it, from so many on, that looks so. */
  hears(room: string, sender: string, looks: RegExp, from = 0): Promise<Heard> {
    return until(async () => (await this.heard(room, sender)).slice(from).find(({ body }) => looks.test(body))).catch(
      async () => {
        const said = (await this.heard(room, sender)).map(({ body }) => body);
        throw new Error(`waited in vain for ${String(looks)}; heard ${JSON.stringify(said)}`);
      },
    );
  }

  /** Accepts a comparison of emoji and gives what it shows; the answer is given by calling what comes with it. */
  async comparing(): Promise<{ readonly emoji: readonly string[]; readonly confirm: () => Promise<void> }> {
    const request = await new Promise<VerificationRequest>((resolve) =>
      this.client.once("crypto.verificationRequestReceived" as never, resolve as never),
    );
    await request.accept();
    const verifier = await until(() => request.verifier);
    const shown = new Promise<ShowSasCallbacks>((resolve) => {
      const now = verifier.getShowSasCallbacks();
      if (now !== null) resolve(now);
      verifier.on("show_sas" as never, resolve as never);
    });
    const done = verifier.verify();
    done.catch(() => null);
    const { sas, confirm } = await shown;
    return { emoji: (sas.emoji ?? []).map(([sign, name]) => `${sign} ${name}`), confirm };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.stopClient();
  }
}

const heardOf = (event: MatrixEvent): Heard => ({
  id: event.getId() ?? "",
  sender: event.getSender() ?? "",
  type: event.getType(),
  body: String(event.getContent()["body"] ?? ""),
  content: event.getContent(),
  encrypted: event.isEncrypted(),
});
