/** `policy check`, `policy test` and `policy diff` on files, without a daemon. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packJsonSchema } from "../policy/language.ts";
import { checkPacks, diffPacks, testPacks } from "../src/policy-files.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "lazaret-packs-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};
const rule = (id: string, effect: string, when: string): string =>
  `  - { id: ${id}, effect: ${effect}, because: A rule of this test., when: ${when} }\n`;
const head = (name: string): string => `version: 1\npack: ${name}\nrules:\n`;
const FAILS = "{ action: [invoke], capability: [chat.reply] }";

test("a finding stands at its rule, in a sentence, with a request that shows it", async () => {
  const dead = file(
    "dead.yaml",
    `${head("dead")}${rule("dead.one", "deny", FAILS)}${rule("dead.two", "allow", FAILS)}`,
  );
  const { findings } = await checkPacks(["chat-mode"], [dead]);
  const found = findings.find((finding) => finding.rule === "dead.two");
  expect(found).toMatchObject({ severity: "error", file: dead, line: 5 });
  expect(found?.text).toMatch(
    /^dead\.two permits nothing: all of it is denied by dead\.one\. For example: action=invoke /,
  );
});

test("the shipped packs have nothing that must be mended", async () => {
  for (const pack of ["chat-mode", "strict", "team"]) {
    const { findings } = await checkPacks([pack], []);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  }
});

test("scenarios run on the home's packs; a failed one is named with its line", async () => {
  const tests = `tests:
  - { name: silence, request: { action: invoke, capability: chat.reply, role: member }, expect: deny, rule: quiet.all }
  - { name: noise, request: { action: invoke, capability: chat.reply, role: member }, expect: allow }
`;
  const quiet = file("quiet.yaml", `${head("quiet")}${rule("quiet.all", "deny", FAILS)}${tests}`);
  const { total, failed } = await testPacks(["chat-mode"], [quiet]);
  expect(total).toBe(2);
  expect(failed).toEqual([
    { file: quiet, line: 7, name: "noise", text: "noise: expected allow, got deny by quiet.all" },
  ]);
  const none = await testPacks(["chat-mode"], [file("none.yaml", `version: 1\npack: none\nrules: []\n`)]);
  expect(none).toEqual({ total: 0, failed: [] });
});

test("a file that bears a shipped pack's name is looked at in its place", async () => {
  const own = file("chat-mode.yaml", readFileSync(new URL("../policy/packs/chat-mode.yaml", import.meta.url), "utf8"));
  const { total, failed } = await testPacks(["chat-mode"], [own]);
  expect([total > 10, failed]).toEqual([true, []]);
});

test("a difference is told in words, what widens first, from a pack's name or a file", async () => {
  const wide = file("wide.yaml", `${head("wide")}${rule("wide.fetch", "allow", "{ capability: [http.request] }")}`);
  const change = await diffPacks(["chat-mode"], "chat-mode", wide);
  expect(change.widens).toBe(true);
  expect(change.lines[0]?.text).toMatch(/^Newly allowed .*http\.request/);
  expect(change.lines[0]?.example).toContain("capability=http.request");
  const back = await diffPacks(["chat-mode"], wide, "chat-mode");
  expect([back.widens, back.lines.every(({ widens }) => !widens)]).toEqual([false, true]);
  expect((await diffPacks(["chat-mode"], "strict", "strict")).lines).toEqual([]);
  await expect(diffPacks([], "chat-mod", "strict")).rejects.toMatchObject({ code: "not_found" });
  const broken = file("broken.yaml", "version: 1\npack: broken\nrules: [{}]\n");
  await expect(diffPacks([], "strict", broken)).rejects.toMatchObject({ code: "policy.invalid" });
});

test("the JSON Schema for editors is the one that the program would print", () => {
  const written = readFileSync(new URL("../policy/packs/pack.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(written)).toEqual(packJsonSchema());
});
