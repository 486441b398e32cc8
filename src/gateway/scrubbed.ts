/** Every door's answers and refusals without secrets, whoever made them (CONTRACT section 10). */
import { isRefusal, Refusal } from "../core/refusal.ts";
import { scrubbedValue } from "./leaks.ts";
import type { Log, Powers } from "./powers.ts";

type Scanning = Pick<Powers, "store" | "hashing" | "settings">;

/** A refusal that says more than its code must not say a secret. */
function scrubbedError(scanning: Scanning, error: unknown): unknown {
  if (!isRefusal(error)) return error;
  const said = [error.hint, error.rule, error.field].filter((it) => it !== undefined);
  return scrubbedValue(scanning, said) === said ? error : new Refusal(error.code);
}

/** A line that holds a secret is written without its fields. */
export const scrubbedLog =
  (scanning: Scanning, log: Log): Log =>
  (event, fields) =>
    log(event, scrubbedValue(scanning, fields));

const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

async function* scrubbedStream(scanning: Scanning, stream: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const item of stream) yield scrubbedValue(scanning, item);
}

function scrubbedResult(scanning: Scanning, result: unknown): unknown {
  if (result instanceof Promise)
    return result.then(
      (value: unknown) => scrubbedResult(scanning, value),
      (error: unknown) => {
        throw scrubbedError(scanning, error);
      },
    );
  return isStream(result) ? scrubbedStream(scanning, result) : scrubbedValue(scanning, result);
}

/** The same functions; what they give and refuse is scanned. */
export function scrubbedDoor<T extends object>(scanning: Scanning, door: T): T {
  const wrapped = Object.entries(door).map(([name, work]) => {
    if (typeof work !== "function") return [name, work] as const;
    const scanned = (...args: unknown[]): unknown => {
      try {
        return scrubbedResult(scanning, (work as (...given: unknown[]) => unknown)(...args));
      } catch (error) {
        throw scrubbedError(scanning, error);
      }
    };
    return [name, scanned] as const;
  });
  return Object.fromEntries(wrapped) as T;
}
