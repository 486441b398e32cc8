/** Where the twenty turns are played: people on a webhook, open doors for an agent outside, and the judgement. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Control, startControl } from "../src/control/server.ts";
import { INTERACTIVE } from "../src/core/budget.ts";
import { HOUR_MS } from "../src/core/limits.ts";
import { isTerminal, type Run } from "../src/core/run.ts";
import { importLines } from "../src/gateway/import.ts";
import { surfaceOf } from "./mcp-stage.ts";
import type { Place, Player } from "./twenty-agents.ts";
import { CANARIES, MATERIAL, type Move, type Room, TURNS, type Turn } from "./twenty-turns.ts";
import { closeWorld, group, HOOK, type HookWorld, hookWorld, person } from "./webhook-world.ts";

const ROOMS: readonly Room[] = ["family", "dm", "work", "club", "team"];
const EVERYBODY = ["ana", "ben", "carla", "olga"] as const;
const PLATFORM: Readonly<Record<Room, string>> = {
  family: "room-family",
  dm: "dm-ben",
  work: "room-work",
  club: "room-club",
  team: "room-team",
};
const PIN = "4711";
/**
 * What an agent outside read belongs to its token and only grows, so that one token for a group and for a direct chat
 * could soon speak in neither: in the direct chat it has a token of its own.
 */
const PRIVATE = "helper-dm";
/** Between two turns people think. */
const PAUSE_MS = 60_000;

const isGroup = (room: Room): boolean => room !== "dm";

/** Ben comes as people come: with a code, in a chat of their own. */
async function pairBen({ owner, post, runs }: HookWorld, agent: string): Promise<void> {
  const { code } = await owner["pair.start"]({ channel: HOOK, role: "member" });
  await post({ conversation: PLATFORM.dm, sender: "ben", direct: true, text: code });
  await owner["pair.confirm"]({ code, yes: true });
  const { conversations } = await owner["conversation.list"]({});
  const { id } = conversations.find(({ kind, channel }) => kind === "direct" && channel === HOOK) ?? {};
  await owner["conversation.alias"]({ conversation: String(id), alias: "dm" });
  await owner["conversation.agent"]({ conversation: "dm", agent: agent === "helper" ? PRIVATE : agent });
  expect(runs()).toEqual([]);
}

async function people({ agent, drivers, models }: Player, http: () => string | null): Promise<HookWorld> {
  const here = await hookWorld({
    drivers,
    ...(models === undefined ? {} : { models }),
    settings: { onExhausted: "ask" },
    assurance: "medium",
    outside: { http },
    people: [person("ana", "approver"), person("carla", "member"), person("olga", "owner")],
    conversations: ROOMS.filter(isGroup).map((room) =>
      group(room, { platform: PLATFORM[room], context: "everyone", agent }),
    ),
  });
  await pairBen(here, agent);
  for (const room of ROOMS.filter(isGroup))
    await here.post({ kind: "membership", conversation: PLATFORM[room], sender: "net", members: EVERYBODY });
  const sent_at = here.home.clock.now() - HOUR_MS;
  const lines = MATERIAL.map(([sender, text], n) => ({ id: `m${n}`, sender, text, sent_at: sent_at + n }));
  await importLines(here.powers, "family", lines);
  await here.read("dm");
  return here;
}

const stateOf = ({ status }: Run): string => ("reason" in status ? `${status.state} ${status.reason}` : status.state);

/** A story under way. */
class Stage {
  readonly #here: HookWorld;
  readonly #player: Player;

  constructor(here: HookWorld, player: Player) {
    this.#here = here;
    this.#player = player;
  }

  /** What waits to be read, by room; it is read then. */
  async #read(): Promise<Map<Room, string>> {
    const said = new Map<Room, string>();
    const items = await this.#here.items();
    for (const { conversation, text } of items) {
      const room = ROOMS.find((it) => PLATFORM[it] === conversation);
      if (room === undefined) throw new Error(`nobody lives in ${conversation}`);
      said.set(room, `${said.get(room) ?? ""}${text}\n`);
    }
    const last = items.at(-1);
    if (last !== undefined) await this.#here.ack(last.seq);
    return said;
  }

  async #move(move: Move): Promise<void> {
    const here = this.#here;
    if ("passes" in move) {
      here.home.clock.turn(move.passes);
      await here.rest();
    } else if ("says" in move) {
      const { says: text, by: sender, in: room, id } = move;
      const direct = room === "dm" ? { direct: true } : { addressed: true };
      await here.post({ conversation: PLATFORM[room], sender, text, ...direct, ...(id === undefined ? {} : { id }) });
    } else if ("edits" in move) {
      const { edits: target, to: text, by: sender } = move;
      await here.post({ kind: "edit", conversation: PLATFORM.family, sender, target, text, addressed: true });
    } else {
      const { conversation, approval } = await here.question();
      const text = [move.decides, approval.code, ...(move.steps === undefined ? [] : [move.steps])].join(" ");
      await here.post({ conversation, sender: move.by, text, addressed: true });
    }
    await this.#player.work();
    await here.rest();
  }

  async play(turn: Turn): Promise<void> {
    const here = this.#here;
    const { moves, runs } = (this.#player.agent === "butler" ? turn.butler : undefined) ?? turn;
    Object.assign(here.powers.settings, { interactive: { ...INTERACTIVE, steps: turn.steps ?? INTERACTIVE.steps } });
    here.home.clock.turn(PAUSE_MS);
    const before = { runs: here.runs().length, size: here.store.ledger.size() };
    this.#player.give(turn.acts);
    for (const move of moves) await this.#move(move);
    const said = await this.#read();
    const fresh = here.runs().slice(before.runs);
    const what = `${turn.title}: ${JSON.stringify([...said])}`;
    expect(fresh.map(stateOf), what).toEqual(runs);
    for (const { agent } of fresh) expect(agent.startsWith(this.#player.agent), what).toBe(true);
    expect([...said.keys()].sort(), what).toEqual(Object.keys(turn.said).sort());
    for (const [room, text] of said) {
      expect(text, turn.title).toMatch(turn.said[room] as RegExp);
      if (turn.unsaid !== undefined) expect(text, turn.title).not.toMatch(turn.unsaid);
    }
    if (turn.limit !== undefined) expect(fresh.at(-1)?.budget.limit.steps, turn.title).toBe(turn.limit);
    const entries = here.store.ledger.entries(before.size, 100_000);
    for (const [type, count] of Object.entries(turn.ledger ?? {}))
      expect([type, entries.filter((entry) => entry.type === type).length, what]).toEqual([type, count, what]);
  }

  /** What must be true of the whole. */
  async judge(): Promise<void> {
    const { runs, store, owner } = this.#here;
    expect(runs().every(isTerminal)).toBe(true);
    expect((await store.ledger.verify(null)).ok).toBe(true);
    expect((await owner["ledger.replay"]({})).differences).toEqual([]);
    const heard = this.#player.heard.join("\n");
    expect(heard).toContain("val_"); // it was told something
    for (const canary of CANARIES)
      expect([canary, typeof canary === "string" ? heard.includes(canary) : canary.exec(heard)?.[0]]).toEqual([
        canary,
        typeof canary === "string" ? false : undefined,
      ]);
  }
}

/** Plays all of it. Throws at the first turn that does not end as it must. */
export async function playStory(player: Player): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "lazaret-twenty-"));
  const faults: unknown[] = [];
  let control: Control | null = null;
  const here = await people(player, () => control?.address ?? null);
  try {
    control = await startControl({
      surface: surfaceOf(here, () => {}),
      socketPath: join(dir, "lazaret.sock"),
      port: 0,
      hosts: ["127.0.0.1"],
      clock: here.powers.clock,
      random: { bytes: (count) => randomBytes(count) },
      uid: process.getuid?.() ?? null,
      fault: (_where, error) => faults.push(error),
    });
    await here.owner["pin.set"]({ next: PIN });
    const url = `http://${control.address}`;
    const tokenOf = async (name: string, conversations: readonly string[]): Promise<Place> => {
      const order = { name, scopes: ["agent" as const], conversations: [...conversations], runs_on: "local", pin: PIN };
      return { url, dir, token: (await here.owner["token.create"](order)).token };
    };
    await player.sit([await tokenOf("helper", ROOMS.filter(isGroup)), await tokenOf(PRIVATE, ["dm", "family"])]);
    const stage = new Stage(here, player);
    for (const turn of TURNS) await stage.play(turn);
    await stage.judge();
    expect(faults).toEqual([]);
  } finally {
    await player.leave();
    await control?.close();
    await closeWorld(here);
    rmSync(dir, { recursive: true, force: true });
  }
}
