/** Zip, Word and PDF files made from nothing, well formed unless a test breaks them on purpose. */
import { crc32, deflateRawSync, deflateSync } from "node:zlib";

export type ZipPart = {
  readonly name: string;
  readonly plain: Buffer | string;
  /** What the directory claims instead. */
  readonly size?: number;
  readonly flags?: number;
  /** Points at the part that was written before. */
  readonly shared?: true;
};

export function zipOf(parts: readonly ZipPart[], tail = ""): Buffer {
  const bodies: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  let last = 0;
  for (const { name, plain, size, flags = 0, shared } of parts) {
    const bytes = Buffer.from(plain);
    const packed = deflateRawSync(bytes, { level: 9 });
    const fields = (record: Buffer, at: number): Buffer => {
      record.writeUInt16LE(20, at);
      record.writeUInt16LE(flags, at + 2);
      record.writeUInt16LE(8, at + 4);
      record.writeUInt32LE(crc32(bytes), at + 10);
      record.writeUInt32LE(packed.length, at + 14);
      record.writeUInt32LE(size ?? bytes.length, at + 18);
      record.writeUInt16LE(name.length, at + 22);
      return record;
    };
    const local = fields(Buffer.alloc(30), 4);
    local.writeUInt32LE(0x04034b50, 0);
    const record = fields(Buffer.alloc(46), 6);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(20, 4);
    if (shared === undefined) {
      last = offset;
      bodies.push(local, Buffer.from(name), packed);
      offset += local.length + name.length + packed.length;
    }
    record.writeUInt32LE(last, 42);
    records.push(record, Buffer.from(name));
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, directory, end, Buffer.from(tail)]);
}

const OFFICE = "http://schemas.openxmlformats.org";
const MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
export const TYPES: ZipPart = {
  name: "[Content_Types].xml",
  plain:
    `<?xml version="1.0"?><Types xmlns="${OFFICE}/package/2006/content-types">` +
    `<Override PartName="/word/document.xml" ContentType="${MAIN}"/></Types>`,
};
export const wordPart = (body: string, head = ""): ZipPart => ({
  name: "word/document.xml",
  plain:
    `<?xml version="1.0"?>${head}<w:document xmlns:w="${OFFICE}/wordprocessingml/2006/main">` +
    `<w:body>${body}</w:body></w:document>`,
});
export const paragraph = (text: string): string => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
export const docxOf = (body: string, more: readonly ZipPart[] = []): Buffer => zipOf([TYPES, wordPart(body), ...more]);

/** `dict` without its brackets and its length; packed once for each `FlateDecode` that `filters` says. */
export function streamOf(plain: string | Buffer, filters = 1, dict = ""): string {
  let bytes = Buffer.from(plain as string, "latin1");
  for (let n = 0; n < filters; n++) bytes = deflateSync(bytes, { level: 9 });
  const filter = filters === 0 ? "" : `/Filter[${"/FlateDecode".repeat(filters)}]`;
  return `<<${dict}${filter}/Length ${bytes.length}>>stream\n${bytes.toString("latin1")}\nendstream`;
}

/** Objects by number from 1; the first is the catalogue. */
export function pdfOf(objects: readonly string[], trailer = "/Root 1 0 R"): Buffer {
  const body = objects.map((object, at) => `${at + 1} 0 obj\n${object}\nendobj\n`).join("");
  return Buffer.from(`%PDF-1.7\n${body}trailer\n<</Size ${objects.length + 1} ${trailer}>>\n%%EOF\n`, "latin1");
}

export const HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";
/** One page that draws `content` with the font F1; objects from 6 on are the caller's. */
export const pageOf = (content: string, font = HELVETICA, more: readonly string[] = [], resources = ""): Buffer =>
  pdfOf([
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    `<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>${resources}>>>>`,
    content,
    font,
    ...more,
  ]);
export const drawn = (operators: string): string => streamOf(`BT /F1 10 Tf 72 700 Td ${operators} ET`);
