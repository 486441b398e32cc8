/** Adding a bot at the terminal: paste the token, open the link, send the code, say y. Four actions, and no more. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../src/cli/cli.ts";
import { type OpenDoors, openDoors } from "./open-doors.ts";
import { powersOf } from "./paper-cli.ts";
import { PaperTerminal } from "./paper-terminal.ts";
import { ANA, direct, TOKEN, Town } from "./telegram/town.ts";

let town: Town;
let doors: OpenDoors;
beforeEach(async () => {
  town = await Town.found();
  doors = await openDoors({ port: null });
  Object.assign(doors.gateway.owner, town.owner);
});
afterEach(async () => {
  await doors[Symbol.asyncDispose]();
  await town.end();
});

const ADD = (root: string): readonly string[] => ["channel", "add", "telegram", "family", "--set", `root=${root}`];

/** Runs it to its end; as soon as a code is shown, `sent` is told it. Time passes while somebody waits. */
async function add(typed: string, isInteractive: boolean, sent: (code: string) => void) {
  const terminal = new PaperTerminal(typed, isInteractive);
  let isOver = false;
  const running = runCli(ADD(town.root), powersOf(doors, terminal)).finally(() => {
    isOver = true;
  });
  let told = false;
  while (!isOver) {
    const code = /^\d{6}$/m.exec(terminal.stdout)?.[0];
    if (code !== undefined && !told) {
      told = true;
      sent(code);
    }
    if (told) town.home.clock.turn(200);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { exit: await running, ...terminal };
}

const owners = async () =>
  (await town.owner["principal.list"]({})).principals.filter(
    ({ role, channel }) => role === "owner" && channel === "family",
  );

test("the token, the link, the code, a y: the owner is paired, and presses count", async () => {
  const { exit, stdout, stderr } = await add(`${TOKEN}\ny`, true, (code) => town.api.world.say(direct(ANA), ANA, code));
  expect(exit).toBe(0);
  expect(stderr).toContain("Open https://t.me/gate_bot and press Start.");
  expect(stderr).toContain('Sent by 42 "Ana" on family.');
  expect(stderr).toContain("Make them an owner, whose pressed buttons count as medium? [y/N]");
  expect(stdout + stderr).not.toContain(TOKEN.slice(4));
  expect((await owners()).map(({ platform }) => platform)).toEqual(["42"]);
});

test("whoever sends the code is nobody until the owner says so", async () => {
  const { exit } = await add(`${TOKEN}\nn`, true, (code) => town.api.world.say(direct(ANA), ANA, code));
  expect(exit).toBe(4);
  expect(await owners()).toEqual([]);
});

test("without a terminal the token comes from stdin, and what is left to do is said", async () => {
  const { exit, stderr } = await add(`${TOKEN}\n`, false, () => {});
  expect(exit).toBe(0);
  expect(stderr).toContain("Then: lazaret pair family --role owner --assurance medium");
});

test("a token that Telegram does not know is said to be so, and nothing is kept", async () => {
  const { exit, stderr } = await add(`778${TOKEN.slice(3)}\n`, false, () => {});
  expect([exit, stderr]).toEqual([2, expect.stringContaining("Telegram does not know this token.")]);
  expect(stderr).not.toContain(TOKEN.slice(4));
  expect((await town.owner["secrets.list"]({})).names).toEqual([]);
});
