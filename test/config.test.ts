import { describe, expect, test } from "vitest";
import { durationMs, moneyMicros, sizeBytes } from "../src/config/units.ts";
import { configuredOf, readConfig, requireConfig, settingsOf } from "../src/config.ts";
import { BACKGROUND, INTERACTIVE } from "../src/core/budget.ts";
import { DAY_MS } from "../src/core/limits.ts";
import { configOf, problemsOf, source } from "./config-reading.ts";

describe("a configuration", () => {
  test("that is absent, empty or only comments leaves every default", () => {
    const defaults = configOf(null);
    expect(configOf("")).toEqual(defaults);
    expect(configOf("# nothing\n")).toEqual(defaults);
    expect(settingsOf(defaults)).toEqual({
      tenant: "default",
      timezone: "Europe/Vienna",
      language: "en",
      agent: "butler",
      fallback: "butler",
      ttlMs: 7 * DAY_MS,
      interactive: INTERACTIVE,
      background: BACKGROUND,
      onExhausted: "fail",
      pools: { steps: 500, tokens: 1_000_000, cost_micros: 2_000_000 },
      fourEyes: false,
      keywords: [],
      linkDomains: [],
      senderEventsPerMinute: 120,
      onDelete: "redact",
      httpHosts: [],
      wallHosts: [],
    });
    expect(defaults.channels).toEqual([{ name: "console", kind: "console" }]);
    expect(defaults.port).toBe(7717);
  });

  test("as the contract shows it is valid", () => {
    const config = configOf(`
listen: { port: 7717 }
timezone: Europe/Vienna
language: en
agents: { default: butler }
models:
  - { name: local, kind: openai, url: http://127.0.0.1:11434/v1, model: qwen3:8b, use: [transforms, agent] }
channels:
  - { name: console, kind: console }
  - { name: alerts, kind: webhook, secret: hook-alerts, assurance: low }
  - { name: home, kind: matrix, homeserver: https://matrix.example.org }
conversations:
  - { alias: family, channel: home, room: "!k3J:example.org", context: everyone, ttl: 7d }
people:
  - { role: owner, id: "home:@ana:example.org" }
policy: { packs: [chat-mode] }
retention: { default: 7d }
budgets: { interactive: { steps: 50, wall_clock: 60s } }
http: { allow: [] }
`);
    expect(config.conversations).toEqual([
      {
        alias: "family",
        channel: "home",
        room: "!k3J:example.org",
        context: "everyone",
        ttl: 7 * DAY_MS,
        members: "listed",
      },
    ]);
    expect(config.channels.map(({ name }) => name)).toEqual(["console", "alerts", "home"]);
  });

  test("keeps what it says about budgets and leaves the rest as it is", () => {
    const { interactive, background } = configOf(
      "budgets: { interactive: { steps: 3, wall_clock: 90s, cost: 0.000001 USD, egress: 1MiB, tokens: 0 } }",
    );
    expect(interactive).toEqual({
      ...INTERACTIVE,
      steps: 3,
      wall_clock_ms: 90_000,
      cost_micros: 1,
      egress_bytes: 1_048_576,
      tokens: 0,
    });
    expect(background).toEqual(BACKGROUND);
  });

  test("without a time zone takes the machine's, and says so when that is UTC", () => {
    const at = (zone: string) => readConfig({ ...source(null), zone });
    expect(at("Asia/Kolkata")).toMatchObject({ ok: true, config: { timezone: "Asia/Kolkata", notes: [] } });
    for (const zone of ["UTC", "Etc/UTC", "no such zone", ""]) {
      expect(at(zone)).toMatchObject({ ok: true, config: { timezone: expect.stringMatching(/UTC/) } });
      expect(at(zone)).toMatchObject({ config: { notes: [expect.stringContaining("set timezone")] } });
    }
  });

  test("is handed to the gateway as channels, people and conversations", () => {
    const { channels, people, conversations } = configuredOf(
      configOf(`
channels:
  - { name: alerts, kind: webhook, secret: hook-alerts, assurance: medium }
  - { name: home, kind: matrix, homeserver: "https://matrix.example.org" }
conversations: [{ alias: family, channel: home, room: "!k3J:example.org", language: de, members: all }]
people: [{ role: member, id: "home:@ana:example.org", only: [family], timezone: Asia/Tokyo }]
`),
    );
    expect(channels).toEqual([
      { id: "console", kind: "console", assurance: "medium", secret: null, settings: {} },
      { id: "alerts", kind: "webhook", assurance: "medium", secret: "hook-alerts", settings: {} },
      {
        id: "home",
        kind: "matrix",
        assurance: "low",
        secret: "matrix-home",
        settings: { homeserver: "https://matrix.example.org" },
      },
    ]);
    const ana = { channel: "home", platform: "@ana:example.org", role: "member", only: ["family"] };
    expect(people).toEqual([{ ...ana, timezone: "Asia/Tokyo", language: null }]);
    expect(conversations).toEqual([
      {
        channel: "home",
        platform: "!k3J:example.org",
        alias: "family",
        context: null,
        ttlMs: null,
        timezone: null,
        language: "de",
        agent: null,
        membersAll: true,
      },
    ]);
  });

  test("notes what this version cannot use and what the file alone cannot show", () => {
    const bare = { packs: ["chat-mode"], channelKinds: ["console"], models: false, http: false };
    const text = `
models: [{ name: local, kind: openai, url: "http://[::1]:8080", model: m }]
channels: [{ name: home, kind: matrix, homeserver: "https://matrix.example.org" }]
people: [{ role: member, id: "added:42" }]
http: { allow: [api.example.org] }
`;
    expect(requireConfig({ ...source(text), known: bare }).config.notes).toEqual([
      expect.stringContaining("models are not used"),
      expect.stringContaining("http.allow is not used"),
      expect.stringContaining("channel added is not in this file"),
      expect.stringContaining("channel home stays closed: this version has no matrix connector"),
    ]);
  });
});

describe("a mistake is named with line, column, key and the nearest valid word", () => {
  test.each([
    ["listen:\n  prot: 7717", "config.yaml:2:3 listen.prot: unknown key prot: did you mean port?"],
    ["lissen: {}", "config.yaml:1:1 lissen: unknown key lissen: did you mean listen?"],
    ["agents: { xyzzy: 1 }", "config.yaml:1:11 agents.xyzzy: unknown key xyzzy: known are default"],
    ["listen: 7717", "config.yaml:1:9 listen: a map of keys is expected here"],
    ["listen: { port: '7717' }", "config.yaml:1:17 listen.port: a whole number is expected here"],
    ["listen: { port: 65536 }", "config.yaml:1:17 listen.port: Too big: expected number to be <=65535"],
    ["- 1", "config.yaml:1:1: a map of keys is expected here"],
    ["timezone: Europe/Viena", "a time zone is an IANA name, such as Europe/Vienna; did you mean Europe/Vienna?"],
    ["timezone: '+01:00'", "a time zone is an IANA name"],
    ["language: english", "config.yaml:1:11 language: a language is its two letters"],
    ["retention: { default: 7 }", "retention.default: a duration is a number with its unit"],
    ["retention: { default: 7 days }", "retention.default: a duration is a number with its unit"],
    ["retention: { default: 0d }", "retention.default: 0d is not between 1m and 3650d"],
    ["retention: { default: 999999999d }", "retention.default: 999999999d is not between 1m and 3650d"],
    ["budgets: { interactive: { egress: 10MB } }", "budgets.interactive.egress: a size is a number with its unit"],
    ["budgets: { interactive: { cost: 5 } }", "budgets.interactive.cost: an amount is written with its currency"],
    ["budgets: { interactive: { steps: -1 } }", "budgets.interactive.steps:"],
    ["channels: [{ name: a, kind: webhok }]", "did you mean webhook?"],
    ["channels: [{ name: a, kind: webhook }]", "channels[0].secret: secret is missing"],
    ["channels: [{ name: a, kind: webhook, sekret: b }]", "unknown key sekret: did you mean secret?"],
    ["channels: [{ name: a, kind: console, secret: b }]", "unknown key secret: known are name, kind"],
    ["channels: [{ name: a, kind: webhook, secret: b, assurance: high }]", "high is not one of low, medium"],
    ["channels: [{ name: A, kind: console }]", "lower-case letters, digits"],
    ["channels: [{ name: console, kind: webhook, secret: b }]", "console is the name of the console"],
    [
      "channels: [{ name: a, kind: console }, { name: a, kind: console }]",
      "channels[1].name: the channel a occurs twice",
    ],
    ["policy: { packs: [chat-mod] }", "there is no pack chat-mod"],
    ["policy: { packs: [] }", "policy.packs:"],
    ["http: { allow: ['https://example.org/'] }", "without scheme or path"],
    ["http: { allow: [example.org:0] }", "without scheme or path"],
    ["http: { allow: [{ host: 'https://a.example' }] }", "without scheme, port or path"],
    ["http: { allow: [{ host: a.example, methods: [TRACE] }] }", "TRACE is not one of"],
    ["http: { allow: [{ host: a.example, secrets: [{ name: k, slot: anywhere }] }] }", "a slot is header:NAME"],
    ["http: { allow: [{ host: a.example, method: [GET] }] }", "did you mean methods?"],
    ["http: { allow: [{ host: '127.1' , addresses: [reserved] }] }", "reserved is not one of"],
    ["replies: { link_domains: [EXAMPLE.org] }", "a domain in lower case"],
    ["activation: { keywords: ['hey bot'] }", "one word in lower case"],
    ["channels: [{ name: a, kind: telegram, token: '1:x' }]", "the file holds no secret"],
    ["models: [{ name: a, kind: openai, url: 'https://u:p@h/', model: m }]", "the file keeps no secret"],
    ["models: [{ name: a, kind: openai, url: 'http://10.0.0.1/', model: m }]", "http:// is for this machine alone"],
    ["models: [{ name: a, kind: openai, url: 'file:///etc/passwd', model: m }]", "an address begins with https://"],
    ["models: [{ name: a, kind: openai, url: 'h', model: m, use: [all] }]", "all is not one of transforms, agent"],
  ])("%j", (text, expected) => {
    expect(problemsOf(text).join("\n")).toContain(expected);
  });

  test("and all of them are said at once, in the order of the file", () => {
    const problems = problemsOf("retention: { default: 7 }\nlisten: { prot: 1 }\nlanguage: x\n");
    expect(problems.map((line) => line.split(" ")[0])).toEqual([
      "config.yaml:1:23",
      "config.yaml:2:11",
      "config.yaml:3:11",
    ]);
  });
});

describe("units", () => {
  test.each([
    ["500ms", 500],
    ["60s", 60_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["60", null],
    ["60 s", null],
    ["-1s", null],
    ["1.5h", null],
    ["1h30m", null],
    ["60S", null],
    ["", null],
  ])("the duration %j is %j ms", (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });

  test.each([
    ["1B", 1],
    ["64KiB", 65_536],
    ["10MiB", 10_485_760],
    ["1GiB", 1_073_741_824],
    ["10MB", null],
    ["10 MiB", null],
    ["10", null],
  ])("the size %j is %j bytes", (text, expected) => {
    expect(sizeBytes(text)).toBe(expected);
  });

  test.each([
    ["0.50 USD", 500_000],
    ["2 USD", 2_000_000],
    ["0.000001 USD", 1],
    ["0.0000001 USD", null],
    ["0.5", null],
    ["0,5 USD", null],
    ["1 EUR", null],
  ])("the amount %j is %j millionths", (text, expected) => {
    expect(moneyMicros(text)).toBe(expected);
  });
});
