/**
 * What the command line does without a daemon. Each verb imports what it needs when it is called,
 * so that the others start fast.
 */
import { dirname } from "node:path";
import type { AttackResult, Home, Offline, Profile, Service, WallVerbs } from "./cli/offline.ts";
import type { Environment } from "./config/environment.ts";

export function offlineVerbs(env: Environment, workingDirectory: () => string): Offline {
  const packs = () => import("./policy-files.ts");
  const configured = async (home: Home): Promise<readonly string[]> => {
    const { homeConfig } = await import("./home-config.ts");
    return homeConfig(env, home, workingDirectory()).packs;
  };
  return {
    init: (home, profile) => init(env, home, workingDirectory(), profile),
    up: async (home, ways) => {
      const { serve } = await import("./serve.ts");
      return serve(env, home, workingDirectory(), ways);
    },
    demo: async (home) => {
      const { once } = await import("./serve.ts");
      return once(env, home, workingDirectory(), (owner) => owner["demo.load"]({}));
    },
    doctor: async (home, residue) => {
      const { once } = await import("./serve.ts");
      return once(env, home, workingDirectory(), (owner) => owner.doctor({ residue }));
    },
    restore: async (home, from) => {
      const { bringBack } = await import("./serve.ts");
      return bringBack(env, home, workingDirectory(), from);
    },
    try: async (what) => {
      const [{ tryJsonLines }, { tryText }, { readLexicon }] = await Promise.all([
        import("./try.ts"),
        import("./try-words.ts"),
        import("./word-lists.ts"),
      ]);
      const { transform, jsonl, ask, model, home, text, lines, write } = what;
      const lexicon = readLexicon();
      if (model !== null) {
        const [{ homeConfig }, { tryWith }] = await Promise.all([import("./home-config.ts"), import("./try-with.ts")]);
        return tryWith({ ...what, model }, homeConfig(env, home, workingDirectory()), lexicon);
      }
      if (!jsonl) return write(tryText(transform, await text(), lexicon, ask));
      for await (const line of tryJsonLines(transform, lines(), lexicon, ask)) write(line);
    },
    configCheck: async (home, file, showOrigin) => {
      const { checkHomeConfig } = await import("./home-config.ts");
      return checkHomeConfig(env, home, workingDirectory(), file, showOrigin);
    },
    configSchema: async () => {
      const { configSchema } = await import("./config.ts");
      return configSchema();
    },
    verifyBundle: async (file, against) => {
      const { verifyBundle } = await import("./store/bundle-verify.ts");
      const { badSeq: bad_seq, notExcluded: not_excluded, dangling, ...rest } = await verifyBundle(file, against);
      return { ...rest, bad_seq, not_excluded, dangling: dangling.slice(0, 1000) };
    },
    recover: (home, file, passphrase) => recover(env, home, workingDirectory(), file, passphrase),
    service: (home) => service(env, home, workingDirectory()),
    start: async (command, how) => (await import("./powers.ts")).startProgram(env, command, how),
    wall: wallVerbs(env, workingDirectory),
    command: async () => (await import("./powers.ts")).ownCommand(),
    attack,
    policyCheck: async (home, files) => (await packs()).checkPacks(await configured(home), files),
    policyTest: async (home, files) => (await packs()).testPacks(await configured(home), files),
    policyDiff: async (home, a, b) => (await packs()).diffPacks(await configured(home), a, b),
  };
}

async function init(env: Environment, home: Home, cwd: string, profile: Profile | null) {
  const [{ makeHome }, { writeProfile }] = await Promise.all([import("./serve.ts"), import("./profile.ts")]);
  const written = profile === null ? [] : [`Rules of the profile ${profile}: ${writeProfile(env, home, cwd, profile)}`];
  const created = await makeHome(env, home, cwd);
  return { created, next: [...written, "lazaret up    starts it", "lazaret demo  loads a fictional group to try"] };
}

async function recover(env: Environment, home: Home, cwd: string, file: string, passphrase: string): Promise<void> {
  const [{ pathsOf }, { homeFacts }, { readRecovery, useRecovery }] = await Promise.all([
    import("./home-config.ts"),
    import("./store/facts.ts"),
    import("./recovery.ts"),
  ]);
  const { dataDir, keysDir } = pathsOf(env, home, cwd);
  await useRecovery(keysDir, readRecovery(file), passphrase, homeFacts(dataDir));
}

/** What every program needs to know of its surroundings, and no key is named so. */
const PASSED = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "COLORTERM", "TZ", "NO_COLOR"];

function wallVerbs(env: Environment, workingDirectory: () => string): WallVerbs {
  const powers = async () => (await import("./powers.ts")).boxPowers(env, workingDirectory());
  return {
    around: { run: env["AGENT_RUN"] ?? null, tokenFile: env["AGENT_TOKEN_FILE"] ?? null },
    fault: async () => (await import("./wall-box.ts")).wallFault(await powers()),
    run: async (home, { environment, pass, ...order }) => {
      const [{ runWalled }, { pathsOf }] = await Promise.all([import("./wall-box.ts"), import("./home-config.ts")]);
      const { dataDir, keysDir, configFile, stateDir, socketPath } = pathsOf(env, home, workingDirectory());
      const names = [...PASSED, ...Object.keys(env).filter((name) => name.startsWith("LC_")), ...pass];
      const passed = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
      return runWalled(await powers(), {
        ...order,
        environment: { ...Object.fromEntries(passed), ...environment },
        hide: [...new Set([dataDir, keysDir, dirname(configFile), stateDir, dirname(socketPath)])],
      });
    },
  };
}

async function attack(
  files: readonly string[],
  tell: (result: AttackResult) => void,
): Promise<readonly AttackResult[]> {
  const [{ attackCases, runAttacks }, { attackThreads }] = await Promise.all([
    import("./attack/attack.ts"),
    import("./attack/threads.ts"),
  ]);
  const cases = attackCases(files);
  return attackThreads(async (powers) => {
    const results: AttackResult[] = [];
    for await (const result of runAttacks(cases, powers)) {
      results.push(result);
      tell(result);
    }
    return results;
  });
}

async function service(env: Environment, home: Home, cwd: string): Promise<Service> {
  const [{ serviceOf }, { ownCommand, runProgram }, { homePaths }] = await Promise.all([
    import("./service.ts"),
    import("./powers.ts"),
    import("./home-paths.ts"),
  ]);
  // A service does not see this terminal's environment: only the place that needs no word is left out.
  const plain = homePaths({ ...env, LAZARET_HOME: "", STATE_DIRECTORY: "" }, undefined, cwd);
  const homeArguments = plain.dataDir === home.home ? [] : ["--home", home.home];
  return serviceOf({ env, command: ownCommand(), homeArguments, run: runProgram });
}
