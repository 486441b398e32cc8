/** Text for people as Matrix shows it. Everything is escaped: the only markup is what is put in here. */

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ESCAPES[one] ?? one);

/** Quoted lines as one quotation, everything else line by line. Null where plain text says the same. */
export function htmlOf(text: string): string | null {
  const lines = text.split("\n");
  if (!lines.some((line) => line.startsWith("> "))) return null;
  const parts: string[] = [];
  let quoted: string[] = [];
  const flush = (): void => {
    if (quoted.length > 0) parts.push(`<blockquote>${quoted.join("<br>")}</blockquote>`);
    quoted = [];
  };
  for (const line of lines) {
    if (line.startsWith("> ") || line === ">") quoted.push(escaped(line.slice(2)));
    else {
      flush();
      parts.push(line === "" ? "" : `${escaped(line)}<br>`);
    }
  }
  flush();
  return parts.join("");
}
