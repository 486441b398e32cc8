/**
 * The text of a PDF file: its pages in order, each as it is drawn. Scripts, forms, attachments and pictures in it are
 * not looked at. docs/decisions/0018 says what this reader knows. Pure.
 */
import { FILE_NESTING_MAX, FILE_PAGES_MAX } from "../../src/core/limits.ts";
import { type Meter, Unreadable } from "./meter.ts";
import { PdfFile } from "./pdf-file.ts";
import { type Dict, isRef, nameOf, type Value } from "./pdf-lexer.ts";
import { Lines, unwrapped } from "./pdf-lines.ts";
import { type Fonts, PageReader } from "./pdf-page.ts";

type Page = { readonly page: Dict; readonly resources: Dict | null };

/** The leaves of the page tree, each node once; one more than are read. */
function pagesOf(file: PdfFile, meter: Meter): readonly Page[] {
  const root = file.dict(file.root);
  if (root === null) throw new Unreadable("broken");
  const pages: Page[] = [];
  const seen = new Set<number>();
  const visit = (value: Value | undefined, resources: Dict | null, depth: number): void => {
    if (isRef(value)) {
      if (seen.has(value.id)) return;
      seen.add(value.id);
    }
    if (depth > FILE_NESTING_MAX) throw new Unreadable("refused");
    meter.step();
    const node = file.dict(value);
    if (node === null || pages.length > FILE_PAGES_MAX) return;
    const own = file.dict(node.get("Resources")) ?? resources;
    if (node.has("Kids")) for (const kid of file.list(node.get("Kids"))) visit(kid, own, depth + 1);
    else if (nameOf(file.get(node.get("Type"))) !== "Pages") pages.push({ page: node, resources: own });
  };
  visit(root.get("Pages"), null, 0);
  return pages;
}

/** The streams of a page are one: an operator may stand across two. */
function contentOf(file: PdfFile, page: Dict): Uint8Array {
  const parts = file.list(page.get("Contents")).map((it) => file.data(it) ?? new Uint8Array());
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, 0)).fill(0x20);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length + 1;
  }
  return whole;
}

/** Throws `Unreadable`: `locked`, `broken`, `empty` where most letters have no meaning, `refused` beyond a limit. */
export function pdfText(
  bytes: Uint8Array,
  meter: Meter,
): { readonly pages: number; readonly text: string; readonly cut: boolean } {
  const file = new PdfFile(bytes, meter);
  const pages = pagesOf(file, meter);
  const lines = new Lines();
  const fonts: Fonts = new Map();
  for (const { page, resources } of pages.slice(0, FILE_PAGES_MAX)) {
    if (lines.isFull) break;
    const content = contentOf(file, page);
    meter.spend(content.length);
    new PageReader(file, fonts, lines, meter).read(content, resources);
    lines.endPage();
  }
  if (lines.unknown > lines.known) throw new Unreadable("empty");
  return {
    pages: Math.min(pages.length, FILE_PAGES_MAX),
    text: unwrapped(lines.text),
    cut: pages.length > FILE_PAGES_MAX || lines.isFull,
  };
}
