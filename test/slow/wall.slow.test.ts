/** Real programs behind a real wall: what they reach, and everything that they do not. */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createPlain, type Server as Plain } from "node:net";
import { join, normalize } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { offlineVerbs } from "../../src/offline-verbs.ts";
import { certificate } from "../certificate.ts";
import { noWall, type WallStage, wallStage } from "../wall-stage.ts";

const FAULT = await noWall();
const has = (...line: readonly string[]): boolean => {
  try {
    execFileSync(line[0] ?? "", line.slice(1), { stdio: "ignore" });
    return true;
  } catch {
    return false; // no such program, or it may not
  }
};

const { key, cert } = certificate(["api.example.org", "git.example.org", "other.example.org"]);
let upstream: Server;
let seen: string[];
let repositories: string;
let place: WallStage;

/** Files of a repository as they lie there, which git calls dumb; a word for everything else. */
function serve(): Promise<void> {
  upstream = createServer({ key, cert }, (ask, response) => {
    const { host = "", "user-agent": agent = "" } = ask.headers;
    seen.push(`${host.split(":")[0]} ${agent.split(/[/ ]/)[0]}`);
    if (!host.startsWith("git.")) return void response.end("from upstream\n");
    const file = join(repositories, normalize(new URL(ask.url ?? "/", "https://x").pathname));
    if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
    response.end(readFileSync(file));
  });
  return new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
}
const portOf = (server: Server | Plain): number => (server.address() as AddressInfo).port;

beforeAll(serve);
afterAll(() => void upstream.close());
beforeEach(async () => {
  seen = [];
  const listed = { ports: [portOf(upstream)], plain: false, addresses: ["public", "loopback"], accepts: 0 } as const;
  const hosts = ["api.example.org", "git.example.org"].map((host) => ({ host, ...listed }));
  place = await wallStage(hosts, ({ dir, here }) => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: here, CANARY: "in-the-environment", LAZARET_HOME: dir };
    return offlineVerbs(env, () => here);
  });
  writeFileSync(join(place.here, "ca.pem"), cert);
});
afterEach(() => place[Symbol.asyncDispose]());

const file = (name: string): string => join(place.here, name);
const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : "");

/** A shell's lines behind the wall; its exit code. Where what they say goes is theirs to say. */
async function behind(script: string, name = "helper"): Promise<number> {
  const { code, terminal } = start(script, name);
  const ended = await code;
  if (ended !== 0) writeFileSync(file("said"), terminal.stderr);
  return ended;
}
function start(script: string, name = "helper"): ReturnType<WallStage["lazaret"]> {
  writeFileSync(file("script.sh"), `set -u\n${script}\n`);
  return place.lazaret("run", "--name", name, "--conversation", "family", "--", "sh", file("script.sh"));
}
const node = (script: string): string => {
  writeFileSync(file("program.mjs"), script);
  return `NODE_EXTRA_CA_CERTS=${file("ca.pem")} "${process.execPath}" ${file("program.mjs")}`;
};
async function until(is: () => boolean): Promise<void> {
  while (!is()) await pause(20);
}

describe.skipIf(FAULT !== null)("behind the wall", () => {
  test("Node's fetch reaches what is listed and the daemon, and its exit code is ours", async () => {
    const code = await behind(
      node(`
        import { readFileSync, writeFileSync } from "node:fs";
        const got = await fetch("https://api.example.org:${portOf(upstream)}/");
        const refused = await fetch("https://other.example.org:${portOf(upstream)}/").then(
          () => "reached", () => "refused");
        const token = readFileSync(process.env.AGENT_TOKEN_FILE, "utf8").trim();
        const run = await fetch(process.env.AGENT_URL + "/v1/runs/" + process.env.AGENT_RUN, {
          headers: { authorization: "Bearer " + token } });
        writeFileSync("answers", JSON.stringify([got.status, await got.text(), refused, (await run.json()).state]));
        process.exit(7);`),
    );
    expect([code, read("said")]).toEqual([7, expect.stringContaining("run_")]);
    expect(JSON.parse(read("answers"))).toEqual([200, "from upstream\n", "refused", "active"]);
    expect(seen).toEqual(["api.example.org node"]);
    const egress = place.stage.here.entries("egress.checked").map(({ body }) => body["place"]);
    expect(egress).toContain(`api.example.org:${portOf(upstream)}`);
    expect(place.stage.here.entries("decision.made").map(({ body }) => body["rule"])).toContain("http.unlisted");
    // Nobody asked for that run, so nobody waits for an answer of it.
    expect(place.stage.here.runs().at(-1)?.status.state).toBe("cancelled");
  });

  test("git clones over https from the listed host and not from another", async () => {
    repositories = place.dir;
    const work = join(place.dir, "work");
    mkdirSync(work);
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", work, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { stdio: "ignore" });
    git("init", "--quiet");
    git("commit", "--quiet", "--allow-empty", "-m", "first");
    git("clone", "--quiet", "--bare", work, join(place.dir, "repo.git"));
    execFileSync("git", ["-C", join(place.dir, "repo.git"), "update-server-info"]);
    const clone = (host: string, to: string) =>
      `git -c http.sslCAInfo=ca.pem clone --quiet https://${host}:${portOf(upstream)}/repo.git ${to}`;
    await behind(`${clone("git.example.org", "good")} 2>good.err; echo $? >good.code
      ${clone("other.example.org", "bad")} 2>bad.err; echo $? >bad.code`);
    expect([read("good.code"), read("good.err")]).toEqual(["0\n", ""]);
    expect(execFileSync("git", ["-C", file("good"), "log", "--format=%s"], { encoding: "utf8" })).toBe("first\n");
    expect([read("bad.code"), read("bad.err")]).toEqual(["128\n", expect.stringContaining("403")]);
    expect(seen.every((it) => it === "git.example.org git")).toBe(true);
  });

  test.skipIf(!has("curl", "--version"))(
    "curl: a listed host, one that is not, one by address, and plain http",
    async () => {
      const curl = (url: string) => `curl -sS --max-time 10 --cacert ca.pem ${url} >>out 2>>err; echo $? >>codes`;
      const port = portOf(upstream);
      await behind(
        [
          curl(`https://api.example.org:${port}/`),
          curl(`https://other.example.org:${port}/`),
          curl(`https://127.0.0.1:${port}/`),
          curl(`http://api.example.org:${port}/`),
          curl(`--noproxy '*' https://api.example.org:${port}/`),
          curl(`-o door $AGENT_URL/healthz`),
        curl(`--noproxy '*' --resolve api.example.org:${port}:127.0.0.1 https://api.example.org:${port}/`),
        ].join("\n"),
      );
      expect(read("out")).toMatch(/^from upstream\n\{.*"http\.unlisted".*\}\n$/s);
      // 56: the proxy said no; 6: no such name; 7: nobody listens.
      expect(read("codes").trim().split("\n")).toEqual(["0", "56", "56", "0", "6", "0", "7"]);
      expect(read("door")).toContain("true");
    expect(seen).toEqual(["api.example.org curl"]);
    },
  );

  test("nothing else answers: raw sockets, datagrams, names, sockets of others with and without a name", async () => {
    const got: string[] = [];
    const catcher = createSocket("udp4", (message) => void got.push(message.toString()));
    await new Promise<void>((resolve) => catcher.bind(0, "127.0.0.1", resolve));
    const others = await Promise.all(
      [file("other.sock"), "\0lazaret-wall-test"].map(async (path) => {
        const server = createPlain((socket) => {
          got.push("a socket");
          socket.end("here");
        });
        await new Promise<void>((resolve) => server.listen(path, resolve));
        return server;
      }),
    );
    await behind(
      node(`
        import dns from "node:dns/promises";
        import { createSocket } from "node:dgram";
        import { readdirSync, writeFileSync } from "node:fs";
        import { connect } from "node:net";
        import { networkInterfaces } from "node:os";
        const tried = (place) => new Promise((resolve) => {
          const socket = connect(place);
          socket.once("connect", () => resolve("open")).once("error", (error) => resolve(error.code));
          socket.setTimeout(3000, () => resolve("silence"));
        });
        const sent = (port, host) => new Promise((resolve) => {
          const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
          socket.once("error", () => {});
          socket.send("datagram", port, host, (error) => { resolve(error?.code ?? "sent"); socket.close(); });
        });
        const named = (work) => work.then(() => "found", (error) => error.code);
        writeFileSync("answers", JSON.stringify({
          tcp: await Promise.all([
            { host: "127.0.0.1", port: ${portOf(upstream)} }, { host: "192.0.2.1", port: 443 },
            { host: "8.8.8.8", port: 53 }, { host: "169.254.169.254", port: 80 }, { host: "2001:db8::1", port: 443 },
          ].map(tried)),
          unix: await Promise.all([
            { path: "${join(place.dir, "lazaret.sock")}" }, { path: "${file("other.sock")}" },
            { path: "\\0lazaret-wall-test" }, { path: "/run/systemd/private" }, { path: "/var/run/docker.sock" },
          ].map(tried)),
          udp: await Promise.all([sent(53, "8.8.8.8"), sent(443, "2001:db8::1")]),
          own: await sent(${catcher.address().port}, "127.0.0.1"),
          names: await Promise.all([named(dns.lookup("example.org")), named(dns.resolve4("example.org"))]),
          home: readdirSync("${place.dir}"),
          interfaces: Object.keys(networkInterfaces()),
          canary: process.env.CANARY ?? null,
          processes: readdirSync("/proc").filter((name) => Number(name) > 0).length < 10,
        }));`),
    );
    const answers = JSON.parse(read("answers")) as { readonly [what: string]: readonly string[] };
    expect(answers).toMatchObject({ home: [], interfaces: ["lo"], canary: null, processes: true });
    for (const code of [...(answers["tcp"] ?? []), ...(answers["udp"] ?? []), ...(answers["unix"] ?? [])])
      expect(code).toMatch(/^(?:ECONNREFUSED|ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT|ENOENT|ENOTSOCK)$/);
    for (const code of answers["names"] ?? []) expect(code).toMatch(/^(?:EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEOUT)$/);
    expect(got).toEqual([]);
    expect(seen).toEqual([]);
    catcher.close();
    for (const server of others) server.close();
  });

  test("its rights lead nowhere: not to what is hidden, not into process 1, not into another network", async () => {
    writeFileSync(join(place.dir, "key"), "a key of the home");
    await behind(`
      { umount ${place.dir}; cat ${place.dir}/key; } >>out 2>&1
      { unshare --user --map-root-user --mount umount ${place.dir}; cat ${place.dir}/key; } >>out 2>&1
      unshare --user --map-root-user --mount sh -c 'umount -l ${place.dir}; cat ${place.dir}/key' >>out 2>&1
      nsenter --target 1 --mount cat ${place.dir}/key >>out 2>&1
      cat /proc/1/root${place.dir}/key /proc/1/cwd/../home/key >>out 2>&1
      kill -USR1 1; sleep 0.3
      ${node(`import { connect } from "node:net"; import { writeFileSync } from "node:fs";
        connect(9229, "127.0.0.1").once("connect", () => writeFileSync("inspector", "open")).once("error", () => {});`)}
      ip link add one type dummy >>out 2>&1 && echo added >>out
      cat /proc/1/environ >environ 2>/dev/null; ls -l /proc/self/fd >descriptors; env >environment
    `);
    expect(read("out")).not.toContain("a key of the home");
    expect(read("out")).not.toContain("added");
    expect(existsSync(file("inspector"))).toBe(false);
    expect(read("environ") + read("environment")).not.toMatch(/CANARY|in-the-environment|LAZARET_HOME/);
    expect(read("descriptors")).not.toMatch(/ (?:[3-9]|\d\d) -> (?!\/proc\/)/);
    expect(read("environment")).toMatch(/^HTTPS_PROXY=http:\/\/127\.0\.0\.1:\d+$/m);
  });

  test("cancelling the run ends the program and all it started", async () => {
    const { code, terminal } = start(
      `(while true; do echo x >>beats; sleep 0.05; done) & while true; do sleep 1; done`,
    );
    await until(() => read("beats").length > 4);
    await place.stage.here.owner["runs.cancel"]({ run: place.stage.here.runs().at(-1)?.id as never });
    expect(await code).toBe(1);
    expect(terminal.stderr).toContain("run.ended");
    const beats = read("beats");
    await pause(300);
    expect(read("beats")).toBe(beats);
  });

  test("a run that waits for a person is refused with 403 and the reason", async () => {
    const { code } = start(
      node(`
        import { readFileSync, writeFileSync } from "node:fs";
        import { request } from "node:http";
        const { AGENT_URL: url, AGENT_RUN: run, AGENT_TOKEN_FILE: file } = process.env;
        const authorization = "Bearer " + readFileSync(file, "utf8").trim();
        const headers = { authorization, "content-type": "application/json" };
        const body = JSON.stringify({ capability: "message.redact", input: { last: 1 }, justification: "to read",
          idempotency_key: "k" });
        const reply = await fetch(url + "/v1/runs/" + run + "/invoke", { method: "POST", headers, body });
        const { status } = await reply.json();
        const refused = await new Promise((resolve) => {
          const { hostname: host, port } = new URL(process.env.HTTPS_PROXY);
          request({ host, port, method: "CONNECT", path: "api.example.org:${portOf(upstream)}" })
            .once("connect", ({ statusCode, headers }) => resolve([statusCode, headers["x-lazaret-code"]])).end();
        });
        writeFileSync("answers", JSON.stringify([status, ...refused]));
        process.exit(0);`),
    );
    await place.stage.say("family", "ben", "the lake at noon");
    await code;
    expect(JSON.parse(read("answers"))).toEqual(["approval_required", 403, "run.waiting"]);
    expect(place.stage.here.entries("decision.made").map(({ body }) => body["rule"])).toContain("run.waiting");
    expect(seen).toEqual([]);
  });
});
