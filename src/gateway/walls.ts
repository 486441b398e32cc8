/**
 * Walls around programs that work on a run: every place they ask for is judged here, by the owner's list, the label of
 * what the run was told, and its budget (CONTRACT section 9). Of a tunnel host, port and bytes are seen and no more.
 */
import { left } from "../core/budget.ts";
import { type CallId, newId, type RunId } from "../core/ids.ts";
import { type Label, TENANT_MIXED } from "../core/label.ts";
import { WALL_BYTES_MIN, WALL_CLOSE_MS_MAX, WALL_REFUSALS_WINDOW_MS } from "../core/limits.ts";
import { isRefusal, Refusal, type RefusalCode } from "../core/refusal.ts";
import { isTerminal, type Run } from "../core/run.ts";
import { type OpenWall, type Passage, type WallHost, type WallPlace, wallHostOf } from "../core/wall.ts";
import { askerOf, contextOf, judge, refusalBy, requestOf } from "./asker.ts";
import type { Powers } from "./powers.ts";
import { transact } from "./transact.ts";
import { refusalOf } from "./transition.ts";

const CAPABILITY = "network.wall";

type Way = { readonly host: WallHost; readonly label: Label; readonly place: string };
type Standing = { readonly run: RunId; readonly wall: OpenWall; readonly cuts: Map<AbortController, WallHost> };

export class Walls {
  readonly #powers: Powers;
  readonly #standing = new Map<RunId, Standing>();
  readonly #pending = new Set<Promise<void>>();

  constructor(powers: Powers) {
    this.#powers = powers;
    powers.news.add(() => this.#look());
  }

  /** Opens the one wall of a run, which ends with it. */
  async open(run: RunId): Promise<OpenWall> {
    const { wall: port } = this.#powers;
    if (port === undefined) throw new Refusal("wall.missing", { hint: "This daemon builds no walls." });
    assertActive(this.#run(run));
    if (this.#standing.has(run)) throw new Refusal("conflict", { hint: "A program of this run has its wall already." });
    const refusals = new Refusals(this.#powers, run);
    const cuts: Standing["cuts"] = new Map();
    let isOver = false;
    const wall = await port.open(async (place) => {
      try {
        const passage = await this.#pass(run, place, cuts);
        // It ended while this was judged.
        if (isOver) for (const cut of cuts.keys()) cut.abort();
        return passage;
      } catch (error) {
        if (isRefusal(error)) refusals.count(error.code);
        throw error;
      }
    });
    this.#standing.set(run, { run, wall, cuts });
    const over = wall.closed.then(async () => {
      isOver = true;
      this.#standing.delete(run);
      for (const cut of cuts.keys()) cut.abort();
      await refusals.flush();
    });
    this.#await(over);
    return wall;
  }

  /** Resolves when the last of what there is to say about them was written. */
  async close(): Promise<void> {
    for (const { wall } of this.#standing.values()) {
      wall.end(new Refusal("daemon.stopping"));
      wall.close();
    }
    const { clock } = this.#powers;
    const late = Promise.withResolvers<"late">();
    // What has nothing more to say by then is not waited for: the daemon stops.
    const forget = clock.at(clock.now() + WALL_CLOSE_MS_MAX, () => late.resolve("late"));
    while (this.#pending.size > 0)
      if ((await Promise.race([Promise.allSettled(this.#pending), late.promise])) === "late") break;
    forget();
  }

  #await(work: Promise<void>): void {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  #run(id: RunId): Run {
    const run = this.#powers.store.get("run", id)?.value;
    if (run === undefined) throw new Refusal("not_found");
    return run;
  }

  /** After each commit: a run that is over takes its wall along, one that was told more loses ways that it had. */
  #look(): void {
    for (const { run: id, wall, cuts } of this.#standing.values()) {
      const run = this.#powers.store.get("run", id)?.value;
      if (run === undefined || isTerminal(run)) {
        wall.end(run === undefined ? new Refusal("not_found") : refusalOf(run));
        for (const cut of cuts.keys()) cut.abort();
        continue;
      }
      if (cuts.size === 0) continue;
      const label = contextOf(askerOf(this.#powers, run));
      for (const [cut, host] of cuts) if (flowFault(run, label, host) !== null) cut.abort();
    }
  }

  async #pass(id: RunId, place: WallPlace, cuts: Standing["cuts"]): Promise<Passage> {
    const { random } = this.#powers;
    const call = newId("CallId", random.bytes(16));
    const way = await transact(this.#powers, (draft) => {
      const run = draft.run(id);
      const found = this.#way(run.run, place);
      const { host, label, place: to } = found;
      const body = { call, sink: "http", by: "wall", how: place.how, place: to, recipient: to, cats: label.cats };
      run.note("egress.checked", { ...body, rule: "wall.allow", accepts: host.accepts });
      return found;
    });
    const cut = new AbortController();
    cuts.set(cut, way.host);
    const over = Promise.withResolvers<void>();
    this.#await(over.promise);
    const purse = new Purse(this.#powers, id, call, way);
    return {
      addresses: way.host.addresses,
      stop: cut.signal,
      pay: async (bytes) => {
        if (cut.signal.aborted) throw new Refusal("run.ended");
        await purse.pay(bytes);
      },
      done: ({ sent, received, code }) => {
        cuts.delete(cut);
        void this.#ended(id, call, way, { sent, received, ...(code === null ? {} : { code }) }).finally(over.resolve);
      },
    };
  }

  #way(run: Run, place: WallPlace): Way {
    const powers = this.#powers;
    assertActive(run);
    const host = wallHostOf(powers.settings.wallHosts ?? [], place);
    if (host === null) throw new Refusal("http.unlisted", { hint: "The owner's list wall.allow has no such place." });
    const asker = askerOf(powers, run);
    const label = contextOf(asker);
    const fault = flowFault(run, label, host);
    if (fault !== null) throw fault;
    const about = {
      action: "egress",
      capability: "http.request",
      effect: "once",
      destination: "http",
      listed: "listed",
      host: place.host,
      control: "configured",
      released: "released",
    } as const;
    const decision = judge(powers, requestOf(powers, asker, about, label));
    // The owner's list allows; a rule that denies is heard, and a yes to a single request is another matter.
    if (decision.effect === "deny" && decision.rule !== "default") throw refusalBy(decision);
    // As the owner wrote it: what a program made up of a wildcard is no metadata.
    return { host, label, place: `${host.host}:${place.port}` };
  }

  async #ended(id: RunId, call: CallId, { place }: Way, facts: { readonly [name: string]: number | string }) {
    const isFailed = "code" in facts;
    await transact(this.#powers, (draft) =>
      draft.run(id).note(isFailed ? "effect.failed" : "effect.done", { effect: call, call, place, ...facts }),
    ).catch((error: unknown) => {
      // A purge may have taken the run meanwhile; a full disk is said elsewhere.
      if (!isRefusal(error)) throw error;
    });
  }
}

function assertActive(run: Run): void {
  if (run.status.state !== "active") throw refusalOf(run);
}

/** Hard edges that no rule moves: what the run was told has to fit what the owner lets that place have. */
function flowFault({ tenant }: Run, { cats, audience, tenant: of }: Label, { accepts }: WallHost): Refusal | null {
  if (of === TENANT_MIXED || (of !== "-" && of !== tenant)) return new Refusal("label.mixed");
  const hint = "This run was told what may not go there.";
  if ((cats & ~accepts) !== 0) return new Refusal("label.flow", { field: "categories", hint });
  const isKept = audience !== "*" && (audience.length === 0 || accepts === 0);
  return isKept ? new Refusal("label.flow", { field: "audience", hint }) : null;
}

/** Bytes of one way out, booked ahead and in full. */
class Purse {
  readonly #powers: Powers;
  readonly #run: RunId;
  readonly #call: CallId;
  readonly #way: Way;
  #credit = 0;

  constructor(powers: Powers, run: RunId, call: CallId, way: Way) {
    this.#powers = powers;
    this.#run = run;
    this.#call = call;
    this.#way = way;
  }

  async pay(bytes: number): Promise<void> {
    const short = bytes - this.#credit;
    if (short > 0) {
      const booked = await transact(this.#powers, (draft) => {
        const run = draft.run(this.#run);
        if (run.run.status.state !== "active") return refusalOf(run.run);
        const amount = Math.max(short, Math.min(WALL_BYTES_MIN, left(run.run.budget).egress_bytes));
        const cost = { egress_bytes: amount };
        const details = { capability: CAPABILITY, place: this.#way.place };
        const isBooked = run.apply({ type: "reserve", call: this.#call, cost }, details);
        if (!isBooked || run.run.status.state !== "active") return refusalOf(run.run);
        run.apply({ type: "settle", call: this.#call, reserved: cost, used: cost }, details);
        return amount;
      });
      if (booked instanceof Refusal) throw booked;
      this.#credit += booked;
    }
    this.#credit -= bytes;
  }
}

/** What was refused, one entry a code and minute: without the host, which the program made up. */
class Refusals {
  readonly #powers: Powers;
  readonly #run: RunId;
  readonly #counts = new Map<RefusalCode, number>();
  #forget: (() => void) | null = null;

  constructor(powers: Powers, run: RunId) {
    this.#powers = powers;
    this.#run = run;
  }

  /** The first at once; those of the next minute together. */
  count(code: RefusalCode): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (this.#forget !== null) return;
    const { clock } = this.#powers;
    void this.#write();
    this.#forget = clock.at(clock.now() + WALL_REFUSALS_WINDOW_MS, () => void this.flush());
  }

  async flush(): Promise<void> {
    this.#forget?.();
    this.#forget = null;
    await this.#write();
  }

  async #write(): Promise<void> {
    const counts = [...this.#counts];
    this.#counts.clear();
    if (counts.length === 0) return;
    await transact(this.#powers, (draft) => {
      const run = draft.run(this.#run);
      for (const [code, count] of counts)
        run.note("decision.made", { action: "egress", capability: CAPABILITY, effect: "deny", rule: code, count });
    }).catch((error: unknown) => {
      // As with every other entry about a run that was erased meanwhile.
      if (!isRefusal(error)) throw error;
    });
  }
}
