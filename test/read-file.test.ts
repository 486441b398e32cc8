/** What the readers of files say of well-formed ones, as the usual programs write them. */
import { describe, expect, test } from "vitest";
import type { TextHint } from "../src/core/attachment.ts";
import { Meter } from "../transforms/files/meter.ts";
import { readXml } from "../transforms/files/xml.ts";
import { textOrWhy } from "./direct-reader.ts";
import { BOMBS } from "./file-bombs.ts";
import { docxOf, drawn, HELVETICA, pageOf, paragraph, pdfOf, streamOf, zipOf } from "./file-craft.ts";
import { lines, PDF_BOMBS } from "./pdf-bombs.ts";

const textIn = (bytes: Uint8Array, hint: TextHint = "txt"): string => {
  const found = textOrWhy(bytes, hint);
  return typeof found === "string" ? `(${found})` : found.text;
};
const typeOf = (bytes: Uint8Array, hint: TextHint = "txt"): string => {
  const found = textOrWhy(bytes, hint);
  return typeof found === "string" ? `(${found})` : found.type;
};

describe("plain text", () => {
  test.each([
    ["UTF-8", Buffer.from("Grüße, Ana"), "Grüße, Ana"],
    ["UTF-8 with its mark", Buffer.from("\ufeffGrüße"), "Grüße"],
    ["UTF-16", Buffer.from("\ufeffGrüße", "utf16le"), "Grüße"],
    ["Windows-1252", Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65, 0x20, 0x80]), "Grüße €"],
    ["lines of other systems", Buffer.from("one\r\ntwo\rthree"), "one\ntwo\nthree"],
    ["what nobody sees", Buffer.from("a\u200bb\u{e0041}c"), "abc"],
  ])("%s", (_, bytes, text) => {
    expect(textIn(bytes)).toBe(text);
  });

  test("is told by its bytes, whatever the name claims", () => {
    expect(typeOf(Buffer.from('{"a": [1, 2]}'), "md")).toBe("json");
    expect(typeOf(Buffer.from("# Title"), "md")).toBe("md");
    expect(typeOf(Buffer.from("{not json"), "json")).toBe("txt");
    expect(typeOf(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]), "txt")).toBe("(opaque)");
    expect(typeOf(Buffer.from(" \n\t"))).toBe("(empty)");
  });

  test("of a table is a line a row, with quotes and any separator", () => {
    const csv = 'name;note\n"Ana";"said ""yes"";\nand left"\nBen;ok\n';
    expect(textIn(Buffer.from(csv), "csv")).toBe('name | note\nAna | said "yes"; and left\nBen | ok');
  });

  test("beyond the limit is cut, and that is said", () => {
    const found = textOrWhy(Buffer.from("words ".repeat(50_000)));
    expect(found).toMatchObject({ type: "txt", cut: true });
    expect(typeof found === "string" ? 0 : found.text.length).toBeLessThanOrEqual(200_000);
  });
});

describe("Word", () => {
  test("paragraphs, tabs, breaks, tables, references", () => {
    const row = "<w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr>";
    const marks = "<w:p><w:r><w:t>x</w:t><w:tab/><w:t>y</w:t><w:br/><w:t>z</w:t></w:r></w:p>";
    const body = `${paragraph("Ben &amp; Ana &lt;3 &#8364;")}${marks}<w:tbl>${row}</w:tbl>`;
    expect(textIn(docxOf(body))).toBe("Ben & Ana <3 €\nx\ty\nz\na");
  });

  test("what was deleted and what only a field says are no text, notes are", () => {
    const note = {
      name: "word/footnotes.xml",
      plain: "<w:footnotes><w:footnote><w:p><w:r><w:t>the note</w:t></w:r></w:p></w:footnote></w:footnotes>",
    };
    const body =
      "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>" +
      "<w:r><w:instrText>HYPERLINK x</w:instrText></w:r><w:r><w:t>kept</w:t></w:r></w:p>";
    expect(textIn(docxOf(body, [note]))).toBe("kept\n\nthe note");
  });

  test("another kind of package stays closed", () => {
    expect(textIn(zipOf([{ name: "notes.txt", plain: "hello" }]))).toBe("(opaque)");
  });
});

const unicodeMap = (lines: string): string =>
  streamOf(`1 begincodespacerange <0000> <FFFF> endcodespacerange\n${lines}`);
const wideFont = (map: number) =>
  `<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode ${map} 0 R/DescendantFonts[<</DW 500>>]>>`;

describe("PDF", () => {
  test("simple fonts: encodings by name, changed ones, octal and hexadecimal strings", () => {
    expect(textIn(pageOf(drawn("(Gr\\374\\337e \\200) Tj")))).toBe("Grüße €");
    const changed =
      "<</Type/Font/Subtype/Type1/BaseFont/X/Encoding<</Differences[65/Adieresis/fi/uni20AC 97/quoteright]>>>>";
    expect(textIn(pageOf(drawn("<41424361> Tj"), changed))).toBe("Äfi€’");
  });

  test("wide fonts say what they mean by a map of codes, one by one and in ranges", () => {
    const map = unicodeMap(
      "1 beginbfchar <0001> <00660069> endbfchar " +
        "2 beginbfrange <0010> <0012> <0410> <0020> <0021> [<0078> <0079>] endbfrange",
    );
    expect(textIn(pageOf(drawn("<000100100011001200200021> Tj"), wideFont(6), [map]))).toBe("fiАБВxy");
  });

  test("a font of Type 1 has its own encoding in its program", () => {
    const font = "<</Type/Font/Subtype/Type1/FirstChar 11/FontDescriptor<</Flags 4/FontFile 6 0 R>>>>";
    const program = streamOf("/Encoding 256 array dup 11/ff put dup 80 /P put readonly def currentfile eexec garbage");
    expect(textIn(pageOf(drawn("<50 0B> Tj"), font, [program]))).toBe("Pff");
  });

  test("gaps are spaces, steps are lines, far steps are paragraphs, broken lines go on", () => {
    const operators = [
      "[(The)-300(quick)-20(ly made)-250 (plan of the harbour commit-)] TJ",
      "0 -12 Td (tee says more.) Tj 0 -12 Td (Next.) Tj 0 -40 Td (Far.) Tj",
      "1 0 0 1 200 560 Tm (A) Tj 1 0 0 1 230 560 Tm (B) Tj",
    ].join(" ");
    expect(textIn(pageOf(drawn(operators)))).toBe(
      "The quickly made plan of the harbour committee says more.\nNext.\n\nFar.\n\nA B",
    );
  });

  test("objects may lie packed together, positions in a packed table, lengths elsewhere", () => {
    const inside = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", HELVETICA];
    const page = "<</Type/Page/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>";
    const objects = [...inside, page];
    const ids = [1, 2, 5, 3];
    let at = 0;
    const heads = objects.map((it, n) => {
      const head = `${ids[n]} ${at}`;
      at += it.length + 1;
      return head;
    });
    const first = `${heads.join(" ")} `;
    const packed = streamOf(`${first}${objects.join(" ")}`, 1, `/Type/ObjStm/N 4/First ${first.length}`);
    const table = streamOf("\u0001\u0000", 1, "/Type/XRef/Size 9/W[1 1 0]/Root 1 0 R");
    const content = drawn("(packed) Tj").replace(/\/Length \d+/, "/Length 8 0 R");
    const length = String(Buffer.from(content, "latin1").length);
    const parts = [`4 0 obj\n${content}`, `8 0 obj ${length}`, `6 0 obj\n${packed}`, `7 0 obj\n${table}`];
    const file = parts.map((part) => `${part}\nendobj\n`).join("");
    expect(textIn(Buffer.from(`%PDF-1.7\n${file}`, "latin1"))).toBe("packed");
  });

  test("what was changed later in a file counts, drawings in drawings are read, pages are in order", () => {
    const form = streamOf("BT /F1 10 Tf (inner) Tj ET", 1, "/Type/XObject/Subtype/Form/Matrix[1 0 0 1 0 300]");
    const file = pageOf(`${streamOf("/X Do BT /F1 10 Tf (outer) Tj ET")}`, HELVETICA, [form], "/XObject<</X 6 0 R>>");
    expect(textIn(file)).toBe("inner\n\nouter");
    const later = Buffer.concat([file, Buffer.from(`4 0 obj\n${drawn("(newer) Tj")}\nendobj\n`, "latin1")]);
    expect(textIn(later)).toBe("newer");
  });

  test("other filters and predictors", () => {
    const hex = Buffer.from("BT /F1 10 Tf (hex) Tj ET").toString("hex");
    expect(textIn(pageOf(`<</Filter/ASCIIHexDecode/Length 9>>stream\n${hex}>\nendstream`))).toBe("hex");
    const run = "<</Filter/RunLengthDecode>>stream\n\u0015BT /F1 10 Tf (r) Tj ET\u0080\nendstream";
    expect(textIn(pageOf(run))).toBe("r");
    const rows = [..."BT /F1 10 Tf (up) Tj ET ."].map((char) => `\u0000${char}`).join("");
    const predicted = streamOf(rows, 1, "/DecodeParms<</Predictor 12/Columns 1>>");
    expect(textIn(pageOf(predicted))).toBe("up");
  });

  test("what cannot be read says why", () => {
    expect(textIn(pdfOf(["<</Type/Catalog/Pages 2 0 R>>"], "/Root 1 0 R/Encrypt<</Filter/Standard>>"))).toBe(
      "(locked)",
    );
    expect(textIn(Buffer.from("%PDF-1.4\nnothing"))).toBe("(broken)");
    expect(textIn(pageOf(streamOf("q 1 0 0 1 0 0 cm /Im1 Do Q")))).toBe("(empty)");
    const wordless = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/DescendantFonts[<</DW 500>>]>>";
    expect(textIn(pageOf(drawn("<00010002> Tj"), wordless))).toBe("(empty)");
  });
});

/** Those that cost a reader little; all of them, in their sandbox, are in test/slow/attachment-bombs.slow.test.ts. */
const QUICK = BOMBS.filter((bomb) => !PDF_BOMBS.includes(bomb) && bomb.ends !== "any");
const ENDINGS: Readonly<Record<string, TextHint>> = { "a.json": "json", "a.csv": "csv" };

describe("what is built to do harm", () => {
  test.each(QUICK.map((bomb) => [bomb.name, bomb] as const))("%s", (_, { file, make, ends }) => {
    expect(textOrWhy(make(), ENDINGS[file] ?? "txt")).toBe(ends);
  });

  test("a document type is refused before anything of it is read", () => {
    const meter = new Meter({ inflate: () => null, utf8: () => null });
    expect(() => readXml("<!DOCTYPE d><d/>", {}, meter)).toThrow("refused");
    expect(() => readXml("<d>&nbsp;</d>", { text: () => {} }, meter)).toThrow("refused");
    expect(() =>
      readXml(
        lines(200, (n) => `<a${n}>`),
        {},
        meter,
      ),
    ).toThrow("refused");
    expect(() => readXml("<a><b></a></b>", {}, meter)).toThrow("broken");
  });

  test("nothing costs more than its meter has, whatever unpacks it", () => {
    const meter = new Meter({ inflate: (_, __, max) => new Uint8Array(max), utf8: () => "" });
    meter.inflate(new Uint8Array(), "raw");
    meter.inflate(new Uint8Array(), "raw");
    expect(() => meter.spend(1)).toThrow("refused");
    expect(() => meter.step(5_000_000)).toThrow("refused");
  });
});
