/** The little English grammar that reported speech needs: contractions, third person, the past of irregular verbs. */

const IRREGULAR =
  "be was been,become became become,begin began begun,blow blew blown,break broke broken,bring brought " +
  "brought,build built built," +
  "burn burnt burnt,buy bought bought,catch caught caught,choose chose chosen,come came come,cut cut cut," +
  "deal dealt dealt,do did done," +
  "draw drew drawn,drink drank drunk,drive drove driven,eat ate eaten,fall fell fallen,feed fed fed,feel " +
  "felt felt,fight fought fought," +
  "find found found,fly flew flown,forget forgot forgotten,get got got,give gave given,go went gone,grow " +
  "grew grown,hang hung hung," +
  "have had had,hear heard heard,hide hid hidden,hit hit hit,hold held held,hurt hurt hurt,keep kept kept," +
  "know knew known,lead led led," +
  "learn learnt learnt,leave left left,lend lent lent,let let let,lie lay lain,lose lost lost,make made " +
  "made,mean meant meant," +
  "meet met met,pay paid paid,put put put,quit quit quit,read read read,ride rode ridden,ring rang rung," +
  "run ran run,say said said," +
  "see saw seen,sell sold sold,send sent sent,set set set,shake shook shaken,show showed shown,shut shut " +
  "shut,sing sang sung,sit sat sat," +
  "sleep slept slept,speak spoke spoken,spend spent spent,stand stood stood,steal stole stolen,swim swam " +
  "swum,take took taken," +
  "teach taught taught,tell told told,think thought thought,throw threw thrown,understand understood " +
  "understood,wake woke woken," +
  "wear wore worn,win won won,write wrote written";

const PAST_OF = new Map<string, string>();
const PAST = new Set<string>();
const PARTICIPLES = new Set<string>(["been"]);
for (const row of IRREGULAR.split(",")) {
  const [base = "", past = "", participle = ""] = row.split(" ");
  PAST_OF.set(base, past);
  if (past !== base) PAST.add(past);
  PARTICIPLES.add(participle);
}

export const MODALS = new Set(
  "can could will would shall should may might must cannot ought had did better used".split(" "),
);
const BE = new Set("am are is was were".split(" "));

/** Adverbs that may stand between a subject and its verb. */
export const ADVERBS = new Set(
  (
    "really just first also always never still usually often already probably only even actually certainly " +
    "definitely almost ever sometimes " +
    "simply totally completely maybe perhaps recently finally truly absolutely hardly rarely now currently " +
    "personally honestly kind sort"
  ).split(" "),
);

/** Words with which a spoken imperative usually begins. */
export const IMPERATIVES = new Set(
  (
    "add ask avoid be bring buy call change check choose clean click close collect come confirm contact " +
    "continue cook copy cut do double drink " +
    "drive drop eat email ensure enjoy enter explain fill find finish fix follow forget get give go grab " +
    "help hold invite join keep leave let " +
    "lend listen look mail make meet move note open order pack pass pay pick place plan play post prepare " +
    "print push put read remember " +
    "remind remove reply report reserve return ring run save say schedule see sell send set share show " +
    "sign sit stay stop submit take talk " +
    "tell text think throw tidy try turn update upload use wait wake walk wash watch water wear work write " +
    "order book review ping arrange " +
    "organise organize cancel approve deploy test merge schedule renew feed return"
  ).split(" "),
);

/** "go" → "goes". */
export function thirdPerson(verb: string): string {
  const lower = verb.toLowerCase();
  if (lower === "have") return "has";
  if (lower === "be" || lower === "am" || lower === "are") return "is";
  if (lower === "do" || lower === "go") return `${lower}es`;
  if (/(?:s|x|z|ch|sh)$/u.test(lower)) return `${verb}es`;
  if (/[^aeiou]y$/u.test(lower)) return `${verb.slice(0, -1)}ies`;
  return `${verb}s`;
}

/** "go" → "went", "stop" → "stopped". */
export function pastOf(verb: string): string {
  const lower = verb.toLowerCase();
  const irregular = PAST_OF.get(lower);
  if (irregular !== undefined) return irregular;
  if (lower.endsWith("e")) return `${lower}d`;
  if (/[^aeiou]y$/u.test(lower)) return `${lower.slice(0, -1)}ied`;
  if (/^[^aeiou]*[aeiou][bdgmnprt]$/u.test(lower)) return `${lower}${lower.at(-1)}ed`;
  return `${lower}ed`;
}

/** "taking" of "take". */
export function gerundOf(verb: string): string {
  const lower = verb.toLowerCase();
  if (lower === "be") return "being";
  if (/[^aeiou]ie$/u.test(lower)) return `${lower.slice(0, -2)}ying`;
  if (/[^eoy]e$/u.test(lower)) return `${lower.slice(0, -1)}ing`;
  if (/^[^aeiou]*[aeiou][bdgmnprt]$/u.test(lower)) return `${lower}${lower.at(-1)}ing`;
  return `${lower}ing`;
}

export const isPast = (word: string): boolean =>
  PAST.has(word) || (/[^e]ed$/u.test(word) && word.length > 4 && word !== "need");
export const isParticiple = (word: string): boolean => PARTICIPLES.has(word) || isPast(word);
export const isBe = (word: string): boolean => BE.has(word);

/** A verb as the third person singular needs it; modals and past forms stay. */
export function agree(verb: string): string {
  const lower = verb.toLowerCase();
  if (lower === "am" || lower === "are") return "is";
  if (lower === "were") return "was";
  if (MODALS.has(lower) || BE.has(lower) || isPast(lower) || lower === "has" || lower === "does") return verb;
  return thirdPerson(verb);
}

const CHAT = new Map<string, string>(
  Object.entries({
    im: "I am",
    ive: "I have",
    dont: "do not",
    doesnt: "does not",
    didnt: "did not",
    cant: "cannot",
    wont: "will not",
    isnt: "is not",
    thats: "that is",
    whats: "what is",
    u: "you",
    ur: "your",
    r: "are",
    pls: "please",
    plz: "please",
    thx: "thanks",
    gonna: "going to",
    wanna: "want to",
    gotta: "have to",
    gimme: "give me",
    lemme: "let me",
    ain: "is not",
    cuz: "because",
    coz: "because",
    bc: "because",
    abt: "about",
    tmrw: "tomorrow",
    "y'all": "you all",
    "o'clock": "o'clock",
    "ma'am": "madam",
    "can't": "cannot",
    "won't": "will not",
    "shan't": "shall not",
    "let's": "let us",
    "ain't": "is not",
    "'cause": "because",
  }),
);

const ENDINGS: readonly (readonly [string, string])[] = [
  ["n't", " not"],
  ["'re", " are"],
  ["'ve", " have"],
  ["'ll", " will"],
  ["'m", " am"],
];

/** Words after which `'s` is "is". */
const IS_AFTER = new Set(
  "it that this there here what where who how when why he she everything something nothing everyone".split(" "),
);

function expand(word: string, next: string): string {
  const lower = word.toLowerCase();
  const chat = CHAT.get(lower);
  if (chat !== undefined) return chat;
  for (const [ending, full] of ENDINGS) {
    if (lower.endsWith(ending) && lower.length > ending.length) return word.slice(0, -ending.length) + full;
  }
  if (lower.endsWith("'d") && lower.length > 2) {
    return `${word.slice(0, -2)} ${next === "better" || isParticiple(next) ? "had" : "would"}`;
  }
  if (lower.endsWith("'s") && IS_AFTER.has(lower.slice(0, -2))) {
    return `${word.slice(0, -2)} ${next === "been" || next === "got" ? "has" : "is"}`;
  }
  return word;
}

/** A combining mark belongs to its letter: torn off, it would make two words of one. */
const TOKEN = new RegExp(
  String.raw`\d{1,3}(?:,\d{3})+(?![\p{L}\p{N}])|[\p{L}\p{N}_][\p{L}\p{N}\p{M}_]*(?:['.:/&@+-][\p{L}\p{N}\p{M}_]+)*'?` +
    String.raw`|[^\s\p{L}\p{N}]`,
  "gu",
);

/** Words and marks of a sentence with contractions written out; `$` and `€` cling to their number. */
export function tokensOf(sentence: string): string[] {
  const raw = sentence.match(TOKEN) ?? [];
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 1) {
    const word = raw[i] ?? "";
    if (/^[$€£#@]$/u.test(word) && raw[i + 1] !== undefined) {
      out.push(word + raw[i + 1]);
      i += 1;
    } else {
      for (const part of expand(word, (raw[i + 1] ?? "").toLowerCase()).split(" ")) if (part !== "") out.push(part);
    }
  }
  return out;
}

/** Tokens as text again. */
export function joined(tokens: readonly string[]): string {
  return tokens
    .join(" ")
    .replace(/ ([,.;:!?%)\]])/gu, "$1")
    .replace(/([(]) /gu, "$1")
    .replace(/\s+'s\b/gu, "'s");
}
