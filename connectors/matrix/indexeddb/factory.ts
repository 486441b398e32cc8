import { IDBDatabase, type Place } from "./database.ts";
import { IDBVersionChangeEvent } from "./event.ts";
import { fault, unsupported } from "./fault.ts";
import { encodeKey } from "./key.ts";
import { IDBOpenDBRequest } from "./request.ts";

const VERSION_MAX = Number.MAX_SAFE_INTEGER;

/** Indexed DB 3.0, section 4.3. All databases lie in one file. */
export class IDBFactory {
  readonly #place: Place;
  readonly #connections = new Set<IDBDatabase>();

  constructor(place: Place) {
    this.#place = place;
  }

  cmp(first: unknown, second: unknown): number {
    return Buffer.compare(encodeKey(first), encodeKey(second));
  }

  deleteDatabase(): never {
    throw unsupported("deleting a database");
  }

  databases(): never {
    throw unsupported("listing databases");
  }

  open(name: string, version?: number): IDBOpenDBRequest {
    if (version !== undefined && !(version >= 1 && version <= VERSION_MAX)) throw new TypeError("not a version");
    const request = new IDBOpenDBRequest();
    const wanted = version === undefined ? null : Math.trunc(version);
    // Between two transactions: an upgrade that is being done or undone is over by then.
    this.#place.queue.add(() => {
      try {
        this.#open(request, name, wanted);
      } catch (error) {
        request.fail(error instanceof DOMException ? error : fault("UnknownError", "the store failed"));
      }
    });
    return request;
  }

  #open(request: IDBOpenDBRequest, name: string, wanted: number | null): void {
    const known = this.#place.tables.version(name);
    const version = wanted ?? Math.max(known, 1);
    if (version < known) throw fault("VersionError", "the database has a newer version");
    for (const connection of this.#connections) if (connection.isClosed) this.#connections.delete(connection);
    const database = new IDBDatabase(name, known, this.#place);
    if (version === known) {
      this.#connections.add(database);
      request.succeed(database);
      return;
    }
    // Others would have to be told, and waited for. Nobody who upgrades here holds two connections.
    if ([...this.#connections].some((other) => other.name === name)) throw unsupported("an upgrade under a connection");
    this.#upgrade(request, database, { from: known, to: version });
  }

  #upgrade(
    request: IDBOpenDBRequest,
    database: IDBDatabase,
    versions: { readonly from: number; readonly to: number },
  ): void {
    const transaction = database.upgradeTo(versions.to);
    transaction.addEventListener("complete", () => {
      database.upgraded();
      request.transaction = null;
      if (database.isClosed) {
        request.fail(fault("AbortError", "the connection was closed"));
        return;
      }
      this.#connections.add(database);
      request.succeed(database);
    });
    transaction.addEventListener("abort", () => {
      database.upgraded();
      database.close();
      request.transaction = null;
      request.fail(fault("AbortError", "the upgrade was undone"));
    });
    const begin = (): void => {
      this.#place.tables.setVersion(database.name, versions.to);
      request.hold(database);
      request.transaction = transaction;
      request.send(new IDBVersionChangeEvent("upgradeneeded", request, versions));
    };
    this.#place.queue.add({ transaction, begin });
  }
}
