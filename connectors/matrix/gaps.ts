/** What a limited timeline left out, fetched backwards page by page until where we stopped. */
import type { MatrixClient } from "matrix-js-sdk";
import { call } from "./http.ts";
import type { InboxStore, RawEvent, Row } from "./inbox.ts";

const PAGE_EVENTS = 100;
const PAGES_MAX = 20;
const PAGE_MS_MAX = 30_000;

type Messages = { readonly chunk?: readonly RawEvent[]; readonly end?: string };

/** `truncated`: more is missing than we fetch, or the homeserver will not say; what was found is in the store. */
export async function fillGap(
  client: MatrixClient,
  store: InboxStore,
  { id, room, raw, fresh }: Row,
): Promise<"filled" | "truncated" | "later"> {
  const { prev_batch: from, since } = raw;
  // What a room said before we were in it is no gap.
  if (fresh || typeof from !== "string") {
    store.fill(id, [], null);
    return "filled";
  }
  const found: RawEvent[] = [];
  let at: string | undefined = from;
  for (let page = 0; page < PAGES_MAX && at !== undefined; page++) {
    const query: Record<string, string> = { dir: "b", limit: String(PAGE_EVENTS), from: at };
    if (typeof since === "string") query["to"] = since;
    let answer: Messages;
    try {
      const path = `/rooms/${encodeURIComponent(room)}/messages`;
      answer = await call<Messages>(client, { method: "GET", path, query, timeoutMs: PAGE_MS_MAX });
    } catch (error) {
      const status: unknown = Reflect.get(error as object, "httpStatus");
      const isRefused = typeof status === "number" && status < 500 && status !== 429;
      return isRefused ? "truncated" : "later";
    }
    found.push(...(answer.chunk ?? []));
    at = answer.end;
  }
  store.fill(id, found.reverse(), at === undefined ? null : { prev_batch: at, since, truncated: true });
  return at === undefined ? "filled" : "truncated";
}
