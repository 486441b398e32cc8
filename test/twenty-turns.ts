/**
 * One story of twenty turns, as data: who says what where, what an agent does about it by capability, and what must be
 * true afterwards, whoever the agent is. The butler knows by itself what to do and reads no acts.
 */
import type { EntryType } from "../src/core/entry.ts";
import { HOUR_MS } from "../src/core/limits.ts";

export type Room = "family" | "dm" | "work" | "club" | "team";
type Who = "ana" | "ben" | "carla" | "olga";

/**
 * One call. In its input `$NAME.path` is what stands there in the answer of the act of that name, and `{{v:$NAME}}`
 * its handle; an act without a name is not spoken of again.
 */
export type Act = { readonly as?: string; readonly capability: string; readonly input: object };

/** What people do, one after the other; after each the agent does what it can. */
export type Move =
  | { readonly says: string; readonly by: Who; readonly in: Room; readonly id?: string }
  | { readonly edits: string; readonly to: string; readonly by: Who }
  /** To the newest question, by its code; `steps` of a plan. */
  | { readonly decides: "approve" | "deny"; readonly by: Who; readonly steps?: string }
  | { readonly passes: number };

export type Turn = {
  readonly title: string;
  /** The owner's configuration: steps that a request may take, when it is not the usual. */
  readonly steps?: number;
  readonly moves: readonly Move[];
  /** Of each run of the turn, in their order. */
  readonly acts: readonly (readonly Act[])[];
  /** How the runs end that began in it, in their order. */
  readonly runs: readonly string[];
  /** What each room reads, all of it together; a room that is not named reads nothing. */
  readonly said: Partial<Readonly<Record<Room, RegExp>>>;
  /** What none of the rooms may read. */
  readonly unsaid?: RegExp;
  /** Entries that it adds to the ledger, how many of each. */
  readonly ledger?: Partial<Readonly<Record<EntryType, number>>>;
  /** Steps that the last run was allowed in the end. */
  readonly limit?: number;
  /** What the butler is asked instead, and why it cannot be asked the same; the end has to be the same. */
  readonly butler?: Pick<Turn, "moves" | "runs"> & { readonly why: string };
};

/** What lies in the family's chat when the story begins: who is called what, and said what. */
export const MATERIAL: readonly (readonly [string, string])[] = [
  ["Dora", "I will book the campsite for Saturday, call me on +43 660 1234567."],
  ["Ana", "Great, I bring the tent on Saturday morning and the stove as well."],
  ["Ana", "Carla, please buy the firewood by Thursday."],
  ["Olga", "The campsite costs 84 euros, see https://canary.example/b?k=kumquat or mail olga@canary.example."],
];
/** None of these may reach an agent: whole messages, and what in them is personal. */
export const CANARIES: readonly (string | RegExp)[] = [
  ...MATERIAL.map(([, text]) => text),
  "660 1234567",
  "canary.example",
  "kumquat",
  "+43 664 7654321",
  /\b(?:ana|ben|carla|dora|olga)\b/i,
];

const says = (text: string, room: Room = "family"): Move => ({ says: text, by: "ben", in: room });
const read: Act = { as: "request", capability: "request.read", input: {} };
const reply = (template: string): Act => ({ capability: "chat.reply", input: { template } });
const send = (to: string, template: string): Act => ({ capability: "chat.send", input: { to, template } });
const summary = (input: object = { last: 40 }): Act => ({ as: "made", capability: "message.summarize", input });
const POINTS = "In short:\n{{v:$made.points}}";
/** A sentence of the material, in the words of a summary. */
const TOLD = /campsite|tent|firewood/;
const SEND = "send a summary of the last 40 messages to ";

export const TURNS: readonly Turn[] = [
  {
    title: "a greeting",
    moves: [says("hello")],
    acts: [[reply("Hello. I can read this chat for you.")]],
    runs: ["done"],
    said: { family: /./ },
    ledger: { "quarantine.accessed": 1 },
  },
  {
    title: "a summary",
    moves: [says("summarise the last 40 messages")],
    acts: [[summary(), reply(POINTS)]],
    runs: ["done"],
    said: { family: TOLD },
    ledger: { "run.started": 1, "effect.done": 1 },
  },
  {
    title: "a question is answered",
    moves: [says("how much does the campsite cost?")],
    acts: [
      [
        read,
        { as: "found", capability: "message.answer", input: { last: 200, question: "$request.text" } },
        reply("It costs {{v:$found.amount}}."),
      ],
    ],
    runs: ["done"],
    said: { family: /84/ },
  },
  {
    title: "tasks",
    moves: [says("what are the tasks?")],
    acts: [
      [{ as: "made", capability: "message.extract_tasks", input: { last: 200 } }, reply("To do:\n{{v:$made.tasks}}")],
    ],
    runs: ["done"],
    said: { family: /firewood/ },
  },
  {
    title: "a reply with names put back",
    moves: [says("what are the tasks for Carla?")],
    acts: [
      [
        read,
        { as: "made", capability: "message.extract_tasks", input: { last: 200 } },
        reply("“$request.text”\n{{v:$made.tasks}}"),
      ],
    ],
    runs: ["done"],
    said: { family: /Carla[\s\S]*firewood/ },
    unsaid: /PERSON_/,
  },
  {
    title: "who and what is mentioned",
    moves: [says("which amounts and dates are mentioned?")],
    acts: [
      [
        { as: "made", capability: "message.extract_entities", input: { last: 20 } },
        reply("Amounts:\n{{v:$made.amounts}}\nDates:\n{{v:$made.dates}}"),
      ],
    ],
    runs: ["done"],
    said: { family: /84/ },
  },
  {
    title: "a reminder is set",
    moves: [says("remind me in 2 hours to call +43 664 7654321 about the plants")],
    acts: [
      [
        read,
        { capability: "schedule.followup", input: { when: "$request.slots.when", what: "$request" } },
        reply("I will remind you."),
      ],
    ],
    runs: ["done"],
    said: { family: /remind you/ },
    ledger: { "schedule.set": 1 },
  },
  {
    title: "what is scheduled",
    moves: [says("what is scheduled?")],
    acts: [
      [
        { as: "list", capability: "schedule.followup", input: {} },
        reply("Set for later:\n{{v:$list.output.followups.0.what.text}}"),
      ],
    ],
    runs: ["done"],
    said: { family: /7654321/ },
  },
  {
    title: "the reminder comes",
    moves: [{ passes: 2 * HOUR_MS }],
    acts: [[read, reply("Reminder: {{v:$request.text}}")]],
    runs: ["done"],
    said: { family: /reminder:.*7654321/i },
    ledger: { "schedule.fired": 1 },
  },
  {
    title: "something to remember",
    moves: [says("remember that the wifi code is blue-42")],
    acts: [[read, { capability: "memory.note", input: { what: "$request" } }, reply("Noted.")]],
    runs: ["done"],
    said: { family: /Noted/ },
  },
  {
    title: "what was to be remembered",
    moves: [says("what do you remember?")],
    acts: [
      [
        { as: "notes", capability: "memory.recall", input: {} },
        reply("You gave me:\n{{v:$notes.output.notes.0.what.text}}"),
      ],
    ],
    runs: ["done"],
    said: { family: /blue-42/ },
  },
  {
    title: "a private answer to what was asked in the group",
    moves: [says("summarise the last 40 messages privately")],
    // Handles alone: an agent's own words carry what it was told, and would need a yes.
    acts: [[summary(), send("direct", "{{v:$made.points}}"), reply("I have sent it to you alone.")]],
    runs: ["done"],
    said: { dm: TOLD, family: /./ },
    butler: {
      why: "it writes a heading, which carries the request's own content: somebody is asked",
      moves: [says("summarise the last 40 messages privately"), { decides: "approve", by: "ana" }],
      runs: ["done"],
    },
  },
  {
    title: "a private catch-up of the group in the direct chat",
    moves: [says("summarise the last 40 messages of family", "dm")],
    // Handles alone here too: who was shown something of the group may say nothing of it in own words elsewhere.
    acts: [[summary({ conversation: "family", last: 40 }), reply("{{v:$made.points}}")]],
    runs: ["done"],
    said: { dm: TOLD },
  },
  {
    title: "sent elsewhere, after a yes",
    moves: [says(`${SEND}work`), { decides: "approve", by: "ana" }],
    acts: [[summary(), send("work", POINTS), reply("It went to work.")]],
    runs: ["done"],
    said: { family: /May I send[\s\S]*went to work|May I send[\s\S]*goes to work/, work: TOLD },
    ledger: { "approval.requested": 1, "approval.consumed": 1, "label.lowered": 1 },
  },
  {
    title: "not sent elsewhere, after a no",
    moves: [says(`${SEND}club`), { decides: "deny", by: "ana" }],
    acts: [[summary(), send("club", POINTS), reply("It was not sent.")]],
    runs: ["done"],
    said: { family: /May I send/ },
    ledger: { "approval.requested": 1, "approval.consumed": 0, "label.lowered": 0 },
  },
  {
    title: "a plan of three, of which two are granted",
    moves: [
      says("tell work, club and team a summary of the last 40 messages"),
      { decides: "approve", by: "ana", steps: "1,3" },
    ],
    acts: [
      [
        summary(),
        {
          capability: "plan.propose",
          input: {
            steps: ["work", "club", "team"].map((to) => ({ ...send(to, POINTS), justification: "it was asked for" })),
          },
        },
        reply("That is all."),
      ],
    ],
    runs: ["done"],
    said: { family: /May I/, work: TOLD, team: TOLD },
    ledger: { "label.lowered": 2 },
    butler: {
      why: "it makes no plans: three requests, three questions, the second refused",
      moves: ["work", "club", "team"].flatMap((to): readonly Move[] => [
        says(SEND + to),
        { decides: to === "club" ? "deny" : "approve", by: "ana" },
      ]),
      runs: ["done", "done", "done"],
    },
  },
  {
    title: "a budget is used up, and raised by the owner",
    steps: 2,
    moves: [says("summarise the last 40 messages"), { decides: "approve", by: "olga" }],
    acts: [[summary(), reply(POINTS)]],
    runs: ["done"],
    said: { family: /2 more steps, once[\s\S]*(?:campsite|tent|firewood)/ },
    ledger: { "approval.consumed": 1 },
    limit: 4,
  },
  {
    title: "a budget is used up, and the owner says no",
    steps: 2,
    moves: [says("summarise the last 40 messages"), { decides: "deny", by: "olga" }],
    acts: [[summary(), reply(POINTS)]],
    runs: ["failed budget.steps"],
    said: { family: /2 more steps, once/ },
    unsaid: TOLD,
    ledger: { "approval.consumed": 0 },
    limit: 2,
  },
  {
    title: "a request that is edited while its question is open",
    moves: [
      { says: `${SEND}work`, by: "ben", in: "family", id: "to-edit" },
      { edits: "to-edit", to: "send nothing", by: "ben" },
      { decides: "approve", by: "ana" },
    ],
    acts: [[summary(), send("work", POINTS), reply("It went to work.")]],
    runs: ["cancelled edited"],
    said: { family: /May I send/ },
    ledger: { "approval.consumed": 0, "label.lowered": 0 },
  },
  {
    title: "cancelled while its question is open",
    moves: [says(`${SEND}work`), says("cancel"), { decides: "approve", by: "ana" }],
    acts: [[summary(), send("work", POINTS), reply("It went to work.")]],
    runs: ["cancelled asked"],
    said: { family: /May I send/ },
    ledger: { "approval.consumed": 0, "label.lowered": 0 },
  },
];
