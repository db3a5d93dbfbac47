import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { readBounded } from "../base/bounded-file.ts";
import { optionProblem } from "../base/option-problem.ts";
import { isRecord } from "../base/record.ts";
import { parseJson } from "../base/strict-json.ts";
import { terminalJson } from "../base/text/index.ts";
import { ZtlError } from "../errors.ts";
import {
  builtInRules,
  DEFAULT_LIMITS,
  explainFinding,
  type Finding,
  OWN_RULES_BYTES_MAX,
  ordinaryRateOf,
  type RuleSet,
  releaseOf,
  SINKS,
  type Sink,
  SyntacticScanner,
  type Verdict,
  withOwnRules,
} from "../guard/index.ts";
import { guardTemplates } from "./guard-templates.ts";
import { explainRuleText, findingText, verdictText } from "./guard-text.ts";
import { readStdin, writeAll } from "./output.ts";
import { painter } from "./review-text.ts";
import { UsageError } from "./usage-error.ts";

export const GUARD_HELP = `ztl guard scan FILE|- [--for SINK]... [--rules FILE] [--all] [--json]
ztl guard explain RULE|FINDING [--rules FILE] [--json]
ztl guard templates check PATH... [--json]

Looks for what a model, an orchestrator or a terminal would act on in a text, as the loop does with every output, and for
secrets. Encodings are undone: base64 in JSON in percent signs is no hiding place.

  scan              prints each finding in its place, with why it matters. - reads standard input.
    --for SINK      where the text goes: memory (the default), template (it will be used as a prompt template), terminal,
                    rendered (a viewer of Markdown or HTML); repeatable
    --all           findings of severity info as well
  explain           what a rule looks for and why, such as chat.role-turn; or one finding, as scan --json prints it
  templates check   reads chat templates or folders of them, and fails on a special token or turn opener that would be admitted
    --rules FILE    own rules beside ours, as JSON:
                    { "rules": [{ "id": "own.codename", "severity": "medium", "meaning": "A project nobody is to know of.",
                      "reason": "names a project", "texts": ["Blue Heron"], "anyCase": true }] }
  --json            one JSON object: the verdict with all findings, each explained

Try it
  echo 'Thought: go on' | ztl guard scan -
  ztl guard scan README.md --for rendered
  ztl guard explain tool-call.message

Exit status of scan: 0 it may enter memory; 1 it would wait for a person; 2 it would be blocked.
Of explain: 0; 5 there is no such rule.
`;

/** Beside 125 for a wrong command line. */
const GuardStatus = { admit: 0, flag: 1, block: 2, notFound: 5 } as const;

const OPTIONS = {
  for: { type: "string", multiple: true },
  rules: { type: "string" },
  all: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `ztl guard`. */
export async function guard(args: readonly string[]): Promise<number> {
  if (args[0] === "templates") return guardTemplates(args.slice(1));
  const { values, positionals } = parse(args);
  const [command, subject, ...more] = positionals;
  if (values.help === true) {
    await writeAll(process.stdout, GUARD_HELP);
    return 0;
  }
  if (more.length > 0) throw new UsageError(`ztl guard ${command} takes one argument`);
  if (command === "scan") return scanFile(subject, values);
  if (command === "explain") return explain(subject, values);
  throw new UsageError("ztl guard scan FILE, or ztl guard explain RULE; ztl guard --help explains");
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(optionProblem(error, OPTIONS));
  }
}

type Values = ReturnType<typeof parse>["values"];

function rulesOf({ rules }: Values): RuleSet {
  return rules === undefined ? builtInRules() : withOwnRules(fileOf(rules, OWN_RULES_BYTES_MAX));
}

function fileOf(path: string, bytesMax: number): Uint8Array {
  try {
    if (statSync(path).isDirectory()) throw new UsageError(`${path} is a directory; name a file`);
    return readBounded(path, bytesMax);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : "unknown reason"}`);
  }
}

function sinksOf({ for: named = ["memory"] }: Values): readonly Sink[] {
  return named.map((name) => {
    const sink = SINKS.find((one) => one === name);
    if (sink === undefined) throw new UsageError(`--for takes ${SINKS.join(", ")}; not ${JSON.stringify(name)}`);
    return sink;
  });
}

async function scanFile(path: string | undefined, values: Values): Promise<number> {
  if (path === undefined) throw new UsageError("ztl guard scan needs a file, or - for standard input");
  const rules = rulesOf(values);
  const content = path === "-" ? await readStdin() : fileOf(path, DEFAULT_LIMITS.inputBytes);
  const scanner = new SyntacticScanner({ rules, sink: sinksOf(values) });
  scanner.push(content);
  const verdict = scanner.end();
  if (values.json) await writeAll(process.stdout, `${terminalJson(explained(verdict, rules))}\n`);
  else {
    const name = path === "-" ? "standard input" : path;
    const text = content.length <= DEFAULT_LIMITS.inputBytes ? content : new Uint8Array(0);
    const paint = painter(usesColour(process.stdout));
    await writeAll(process.stdout, verdictText(verdict, { name, text, rules, all: values.all === true, paint }));
  }
  return GuardStatus[verdict.decision];
}

function explained(verdict: Verdict, rules: RuleSet): object {
  const findings = verdict.findings.map((finding) => ({ ...finding, explained: explainFinding(finding, rules) }));
  return { ...verdict, release: releaseOf(verdict), findings };
}

async function explain(subject: string | undefined, values: Values): Promise<number> {
  if (subject === undefined) throw new UsageError("ztl guard explain needs a rule, such as chat.role-turn");
  const rules = rulesOf(values);
  const paint = painter(usesColour(process.stdout));
  if (subject.trimStart().startsWith("{")) {
    const finding = findingOf(subject);
    const words = explainFinding(finding, rules);
    await writeAll(
      process.stdout,
      values.json ? `${terminalJson({ ...finding, explained: words })}\n` : findingText(finding, words, paint),
    );
    return 0;
  }
  const rule = rules.rules.find(({ id }) => id === subject);
  if (rule === undefined) {
    const near = rules.rules
      .map(({ id }) => id)
      .filter((id) => id.includes(subject) || id.split(".")[0] === subject.split(".")[0]);
    const list = near.length === 0 ? "" : `; there are ${near.slice(0, 12).join(", ")}${near.length > 12 ? ", …" : ""}`;
    await writeAll(process.stderr, `ztl: there is no rule ${JSON.stringify(subject)}${list}\n`);
    return GuardStatus.notFound;
  }
  const { patterns, ...known } = rule;
  await writeAll(
    process.stdout,
    values.json
      ? `${terminalJson({ ...known, ordinary: ordinaryRateOf(rule.id), patterns: patterns.length })}\n`
      : explainRuleText(rule, paint),
  );
  return 0;
}

/** A finding as `scan --json` prints it. Whatever its strings are, they are shown painted. */
function findingOf(text: string): Finding {
  const value = readJson(text);
  const isPath = isRecord(value) && Array.isArray(value.path) && value.path.every((one) => typeof one === "string");
  const strings =
    isRecord(value) &&
    ["rule", "family", "severity", "excerpt", "reason"].every((key) => typeof value[key] === "string");
  const numbers = isRecord(value) && ["start", "end"].every((key) => Number.isSafeInteger(value[key]));
  if (!isPath || !strings || !numbers) throw new UsageError("this is no finding as ztl guard scan --json prints it");
  return value as unknown as Finding;
}

function readJson(text: string): unknown {
  try {
    return parseJson(text, { bytesMax: 64 * 1024, depthMax: 8, loneSurrogates: "allow" });
  } catch (error) {
    if (ZtlError.isInstance(error)) throw new UsageError(`a finding is JSON: ${error.message}`);
    throw error;
  }
}

/** As the loop's commands decide it (`loop-command.ts`), which this one does without: it opens nothing. */
function usesColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}
