/** The shapes that our Bot API server speaks, and its one error (Bot API 10.x, core.telegram.org/bots/api). */

export type WireUser = {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly username?: string;
};
export type WireChat = {
  readonly id: number;
  readonly type: "private" | "group" | "supergroup" | "channel";
  readonly title?: string;
  readonly first_name?: string;
  readonly is_forum?: boolean;
};
export type Keyboard = {
  readonly inline_keyboard: readonly (readonly { readonly text: string; readonly callback_data: string }[])[];
};
export type WireMessage = {
  readonly message_id: number;
  readonly date: number;
  readonly chat: WireChat;
  readonly from?: WireUser;
  readonly text?: string;
  readonly edit_date?: number;
  readonly message_thread_id?: number;
  readonly is_topic_message?: boolean;
  readonly reply_to_message?: WireMessage;
  readonly reply_markup?: Keyboard;
  readonly [more: string]: unknown;
};
export type WireUpdate = { readonly update_id: number; readonly [kind: string]: unknown };
export type WireFile = {
  readonly file_id: string;
  readonly file_unique_id: string;
  readonly file_size: number;
  readonly file_path: string;
};

/** What the server answers when it says no. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly retryAfter: number | undefined;

  constructor(code: number, description: string, retryAfter?: number) {
    super(description);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const badRequest = (what: string): ApiError => new ApiError(400, `Bad Request: ${what}`);
