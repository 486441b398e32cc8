/** PDF files that somebody built to do harm, as recipes. */
import { drawn, HELVETICA, pageOf, pdfOf, streamOf } from "./file-craft.ts";

export type Bomb = {
  readonly name: string;
  readonly file: string;
  readonly make: () => Buffer;
  /** How it ends. `any`: whatever it is, it ends in time and small. */
  readonly ends: "refused" | "opaque" | "locked" | "broken" | "empty" | "any";
};

export const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join("");
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

export const PDF_BOMBS: readonly Bomb[] = [
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
