/** Limits of the policy room. Over any of them a pack is refused; nothing is cut short in silence. */
export const PACK_BYTES_MAX = 262_144;
export const PACK_DEPTH_MAX = 32;
/** Bounds the time of reading: the parser needs about 10 microseconds for each. */
export const PACK_TOKENS_MAX = 40_000;
export const PACKS_MAX = 32;
export const RULES_MAX = 512;
export const VALUES_MAX = 256;
export const TESTS_MAX = 2_000;
export const GROUPS_MAX = 64;
export const WORD_CHARS_MAX = 253;
export const BECAUSE_CHARS_MAX = 280;
export const ERRORS_MAX = 50;
export const FRAGMENTS_MAX = 20_000;
export const COUNTER_MAX = 1_000_000_000;
export const EXTENDS_DEPTH_MAX = 8;
export const ROUTES_MAX = 4;
