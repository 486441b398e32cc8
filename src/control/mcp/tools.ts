/** What an agent sees as tools: the control tools, and one for each capability, its id with `_` for `.`. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type Canonical, canonical } from "../../core/canonical.ts";
import { RunId } from "../../core/ids.ts";
import { INVOCATION_WAIT_SECONDS_MAX, JUSTIFICATION_CHARS_MAX, SECOND_MS } from "../../core/limits.ts";
import type { Stop } from "../../core/ports.ts";
import type { Token } from "../../core/records.ts";
import { RunView } from "../../core/verbs/evidence.ts";
import type { CapabilityView, TokenDoor } from "../../gateway/surface.ts";
import { parsed } from "../problem.ts";
import { Event, InvocationReply } from "../replies.ts";
import { Finish, Key, RunOrder } from "../requests.ts";

/** Whoever calls, and how long it is worth waiting for it. */
export type Caller = { readonly door: TokenDoor; readonly token: Token; readonly stop: Stop };

export type Tool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: object;
  readonly annotations: { readonly readOnlyHint: boolean; readonly openWorldHint: false };
};

const Wait = z
  .number()
  .int()
  .min(0)
  .max(INVOCATION_WAIT_SECONDS_MAX)
  .exactOptional()
  .describe("How long to wait, in seconds; 25 at most");
const Run = RunId.describe("The run, as an event or run_start gave it");
const ByRun = z.strictObject({ run: Run });

const NextEvent = z.strictObject({ event: Event.nullable() });

type Control<I extends z.ZodType> = {
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly reply: z.ZodType;
  readonly readOnly: boolean;
  readonly ask: (caller: Caller, input: z.output<I>) => Promise<unknown>;
};
const control = <I extends z.ZodType>(spec: Control<I>): Control<z.ZodType> => ({
  ...spec,
  ask: (caller, input) => spec.ask(caller, input as z.output<I>),
});

const CONTROL: Readonly<Record<string, Control<z.ZodType>>> = {
  next_event: control({
    title: "Wait for the next request",
    description: "The next request for you with all that may be read of it, or what became of a call; null if nothing.",
    input: z.strictObject({ wait_seconds: Wait }),
    reply: NextEvent,
    readOnly: false,
    ask: async ({ door, token, stop }, { wait_seconds = INVOCATION_WAIT_SECONDS_MAX }) => ({
      event: await door.next(token, wait_seconds * SECOND_MS, stop),
    }),
  }),
  run_start: control({
    title: "Begin work of your own",
    description: "A run of your own in a conversation of your token. Name conversation (its alias) or session.",
    input: RunOrder,
    reply: RunView,
    readOnly: false,
    ask: ({ door, token }, order) => door.startRun(token, order),
  }),
  run_status: control({
    title: "How a run is",
    description: "State and budget of a run. With wait_seconds it waits while a person is being asked.",
    input: ByRun.extend({ wait_seconds: Wait }),
    reply: RunView,
    readOnly: true,
    ask: ({ door, token, stop }, { run, wait_seconds = 0 }) => door.settled(token, run, wait_seconds * SECOND_MS, stop),
  }),
  run_finish: control({
    title: "Say that a run is done",
    description: "Ends a run that did what it declared; with wait it pauses until then instead.",
    input: ByRun.extend(Finish.shape),
    reply: RunView,
    readOnly: false,
    ask: ({ door, token }, { run, wait }) => door.finish(token, run, wait ?? null),
  }),
  run_cancel: control({
    title: "Give a run up",
    description: "Ends a run without an answer.",
    input: ByRun,
    reply: RunView,
    readOnly: false,
    ask: ({ door, token }, { run }) => door.cancel(token, run),
  }),
};

const toolName = (id: string): string => id.replaceAll(".", "_");

const Call = z.strictObject({
  run: Run,
  input: z.record(z.string().max(64), z.unknown()).default({}),
  justification: z.string().min(1).max(JUSTIFICATION_CHARS_MAX).describe("Why, in one line; it is recorded"),
  idempotency_key: Key.exactOptional().describe("Another key does the same once more"),
});

/** JSON Schema of the call of one capability, its own input schema inside. */
function callSchema({ input }: CapabilityView): object {
  // What a schema refers to stands at the root, where its references look for it.
  const { $schema: _dialect, $defs, ...own } = input as Partial<Record<"$schema" | "$defs" | "required", unknown>>;
  const { $schema, properties, additionalProperties } = z.toJSONSchema(Call, { io: "input" });
  const needsInput = Array.isArray(own.required) && own.required.length > 0;
  return {
    $schema,
    type: "object",
    properties: { ...properties, input: own },
    required: ["run", ...(needsInput ? ["input"] : []), "justification"],
    ...($defs === undefined ? {} : { $defs }),
    additionalProperties,
  };
}

/** Every tool of this token, in an order that stays. */
export function toolsOf({ door, token }: Pick<Caller, "door" | "token">): readonly Tool[] {
  const controls = Object.entries(CONTROL).map(([name, { title, description, input, readOnly }]) => ({
    name,
    title,
    description,
    inputSchema: z.toJSONSchema(input, { io: "input", unrepresentable: "any" }),
    annotations: { readOnlyHint: readOnly, openWorldHint: false as const },
  }));
  const capabilities = door.capabilities(token).map((view) => ({
    name: toolName(view.id),
    title: view.title,
    description: `${view.title}. ${EFFECT[view.effect]}`,
    inputSchema: callSchema(view),
    annotations: { readOnlyHint: view.effect === "none", openWorldHint: false as const },
  }));
  return [...controls, ...capabilities];
}

const EFFECT: Readonly<Record<CapabilityView["effect"], string>> = {
  none: "Reads; changes nothing.",
  idempotent: "Changes something; again is no more than once.",
  once: "Sends something, once; it cannot be taken back.",
};

/** Is there a tool of this name, or a run in whose ledger it can be written down that somebody asked for one? */
export const isKnown = (caller: Pick<Caller, "door" | "token">, name: string, input: unknown): boolean =>
  Object.hasOwn(CONTROL, name) || idOf(caller, name) !== null || ByRun.safeParse(runOf(input)).success;

const runOf = (input: unknown): unknown =>
  typeof input === "object" && input !== null && "run" in input ? { run: input.run } : {};

const idOf = ({ door, token }: Pick<Caller, "door" | "token">, name: string): string | null =>
  door.capabilities(token).find(({ id }) => toolName(id) === name)?.id ?? null;

/** Carries a call out. Throws the Refusal of what was refused before the gateway took it as a call of a run. */
export async function callTool(caller: Caller, name: string, input: unknown): Promise<unknown> {
  const own = Object.hasOwn(CONTROL, name) ? CONTROL[name] : undefined;
  if (own !== undefined) {
    const asked = parsed(own.input, input, "arguments");
    return own.reply.parse(await own.ask(caller, asked));
  }
  // What is no tool is no capability's id either: the gateway refuses it, and writes that down.
  const capability = idOf(caller, name) ?? toolName(name);
  const { run, input: what, justification, idempotency_key } = parsed(Call, input, "arguments");
  const key = idempotency_key ?? keyOf(capability, what);
  const invocation = { capability, input: what, justification, idempotency_key: key };
  return InvocationReply.parse(await caller.door.invoke(caller.token, run, invocation));
}

/** Who names no key means the same thing by the same words: asking again then does nothing again. */
function keyOf(capability: string, input: unknown): string {
  const body = JSON.parse(JSON.stringify({ capability, input }), (_key, value: unknown) =>
    // What the canonical form does not hold is refused by the schema anyway.
    typeof value === "number" && !Number.isSafeInteger(value) ? String(value) : value,
  ) as Canonical;
  return `same-${createHash("sha256")
    .update(canonical(wellFormed(body)))
    .digest("hex")
    .slice(0, 40)}`;
}

const wellFormed = (body: Canonical): Canonical => JSON.parse(JSON.stringify(body).toWellFormed()) as Canonical;
