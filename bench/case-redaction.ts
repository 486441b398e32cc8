/** The full rule set over chat, beside one trivial rule over the same text, and over the worst input there is. */
import type { Case } from "./case.ts";
import { charsPerMs, chat, doRedact, rule } from "./redact-speed.ts";

const HOSTILE = ["a@", "1 ", "aB1", "4111 "].map((unit) => unit.repeat(32_768 / unit.length));
const HALF = HOSTILE.map((text) => text.slice(0, text.length / 2));

/** The quickest of some slices: what the work costs when nobody disturbs it. */
const quickest = (samples: readonly string[]): number =>
  Math.max(...Array.from({ length: 3 }, () => charsPerMs(doRedact, samples)));

export const redaction: Case = {
  name: "redaction",
  bounds: [
    // Short of it (RESULTS.md): the gate only keeps it from getting worse.
    { ratio: "full rule set / one rule", at: "least", gate: 0.005, goal: 0.1 },
    { ratio: "hostile / chat, cost a character", at: "most", gate: 20, goal: 5 },
    { ratio: "time(2n) / time(n)", at: "most", gate: 2.3, goal: 2.1 },
  ],
  begin: async () => {
    for (let n = 0; n < 20; n++) charsPerMs(doRedact, chat);
    return {
      round: async () => {
        const [floor, product] = [charsPerMs(rule, chat), charsPerMs(doRedact, chat)];
        const hostile = HOSTILE.map((text) => quickest([text]));
        const growth = HALF.map((text, n) => (2 * quickest([text])) / (hostile[n] ?? Number.NaN));
        return {
          "full rule set / one rule": product / floor,
          "hostile / chat, cost a character": quickest(chat) / Math.min(...hostile),
          "time(2n) / time(n)": Math.max(...growth),
          "one rule MB/s": floor / 1000,
          "rule set MB/s": product / 1000,
        };
      },
      end: async () => {},
    };
  },
};
