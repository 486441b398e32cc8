/** Addresses of the web: URLs, and domains with a known ending that stand alone. */

import type { Findings } from "./findings.ts";
import { FLAG, SHAPE } from "./flags.ts";
import { wordSet } from "./word-set.ts";

const GENERIC = `
  com org net io edu gov mil int info biz name app dev page xyz online site website store shop tech cloud blog
  club live news link click chat social email agency studio design digital media group world today space fun top
  vip wiki work life zone host press team tools onion local test example invalid localhost arpa eu asia tv
`;
const COUNTRIES = `
  ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd
  cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et fi fj fk fm fo fr ga gd ge
  gf gg gh gi gl gm gn gp gq gr gt gu gy hk hm hn hr ht hu id ie il im in iq ir is it je jm jo jp ke kg kh ki km
  kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx
  my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb
  sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug
  uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
`;
const ENDINGS = wordSet(`${GENERIC} ${COUNTRIES}`);

export function isDomainEnding(word: string): boolean {
  return ENDINGS.has(word.toLowerCase());
}

const STOPS = Uint8Array.from({ length: 128 }, (_, code) =>
  code <= 32 || '<>"`{}|\\^'.includes(String.fromCharCode(code)) ? 1 : 0,
);
const WIDE_STOP = /[\s\u201c\u201d]/;
const TRAILING = /[.,;:!?'\u2019*_~\u2026]/;

/**
 * Where a link that begins at `from` ends: before white space or a sign no link holds, without the sentence's
 * own punctuation.
 */
function linkEnd(text: string, from: number): number {
  let end = from;
  let open = 0;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    const sign = text[end] ?? "";
    if (code < 128 ? STOPS[code] === 1 : WIDE_STOP.test(sign)) break;
    if (sign === "(") open++;
    if (sign === ")" && --open < 0) break;
    if (sign === "]" || sign === "[") break;
    end++;
  }
  while (end > from && TRAILING.test(text[end - 1] ?? "")) end--;
  return end;
}

/** `scheme://…` and `www.…` at this token. Returns the first token behind the link, or 0. */
export function urlAt(findings: Findings, token: number): number {
  const { text, start, end, shape } = findings.tokens;
  const from = start[token] ?? 0;
  const to = end[token] ?? 0;
  if (text.startsWith("://", to)) return findings.fix(token, from, linkEnd(text, to + 3), "URL");
  const www = to - from === 3 && text[to] === "." && text.slice(from, to).toLowerCase() === "www";
  if (!www || (shape[token + 1] ?? 0) === 0 || start[token + 1] !== to + 1) return 0;
  return findings.fix(token, from, linkEnd(text, to), "URL");
}

const DOMAIN =
  /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}([\p{L}][\p{L}\p{N}-]{1,23})(?![\p{L}\p{N}_@-])/uy;
const PATH_OR_PORT = /(?::\d{1,5})?(?=[/?#]|$|[^\d])/y;

/**
 * A bare domain at this token, with port and path. "done.so" and "see.it" are a forgotten space, unless a path
 * follows or a third label. Returns the first token behind it, or 0.
 */
export function domainAt(findings: Findings, token: number): number {
  const { text, start, end, shape, flags } = findings.tokens;
  const from = start[token] ?? 0;
  if (text[end[token] ?? 0] !== "." && text[end[token] ?? 0] !== "-") return 0;
  if (from > 0 && /[\p{L}\p{N}._@-]/u.test(text[from - 1] ?? "")) return 0;
  DOMAIN.lastIndex = from;
  const found = DOMAIN.exec(text);
  const ending = found?.[1];
  if (found === null || ending === undefined || !isDomainEnding(ending)) return 0;
  const close = from + found[0].length;
  PATH_OR_PORT.lastIndex = close;
  const port = PATH_OR_PORT.exec(text)?.[0].length ?? 0;
  const path = text[close + port] === "/" && !/\s/.test(text[close + port + 1] ?? " ");
  if (!path && looksLikeSentence(found[0], ending, flags[token] ?? 0, shape[token] ?? 0)) return 0;
  return findings.fix(token, from, path ? linkEnd(text, close + port) : close + port, "URL");
}

const WORDS_TOO = wordSet(`
  so is it to be me no in at us am do my by as an id pm la de es et se si st re work name live news link page
  today life fun top team press group world
`);

function looksLikeSentence(domain: string, ending: string, flags: number, shape: number): boolean {
  if (domain.split(".").length > 2) return false;
  if (/^\p{Lu}\p{Ll}/u.test(ending)) return true;
  const word = (flags & (FLAG.ORDINARY | FLAG.CLOSED)) !== 0 && (shape & SHAPE.DIGIT) === 0;
  return word && WORDS_TOO.has(ending.toLowerCase());
}
