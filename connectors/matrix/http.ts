/** One request to the homeserver by the SDK's own way: its token, no retries. Throws what it throws. */
import type { MatrixClient } from "matrix-js-sdk";

type Asking = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/_matrix/client/v3`, its parts encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly timeoutMs: number;
};

export function call<T>(client: MatrixClient, { method, path, query, body, timeoutMs }: Asking): Promise<T> {
  const options = { localTimeoutMs: timeoutMs, priority: "auto" } as const;
  return client.http.authedRequest<T>(method as never, path, query as never, body as never, options);
}
