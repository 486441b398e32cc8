/**
 * Text for a terminal: nothing that somebody wrote may move the cursor, hide itself or turn the writing around (threat
 * A11).
 */

/**
 * Controls but line break and tab, formats, bidi marks, tags and what else has no shape (general categories Cc, Cf,
 * Zl, Zp, Co, Cs); the joiner that emoji are made with is let through.
 */
const SHAPELESS = /(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/** Keeps line breaks and tabs; everything unprintable is shown as an escape. */
export const printable = (text: string): string => text.replaceAll("\r\n", "\n").replace(SHAPELESS, escaped);

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Style = keyof typeof STYLES;
export type Paint = (style: Style, text: string) => string;

/** Colours (SGR, ECMA-48 8.3.117) or, where they are not wanted, the text as it is. */
export const painter =
  (isColoured: boolean): Paint =>
  (style, text) =>
    isColoured ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;

const widthOf = (text: string): number => [...text].length;

/** Columns under their headings, two spaces between; numbers (a column whose every cell is one) to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const cells = rows.map((row) => row.map((cell) => printable(cell).replaceAll("\n", " ")));
  const widths = headings.map((heading, at) =>
    Math.max(...[heading, ...cells.map((row) => row[at] ?? "")].map(widthOf)),
  );
  const isNumber = headings.map((_, at) => cells.length > 0 && cells.every((row) => /^[\d,.]+$/.test(row[at] ?? "")));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => {
        const gap = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
        return isNumber[at] === true ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd();
  return [paint("dim", line(headings)), ...cells.map(line)].join("\n");
}

/** Names and what they stand for, one a line. */
export function pairs(entries: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...entries.map(([name]) => widthOf(name)));
  return entries
    .map(([name, value]) => {
      const [first = "", ...more] = printable(value).split("\n");
      const indent = " ".repeat(width + 2);
      return [
        paint("dim", name.padEnd(width)) + (first === "" ? "" : `  ${first}`),
        ...more.map((l) => indent + l),
      ].join("\n");
    })
    .join("\n");
}

/** Lines broken between words where the terminal ends; what follows a bullet stays under its text. */
export const wrapped = (text: string, columns: number): string =>
  text
    .split("\n")
    .flatMap((line) => {
      const indent = " ".repeat(/^(?:[•☐☑☒>] )*/.exec(line)?.[0].length ?? 0);
      const lines: string[] = [];
      for (const word of line.split(/(?<=\S) /)) {
        const last = lines.at(-1);
        if (last === undefined) lines.push(word);
        else if (widthOf(last) + 1 + widthOf(word) > columns) lines.push(indent + word);
        else lines[lines.length - 1] = `${last} ${word}`;
      }
      return lines;
    })
    .join("\n");

/** `1 message`, `12 messages`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** The first eight of an id's digits: enough to tell apart, and accepted wherever an id is. */
export const short = (id: string): string => id.replace(/^([a-z]+_[0-9a-f]{8})[0-9a-f]{24}$/, "$1");

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}
