/** Bits of how a token is written; CAPITAL: its first letter is one. OPENS: a sentence begins with it. */
export const SHAPE = {
  LOWER: 1,
  UPPER: 2,
  DIGIT: 4,
  WIDE: 8,
  UNDERSCORE: 16,
  APOSTROPHE: 32,
  CAPITAL: 64,
  OPENS: 128,
} as const;

/** Bits of what a word may mean. */
export const FLAG = {
  /** An ordinary lower-case word of the lexicon. */
  ORDINARY: 1,
  /** A given name or surname of the lexicon. */
  NAME: 2,
  /** In one of the closed lists. */
  CLOSED: 4,
  /** Articles, pronouns, prepositions, common verbs: never part of a name unless it is also NAME. */
  FUNCTION: 8,
  /** mr, frau, don */
  TITLE: 16,
  /** street, calle, weg */
  STREET: 32,
  /** apt, suite, box */
  UNIT: 64,
  /** inc, gmbh */
  ORG: 128,
  MONTH: 256,
  /** Written with a capital or in capitals without naming anybody: Monday, English, PDF. */
  CAPITAL_OK: 512,
  /** A country, state or big city of the closed list, or a word of one. */
  PLACE: 1024,
  /** What a person does in the next word: "mark said", "rose is". */
  DOES: 2048,
  /** What is followed by a person: "ask mark", "with rose". */
  TAKES_PERSON: 4096,
  /** "hi mark", "thanks rose" */
  GREETING: 8192,
  /** de, van, bin: inside a name or an address. */
  PARTICLE: 16384,
  /** password, pin, code */
  SECRET_CUE: 32768,
  CODE_CUE: 65536,
  /** Words after a number that make it an amount, a duration or a count. */
  MEASURE: 131072,
  /** Says that an address follows: lives, address. */
  ADDRESS_CUE: 262144,
  BIRTH_CUE: 524288,
  /** Words so common that they are names only in a firm frame: will, may, hope. */
  SHY_NAME: 1048576,
  POSSESSIVE: 2097152,
  /** Holds a digit or an underscore: no word. */
  NUMERIC: 4194304,
  PHONE_CUE: 8388608,
  /** is, was, ist, est: between a cue and its value. */
  COPULA: 16777216,
  ID_CUE: 33554432,
  /** A word that is a given name too: mark, rose, dawn. */
  GIVEN: 67108864,
  /** The first word of a place of several words. */
  PLACE_HEAD: 134217728,
  /** "dot", in an address that is spelled out. */
  DOT_WORD: 268435456,
  /** bank, school: part of an organisation's name beside a name. */
  ORG_NOUN: 536870912,
} as const;
