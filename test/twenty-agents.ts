/**
 * Who plays the agent in the story of twenty turns. All do the same acts; what differs is how a call leaves their hands
 * and how its answer comes back.
 */
import { butler } from "../src/agents/butler.ts";
import { modelAgent } from "../src/agents/model.ts";
import type { AgentDriver, InvocationReply } from "../src/core/agent.ts";
import type { ModelPort } from "../src/core/model.ts";
import { type Asked, called, modelsAt, type Says, scriptedModel } from "./scripted-model.ts";
import type { Act } from "./twenty-turns.ts";

/** What an agent outside is given: the daemon's door, and its own token there. */
export type Place = { readonly url: string; readonly token: string; readonly dir: string };

export type Player = {
  /** By which conversations name it. */
  readonly agent: "butler" | "model" | "helper";
  readonly drivers: readonly AgentDriver[];
  readonly models?: ModelPort;
  /** Everything that reached it, as it reached it. */
  readonly heard: string[];
  /** What it is to do in the next runs, a list for each. */
  give(acts: readonly (readonly Act[])[]): void;
  /** An agent outside gets a place for each of its tokens. */
  sit(places: readonly Place[]): Promise<void>;
  /** Does what there is to do; comes back when nothing is left but to wait for people. */
  work(): Promise<void>;
  leave(): Promise<void>;
};

type Made = Readonly<Record<string, unknown>>;
const at = (made: Made, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (value as Made | undefined)?.[key], made);
const PATH = /\$([a-z]+(?:\.[a-z0-9_]+)*)/g;
/** In a template: of an act by its name, of a listed one by where it stands. */
const IN_PLACE = /\{\{v:\$([a-z]+)((?:\.[a-z0-9_]+)*)\}\}/g;

/** The input of an act, with what earlier ones came to. */
function filled(input: unknown, made: Made): unknown {
  if (Array.isArray(input)) return input.map((item) => filled(item, made));
  if (typeof input === "object" && input !== null)
    return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, filled(value, made)]));
  if (typeof input !== "string") return input;
  const whole = /^\$([a-z.]+)$/.exec(input)?.[1];
  if (whole !== undefined) return at(made, whole.includes(".") ? whole.replace(".", ".output.") : `${whole}.handle`);
  return input
    .replace(IN_PLACE, (_, name: string, path: string) => {
      if (!path.startsWith(".output.")) return `{{v:${at(made, `${name}.handle`)}${path}}}`;
      return `{{v:${at(made, name + path.replace(/\.text$/, ""))}.text}}`;
    })
    .replace(PATH, (_, path: string) => String(at(made, path.replace(".", ".output."))));
}

const madeOf = ({ output, values }: Pick<InvocationReply, "output" | "values">) => ({
  output,
  handle: values?.[0]?.handle,
});

/** The butler, with somebody who notes what it is told. */
export function butlerPlayer(): Player {
  const heard: string[] = [];
  const noting: AgentDriver = {
    name: "butler",
    drive: (wake, run, stop) => {
      const invoke = async (invocation: Parameters<typeof run.invoke>[0]): Promise<InvocationReply> => {
        const reply = await run.invoke(invocation);
        heard.push(JSON.stringify(reply));
        return reply;
      };
      const { run: id, finish, fail } = run;
      return butler.drive(wake, { run: id, invoke, finish: finish.bind(run), fail: fail.bind(run) }, stop);
    },
  };
  const nothing = async (): Promise<void> => {};
  return { agent: "butler", drivers: [noting], heard, give: () => {}, sit: nothing, work: nothing, leave: nothing };
}

/** The story is the model's alone: where the butler would stand in, it has failed. */
const nobody: AgentDriver = {
  name: "butler",
  drive: (_wake, run) => run.fail("internal"),
};

/** The model agent; its model says the acts, one after the other, and reads the answers from the talk. */
export async function modelPlayer(): Promise<Player> {
  const queue: (readonly Act[])[] = [];
  let acts: readonly Act[] = [];
  const server = await scriptedModel((asked) => next(asked));
  function next({ material, body: { messages } }: Asked): Says {
    const told = messages.filter(({ role }) => role === "tool").map(({ content }) => String(content));
    // It is shown the request; nobody offers it to read it.
    if (told.length === 0) acts = (queue.shift() ?? []).filter(({ capability }) => capability !== "request.read");
    const act = acts[told.length];
    if (act === undefined) return { content: "That is all." };
    const request = JSON.parse(material) as Pick<InvocationReply, "values">;
    const made: Record<string, unknown> = { request: madeOf({ output: request, ...request }) };
    for (const [n, text] of told.entries()) {
      const { as } = acts[n] ?? {};
      if (as !== undefined) made[as] = madeOf(JSON.parse(text) as InvocationReply);
    }
    const input = filled(act.input, made);
    return { content: null, tool_calls: [called(act.capability.replace(".", "_"), input, `c${told.length}`)] };
  }
  const nothing = async (): Promise<void> => {};
  return {
    agent: "model",
    drivers: [butler, modelAgent(nobody)],
    models: modelsAt(server.url, { use: ["agent"] }),
    get heard() {
      return server.asked.map(({ body }) => JSON.stringify(body.messages));
    },
    give: (given) => void queue.splice(0, queue.length, ...given),
    sit: nothing,
    work: nothing,
    leave: () => server.close(),
  };
}

/** What an agent outside can do with a run, over whatever it speaks. */
export type Hands = {
  /** The run of a request that nobody has taken, or null when there is none. */
  next(): Promise<string | null>;
  invoke(run: string, act: Omit<Act, "as">, key: string): Promise<InvocationReply>;
  finish(run: string): Promise<unknown>;
  close(): Promise<void>;
};

type Errand = {
  readonly run: string;
  readonly hands: Hands;
  readonly acts: readonly Act[];
  readonly made: Record<string, unknown>;
  at: number;
};

/** True when it is over for this agent. A call that waits is asked for again, under its key. */
async function goOn(errand: Errand): Promise<boolean> {
  const { hands, run, acts, made } = errand;
  for (; errand.at < acts.length; errand.at += 1) {
    const { as, capability, input } = acts[errand.at] as Act;
    const act = { capability, input: filled(input, made) as object };
    const reply = await hands.invoke(run, act, `act-${errand.at}`);
    if (reply.status === "approval_required") return false;
    if (reply.next === "ended") return true;
    // A no is part of the story; any other refusal is not.
    if (reply.status !== "done" && reply.code !== "approval.denied") throw new Error(JSON.stringify({ act, reply }));
    if (as !== undefined) made[as] = madeOf(reply);
  }
  await hands.finish(run);
  return true;
}

/** An agent outside: takes what is asked, does the acts, waits where people have to answer, and finishes. */
export function outsidePlayer(sit: (place: Place, heard: string[]) => Promise<Hands>): Player {
  const heard: string[] = [];
  const queue: (readonly Act[])[] = [];
  const all: Hands[] = [];
  let errands: Errand[] = [];
  const keepOn = async (errand: Errand): Promise<void> => {
    if (!(await goOn(errand))) errands.push(errand);
  };
  return {
    agent: "helper",
    drivers: [butler],
    heard,
    give: (acts) => void queue.splice(0, queue.length, ...acts),
    sit: async (places) => {
      for (const place of places) all.push(await sit(place, heard));
    },
    work: async () => {
      const waiting = errands;
      errands = [];
      for (const errand of waiting) await keepOn(errand);
      for (const hands of all)
        for (let run = await hands.next(); run !== null; run = await hands.next())
          await keepOn({ run, hands, acts: queue.shift() ?? [], made: {}, at: 0 });
    },
    leave: async () => {
      for (const hands of all) await hands.close();
    },
  };
}
