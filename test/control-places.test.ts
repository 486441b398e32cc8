/** Where the doors open: loopback alone, and a socket in a directory that is ours alone (threats C07, C10 and C11). */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenDoors, openDoors, send } from "./open-doors.ts";

let doors: OpenDoors;
beforeEach(async () => {
  doors = await openDoors();
});
afterEach(() => doors[Symbol.asyncDispose]());

describe("places", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lazaret-place-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const at = (socketPath: string) => openDoors({ socketPath });

  test.each(["0.0.0.0", "::", "192.168.1.5", "localhost", "", "::ffff:127.0.0.1"])("%j is not bound", async (host) => {
    const start = openDoors({ hosts: ["127.0.0.1", host] });
    await expect(start).rejects.toMatchObject({ code: "config.invalid", hint: expect.stringContaining("TLS") });
  });

  test("what is bound is loopback alone, and no wildcard", () => {
    for (const address of doors.control.addresses) expect(address).toMatch(/^(?:127\.0\.0\.1|\[::1\]):\d+$/);
    expect(doors.control.address).toBe(`127.0.0.1:${doors.port}`);
  });

  test("a port that is taken is named, and the socket is gone again", async () => {
    const socketPath = join(directory, "s.sock");
    await expect(openDoors({ socketPath, port: doors.port })).rejects.toMatchObject({
      code: "config.invalid",
      field: "listen.port",
    });
    expect(lstatSync(socketPath, { throwIfNoEntry: false })).toBeUndefined();
  });

  test("the socket is 0600", () => {
    expect(lstatSync(doors.socketPath).mode & 0o777).toBe(0o600);
  });

  test.each([0o755, 0o750, 0o701])("a directory of mode %o is refused", async (mode) => {
    chmodSync(directory, mode);
    await expect(at(join(directory, "s.sock"))).rejects.toMatchObject({ code: "home.insecure" });
  });

  test("a directory that is a link, or is not there, is refused", async () => {
    const real = join(directory, "real");
    mkdirSync(real, { mode: 0o700 });
    symlinkSync(real, join(directory, "link"));
    await expect(at(join(directory, "link", "s.sock"))).rejects.toMatchObject({ code: "home.insecure" });
    await expect(at(join(directory, "none", "s.sock"))).rejects.toMatchObject({ code: "home.insecure" });
  });

  test("another user's directory is refused", async () => {
    const start = openDoors({ socketPath: join(directory, "s.sock"), uid: 1 + (process.getuid?.() ?? 0) });
    await expect(start).rejects.toMatchObject({ code: "home.insecure", hint: expect.stringContaining("another user") });
  });

  test("a file, or a link, where the socket belongs is left alone and refused", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "mine");
    symlinkSync(doors.socketPath, join(directory, "link"));
    for (const name of ["file", "link"]) {
      await expect(at(join(directory, name))).rejects.toMatchObject({ code: "home.insecure" });
    }
    expect(lstatSync(file).size).toBe(4);
  });

  test("a second daemon does not take the socket of a living one, but that of a dead one", async () => {
    await expect(at(doors.socketPath)).rejects.toMatchObject({ code: "home.locked" });
    expect((await doors.local({ path: "/nothing" })).status).toBe(404);
    const path = join(directory, "s.sock");
    await deadSocket(path);
    await using second = await at(path);
    expect((await send({ socketPath: path }, { path: "/nothing" })).status).toBe(404);
    expect(second.control.address).not.toBe(doors.control.address);
  });

  test("a path too long for a socket is a question of configuration", async () => {
    await expect(at(join(directory, "x".repeat(100)))).rejects.toMatchObject({ code: "config.invalid" });
  });

  test("closing twice is closing once, and frees the port and the socket", async () => {
    await Promise.all([doors.control.close(), doors.control.close()]);
    await expect(doors.ask({ path: "/healthz" })).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(lstatSync(doors.socketPath, { throwIfNoEntry: false })).toBeUndefined();
  });
});

/** Leaves a socket file that nobody listens on, as a killed daemon does. */
async function deadSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve));
  renameSync(`${path}.live`, path);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
