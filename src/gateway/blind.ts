/**
 * The blind emoji (CONTRACT section 7): in an encrypted direct chat each question has two of its own, one for yes and
 * one for no. Reactions travel in clear and can be forged by the homeserver, which cannot read the question: it would
 * have to guess, and a wrong guess ends the question and says so.
 */
import type { ApprovalId } from "../core/ids.ts";
import type { Powers } from "./powers.ts";

/** Far apart at a glance, without variation selectors or skin tones, in every keyboard since 2018. */
const POOL = [
  ..."🐶🐱🦁🐎🦄🐷🐘🐰🐼🐓🐧🐢🐟🐙🦋🌷🌳🌵🍄🌏🌙🔥",
  ..."🍌🍎🍓🌽🍕🎂🎩👓🔧⌛⏰🎁💡📕📎🔒🔑🔨📞🏁🚂🚲",
  ..."🚀🏆⚽🎸🎺🔔⚓🎧📁📌🍩🍇🥕🦀🐝🐌🦉🌈⛄🎈🧲",
];

export type BlindPair = { readonly yes: string; readonly no: string };

/** Drawn by the home's own key from the question's random id: the same after a restart, and nobody else's to know. */
export function blindPair(powers: Powers, approval: ApprovalId): BlindPair {
  const drawn = powers.store.mac("idempotency", approval, powers.hashing.utf8("lazaret.blind.v1"));
  const number = (from: number): number => Number.parseInt(drawn.slice(from, from + 8), 16);
  const yes = number(0) % POOL.length;
  const no = (yes + 1 + (number(8) % (POOL.length - 1))) % POOL.length;
  return { yes: POOL[yes] ?? "", no: POOL[no] ?? "" };
}
