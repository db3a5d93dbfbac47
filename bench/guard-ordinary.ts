import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256Hex } from "../src/base/sha256.ts";
import { builtInRules, isRated, scan } from "../src/guard/index.ts";
import { type Kind, type OrdinaryFile, ordinaryFiles, textOf } from "./ordinary-files.ts";
import { ABOUT_MODELS, TYPICAL_OUTPUTS } from "./typical/outputs.ts";

/** How calm the guard is: what it withholds of ordinary files and of typical outputs, and what it takes for a secret. */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

export interface Calm {
  readonly files: number;
  /** SHA-256 over the names and contents: two runs over the same files have the same. */
  readonly listSha256: string;
  readonly kinds: Readonly<Record<string, { files: number; flagged: number; blocked: number; withSecrets: number }>>;
  /** Rule -> in how many files it withheld something. */
  readonly rules: Readonly<Record<string, number>>;
  readonly typical: {
    readonly outputs: number;
    readonly flagged: readonly string[];
    readonly blocked: readonly string[];
  };
}

export function measureCalm(perKind: number, half: OrdinaryFile["half"] | "all", listFile?: string): Calm {
  const kinds: Record<string, { files: number; flagged: number; blocked: number; withSecrets: number }> = {};
  const rules: Record<string, number> = {};
  const list: string[] = [];
  for (const { path, kind, half: of } of ordinaryFiles(ROOT, perKind)) {
    if (half !== "all" && half !== of) continue;
    const content = textOf(path);
    if (content === undefined) continue;
    list.push(`${sha256Hex(content)}  ${kind}  ${path.startsWith(ROOT) ? path.slice(ROOT.length + 1) : path}`);
    const { decision, findings } = scan(content);
    const counts = countsOf(kinds, kind);
    counts.files++;
    if (findings.some(({ family }) => family === "secret")) counts.withSecrets++;
    if (decision === "admit") continue;
    if (decision === "flag") counts.flagged++;
    else counts.blocked++;
    const serious = findings.filter(({ severity }) => severity !== "info" && severity !== "low");
    for (const rule of new Set(serious.map((finding) => finding.rule))) rules[rule] = (rules[rule] ?? 0) + 1;
  }
  if (listFile !== undefined) writeFileSync(listFile, `${list.join("\n")}\n`);
  return { files: list.length, listSha256: sha256Hex(list.join("\n")), kinds, rules, typical: typicalOutputs() };
}

function countsOf(kinds: Record<string, Calm["kinds"][string]>, kind: Kind): Calm["kinds"][string] {
  kinds[kind] ??= { files: 0, flagged: 0, blocked: 0, withSecrets: 0 };
  return kinds[kind];
}

function typicalOutputs(): Calm["typical"] {
  const verdicts = Object.entries(TYPICAL_OUTPUTS).map(([name, make]) => ({ name, ...scan(make()) }));
  const of = (decision: string): string[] =>
    verdicts.filter((one) => one.decision === decision).map(({ name }) => name);
  return { outputs: verdicts.length, flagged: of("flag"), blocked: of("block") };
}

/** `src/guard/rules/ordinary-rates.ts`, which `ztl guard explain` shows. */
export function ratesSource({ files, listSha256, rules }: Calm): string {
  const withholding = builtInRules()
    .rules.filter(isRated)
    .map(({ id }) => id);
  return [
    "/**",
    " * In how many ordinary files each rule that withholds found something, on the half of them that no rule was tuned on. Made by",
    " * `npm run bench:guard -- --calm --files 60000 --rates src/guard/rules/ordinary-rates.ts`; no part of the rules, nor of their hash.",
    " */",
    `export const ORDINARY_FILES = ${files};`,
    "/** SHA-256 of the list of them (`--list`). */",
    `export const ORDINARY_LIST_SHA256 = ${JSON.stringify(listSha256)};`,
    "export const FOUND_IN: Readonly<Record<string, number>> = {",
    ...withholding.sort().map((id) => `  ${JSON.stringify(id)}: ${rules[id] ?? 0},`),
    "};",
    "",
  ].join("\n");
}

export function calmText(calm: Calm): string {
  const share = (part: number, whole: number): string => `${((part / Math.max(1, whole)) * 100).toFixed(3)} %`;
  const lines = Object.entries(calm.kinds).map(
    ([kind, { files, flagged, blocked, withSecrets }]) =>
      `${kind.padEnd(8)} ${String(files).padStart(6)} files   flagged ${share(flagged, files)} (${flagged})   blocked ${blocked}   with what looks like a secret ${share(withSecrets, files)}`,
  );
  const rules = Object.entries(calm.rules).map(([rule, files]) => `  ${rule} in ${files}`);
  const { outputs, flagged, blocked } = calm.typical;
  const expected = flagged.every((name) => ABOUT_MODELS.has(name)) ? "all of them about language models" : "";
  return [
    `ordinary files: ${calm.files}, list ${calm.listSha256.slice(0, 16)}`,
    ...lines,
    ...rules,
    `typical outputs: ${outputs}, flagged ${flagged.length} ${expected}, blocked ${blocked.length}`,
    ...flagged.map((name) => `  ${name}`),
  ].join("\n");
}
