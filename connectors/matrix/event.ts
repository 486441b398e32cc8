/** Matrix events as they may come: every field is somebody's word, and what does not fit is no event. */
import { z } from "zod";
import { RAW_ID_CHARS_MAX, TEXT_BYTES_MAX } from "../../src/core/limits.ts";

/** Homeservers and clients add fields as they like: ours are picked out first, and what is checked is strict. */
function part<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape);
  const pick = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      keys.flatMap((key) => (Object.hasOwn(value, key) ? [[key, Reflect.get(value, key)]] : [])),
    );
  };
  return z.preprocess(pick, z.strictObject(shape));
}

const Id = z.string().min(1).max(RAW_ID_CHARS_MAX);
const Loose = z.record(z.string().max(512), z.unknown());

/** An event as it lies in a room, decrypted where it was encrypted. */
export const RoomEvent = part({
  type: z.string().min(1).max(255),
  event_id: Id,
  sender: Id,
  origin_server_ts: z.number().int().min(0).max(8_640_000_000_000_000).catch(0),
  content: Loose.catch({}),
  state_key: z.string().max(RAW_ID_CHARS_MAX).optional(),
  redacts: Id.optional().catch(undefined),
  unsigned: Loose.optional().catch(undefined),
});
export type RoomEvent = z.infer<typeof RoomEvent>;

const Relation = part({
  rel_type: z.string().max(255).optional().catch(undefined),
  event_id: Id.optional().catch(undefined),
  key: z.string().max(128).optional().catch(undefined),
  is_falling_back: z.boolean().optional().catch(undefined),
  "m.in_reply_to": part({ event_id: Id }).optional().catch(undefined),
});

/** EncryptedFile of the specification, version 2. */
export const EncryptedFile = part({
  v: z.literal("v2"),
  url: z.string().max(2048),
  key: part({ alg: z.literal("A256CTR"), k: z.string().max(128) }),
  iv: z.string().max(128),
  hashes: part({ sha256: z.string().max(128) }),
});
export type EncryptedFile = z.infer<typeof EncryptedFile>;

const Info = part({
  mimetype: z.string().max(128).optional().catch(undefined),
  size: z.number().int().min(0).optional().catch(undefined),
});

export const MessageContent = part({
  msgtype: z.string().max(64).catch(""),
  body: z.string().max(TEXT_BYTES_MAX).catch(""),
  filename: z.string().max(1024).optional().catch(undefined),
  url: z.string().max(2048).optional().catch(undefined),
  file: EncryptedFile.optional().catch(undefined),
  info: Info.optional().catch(undefined),
  "m.relates_to": Relation.optional().catch(undefined),
  "m.mentions": part({ user_ids: z.array(Id).max(1000).catch([]) })
    .optional()
    .catch(undefined),
  "m.new_content": Loose.optional().catch(undefined),
});
export type MessageContent = z.infer<typeof MessageContent>;
