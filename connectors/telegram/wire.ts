/** What is needed of the platform's `fetch`, which is handed in: one request, and its answer in pieces. */

export type Asking = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly redirect: "error";
};
export type Answer = { readonly status: number; readonly body: AsyncIterable<Uint8Array> | null };
export type Request = (url: string, asking: Asking) => Promise<Answer>;

/** The whole body, or an error with the code `TOO_LARGE` as soon as it is longer. */
export async function readBytes({ body }: Answer, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    size += piece.length;
    if (size > bytesMax) throw Object.assign(new Error("TOO_LARGE"), { code: "TOO_LARGE" });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
