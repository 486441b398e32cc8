/** `init --profile`: what it writes holds, and it never writes over what somebody else wrote. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PROFILES } from "../src/cli/offline.ts";
import { homeConfig } from "../src/home-config.ts";
import { writeProfile } from "../src/profile.ts";
import { compilePolicy } from "../src/rules.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lazaret-profile-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const homeOf = (name: string) => ({
  home: join(dir, name),
  socket: join(dir, name, "lazaret.sock"),
  tokens: join(dir, name, "tokens"),
});
const PACKS = { home: ["chat-mode"], team: ["team"], strict: ["strict"] } as const;

test.each(PROFILES)("%s is a configuration whose rules compile, readable by its owner alone", (profile) => {
  const home = homeOf(profile);
  const file = writeProfile({ HOME: dir }, home, dir, profile);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { packs } = homeConfig({ HOME: dir }, home, dir);
  expect(packs).toEqual(PACKS[profile]);
  expect(compilePolicy(packs, []).rules.length).toBeGreaterThan(20);
});

test("a configuration that is there stays as it is", () => {
  const home = homeOf("home");
  const file = writeProfile({ HOME: dir }, home, dir, "team");
  const before = readFileSync(file, "utf8");
  expect(() => writeProfile({ HOME: dir }, home, dir, "home")).toThrow(expect.objectContaining({ code: "conflict" }));
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("in a team nobody's own yes sends anything elsewhere", () => {
  const rules = compilePolicy(["team"], []).rules.map(({ rule }) => rule);
  for (const id of ["team.sends", "team.http"]) expect(rules.find((it) => it.id === id)?.fourEyes).toBe(true);
  expect(rules.find(({ id }) => id === "team.own-request")?.effect).toBe("deny");
});
