/** The token of a bot and the program as its users have it: in no process, stream, file or answer. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { wallClock } from "../../src/powers.ts";
import { RealHome } from "../real-lazaret.ts";
import { BotApi } from "../telegram/bot-api.ts";
import { ANA, direct, TOKEN } from "../telegram/town.ts";

const FORMS = [
  TOKEN,
  TOKEN.slice(4),
  encodeURIComponent(TOKEN),
  Buffer.from(TOKEN).toString("base64"),
  Buffer.from(TOKEN).toString("hex"),
].map((form) => Buffer.from(form));

const filesBelow = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());

/** What the system shows of a process and its threads to whoever may look. */
const shownOf = (pid: number): Buffer =>
  Buffer.concat(["cmdline", "environ", "comm", "status", "maps"].map((name) => readFileSync(`/proc/${pid}/${name}`)));

/** The whole memory that core dumps would hold is not looked at: a secret in use is in it. */
function expectNowhere(where: string, bytes: Uint8Array | string): void {
  const given = Buffer.from(bytes);
  for (const form of FORMS) expect([where, given.includes(form)]).toEqual([where, false]);
}

test("the token is in no command line, environment, log, answer or file, whatever breaks", async () => {
  const api = new BotApi(TOKEN, wallClock, { username: "gate_bot" });
  const root = await api.start();
  using home = new RealHome("listen: { port: 0 }\ntimezone: Europe/Vienna\n");
  await home.ok(["init"]);
  await using daemon = await home.up();
  const add = ["channel", "add", "telegram", "family", "--set", `root=${root}`, "--json"];
  const added = await home.run(add, TOKEN);
  expect([added.code, added.stderr]).toEqual([0, expect.stringContaining("https://t.me/gate_bot")]);
  // A second bot by the same token, and one that Telegram does not know.
  const again = await home.run(["channel", "add", "telegram", "twin", "--set", `root=${root}`], TOKEN);
  expect(again.code).not.toBe(0);
  api.world.say(direct(ANA), ANA, "/start");
  api.fault("getUpdates", { kind: "status", code: 502, description: "Bad Gateway" }, { kind: "drop_after" });
  await daemon.until(() => api.count("getUpdates") >= 3);
  const seen = await Promise.all(
    [
      ["channel", "list", "--json"],
      ["status", "--json"],
      ["doctor", "--json"],
      ["secrets", "list"],
      ["verify", "family"],
    ].map((args) => home.run(args)),
  );
  await api.stop();
  expectNowhere("/proc", shownOf(daemon.pid));
  expectNowhere("streams", daemon.said.stdout + daemon.said.stderr);
  for (const ran of [added, again, ...seen]) expectNowhere("the command line's answers", ran.stdout + ran.stderr);
  for (const path of filesBelow(home.dir)) expectNowhere(path, readFileSync(path));
  expect(await daemon.stop()).toBe(0);
  for (const path of filesBelow(home.dir)) expectNowhere(path, readFileSync(path));
});
