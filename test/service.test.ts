/** The user unit that `lazaret service` writes: this very program in it, whatever systemd there is. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ServicePowers, serviceOf, unitText } from "../src/service.ts";

const COMMAND = ["/opt/node/bin/node", "/opt/lazaret/src/launch.cjs"];
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "lazaret-service-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** A systemd that does what it is told and remembers it; null is a machine without one. */
function service(answer: { readonly code: number; readonly said: string } | null, more: Partial<ServicePowers> = {}) {
  const ran: string[] = [];
  const powers: ServicePowers = {
    env: { HOME: home },
    command: COMMAND,
    homeArguments: [],
    run: async (program, args) => {
      ran.push([program, ...args].join(" "));
      return answer;
    },
    ...more,
  };
  return { it: serviceOf(powers), ran };
}
const DOES = { code: 0, said: "active\n" };
const startOf = (text: string): string | undefined => /^ExecStart=(.*)$/m.exec(text)?.[1];

test("install writes the shipped unit with this program in it, closed to others, and starts it", async () => {
  const { it, ran } = service(DOES);
  const made = await it.install();
  const shipped = readFileSync("deploy/lazaret-user.service", "utf8").split("\n");
  const written = readFileSync(made.path, "utf8").split("\n");
  expect(made.path).toBe(join(home, ".config/systemd/user/lazaret.service"));
  expect(written.filter((line) => !shipped.includes(line))).toEqual([`ExecStart=${COMMAND.join(" ")} up`]);
  expect(statSync(made.path).mode & 0o077).toBe(0);
  expect({ started: made.started, ran }).toEqual({
    started: true,
    ran: ["systemctl --user daemon-reload", "systemctl --user enable --now lazaret.service"],
  });
});

test("without systemd the unit is written all the same, and what to run is said", async () => {
  const { it } = service(null);
  const { started, path, words } = await it.install();
  expect({ started, there: existsSync(path) }).toEqual({ started: false, there: true });
  expect(words.join()).toContain("systemctl --user enable --now lazaret");
});

test("a home of its own is in the command, quoted as systemd reads it", () => {
  const homeArguments = ["--home", '/srv/my "chats"/100%/$x\\y'];
  const start = startOf(unitText({ command: COMMAND, homeArguments }));
  expect(start).toBe(`${COMMAND.join(" ")} --home "/srv/my \\"chats\\"/100%%/$$x\\\\y" up`);
});

test("a path with a line break could add a directive, so it is refused", () => {
  const bad = { command: COMMAND, homeArguments: ["--home", "/tmp/x\nExecStartPre=/bin/sh"] };
  expect(() => unitText(bad)).toThrow(expect.objectContaining({ code: "input.invalid" }));
});

test("status tells a missing unit, one of another program, and what systemd says", async () => {
  const { it } = service(DOES);
  expect(await it.status()).toMatchObject({ installed: false, current: false });
  await it.install();
  expect(await it.status()).toMatchObject({ installed: true, current: true, state: "active" });
  writeFileSync(it.path, "[Service]\nExecStart=/usr/bin/other up\n");
  expect(await it.status()).toMatchObject({ installed: true, current: false });
  expect(await service(null).it.status()).toMatchObject({ state: "unknown" });
});

test("uninstall stops it, removes the unit and nothing else, and is harmless twice", async () => {
  const { it, ran } = service(DOES);
  await it.install();
  ran.length = 0;
  expect(await it.uninstall()).toEqual({ path: it.path, removed: true });
  expect(ran).toEqual(["systemctl --user disable --now lazaret.service", "systemctl --user daemon-reload"]);
  expect(await it.uninstall()).toEqual({ path: it.path, removed: false });
  expect(existsSync(join(home, ".config/systemd/user"))).toBe(true);
});
