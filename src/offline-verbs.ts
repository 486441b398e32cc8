/**
 * What the command line does without a daemon. Each verb imports what it needs when it is called,
 * so that the others start fast.
 */
import { readFileSync } from "node:fs";
import type { Finding } from "../policy/analyse.ts";
import type { Home, Offline, PolicyFinding } from "./cli/offline.ts";
import type { Environment } from "./config/environment.ts";
import { Refusal } from "./core/refusal.ts";

export function offlineVerbs(env: Environment, workingDirectory: () => string): Offline {
  return {
    init: async (home) => {
      const { makeHome } = await import("./serve.ts");
      return {
        created: await makeHome(env, home, workingDirectory()),
        next: ["lazaret up    starts it", "lazaret demo  loads a fictional group to try"],
      };
    },
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
    try: async ({ transform, jsonl, model, text, lines, write }) => {
      if (model !== null) throw new Refusal("input.invalid", { field: "--model", hint: "This version has no models." });
      const [{ tryJsonLines }, { tryText }, { readLexicon }] = await Promise.all([
        import("./try.ts"),
        import("./try-words.ts"),
        import("./word-lists.ts"),
      ]);
      const lexicon = readLexicon();
      if (!jsonl) return write(tryText(transform, await text(), lexicon));
      for await (const line of tryJsonLines(transform, lines(), lexicon)) write(line);
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
    service: async (home) => {
      const [{ serviceOf }, { ownCommand, runProgram }, { homePaths }] = await Promise.all([
        import("./service.ts"),
        import("./powers.ts"),
        import("./home-paths.ts"),
      ]);
      // A service does not see this terminal's environment: only the place that needs no word is left out.
      const plain = homePaths({ ...env, LAZARET_HOME: "", STATE_DIRECTORY: "" }, undefined, workingDirectory());
      const homeArguments = plain.dataDir === home.home ? [] : ["--home", home.home];
      return serviceOf({ env, command: ownCommand(), homeArguments, run: runProgram });
    },
    policyCheck: (home, files) => policyCheck(env, home, workingDirectory(), files),
  };
}

type Checked = { readonly rules: number; readonly findings: readonly PolicyFinding[] };

/** Files are checked on top of the shipped packs; without files the packs that the configuration names. */
async function policyCheck(env: Environment, home: Home, cwd: string, files: readonly string[]): Promise<Checked> {
  const [{ loadPolicy }, { analyse }, { shippedPacks }, { homeConfig }] = await Promise.all([
    import("../policy/load.ts"),
    import("../policy/analyse.ts"),
    import("./daemon.ts"),
    import("./home-config.ts"),
  ]);
  const own = files.map((file) => ({ name: file, text: readFileSync(file, "utf8") }));
  const packs = files.length === 0 ? { packs: homeConfig(env, home, cwd).packs } : {};
  const sources =
    files.length === 0
      ? shippedPacks()
      : [...shippedPacks().filter(({ name }) => name === "base.yaml" || name === "chat-mode.yaml"), ...own];
  const loading = loadPolicy(sources, packs);
  if (!loading.ok) {
    const findings = loading.errors.map(({ file, line, message }) => ({
      severity: "error" as const,
      file,
      line,
      rule: null,
      text: message,
    }));
    return { rules: 0, findings };
  }
  const findings = analyse(loading.policy).map((it) => ({
    severity: it.severity,
    file: "",
    line: null,
    rule: it.rule ?? null,
    text: wordsOf(it),
  }));
  return { rules: loading.rules.length, findings };
}

/** A finding in one line: what it is, because of which rules, and a request that shows it. */
function wordsOf({ kind, by, dimension, value, witness }: Finding): string {
  const parts = [
    by.length === 0 ? kind : `${kind} by ${by.join(", ")}`,
    ...(dimension === undefined ? [] : [`${dimension}${value === undefined ? "" : ` ${value}`}`]),
    ...(witness === undefined ? [] : [`for example ${JSON.stringify(witness)}`]),
  ];
  return parts.join("; ");
}
