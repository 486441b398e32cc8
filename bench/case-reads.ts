/** The last 20 messages of a room with their content opened: beside a bare table, and as the home grows. */
import { join } from "node:path";
import { type BigHome, BODY_BYTES, bigHome, openAt, readLast } from "./big-home.ts";
import { type Case, quantile } from "./case.ts";
import { RawTable } from "./floors.ts";

const LAST = 20;
const READS = 300;

async function p50Us(read: (n: number) => unknown): Promise<number> {
  const us: number[] = [];
  for (let n = 0; n < READS; n++) {
    const from = performance.now();
    await read(n * 37);
    us.push((performance.now() - from) * 1000);
  }
  return quantile(us, 0.5);
}

const roomOf = ({ rooms }: BigHome, n: number) => rooms[n % rooms.length] ?? rooms[0] ?? ("" as never);

/** Opens the home for this round only: other cases measure the same one. The first pass fills its page cache. */
async function openedP50Us(home: BigHome): Promise<number> {
  const store = await openAt(home.dir);
  try {
    const read = (n: number) => readLast(store, roomOf(home, n), LAST);
    await p50Us(read);
    return await p50Us(read);
  } finally {
    await store.close();
  }
}

export const reads: Case = {
  name: "reads",
  bounds: [
    { ratio: "large home / raw SQLite", at: "most", gate: 4, goal: 2.5 },
    { ratio: "large home / small home", at: "most", gate: 2, goal: 1.3 },
  ],
  begin: async (place) => {
    const size = place.smoke ? 20_000 : 1_000_000;
    const [large, small] = [await bigHome(place, size), await bigHome(place, place.smoke ? 4_000 : 10_000)];
    const raw = new RawTable(join(place.dir, "raw.db"), 200, size, BODY_BYTES);
    return {
      round: async () => {
        const table = await p50Us((n) => raw.last(n % 200, LAST));
        const inLarge = await openedP50Us(large);
        const inSmall = await openedP50Us(small);
        return {
          "large home / raw SQLite": inLarge / table,
          "large home / small home": inLarge / inSmall,
          "messages in the large home": size,
          "raw p50 µs": table,
          "large p50 µs": inLarge,
          "small p50 µs": inSmall,
        };
      },
      end: async () => raw.close(),
    };
  },
};
