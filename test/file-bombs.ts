/** Files that somebody built to do harm, as recipes: each is made when it is needed, none is larger than 4 MiB. */
import { deflateSync } from "node:zlib";
import { docxOf, drawn, pageOf, paragraph, TYPES, wordPart, zipOf } from "./file-craft.ts";
import { type Bomb, lines, PDF_BOMBS } from "./pdf-bombs.ts";

const MIB = 1024 * 1024;
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes, "a");

const laughs =
  '<!DOCTYPE lolz [<!ENTITY a "lol">' +
  lines(9, (n) => `<!ENTITY ${"bcdefghij"[n]} "${`&${"abcdefghi"[n]};`.repeat(10)}">`) +
  "]>";
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
    name: "a part a thousand times as large as it is packed",
    file: "a.docx",
    ends: "refused",
    make: () => docxOf(`${paragraph("x")}${" ".repeat(8 * MIB)}`),
  },
  {
    name: "parts that lie in one another",
    file: "a.docx",
    ends: "refused",
    make: () => stretched(docxOf(paragraph("x"), [{ name: "word/media/a.bin", plain: "more" }]), "word/document.xml"),
  },
  {
    name: "two names for one part",
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

/** The directory says that the part goes on into the next. */
function stretched(zip: Buffer, name: string): Buffer {
  const record = zip.lastIndexOf(name) - 46;
  zip.writeUInt32LE(zip.readUInt32LE(record + 20) + 8, record + 20);
  return zip;
}

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

export const BOMBS: readonly Bomb[] = [...ZIPS, ...DOCUMENTS, ...PDF_BOMBS, ...TEXTS];
