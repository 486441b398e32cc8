/**
 * Telegram's far end for attacks, in this process: the few methods that a bot calls, the people of the stage, and what
 * they do as updates. It is no test of the wire; that is `test/telegram/`.
 */
import type { Answer, Asking, Request } from "../../connectors/telegram/wire.ts";
import { SECOND_MS } from "../core/limits.ts";
import type { Clock } from "../core/ports.ts";
import type { FarEnd, Written } from "./hands.ts";

const BOT_TOKEN = "4711:attack-token-0123456789-0123456789-ab";
const BOT = { id: 4711, is_bot: true, first_name: "Gate", username: "gate_bot" };
const MENTION = "@gate_bot";
const POLL_MS_MAX = 20 * SECOND_MS;
const PEOPLE: readonly string[] = ["olga", "ben", "ana", "dora", "eve", "carla"];
const ROOMS: Readonly<Record<string, number>> = { "room-family": -1001, "room-work": -1002 };
const FIRST_PERSON = 100;

/** The number under which somebody, or some room, is known here. */
function personId(name: string): number {
  const at = PEOPLE.indexOf(name);
  return at >= 0
    ? FIRST_PERSON + at
    : 1000 + (Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 900_000, 7) % 900_000);
}
const roomId = (room: string): number => ROOMS[room] ?? -2000 - (personId(room) % 900_000);

type Chat = { readonly id: number; readonly type: "private" | "supergroup"; readonly title?: string };
type Button = { readonly callback_data: string };
type Said = {
  readonly chat: number;
  readonly number: number;
  /** As it is now, and under it what it was before. */
  text: string;
  keyboard: readonly Button[];
};

export class AttackTelegram implements FarEnd {
  readonly secret = { name: "hook-alerts", text: BOT_TOKEN };
  readonly said: Said[] = [];
  readonly #clock: Clock;
  readonly #members = new Map<string, string>();
  readonly #named = new Map<string, number>();
  #queue: { readonly update_id: number; readonly [kind: string]: unknown }[] = [];
  #last: { readonly update_id: number; readonly [kind: string]: unknown } | null = null;
  #wake: (() => void) | null = null;
  #drawn = 0;
  #updates = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing waits, and somebody asks for more. */
  get isQuiet(): boolean {
    return this.#queue.length === 0 && this.#wake !== null;
  }

  readonly request: Request = async (url, asking) => {
    const method = url.slice(url.lastIndexOf("/") + 1);
    const args = JSON.parse(asking.body ?? "{}") as Record<string, unknown>;
    const { status, body } = await this.#call(method, args, asking);
    const text = JSON.stringify(
      status === 200 ? { ok: true, result: body } : { ok: false, error_code: status, description: body },
    );
    const bytes = new TextEncoder().encode(text);
    const answer: Answer = {
      status,
      body: (async function* () {
        yield bytes;
      })(),
    };
    return answer;
  };

  async #call(
    method: string,
    args: Record<string, unknown>,
    { signal }: Asking,
  ): Promise<{ status: number; body: unknown }> {
    const done = (body: unknown) => ({ status: 200, body });
    switch (method) {
      case "getMe":
        return done({ ...BOT, can_join_groups: true, can_read_all_group_messages: true });
      case "getUpdates":
        return done(await this.#poll(Number(args["offset"] ?? 0), signal));
      case "sendMessage":
        return done(this.#send(args));
      case "editMessageText":
        return this.#edit(args) ? done(true) : { status: 400, body: "Bad Request: message to edit not found" };
      case "getChatMember": {
        const status = this.#members.get(`${args["chat_id"]}:${args["user_id"]}`) ?? "left";
        return done({ status, user: { id: args["user_id"], is_bot: false, first_name: "Somebody" } });
      }
      default:
        return done(true);
    }
  }

  async #poll(offset: number, signal: AbortSignal): Promise<readonly unknown[]> {
    this.#queue = this.#queue.filter(({ update_id }) => offset === 0 || update_id >= offset);
    if (this.#queue.length === 0 && !signal.aborted)
      await new Promise<void>((resolve) => {
        const forget = this.#clock.at(this.#clock.now() + POLL_MS_MAX, () => resolve());
        signal.addEventListener("abort", () => resolve(), { once: true });
        this.#wake = () => {
          forget();
          resolve();
        };
      });
    this.#wake = null;
    return [...this.#queue];
  }

  #emit(kind: string, payload: object): void {
    this.#updates += 1;
    this.#put({ update_id: this.#updates, [kind]: payload });
  }

  #put(update: { readonly update_id: number }): void {
    this.#last = update;
    this.#queue.push(update);
    this.#wake?.();
  }

  /** The update before once more, under its own number. */
  repeat(): void {
    if (this.#last !== null) this.#put(this.#last);
  }

  #send(args: Record<string, unknown>): object {
    this.#drawn += 1;
    const markup = args["reply_markup"] as { readonly inline_keyboard?: readonly (readonly Button[])[] } | undefined;
    const [chat, text] = [Number(args["chat_id"]), String(args["text"])];
    this.said.push({ chat, number: this.#drawn, text, keyboard: markup?.inline_keyboard?.flat() ?? [] });
    return { message_id: this.#drawn, date: this.#seconds, chat: chatOf(chat), from: BOT, text };
  }

  #edit(args: Record<string, unknown>): boolean {
    const found = this.said.find((it) => it.chat === args["chat_id"] && it.number === args["message_id"]);
    if (found === undefined) return false;
    found.text = `${String(args["text"])}\n${found.text}`;
    return true;
  }

  get #seconds(): number {
    return Math.floor(this.#clock.now() / SECOND_MS);
  }

  /** Who is in a room; whoever was and is not named any more has left. */
  members(room: string, names: readonly string[]): void {
    const chat = roomId(room);
    for (const [key, status] of [...this.#members]) {
      const [where, who] = key.split(":").map(Number);
      if (where !== chat || status !== "member" || names.some((name) => personId(name) === who)) continue;
      this.#members.set(key, "left");
      this.#membership(chat, who ?? 0, "member", "left");
    }
    for (const name of names) this.#members.set(`${chat}:${personId(name)}`, "member");
  }

  #membership(chat: number, id: number, before: string, after: string): void {
    const user = { id, is_bot: false, first_name: "Somebody" };
    this.#emit("chat_member", {
      chat: chatOf(chat),
      from: user,
      date: this.#seconds,
      old_chat_member: { status: before, user },
      new_chat_member: { status: after, user },
    });
  }

  /** Somebody writes; `name` is what a later target calls the message. With `edits` it is a new text of that one. */
  write(of: Written): void {
    const text = of.mentions && of.room !== null ? `${MENTION} ${of.text}` : of.text;
    const from = { id: personId(of.from), is_bot: of.as === "bot", first_name: of.called ?? of.from };
    const chat =
      of.room === null
        ? { id: from.id, type: "private" as const, first_name: from.first_name }
        : chatOf(roomId(of.room));
    const known = of.edits === undefined ? undefined : this.#named.get(of.edits);
    if (known === undefined) this.#drawn += 1;
    const message_id = known ?? this.#drawn;
    if (of.name !== undefined) this.#named.set(of.name, message_id);
    const entities = of.mentions && of.room !== null ? [{ type: "mention", offset: 0, length: MENTION.length }] : [];
    const more = {
      ...(of.as === "forwarded" ? { forward_origin: { type: "hidden_user", sender_user_name: "ben", date: 1 } } : {}),
      ...(of.as === "anonymous" ? { sender_chat: chat } : {}),
    };
    const message = { message_id, date: this.#seconds, chat, from, text, entities, ...more };
    if (of.edits === undefined) this.#emit("message", message);
    else this.#emit("edited_message", { ...message, edit_date: this.#seconds });
  }

  idOf(name: string): string {
    return String(name.startsWith("room-") ? roomId(name) : personId(name));
  }

  code(): string {
    return this.#question()?.code ?? "NONE";
  }

  /** The newest question and the code that answers it. */
  #question(): { readonly said: Said; readonly code: string } | null {
    const said = this.said.findLast(({ text, keyboard }) => keyboard.length > 0 || /approve [A-Z0-9-]{4,}/.test(text));
    const code = /approve ([A-Z0-9-]{4,})/.exec(said?.text ?? "")?.[1] ?? "NONE";
    return said === undefined ? null : { said, code };
  }

  #target(name: string | undefined): { readonly chat: number; readonly number: number } {
    const named = name === undefined ? undefined : this.#named.get(name);
    if (named !== undefined) return { chat: roomId("room-family"), number: named };
    const said = this.#question()?.said;
    return { chat: said?.chat ?? roomId("room-family"), number: said?.number ?? 0 };
  }

  react(from: string, yes: boolean, target?: string): void {
    const { chat, number } = this.#target(target);
    const user = { id: personId(from), is_bot: false, first_name: from };
    const new_reaction = [{ type: "emoji", emoji: yes ? "👍" : "👎" }];
    this.#emit("message_reaction", {
      chat: chatOf(chat),
      message_id: number,
      user,
      date: this.#seconds,
      old_reaction: [],
      new_reaction,
    });
  }

  /** Presses a button of the newest question, or sends data that somebody made up. */
  press(
    from: string,
    yes: boolean,
    made: { readonly target?: string | undefined; readonly data?: string | undefined },
  ): void {
    const { chat, number } = this.#target(made.target);
    const data = made.data ?? this.#question()?.said.keyboard[yes ? 0 : 1]?.callback_data ?? "a:AAAAAAAAAAAAAAAAAAAAAA";
    this.#drawn += 1;
    this.#emit("callback_query", {
      id: `press-${this.#drawn}`,
      from: { id: personId(from), is_bot: false, first_name: from },
      message: { message_id: number, date: this.#seconds, chat: chatOf(chat), from: BOT, text: "" },
      chat_instance: "1",
      data,
    });
  }
}

const chatOf = (id: number): Chat => (id > 0 ? { id, type: "private" } : { id, type: "supergroup", title: "Room" });
