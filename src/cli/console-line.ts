/** What the daemon's console shows, as it comes over the socket. */
export type ConsoleLine = {
  readonly conversation: string;
  readonly kind: "text" | "edit" | "typing";
  readonly text: string;
  readonly approval?: { readonly id: string; readonly code: string; readonly expires_at: number };
};

/** The text as shown; a question says how to answer it. */
export function shown({ text, approval }: ConsoleLine): string {
  if (approval === undefined || text.includes(approval.code)) return text;
  return `${text}\nAnswer: approve ${approval.code} or deny ${approval.code}`;
}
