/**
 * Matrix's far end for attacks, in this process: what an account's process would answer, over the same pipe and by the
 * same reading of events, without a homeserver. What a real one does is shown by `npm run test:matrix`.
 */
import { normalize } from "../../connectors/matrix/normalize.ts";
import type { Item, ToAccount, ToDaemon } from "../../connectors/matrix/questions.ts";
import type { Evidence } from "../../connectors/matrix/trust.ts";
import { type Pipe, Wire } from "../../connectors/matrix/wire.ts";
import { TENANT_DEFAULT } from "../core/ids.ts";
import type { Operation, Outcome } from "../core/outbox.ts";
import type { Clock } from "../core/ports.ts";
import type { As, FarEnd, Said, Written } from "./hands.ts";

const SERVER = "attack.invalid";
const CHANNEL = "alerts";
const BOT = `@gate:${SERVER}`;
const SEALED: Evidence = { transport: "e2ee", verified: "signed" };
const CLEAR: Evidence = { transport: "transport", verified: "platform" };
/** What the machine library says of somebody's events, by how they came. */
const EVIDENCE: Partial<Readonly<Record<As, Evidence>>> = {
  clear: CLEAR,
  unsigned: { transport: "e2ee", verified: "none" },
  changed: { transport: "e2ee", verified: "platform" },
};
const ACCOUNT = {
  homeserver: "http://127.0.0.1:1",
  user: BOT,
  device: "GATE",
  token: "attack-token",
  cryptoKey: "",
  syncKey: "",
  recovery: "",
};

const personId = (name: string): string => `@${name}:${SERVER}`;
const roomId = (name: string): string => `!${name}:${SERVER}`;

export class AttackMatrix implements FarEnd {
  readonly said: Said[] = [];
  readonly secret = { name: `matrix-${CHANNEL}`, text: JSON.stringify(ACCOUNT) };
  readonly #clock: Clock;
  readonly #members = new Map<string, Set<string>>();
  #queue: Item[] = [];
  #handed: { readonly cursor: string; readonly items: readonly Item[] } | null = null;
  #wake: (() => void) | null = null;
  #last: Item | null = null;
  #drawn = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  idOf(name: string): string {
    return name.startsWith("room-") ? roomId(name) : personId(name);
  }

  /** Nothing waits, and somebody asks for more. */
  get isQuiet(): boolean {
    return this.#queue.length === 0 && this.#handed === null && this.#wake !== null;
  }

  /** The two ends of a pipe, of which one is the account's. */
  readonly openPipe = (): Pipe => {
    const ends = [new End(), new End()] as const;
    for (const [at, end] of ends.entries()) end.other = ends[1 - at] ?? null;
    new Wire<ToDaemon, ToAccount>(ends[1], {
      start: () => ({ published: true }),
      next: ({ ack }) => this.#next(ack),
      send: (operation) => this.#send(operation),
      member: ({ conversation, person }) => this.#members.get(conversation)?.has(person) ?? null,
      members: ({ conversation }) => [...(this.#members.get(conversation) ?? [])],
      file: () => null,
      facts: () => unasked(),
      probe: () => null,
      direct: ({ person }) => ({ conversation: directWith(person) }),
      verify: () => unasked(),
      verified: () => unasked(),
      pin: () => null,
      forget: () => null,
      stop: () => null,
    });
    return ends[0];
  };

  async #next(ack: string | null) {
    if (this.#handed !== null && this.#handed.cursor !== ack) this.#queue.unshift(...this.#handed.items);
    this.#handed = null;
    if (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = null;
    this.#drawn += 1;
    this.#handed = { cursor: String(this.#drawn), items: this.#queue.splice(0) };
    return this.#handed;
  }

  #send(operation: Operation): Outcome {
    if (operation.op !== "text") return { state: "sent", eventIds: [] };
    this.#drawn += 1;
    const number = `$said-${this.#drawn}`;
    const { conversation: chat, text, approval } = operation;
    const code = approval === undefined || text.includes(approval.code) ? "" : `\napprove ${approval.code}`;
    this.said.push({ chat, number, text: text + code });
    return { state: "sent", eventIds: [number] };
  }

  #put(item: Item | null): void {
    if (item === null) return;
    this.#last = item;
    this.#queue.push(item);
    this.#wake?.();
  }

  /** The event before once more, under its own id. */
  repeat(): void {
    this.#put(this.#last);
  }

  #event(room: string, raw: object, sender: string, as: As | null): void {
    const members = this.#members.get(room) ?? new Set([sender]);
    const isReaction = Reflect.get(raw, "type") === "m.reaction";
    this.#put(
      normalize(
        { origin_server_ts: this.#clock.now(), sender, ...raw },
        {
          tenant: TENANT_DEFAULT,
          channel: CHANNEL,
          room: { id: room, isDirect: members.size <= 1, name: "Room", isEncrypted: true, members: [...members] },
          me: { id: BOT, name: "Gate" },
          senderName: null,
          // Reactions travel in clear on every client.
          evidence: isReaction ? CLEAR : ((as === null ? undefined : EVIDENCE[as]) ?? SEALED),
          isBacklog: as === "backlog",
          receivedAt: this.#clock.now(),
        },
      ),
    );
  }

  members(room: string, names: readonly string[]): void {
    const id = roomId(room);
    const before = this.#members.get(id) ?? new Set();
    this.#members.set(id, new Set(names.map(personId)));
    for (const gone of before) if (!names.map(personId).includes(gone)) this.#changed(id, gone, "leave");
    for (const name of names) if (!before.has(personId(name))) this.#changed(id, personId(name), "join");
  }

  #changed(room: string, person: string, membership: string): void {
    this.#drawn += 1;
    const raw = { type: "m.room.member", event_id: `$m-${this.#drawn}`, state_key: person, content: { membership } };
    this.#event(room, raw, person, null);
  }

  write({ from, text, room, mentions, name, edits, as = null }: Written): void {
    this.#drawn += 1;
    const sender = personId(from);
    const body = { msgtype: as === "bot" ? "m.notice" : "m.text", body: text };
    const called = mentions && room !== null ? { "m.mentions": { user_ids: [BOT] } } : {};
    const relation = { rel_type: "m.replace", event_id: `$${edits}` };
    const content =
      edits === undefined
        ? { ...body, ...called }
        : { ...body, ...called, "m.new_content": { ...body, ...called }, "m.relates_to": relation };
    const event_id = `$${edits === undefined && name !== undefined ? name : `w-${this.#drawn}`}`;
    this.#event(placeOf(room, from), { type: "m.room.message", event_id, content }, sender, as);
  }

  react(from: string, yes: boolean, target?: string): void {
    this.#drawn += 1;
    const asked = this.said.findLast(({ text }) => CODE.test(text))?.number ?? "$none";
    const event = target === undefined ? asked : `$${target}`;
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: event, key: yes ? "✅" : "❌" } };
    const room = target === undefined ? this.#askedIn(from) : roomId("room-family");
    this.#event(room, { type: "m.reaction", event_id: `$r-${this.#drawn}`, content }, personId(from), null);
  }

  /** There are no buttons on Matrix: whoever would press one says the code, encrypted, where the question is. */
  press(from: string, yes: boolean, { data }: { readonly data?: string | undefined }): void {
    this.#drawn += 1;
    const body = `${yes ? "approve" : "deny"} ${data ?? this.code()}`;
    const content = { msgtype: "m.text", body, "m.mentions": { user_ids: [BOT] } };
    const raw = { type: "m.room.message", event_id: `$p-${this.#drawn}`, content };
    this.#event(this.#askedIn(from), raw, personId(from), null);
  }

  /** Where the newest question is, for whoever is there; the family for anybody else. */
  #askedIn(from: string): string {
    const asked = String(this.said.findLast(({ text }) => CODE.test(text))?.chat ?? "");
    const isThere = this.#members.get(asked)?.has(personId(from)) === true || asked === directWith(personId(from));
    return isThere ? asked : roomId("room-family");
  }

  code(): string {
    const question = this.said.findLast(({ text }) => CODE.test(text));
    return CODE.exec(question?.text ?? "")?.[1] ?? "NONE";
  }
}

const CODE = /approve ([A-Z0-9-]{4,})/;
const directWith = (person: string): string => `!direct-${person.slice(1).replace(":", "-")}:${SERVER}`;
const placeOf = (room: string | null, from: string): string =>
  room === null ? directWith(personId(from)) : roomId(room);

function unasked(): never {
  throw new TypeError("nothing on a stage asks for this");
}

/** One end of a pipe in this process. */
class End implements Pipe {
  other: End | null = null;
  #listen: (message: unknown) => void = () => {};
  readonly #over = Promise.withResolvers<void>();

  send(message: unknown): void {
    const { other } = this;
    queueMicrotask(() => other?.take(structuredClone(message)));
  }
  take(message: unknown): void {
    this.#listen(message);
  }
  onMessage(listen: (message: unknown) => void): void {
    this.#listen = listen;
  }
  onEnd(listen: () => void): void {
    void this.#over.promise.then(listen);
  }
  end(): void {
    this.#over.resolve();
    this.other?.over();
  }
  over(): void {
    this.#over.resolve();
  }
}
