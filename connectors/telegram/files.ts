/** Files of a message, fetched into its content: under the cap, and only where the gateway will keep the message. */
import { ATTACHMENT_BYTES_MAX } from "../../src/core/limits.ts";
import type { InboundEvent } from "../../src/core/message.ts";
import type { Stop } from "../../src/core/ports.ts";
import type { Transport } from "./transport.ts";
import { type File, Update } from "./update.ts";

const NAME_CHARS_MAX = 1024;
const MIME_CHARS_MAX = 128;

/** The one file of a message, as Telegram has it: the largest photo, or whatever is attached. */
function fileOf(raw: unknown): File | null {
  const parsed = Update.safeParse(raw);
  const message = parsed.success ? parsed.data.message : undefined;
  if (message === undefined) return null;
  const { photo, document, voice, audio, video, video_note, sticker } = message;
  return photo?.at(-1) ?? document ?? voice ?? audio ?? video ?? video_note ?? sticker ?? null;
}

/**
 * The event with its file's bytes. Without them when there are none, when they are more than an attachment may have,
 * or when they cannot be had: what is missing shows as a medium that nobody read.
 */
export async function withFile(event: InboundEvent, raw: unknown, transport: Transport, stop: Stop) {
  const file = fileOf(raw);
  const [medium] = event.envelope.content.media;
  if (file === null || medium === undefined || (file.file_size ?? 0) > ATTACHMENT_BYTES_MAX) return event;
  if (file.file_id === undefined) return event;
  try {
    const { file_path } = await transport.api.getFile(file.file_id, stop as never);
    if (file_path === undefined) return event;
    const bytes = await transport.file(file_path, ATTACHMENT_BYTES_MAX, stop);
    const name = (file.file_name ?? "").toWellFormed().slice(0, NAME_CHARS_MAX);
    const mime = (file.mime_type ?? medium.mime).slice(0, MIME_CHARS_MAX);
    const attachments = [{ name, mime, data: Buffer.from(bytes).toString("base64") }];
    return { envelope: event.envelope, content: { ...event.content, attachments } };
  } catch {
    // Its link may have died or its size been a lie; asking again for ever would stop everything behind it.
    return event;
  }
}
