/**
 * Decisions and analysis by number of rules: `node bench/policy.ts`. The rules name about 4 in 10 of the dimensions.
 */
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { analyse } from "../policy/analyse.ts";
import { compileRules } from "../policy/compile.ts";
import type { Condition } from "../policy/condition.ts";
import { decide } from "../policy/decide.ts";
import { diff } from "../policy/diff.ts";
import { loadPolicy } from "../policy/load.ts";
import { outlines } from "../policy/outline.ts";
import { CLOSED, isClosed, type Request } from "../policy/request.ts";
import type { Rule } from "../policy/rule.ts";

const NAMED = ["action", "role", "destination", "tier", "integrity", "control", "activation", "conversation"] as const;

/** The same rules on every run. */
function rulesOf(count: number): Rule[] {
  let state = 1;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  return Array.from({ length: count }, (_, i): Rule => {
    const when: Condition[] = [];
    // Fewer than two conditions would make a rule about nearly everything, and its policy about nothing else.
    while (when.length < 2) {
      when.length = 0;
      for (const dimension of NAMED) {
        const values = CLOSED[dimension].filter(() => random() < 0.4);
        if (random() < 0.4 && values.length > 0) when.push({ kind: "values", dimension, values });
      }
    }
    if (random() < 0.4) when.push({ kind: "values", dimension: "host", values: [`h${i}.example`] });
    if (random() < 0.2) when.push({ kind: "ranges", dimension: "failures", ranges: [[Math.floor(random() * 4), 9]] });
    const effect = (["allow", "ask", "deny"] as const)[Math.floor(random() * 3)] ?? "deny";
    const defaults = { pack: "bench", because: "Because of a benchmark.", fourEyes: false, locked: false } as const;
    return { id: `r${i}`, effect, when, ...defaults, assurance: "medium", approvers: ["owner", "approver"] };
  });
}

function requestsOf(count: number): Request[] {
  let state = 7;
  const below = (n: number) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * n);
  };
  return Array.from({ length: count }, () => {
    const closed = Object.keys(CLOSED).map((name) => {
      const values: readonly string[] = isClosed(name) ? CLOSED[name] : [];
      return [name, values[below(values.length)]];
    });
    const open = {
      tenant: "default",
      channel: "home",
      capability: "chat.send",
      host: `h${below(300)}.example`,
      token: "none",
    };
    const numbers = { failures: below(6), denials: 0, sends: 0, asks: 0, cats: below(16), time: below(168), now: 0 };
    return { ...Object.fromEntries(closed), ...open, ...numbers };
  });
}

function decideTimes(rules: readonly Rule[]): string {
  const policy = compileRules(rules);
  const requests = requestsOf(20_000);
  for (const request of requests) decide(policy, request);
  const times = requests.map((request) => {
    const start = performance.now();
    decide(policy, request);
    return (performance.now() - start) * 1000;
  });
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  return `decide p50 ${at(0.5)} us p99 ${at(0.99)} us`;
}

function best(work: () => unknown): string {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return `${Math.min(...times).toFixed(1)} ms (first ${(times[0] ?? 0).toFixed(1)})`;
}

console.log(`${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}`);
for (const count of [10, 50, 200]) {
  const rules = rulesOf(count);
  const policy = compileRules(rules);
  const findings = analyse(policy);
  console.log(`${count} rules: ${decideTimes(rules)}, compile ${best(() => compileRules(rules))}`);
  console.log(`  analysis ${best(() => analyse(policy))}, ${findings.length} findings`);
}

const folder = new URL("../policy/packs/", import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
const [usual, strict] = ["chat-mode", "strict"].map((pack) => loadPolicy(sources, { packs: [pack] }));
if (!usual?.ok || !strict?.ok) throw new Error("the packs do not load");
console.log(`chat-mode, ${usual.rules.length} rules: ${decideTimes(usual.rules)}`);
console.log(`  load of all packs ${best(() => loadPolicy(sources, { packs: ["chat-mode"] }))}`);
console.log(`  analysis ${best(() => analyse(usual.policy))}`);
console.log(`  diff to strict ${best(() => diff(usual.rules, strict.rules))}`);
console.log(`  and its outlines ${best(() => outlines(diff(usual.rules, strict.rules)))}`);
