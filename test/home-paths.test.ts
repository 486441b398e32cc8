import { describe, expect, test } from "vitest";
import { homePaths } from "../src/home-paths.ts";

const HERE = "/work";
const HOME = { HOME: "/home/ana" };

describe("a person's files lie where XDG says", () => {
  test("which is below HOME by default, with the keys beside the configuration and away from the data", () => {
    expect(homePaths(HOME, undefined, HERE)).toEqual({
      dataDir: "/home/ana/.local/share/lazaret",
      keysDir: "/home/ana/.config/lazaret/keys",
      configFile: "/home/ana/.config/lazaret/config.yaml",
      stateDir: "/home/ana/.local/state/lazaret",
      socketPath: "/home/ana/.local/share/lazaret/lazaret.sock",
      credentialFile: null,
      passphraseFile: null,
      from: "XDG",
    });
  });

  test("and wherever its variables point, unless they are relative", () => {
    const env = { ...HOME, XDG_DATA_HOME: "/d", XDG_CONFIG_HOME: "relative", XDG_RUNTIME_DIR: "/run/user/1000" };
    expect(homePaths(env, undefined, HERE)).toMatchObject({
      dataDir: "/d/lazaret",
      keysDir: "/home/ana/.config/lazaret/keys",
      socketPath: "/run/user/1000/lazaret/lazaret.sock",
    });
  });

  test("and without any word there is no guess", () => {
    expect(() => homePaths({}, undefined, HERE)).toThrow(expect.objectContaining({ code: "home.missing" }));
    expect(() => homePaths({ HOME: "relative" }, undefined, HERE)).toThrow(
      expect.objectContaining({ code: "home.missing" }),
    );
  });
});

describe("one directory holds everything", () => {
  test("when --home or LAZARET_HOME names it, the flag first", () => {
    const all = {
      dataDir: "/work/here",
      keysDir: "/work/here/keys",
      configFile: "/work/here/config.yaml",
      stateDir: "/work/here/state",
      socketPath: "/work/here/lazaret.sock",
    };
    const env = { ...HOME, XDG_RUNTIME_DIR: "/run/user/1000", LAZARET_HOME: "/else" };
    expect(homePaths(env, "here", HERE)).toMatchObject({ ...all, from: "--home" });
    expect(homePaths({ LAZARET_HOME: "here" }, undefined, HERE)).toMatchObject({ ...all, from: "LAZARET_HOME" });
    expect(homePaths({ ...HOME, LAZARET_HOME: "" }, undefined, HERE)).toMatchObject({ from: "XDG" });
  });

  test("but a path too long for a socket is put beside the person's sockets, or refused", () => {
    const long = `/${"x".repeat(120)}`;
    const env = { XDG_RUNTIME_DIR: "/run/user/1000" };
    const { socketPath } = homePaths(env, long, HERE);
    expect(socketPath).toMatch(/^\/run\/user\/1000\/lazaret\/[0-9a-f]{16}\.sock$/);
    expect(homePaths(env, long, HERE).socketPath).toBe(socketPath);
    expect(homePaths(env, `${long}y`, HERE).socketPath).not.toBe(socketPath);
    expect(() => homePaths({}, long, HERE)).toThrow(expect.objectContaining({ code: "config.invalid" }));
  });
});

describe("a service's directories win", () => {
  const service = {
    STATE_DIRECTORY: "/var/lib/lazaret:/var/lib/other",
    RUNTIME_DIRECTORY: "/run/lazaret",
    CREDENTIALS_DIRECTORY: "/run/credentials/lazaret.service",
    LAZARET_HOME: "/else",
    ...HOME,
  };

  test("over the person's, and the credential of the unit is looked for", () => {
    expect(homePaths(service, undefined, HERE)).toEqual({
      dataDir: "/var/lib/lazaret",
      keysDir: "/var/lib/lazaret/keys",
      configFile: "/var/lib/lazaret/config.yaml",
      stateDir: "/var/lib/lazaret/state",
      socketPath: "/run/lazaret/lazaret.sock",
      credentialFile: "/run/credentials/lazaret.service/lazaret.unlock",
      passphraseFile: null,
      from: "STATE_DIRECTORY",
    });
    expect(homePaths({ ...service, CONFIGURATION_DIRECTORY: "/etc/lazaret" }, undefined, HERE).configFile).toBe(
      "/etc/lazaret/config.yaml",
    );
  });

  test("and a command line that names the system's home finds the same socket", () => {
    const { socketPath } = homePaths(service, undefined, HERE);
    expect(homePaths(HOME, "/var/lib/lazaret", HERE).socketPath).toBe(socketPath);
  });
});

test("a passphrase is named by its file alone", () => {
  const env = { ...HOME, LAZARET_PASSPHRASE_FILE: "phrase" };
  expect(homePaths(env, undefined, HERE).passphraseFile).toBe("/work/phrase");
});
