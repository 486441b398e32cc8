/** The text that the operators of a page draw (ISO 32000-1, 8.4, 8.10, 9). Pictures are passed over. Pure. */
import { latin1 } from "./bytes.ts";
import type { Meter } from "./meter.ts";
import type { PdfFile } from "./pdf-file.ts";
import { PdfFont } from "./pdf-font.ts";
import { type Dict, isList, isText, isWord, Lexer, nameOf, type Value } from "./pdf-lexer.ts";
import type { Lines } from "./pdf-lines.ts";

type Matrix = readonly [number, number, number, number, number, number];
const ONE: Matrix = [1, 0, 0, 1, 0, 0];
const times = (m: Matrix, n: Matrix): Matrix => [
  m[0] * n[0] + m[1] * n[2],
  m[0] * n[1] + m[1] * n[3],
  m[2] * n[0] + m[3] * n[2],
  m[2] * n[1] + m[3] * n[3],
  m[4] * n[0] + m[5] * n[2] + n[4],
  m[4] * n[1] + m[5] * n[3] + n[5],
];

type State = {
  readonly page: Matrix;
  readonly font: PdfFont | null;
  readonly size: number;
  readonly letters: number;
  readonly words: number;
  readonly scale: number;
  readonly leading: number;
  readonly rise: number;
};
const START: State = { page: ONE, font: null, size: 1, letters: 0, words: 0, scale: 1, leading: 0, rise: 0 };
const STATES_MAX = 64;
const FORMS_DEEP_MAX = 8;
const OPERANDS_MAX = 64;

/** Fonts are read once a file. */
export type Fonts = Map<Value, PdfFont>;

export class PageReader {
  readonly #file: PdfFile;
  readonly #fonts: Fonts;
  readonly #lines: Lines;
  readonly #meter: Meter;
  #state: State = START;
  #stack: State[] = [];
  #text: Matrix = ONE;
  #line: Matrix = ONE;

  constructor(file: PdfFile, fonts: Fonts, lines: Lines, meter: Meter) {
    this.#file = file;
    this.#fonts = fonts;
    this.#lines = lines;
    this.#meter = meter;
  }

  read(content: Uint8Array, resources: Dict | null, depth = 0): void {
    const lexer = new Lexer(latin1(content), 0, this.#meter);
    let given: Value[] = [];
    for (let value = lexer.next(); value !== undefined && !this.#lines.isFull; value = lexer.next()) {
      if (!isWord(value)) {
        if (given.length < OPERANDS_MAX) given.push(value);
        continue;
      }
      if (value.word === "BI") skipPicture(lexer);
      else this.#operate(value.word, given, resources, depth);
      given = [];
    }
  }

  #operate(word: string, given: readonly Value[], resources: Dict | null, depth: number): void {
    const number = (at: number): number => this.#file.number(given[at], 0);
    switch (word) {
      case "q":
        if (this.#stack.length < STATES_MAX) this.#stack.push(this.#state);
        return;
      case "Q":
        this.#state = this.#stack.pop() ?? this.#state;
        return;
      case "cm":
        this.#state = { ...this.#state, page: times(matrixOf(given, this.#file), this.#state.page) };
        return;
      case "BT":
        this.#text = this.#line = ONE;
        return;
      case "Tf":
        this.#state = { ...this.#state, font: this.#fontBy(given[0], resources), size: number(1) };
        return;
      case "Tc":
        this.#state = { ...this.#state, letters: number(0) };
        return;
      case "Tw":
        this.#state = { ...this.#state, words: number(0) };
        return;
      case "Tz":
        this.#state = { ...this.#state, scale: number(0) / 100 };
        return;
      case "TL":
        this.#state = { ...this.#state, leading: number(0) };
        return;
      case "Ts":
        this.#state = { ...this.#state, rise: number(0) };
        return;
      case "Do":
        this.#form(given[0], resources, depth);
        return;
      default:
        this.#draw(word, given, number);
    }
  }

  #draw(word: string, given: readonly Value[], number: (at: number) => number): void {
    switch (word) {
      case "Td":
        this.#move(number(0), number(1));
        return;
      case "TD":
        this.#state = { ...this.#state, leading: -number(1) };
        this.#move(number(0), number(1));
        return;
      case "Tm":
        this.#text = this.#line = matrixOf(given, this.#file);
        return;
      case "T*":
        this.#move(0, -this.#state.leading);
        return;
      case "Tj":
        this.#show(given[0]);
        return;
      case "'":
        this.#move(0, -this.#state.leading);
        this.#show(given[0]);
        return;
      case '"':
        this.#state = { ...this.#state, words: number(0), letters: number(1) };
        this.#move(0, -this.#state.leading);
        this.#show(given[2]);
        return;
      case "TJ":
        for (const item of isList(given[0]) ? given[0] : []) {
          if (typeof item === "number") this.#advance((-item / 1000) * this.#state.size * this.#state.scale);
          else this.#show(item);
        }
    }
  }

  #move(x: number, y: number): void {
    this.#text = this.#line = times([1, 0, 0, 1, x, y], this.#line);
  }

  #advance(x: number): void {
    this.#text = times([1, 0, 0, 1, x, 0], this.#text);
  }

  #show(value: Value | undefined): void {
    const { font, size, letters, words, scale, rise, page } = this.#state;
    if (!isText(value) || font === null) return;
    for (const { text, width, isSpace } of font.glyphs(value.bytes)) {
      this.#meter.step();
      const [a, b, c, d, x, y] = times(times([size * scale, 0, 0, size, 0, rise], this.#text), page);
      const long = Math.hypot(a, b) || 1;
      const [right, up] = [a / long, b / long];
      const place = { along: x * right + y * up, across: y * right - x * up, size: Math.hypot(c, d) };
      this.#lines.add(text, { ...place, width: (width / 1000) * long });
      this.#advance(((width / 1000) * size + letters + (isSpace ? words : 0)) * scale);
    }
  }

  #fontBy(name: Value | undefined, resources: Dict | null): PdfFont | null {
    const dict = this.#file.dict(this.#file.dict(resources?.get("Font"))?.get(nameOf(name) ?? ""));
    if (dict === null) return null;
    const font = this.#fonts.get(dict) ?? new PdfFont(this.#file, dict, this.#meter);
    this.#fonts.set(dict, font);
    return font;
  }

  /** A drawing inside the drawing, with matrix and resources of its own. */
  #form(name: Value | undefined, resources: Dict | null, depth: number): void {
    const object = this.#file.dict(resources?.get("XObject"))?.get(nameOf(name) ?? "");
    const dict = this.#file.dict(object);
    if (dict === null || depth >= FORMS_DEEP_MAX || nameOf(this.#file.get(dict.get("Subtype"))) !== "Form") return;
    const content = this.#file.data(object);
    if (content === null) return;
    const [state, stack] = [this.#state, this.#stack];
    const own = dict.get("Matrix");
    const matrix = own === undefined ? ONE : matrixOf(this.#file.list(own), this.#file);
    this.#state = { ...state, page: times(matrix, state.page) };
    this.#stack = [];
    this.read(content, this.#file.dict(dict.get("Resources")) ?? resources, depth + 1);
    [this.#state, this.#stack] = [state, stack];
  }
}

const matrixOf = (given: readonly Value[], file: PdfFile): Matrix => {
  const at = (n: number): number => file.number(given[n], 0);
  return [at(0), at(1), at(2), at(3), at(4), at(5)];
};

const END_OF_PICTURE = /[\0\t\n\f\r ]EI(?=[\0\t\n\f\r ]|$)/g;

/** A picture in the stream itself: its bytes are no operators. */
function skipPicture(lexer: Lexer): void {
  END_OF_PICTURE.lastIndex = lexer.at;
  const end = END_OF_PICTURE.exec(lexer.source);
  lexer.at = end === null ? lexer.source.length : end.index + end[0].length;
}
