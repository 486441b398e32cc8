/** Every limit of the program, the unit last in its name. Changing one is a line in the changelog. */

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

// Identifiers and inbound events (CONTRACT section 2)
export const TEXT_BYTES_MAX = 64 * KIB;
export const ATTACHMENT_BYTES_MAX = 4 * MIB;
export const ATTACHMENTS_MAX = 10;
export const MEMBERS_MAX = 5000;
export const CONVERSATION_BYTES_MAX = 1 * GIB;
export const SENDER_EVENTS_PER_MINUTE_MAX = 120;
export const DELIVERY_MEMORY_MS = 30 * DAY_MS;
export const SESSION_IDLE_MS_MAX = 30 * DAY_MS;
export const REJECTED_ENTRY_WINDOW_MS = 10 * MINUTE_MS;

// Retention (sections 4 and 12)
export const TTL_DEFAULT_MS = 7 * DAY_MS;
export const HOUSEKEEPING_INTERVAL_MS = 1 * MINUTE_MS;

// Tiers (section 3)
export const TIER_A_FIELD_BITS_MAX = 64;
export const TIER_A_RUN_BITS_MAX = 2000;
export const TIER_A_DAY_BITS_MAX = 20_000;
export const TIER_B_FIELD_CHARS_MAX = 280;
export const TIER_B_RUN_CHARS_MAX = 2000;
export const TIER_B_DAY_CHARS_MAX = 10_000;
export const TIER_R_CHARS_MAX = 4000;
export const JUSTIFICATION_CHARS_MAX = 200;
export const REPLY_CHARS_MAX = 16_000;
export const NAMES_PUT_BACK_MAX = 20;
export const PSEUDONYMS_PER_RUN_MAX = 2000;
export const RANGE_MESSAGES_MAX = 1000;
export const EARLIER_REQUESTS_MAX = 6;
export const EARLIER_CHARS_MAX = 1000;

// Approvals (section 7)
export const APPROVAL_INTERACTIVE_MS = 30 * MINUTE_MS;
export const APPROVAL_BACKGROUND_MS = 1 * DAY_MS;
export const APPROVAL_CODE_TRIES_MAX = 5;
export const APPROVALS_PER_RUN_MAX = 20;
export const APPROVALS_PER_DAY_MAX = 100;
export const APPROVALS_PER_HOUR_MAX = 30;
export const APPROVALS_OPEN_MAX = 20;
export const GRANT_MS_MAX = 30 * DAY_MS;
export const GRANT_USES_MAX = 100;
/** One for each digit that a reaction can say. */
export const PLAN_STEPS_MAX = 9;
export const APPROVAL_PROMPT_CHARS_MAX = 6000;
export const PAIRING_MS = 10 * MINUTE_MS;
export const PAIRING_TRIES_MAX = 5;

// Runs (section 8)
export const RUN_AGE_MS_MAX = 7 * DAY_MS;
export const QUEUED_RUNS_PER_SESSION_MAX = 8;
export const AGENT_YIELD_MS = 20 * SECOND_MS;
/** A sign within three seconds, a word within ten: with room for the way. */
export const SIGN_MS = 2.5 * SECOND_MS;
export const PROGRESS_MS = 9 * SECOND_MS;
/** How often the word says how far it is. */
export const PROGRESS_EDIT_MS = 15 * SECOND_MS;
export const TRANSFORM_MS_MAX = 10 * SECOND_MS;
export const FOLLOWUPS_PER_SESSION_MAX = 20;
export const FOLLOWUPS_PER_PERSON_MAX = 50;
/** A year ahead is a plan; more is a mistake. */
export const FOLLOWUP_AHEAD_MS_MAX = 366 * DAY_MS;
/** What repeats ends after so long, and says so. */
export const FOLLOWUP_REPEATS_MS_MAX = 30 * DAY_MS;
/** No oftener than this. */
export const FOLLOWUP_EVERY_MS_MIN = 15 * MINUTE_MS;
/** Later than this is late enough to be said. */
export const FOLLOWUP_LATE_MS = 5 * MINUTE_MS;
export const FOLLOWUP_KEPT_AFTER_MS = 1 * DAY_MS;
export const NOTE_CHARS_MAX = 1000;
export const NOTE_MS = 30 * DAY_MS;
export const NOTES_PER_SESSION_MAX = 50;
export const CLOCK_STEP_MS = 5 * MINUTE_MS;
export const CLOCK_LEAP_MS = 48 * HOUR_MS;

// Models (section 5)
export const MODEL_ANSWER_BYTES_MAX = 1 * MIB;
export const MODEL_MS_DEFAULT = 40 * SECOND_MS;
export const MODEL_TOKENS_IN_DEFAULT = 16_384;
export const MODEL_TOKENS_OUT_DEFAULT = 2048;
/** Of a run's time, kept for the answer without a model. */
export const MODEL_SPARE_MS = 12 * SECOND_MS;
export const MODEL_BATCHES_MAX = 16;
export const MODEL_TURNS_MAX = 24;
export const POOL_DAY_STEPS_MAX = 500;
/** What the tenant has of what one conversation has. */
export const POOL_TENANT_TIMES = 5;
export const POOL_DAY_TOKENS_MAX = 1_000_000;
export const POOL_DAY_COST_MICROS_MAX = 2_000_000;

// Store and ledger (sections 4 and 11)
export const BATCHES_PER_COMMIT_MAX = 128;
export const CHECKPOINT_ENTRIES = 1000;
export const CHECKPOINT_INTERVAL_MS = 10 * MINUTE_MS;
export const ENTRY_BYTES_MAX = 16 * KIB;
export const STREAM_CHUNK_BYTES = 64 * KIB;

// Doors (section 13)
export const PORT_DEFAULT = 7717;
export const BODY_BYTES_MAX = 64 * KIB;
export const HOOK_BODY_BYTES_MAX = 8 * MIB;
export const HOOK_SKEW_SECONDS_MAX = 300;
export const HOOK_WAIT_SECONDS_MAX = 30;
export const INVOCATION_WAIT_SECONDS_MAX = 25;
export const AUTH_FAILURES_PER_MINUTE_MAX = 10;
export const AUTH_LOCK_MS_MIN = 1 * MINUTE_MS;
export const AUTH_LOCK_MS_MAX = 15 * MINUTE_MS;
export const TOKEN_CHARS_MAX = 256;
export const LOCAL_BODY_BYTES_MAX = 8 * MIB;
export const HOOK_BYTES_IN_FLIGHT_MAX = 32 * MIB;
export const HEADER_BYTES_MAX = 16 * KIB;
export const HEADERS_MAX = 64;
export const HEADERS_MS_MAX = 5 * SECOND_MS;
export const REQUEST_MS_MAX = 30 * SECOND_MS;
export const SOCKET_AUTH_MS_MAX = 2 * SECOND_MS;
export const SOCKET_PATH_BYTES_MAX = 103;
export const EVENT_STREAMS_PER_TOKEN_MAX = 8;
export const EVENT_SEND_MS_MAX = 10 * SECOND_MS;
export const EVENT_PING_MS = 20 * SECOND_MS;
export const IDEMPOTENCY_KEYS_MAX = 1000;
export const IDEMPOTENCY_MS = 1 * DAY_MS;
export const SOCKETS_MAX = 64;
/** A run that was handed to an agent and in which nothing happened for so long is handed out again. */
export const RUN_LEASE_MS = 2 * MINUTE_MS;
export const MCP_INSTRUCTIONS_BYTES_MAX = 2 * KIB;
export const MCP_NESTING_MAX = 32;
export const MCP_BATCH_MAX = 16;
export const MCP_SESSIONS_MAX = 256;
export const MCP_SESSIONS_PER_TOKEN_MAX = 32;
export const MCP_SESSION_IDLE_MS = 1 * DAY_MS;
export const MCP_CALLS_PER_TOKEN_MAX = 16;
export const MCP_CACHE_MS = 1 * MINUTE_MS;
export const FRAME_BYTES_MAX = 64 * KIB;
export const SECRET_BYTES_MAX = 64 * KIB;
export const HOOK_SECRET_BYTES_MIN = 32;
export const HOOK_ITEMS_MAX = 100;
export const HOOK_POLLS_MAX = 4;
export const RAW_ID_CHARS_MAX = 1024;
/** Far more brackets than a full text can hold, far fewer than make a parser slow. */
export const HOOK_BRACKETS_MAX = 2 * TEXT_BYTES_MAX;

// Between a sender who waits for our word and the commit (section 13: 202 only after it)
export const WAITING_EVENTS_MAX = 1024;
export const WAITING_BYTES_MAX = 64 * MIB;
export const WAITING_MS_MAX = 20 * SECOND_MS;
export const DELIVERIES_REMEMBERED_MAX = 4096;
export const SHUTDOWN_MS_MAX = 25 * SECOND_MS;

// Requests to the outside (section 9)
export const HTTP_URL_CHARS_MAX = 2048;
export const HTTP_HEADERS_MAX = 32;
export const HTTP_HEADER_CHARS_MAX = 4096;
export const HTTP_BODY_BYTES_MAX = 64 * KIB;
export const HTTP_ANSWER_BYTES_MAX = 256 * KIB;
export const HTTP_MS_MAX = 15 * SECOND_MS;
export const HTTP_ADDRESSES_MAX = 16;
export const HTTP_CONNECTS_MAX = 3;

// The network wall (section 9): what is not a proxy's request, and how much of it there may be at once
export const WALL_CONNECTIONS_MAX = 64;
export const WALLS_MAX = 16;
/** The least that is booked at a time: a byte at a time would fill the ledger. */
export const WALL_BYTES_MIN = 4 * KIB;
export const WALL_HOLD_MS_MAX = 10 * SECOND_MS;
/** Refusals of one kind become one entry in so much time. */
export const WALL_REFUSALS_WINDOW_MS = 1 * MINUTE_MS;

// Worker threads for transforms (section 5)
export const TRANSFORM_WORKERS_MAX = 2;
export const TRANSFORM_QUEUE_MAX = 64;
export const TRANSFORM_START_MS_MAX = 20 * SECOND_MS;
/** A thread without a call for so long ends, and its memory with it: longer than people think before the next line. */
export const TRANSFORM_IDLE_MS_MAX = 300 * SECOND_MS;
export const TRANSFORM_HEAP_MIB_MAX = 256;
export const TRANSFORM_STACK_MIB_MAX = 4;

// Files that are read (section 5): in a child behind walls, each of these counted there
export const FILE_TEXT_CHARS_MAX = 200_000;
export const FILE_PAGES_MAX = 200;
export const FILE_NESTING_MAX = 64;
export const FILE_INFLATED_BYTES_MAX = 32 * MIB;
export const FILE_PART_BYTES_MAX = 16 * MIB;
export const FILE_RATIO_MAX = 200;
export const FILE_STEPS_MAX = 4_000_000;
export const ZIP_ENTRIES_MAX = 500;
export const CSV_FIELD_CHARS_MAX = 10_000;
export const CSV_FIELDS_MAX = 256;
export const FILE_MS_MAX = 8 * SECOND_MS;
/** For a probe of the walls: a machine may be busy when it starts. */
export const FILE_PROBE_MS_MAX = 30 * SECOND_MS;
export const FILE_CPU_SECONDS_MAX = 5;
export const FILE_DATA_BYTES_MAX = 768 * MIB;
export const FILE_ANSWER_BYTES_MAX = 2 * MIB;
export const FILES_WAITING_MAX = 8;
