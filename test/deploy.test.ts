/** The units and the image keep what they promise: no privilege, no plaintext on disk by another way, one volume. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** The last value of each directive of one section. A unit without the section has none. */
function directives(file: string, section: string): Record<string, string> {
  const [, body = ""] = readFileSync(file, "utf8").split(`[${section}]\n`);
  const lines = (body.split(/^\[/m)[0] ?? "").split("\n").filter((line) => /^[A-Z]\w+=/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** What both kinds of unit need, and can have without a namespace. */
const EVERYWHERE = {
  Type: "notify",
  NotifyAccess: "all",
  KillMode: "mixed",
  RestartPreventExitStatus: "2 78",
  UMask: "0077",
  LimitCORE: "0",
  MemorySwapMax: "0",
  NoNewPrivileges: "yes",
  RestrictAddressFamilies: "AF_INET AF_INET6 AF_UNIX",
  LockPersonality: "yes",
  SystemCallArchitectures: "native",
  SystemCallFilter: "@system-service",
  MemoryDenyWriteExecute: "no",
};

describe("the system unit", () => {
  const service = directives("deploy/lazaret.service", "Service");

  test("runs as a user of its own with nothing it could lend out", () => {
    expect(service).toMatchObject({
      ...EVERYWHERE,
      DynamicUser: "yes",
      CapabilityBoundingSet: "",
      AmbientCapabilities: "",
    });
    expect(service["User"]).toBeUndefined();
  });

  test("sees no other person's files, devices or processes, and writes only below its own directories", () => {
    expect(service).toMatchObject({
      ProtectSystem: "strict",
      ProtectHome: "yes",
      ProtectProc: "invisible",
      ProtectKernelTunables: "yes",
      ProtectKernelModules: "yes",
      ProtectKernelLogs: "yes",
      ProtectControlGroups: "yes",
      PrivateTmp: "yes",
      PrivateDevices: "yes",
      RestrictNamespaces: "user mnt pid net ipc uts cgroup",
    });
    expect(Object.keys(service).filter((name) => /^(?:ReadWritePaths|BindPaths)$/.test(name))).toEqual([]);
    for (const kind of ["State", "Runtime", "Cache"]) {
      expect(service).toMatchObject({ [`${kind}Directory`]: "lazaret", [`${kind}DirectoryMode`]: "0700" });
    }
  });

  test("takes its unlock key from an encrypted credential, never from the environment or the command line", () => {
    expect(service["LoadCredentialEncrypted"]).toBe("lazaret.unlock");
    expect(
      Object.keys(service).filter((name) =>
        /^(?:Environment|EnvironmentFile|SetCredential|LoadCredential)$/.test(name),
      ),
    ).toEqual([]);
    expect(service["ExecStart"]).toBe("/usr/bin/env lazaret up");
  });

  test("gives the daemon longer to stop than the daemon takes", () => {
    expect(Number(service["TimeoutStopSec"])).toBeGreaterThan(25);
  });
});

describe("the user unit", () => {
  const service = directives("deploy/lazaret-user.service", "Service");

  test("keeps what a user's manager can enforce", () => {
    expect(service).toMatchObject(EVERYWHERE);
  });

  test("leaves home and socket where the command line looks for them", () => {
    expect(Object.keys(service).filter((name) => /Directory$|^DynamicUser$|^User$/.test(name))).toEqual([]);
    expect(directives("deploy/lazaret-user.service", "Install")).toEqual({ WantedBy: "default.target" });
  });
});

describe("the image", () => {
  const lines = readFileSync("Dockerfile", "utf8")
    .replace(/\\\n/g, "")
    .split("\n")
    .filter((line) => /^[A-Z]+ /.test(line));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
  const of = (word: string): string[] =>
    last.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  test("is built in two stages from the Node that the engines ask for", () => {
    const { engines } = JSON.parse(readFileSync("package.json", "utf8"));
    const bases = lines.filter((line) => line.startsWith("FROM ")).map((line) => line.split(" ")[1]);
    expect(bases).toEqual(Array(2).fill(`node:${engines.node.replace(/\D/g, "")}-slim`));
  });

  test("installs by the lock and runs no script of a package", () => {
    const installs = lines.flatMap((line) => line.match(/npm (?:ci|i|install|add)\b[^&]*/g) ?? []);
    expect(installs.every((command) => command.startsWith("npm ci") && command.includes("--ignore-scripts"))).toBe(
      true,
    );
    expect(installs.at(-1)).toContain("--omit=dev");
  });

  test("runs without root, with one volume, no port, and a health check through the command line", () => {
    expect(of("USER")).toEqual(["10001:10001"]);
    expect(of("VOLUME")).toEqual(["/data"]);
    expect(of("ENV").join(" ")).toContain("LAZARET_HOME=/data");
    expect(of("EXPOSE")).toEqual([]);
    expect(of("HEALTHCHECK")[0]).toContain('"src/launch.cjs", "status"');
    expect(of("ENTRYPOINT")).toEqual(['["node", "--disable-sigusr1", "src/launch.cjs"]']);
  });

  test("takes into the build only what is named", () => {
    const rules = readFileSync(".dockerignore", "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(rules[0]).toBe("*");
    expect(rules.slice(1).filter((rule) => !rule.startsWith("!"))).toEqual([]);
    expect(rules.filter((rule) => /test|bench|\.git|docs|home|\.env/.test(rule))).toEqual([]);
  });
});
