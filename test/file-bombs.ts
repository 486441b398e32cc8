/** Files that somebody built to do harm, as recipes: each is made when it is needed, none is larger than 4 MiB. */
import { deflateSync } from "node:zlib";
import type { TextHint } from "../src/core/attachment.ts";
import { docxOf, drawn, HELVETICA, pageOf, paragraph, pdfOf, streamOf, TYPES, wordPart, zipOf } from "./file-craft.ts";

export type Bomb = {
  readonly name: string;
  readonly file: string;
  readonly make: () => Buffer;
  /** How it ends. `any`: whatever it is, it ends in time and small. */
  readonly ends: "refused" | "opaque" | "locked" | "broken" | "empty" | "any";
};

const MIB = 1024 * 1024;
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes, "a");
const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join("");
const laughs =
  '<!DOCTYPE lolz [<!ENTITY a "lol">' +
  lines(9, (n) => `<!ENTITY ${"bcdefghij"[n]} "${`&${"abcdefghi"[n]};`.repeat(10)}">`) +
  "]>";
const deepTree = (depth: number): string[] => [
  "<</Type/Catalog/Pages 2 0 R>>",
  ...Array.from({ length: depth }, (_, n) => `<</Type/Pages/Kids[${n + 3} 0 R]>>`),
];
const wideTree = (levels: number): string[] => [
  "<</Type/Catalog/Pages 2 0 R>>",
  ...Array.from({ length: levels }, (_, n) => `<</Type/Pages/Kids[${`${n + 3} 0 R `.repeat(10)}]>>`),
];
const map = (text: string): string => streamOf(text);
const MAPPED = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[<</DW 500>>]>>";

const ZIPS: readonly Bomb[] = [
  {
    name: "a part that says it is 64 MiB",
    file: "a.docx",
    ends: "refused",
    make: () => zipOf([TYPES, { name: "word/document.xml", plain: zeros(64 * MIB) }]),
  },
  {
    name: "a part that lies about its size",
    file: "a.docx",
    ends: "refused",
    make: () => zipOf([TYPES, { name: "word/document.xml", plain: zeros(64 * MIB), size: 1000 }]),
  },
  {
    name: "parts that lie in one another",
    file: "a.docx",
    ends: "refused",
    make: () => zipOf([TYPES, wordPart(paragraph("x")), { name: "word/footnotes.xml", plain: "x", shared: true }]),
  },
  { name: "zip in zip in zip", file: "a.zip", ends: "opaque", make: () => nested(12) },
  {
    name: "zip in a Word file",
    file: "a.docx",
    ends: "refused",
    make: () =>
      docxOf(paragraph("x"), [
        { name: "word/embeddings/a.zip", plain: zipOf([{ name: "b", plain: zeros(8 * MIB) }]), size: 200 * MIB },
      ]),
  },
  {
    name: "too many parts",
    file: "a.docx",
    ends: "refused",
    make: () =>
      docxOf(
        paragraph("x"),
        Array.from({ length: 600 }, (_, n) => ({ name: `word/media/${n}`, plain: "" })),
      ),
  },
  {
    name: "a name that climbs out",
    file: "a.docx",
    ends: "refused",
    make: () => docxOf(paragraph("x"), [{ name: "../../etc/cron.d/x", plain: "x" }]),
  },
  {
    name: "two parts of one name",
    file: "a.docx",
    ends: "refused",
    make: () => docxOf(paragraph("x"), [wordPart(paragraph("other"))]),
  },
  {
    name: "encrypted parts",
    file: "a.docx",
    ends: "locked",
    make: () => docxOf(paragraph("x"), [{ name: "x", plain: "x", flags: 1 }]),
  },
  {
    name: "something after the end",
    file: "a.docx",
    ends: "refused",
    make: () => zipOf([TYPES, wordPart(paragraph("x"))], "%PDF-1.4"),
  },
];

function nested(levels: number): Buffer {
  let inner: Buffer = zeros(MIB);
  for (let n = 0; n < levels; n++)
    inner = zipOf(Array.from({ length: 10 }, (_, at) => ({ name: `${at}.zip`, plain: inner })));
  return inner;
}

const DOCUMENTS: readonly Bomb[] = [
  {
    name: "billion laughs",
    file: "a.docx",
    ends: "refused",
    make: () => zipOf([TYPES, wordPart(paragraph("&j;"), laughs)]),
  },
  {
    name: "an entity from a file",
    file: "a.docx",
    ends: "refused",
    make: () => zipOf([TYPES, wordPart(paragraph("&x;"), '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>')]),
  },
  { name: "an entity that nobody declared", file: "a.docx", ends: "refused", make: () => docxOf(paragraph("&nbs;")) },
  {
    name: "a hundred thousand elements deep",
    file: "a.docx",
    ends: "refused",
    make: () => docxOf("<w:p>".repeat(100_000)),
  },
  { name: "a part that is no XML", file: "a.docx", ends: "broken", make: () => docxOf("<w:p attribute='never closed") },
  {
    name: "ten megabytes of cells",
    file: "a.docx",
    ends: "any",
    make: () => docxOf(`<w:tbl>${"<w:tr><w:tc><w:p/></w:tc></w:tr>".repeat(300_000)}</w:tbl>`),
  },
];

const PDFS: readonly Bomb[] = [
  {
    name: "a page packed twice",
    file: "a.pdf",
    ends: "refused",
    make: () =>
      pageOf(streamOf(Buffer.concat([Buffer.from("BT /F1 1 Tf "), Buffer.from("(aaaa) Tj ".repeat(6_000_000))]), 2)),
  },
  {
    name: "a chain of a hundred filters",
    file: "a.pdf",
    ends: "refused",
    make: () => pageOf(streamOf("x", 1).replace("/FlateDecode", "/FlateDecode".repeat(100))),
  },
  {
    name: "an object that is itself",
    file: "a.pdf",
    ends: "any",
    make: () => pdfOf(["2 0 R", "1 0 R", "<</Length 3 0 R>>stream\nx\nendstream"]),
  },
  {
    name: "pages that lead back",
    file: "a.pdf",
    ends: "empty",
    make: () => pdfOf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 1 0 R 2 0 R]>>"]),
  },
  { name: "a page tree ten thousand deep", file: "a.pdf", ends: "refused", make: () => pdfOf(deepTree(10_000)) },
  {
    name: "a page tree that doubles back ten times a level",
    file: "a.pdf",
    ends: "empty",
    make: () => pdfOf(wideTree(60)),
  },
  {
    name: "a hundred thousand pages",
    file: "a.pdf",
    ends: "any",
    make: () =>
      pdfOf([
        "<</Type/Catalog/Pages 2 0 R>>",
        `<</Type/Pages/Kids[${"<</Type/Page/Contents 3 0 R>> ".repeat(100_000)}]>>`,
        streamOf("x"),
      ]),
  },
  {
    name: "a drawing that draws itself",
    file: "a.pdf",
    ends: "refused",
    make: () =>
      pageOf(
        streamOf("/X Do ".repeat(2000)),
        HELVETICA,
        [streamOf("/X Do ".repeat(2000), 1, "/Subtype/Form/Resources<</XObject<</X 6 0 R>>>>")],
        "/XObject<</X 6 0 R>>",
      ),
  },
  { name: "lists a million deep", file: "a.pdf", ends: "refused", make: () => pdfOf(["[".repeat(1_000_000)]) },
  {
    name: "dictionaries a million deep",
    file: "a.pdf",
    ends: "refused",
    make: () => pdfOf(["<</A".repeat(1_000_000)]),
  },
  {
    name: "a map of four thousand million codes",
    file: "a.pdf",
    ends: "any",
    make: () =>
      pageOf(drawn("<0001> Tj"), MAPPED, [
        map(lines(200, (n) => `1 beginbfrange <00${n % 10}0> <FFFFFFFF> <0041> endbfrange\n`)),
      ]),
  },
  {
    name: "packed objects that are a thousand million",
    file: "a.pdf",
    ends: "any",
    make: () =>
      pdfOf([
        streamOf("1 0 2 0 3 0", 1, "/Type/ObjStm/N 1000000000/First 5"),
        streamOf("2 0", 1, "/Type/ObjStm/N 1/First 0/Extends 2 0 R"),
      ]),
  },
  {
    name: "a run of one byte, many times",
    file: "a.pdf",
    ends: "refused",
    make: () =>
      pageOf(`<</Filter[/RunLengthDecode/RunLengthDecode]>>stream\n${"\u0081a".repeat(1_000_000)}\nendstream`),
  },
  {
    name: "a row of a thousand million columns",
    file: "a.pdf",
    ends: "broken",
    make: () => pageOf(streamOf("x", 1, "/DecodeParms<</Predictor 12/Columns 1000000000>>")),
  },
  {
    name: "four megabytes of operators",
    file: "a.pdf",
    ends: "any",
    make: () => pageOf(`<<>>stream\n${"q ".repeat(1_900_000)}\nendstream`),
  },
  {
    name: "a string that never ends",
    file: "a.pdf",
    ends: "any",
    make: () => pageOf(`<<>>stream\nBT (${"(".repeat(3_500_000)}\nendstream`),
  },
  {
    name: "comments and nothing else",
    file: "a.pdf",
    ends: "any",
    make: () => Buffer.from(`%PDF-1.4\n${"1 0 obj %\n".repeat(380_000)}`),
  },
  {
    name: "widths for every code there could be",
    file: "a.pdf",
    ends: "any",
    make: () =>
      pageOf(drawn("<0001> Tj"), `<</Subtype/Type0/DescendantFonts[<</W[${"0 99999999 1 ".repeat(100_000)}]>>]>>`),
  },
];

const TEXTS: readonly Bomb[] = [
  { name: "JSON a million deep", file: "a.json", ends: "refused", make: () => Buffer.from("[".repeat(1_000_000)) },
  {
    name: "JSON a million deep and closed",
    file: "a.json",
    ends: "refused",
    make: () => Buffer.from(`${'{"a":'.repeat(500_000)}1${"}".repeat(500_000)}`),
  },
  {
    name: "a field of four megabytes",
    file: "a.csv",
    ends: "refused",
    make: () => Buffer.from(`a,"${"x".repeat(4_000_000)}"`),
  },
  {
    name: "a quote that is never closed",
    file: "a.csv",
    ends: "refused",
    make: () => Buffer.from(`a,"${'""'.repeat(1_900_000)}`),
  },
  {
    name: "a line of two million fields",
    file: "a.csv",
    ends: "refused",
    make: () => Buffer.from(",".repeat(2_000_000)),
  },
  {
    name: "a letter under a million accents",
    file: "a.txt",
    ends: "any",
    make: () => Buffer.from(`a${"\u0301\u0323".repeat(900_000)}`),
  },
  {
    name: "letters that become eighteen",
    file: "a.txt",
    ends: "any",
    make: () => Buffer.from("\ufdfa".repeat(1_300_000)),
  },
  {
    name: "four megabytes of blanks",
    file: "a.md",
    ends: "any",
    make: () => Buffer.from(`${" ".repeat(2_000_000)}x${"\n".repeat(2_000_000)}`),
  },
  {
    name: "a zip inside a PDF",
    file: "a.pdf",
    ends: "refused",
    make: () => Buffer.concat([pageOf(drawn("(hello) Tj")), docxOf(paragraph("other"))]),
  },
  {
    name: "a PDF inside a zip",
    file: "a.docx",
    ends: "refused",
    make: () => zipOf([{ name: "%PDF-1.7", plain: "x" }, TYPES, wordPart(paragraph("x"))]),
  },
  {
    name: "a program with a name of text",
    file: "a.txt",
    ends: "opaque",
    make: () => Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01\x00"), deflateSync(zeros(1000))]),
  },
];

export const BOMBS: readonly Bomb[] = [...ZIPS, ...DOCUMENTS, ...PDFS, ...TEXTS];

const ENDINGS: Readonly<Record<string, TextHint>> = { json: "json", csv: "csv", md: "md" };
export const hintFor = ({ file }: Bomb): TextHint => ENDINGS[file.slice(2)] ?? "txt";
