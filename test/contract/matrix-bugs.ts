/** Bugs that a Matrix connector, or what travels to its account, could have; and the checks that have to find them. */
import type { Pipe } from "../../connectors/matrix/wire.ts";
import { changed } from "./broken.ts";
import type { MatrixBug } from "./matrix-harness.ts";

type Asked = { readonly what?: string; readonly input?: Readonly<Record<string, unknown>> };

/** What is asked of the account, with the input of a send changed. */
const onSend =
  (change: (input: Readonly<Record<string, unknown>>) => object) =>
  (pipe: Pipe): Pipe => ({
    ...pipe,
    send: (message) => {
      const { what, input } = message as Asked;
      pipe.send(what === "send" && input !== undefined ? { ...(message as object), input: change(input) } : message);
    },
  });

let made = 0;

export const MATRIX_BUGS: readonly (MatrixBug & { readonly name: string; readonly caughtBy: string })[] = [
  {
    name: "reads a batch ahead, and so confirms what was only handed over",
    caughtBy: "a batch that nobody acknowledged comes again, the same",
    between: (sound) =>
      changed(sound, {
        opened: (open) =>
          async function* (options) {
            const stream = open(options)[Symbol.asyncIterator]();
            const first = await stream.next();
            if (first.done === true) return;
            void stream.next().catch(() => null);
            await new Promise((resolve) => setTimeout(resolve, 50));
            yield first.value;
          },
      }),
  },
  {
    name: "sends each attempt as a transaction of its own",
    caughtBy: "what idempotency is declared is what there is: the same operation twice",
    onPipe: onSend((input) => ({ ...input, id: `out_${String(++made).padStart(32, "0")}` })),
  },
  {
    name: "forgets the thread on the way out",
    caughtBy: "a thread is kept on the way out",
    onPipe: onSend(({ thread: _, ...input }) => input),
  },
  {
    name: "sends again what may have landed",
    caughtBy: "what may have landed is called unknown and is not tried again (lost_answer)",
    between: (sound) =>
      changed(sound, {
        sent: (send) => async (operation, stop) => {
          const outcome = await send(operation, stop);
          return outcome.state === "unknown" ? send(operation, stop) : outcome;
        },
      }),
  },
];
