/** `policy check`, `policy test` and `policy diff`: packs in files, looked at without a daemon. */
import type { Finding } from "../policy/analyse.ts";
import type { Loading } from "../policy/load.ts";
import type { PackError } from "../policy/yaml-source.ts";
import type { PolicyChange, PolicyFinding, PolicyTested } from "./cli/offline.ts";
import { Refusal } from "./core/refusal.ts";
import { loadFiles, loadSide, packFile, placeOf } from "./rules.ts";

type Checked = { readonly rules: number; readonly findings: readonly PolicyFinding[] };
type Loaded = Extract<Loading, { ok: true }>;

/** The files on the configured packs; without files the configured packs alone. */
export async function checkPacks(configured: readonly string[], files: readonly string[]): Promise<Checked> {
  const { analyse } = await import("../policy/analyse.ts");
  const loading = loadFiles(configured, files.map(packFile));
  if (!loading.ok) return { rules: 0, findings: loading.errors.map(errorFinding) };
  const { findingSentence } = await import("../policy/words.ts");
  const { requestWords } = await import("../policy/change-lines.ts");
  const findings = analyse(loading.policy).map((finding): PolicyFinding => {
    const shown = finding.witness === undefined ? "" : ` For example: ${requestWords(finding.witness)}`;
    return { ...ruleAt(loading, finding), severity: finding.severity, text: `${findingSentence(finding)}${shown}` };
  });
  return { rules: loading.rules.length, findings };
}

const errorFinding = ({ file, line, message }: PackError): PolicyFinding => ({
  severity: "error",
  file,
  line,
  rule: null,
  text: message,
});

/** Where a finding's rule stands. */
function ruleAt({ packs }: Loaded, { rule }: Finding): Pick<PolicyFinding, "file" | "line" | "rule"> {
  for (const { file, pack, places } of packs) {
    const index = pack.rules.findIndex(({ id }) => id === rule);
    if (index >= 0) return { file, line: places.errorAt(["rules", index], "").line, rule: rule ?? null };
  }
  return { file: "", line: null, rule: rule ?? null };
}

/** Every scenario of each file, on the configured packs with that file. */
export async function testPacks(configured: readonly string[], files: readonly string[]): Promise<PolicyTested> {
  const { runScenarios } = await import("../policy/scenario.ts");
  const results = files.flatMap((file) => {
    const { policy, packs } = must(loadFiles(configured, [packFile(file)]));
    const source = packs.find((pack) => pack.file === file);
    return source === undefined ? [] : runScenarios(policy, source).map((result) => ({ file, result }));
  });
  const failed = results.flatMap(({ file, result: { name, error } }) =>
    error === undefined ? [] : [{ file, line: error.line, name, text: error.message }],
  );
  return { total: results.length, failed };
}

/** What `b` permits, asks and denies that `a` does not; each is a shipped pack's name or a file. */
export async function diffPacks(configured: readonly string[], a: string, b: string): Promise<PolicyChange> {
  const [{ tellChange }, { TooTangled }] = await Promise.all([
    import("../policy/change-lines.ts"),
    import("../policy/box.ts"),
  ]);
  const [before, after] = [must(loadSide(configured, a)), must(loadSide(configured, b))];
  try {
    const { widens, lines } = tellChange(before.rules, after.rules);
    return { widens, lines };
  } catch (error) {
    if (error instanceof TooTangled)
      throw new Refusal("policy.invalid", { hint: "They differ in too many ways to be told." });
    throw error;
  }
}

function must(loading: Loading): Loaded {
  if (loading.ok) return loading;
  throw new Refusal("policy.invalid", { hint: loading.errors.map(placeOf).join("\n  ") });
}
