/** Reads configurations for tests: everything that a complete build would know, on a machine in Vienna. */
import { problemLine } from "../src/config/problems.ts";
import { type Config, type ConfigSource, readConfig } from "../src/config.ts";

type Variables = Readonly<Record<string, string>>;

export const source = (text: string | null, env: Variables = {}): ConfigSource => ({
  file: "config.yaml",
  text,
  env,
  zone: "Europe/Vienna",
  known: {
    packs: ["base", "chat-mode", "strict"],
    channelKinds: ["console", "webhook", "matrix", "telegram"],
    models: true,
    http: true,
  },
});

export function configOf(text: string | null, env: Variables = {}): Config {
  const reading = readConfig(source(text, env));
  if (!reading.ok) throw new Error(reading.problems.map(problemLine).join("\n"));
  return reading.config;
}

export function problemsOf(text: string, env: Variables = {}): string[] {
  const reading = readConfig(source(text, env));
  return reading.ok ? [] : reading.problems.map(problemLine);
}
