import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { optionProblem } from "../base/option-problem.ts";
import { suggestion } from "../base/suggestion.ts";
import { terminalJson, terminalLine } from "../base/text/index.ts";
import { checkMounts } from "../loop/index.ts";
import {
  configJsonSchema,
  type Decision,
  findConfig,
  type Label,
  loadConfig,
  Policy,
  STARTER_CONFIG,
  Taint,
} from "../policy/index.ts";
import { configFile } from "./config-file.ts";
import { writeAll } from "./output.ts";
import { explainDecision, listPermissions, permissionsOf } from "./policy-report.ts";
import { UsageError } from "./usage-error.ts";

export const POLICY_HELP = `ztl policy check [--config FILE] [--json]
ztl policy check --agent A (--tool T | --to B) [--tainted untrusted,private] [--config FILE] [--json]
ztl policy schema
ztl policy init

check             checks the configuration and lists who may use what: with a conversation that has taken in nothing, and
                  with one that has taken in untrusted and private content. With an agent and a tool (or an agent and
                  another one it would write to) it explains that one decision. Nothing is run.
schema            prints the JSON schema of the configuration, for editors
init              writes a small ztl.config.json into this directory, unless it has a configuration

  --config FILE   the configuration (default: ztl.config.json of this directory); a module is run
  --agent A       the agent that makes the call
  --tool T        the tool it calls
  --to B          the agent it sends a message to
  --tainted WHAT  what the conversation has taken in: untrusted, private, or both with a comma
  --json          print one JSON object

Exit status: 0 it would run, or the configuration is valid; 3 a person would be asked; 4 it would be refused; 125 the
command line or the configuration is wrong.
`;

const STATUS: Readonly<Record<Decision["decision"], number>> = { run: 0, ask: 3, refuse: 4 };

const OPTIONS = {
  config: { type: "string" },
  agent: { type: "string" },
  tool: { type: "string" },
  to: { type: "string" },
  tainted: { type: "string" },
  json: { type: "boolean" },
} as const;

type CheckOptions = ReturnType<typeof parseCheckArguments>;

/** `ztl policy`: returns the exit status. Throws UsageError and ZtlError `config-invalid`. */
export async function policy([command, ...rest]: readonly string[]): Promise<number> {
  if ([command, ...rest].some((arg) => arg === "--help" || arg === "-h")) {
    await writeAll(process.stdout, POLICY_HELP);
    return 0;
  }
  if (command === "check") return check(parseCheckArguments(rest));
  switch (command) {
    case "schema":
      expectNothing(command, rest);
      await writeAll(process.stdout, `${terminalJson(configJsonSchema(), 2)}\n`);
      return 0;
    case "init":
      expectNothing(command, rest);
      return init(process.cwd());
    default:
      throw new UsageError(
        `ztl policy takes check, schema or init${suggestion(command ?? "", ["check", "schema", "init"])}`,
      );
  }
}

function expectNothing(command: string, rest: readonly string[]): void {
  if (rest.length > 0) throw new UsageError(`nothing can follow ztl policy ${command}`);
}

function parseCheckArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(optionProblem(error, OPTIONS));
  }
}

async function check(options: CheckOptions): Promise<number> {
  const { agent, tool, to, tainted, json } = options;
  const one = [agent, tool ?? to].filter((name) => name !== undefined);
  if (one.length === 1 || (tool !== undefined && to !== undefined))
    throw new UsageError("to explain a decision give --agent with either --tool or --to");
  if (tainted !== undefined && tool === undefined) throw new UsageError("--tainted goes with --agent and --tool");
  const taint = parseTainted(tainted);
  const file = await configFile(options.config);
  const policy = new Policy(await loadConfig(file));
  checkMounts(policy, dirname(resolve(file)));
  const print = (value: object, text: string): Promise<void> =>
    writeAll(process.stdout, json ? `${terminalJson(value)}\n` : text);

  const decision = decide(policy, options, taint);
  if (decision === undefined) {
    const { isolation = {} } = policy.config;
    const found = { file, hash: policy.hash, permissions: permissionsOf(policy), isolation };
    await print(found, listPermissions(policy, file));
    return 0;
  }
  await print(decision, explainDecision(decision));
  return STATUS[decision.decision];
}

function decide(policy: Policy, { agent, tool, to }: CheckOptions, taint: Taint): Decision | undefined {
  if (agent === undefined) return undefined;
  if (tool !== undefined) return policy.decide({ agent, tool, taint });
  return to === undefined ? undefined : policy.decideMessage({ from: agent, to });
}

function parseTainted(text: string | undefined): Taint {
  const words = text === undefined ? [] : text.split(",");
  if (words.some((word) => word !== "untrusted" && word !== "private"))
    throw new UsageError(`--tainted takes untrusted, private or untrusted,private, not ${JSON.stringify(text)}`);
  if (words.length === 0) return Taint.none;
  const label: Label = {
    source: "conversation",
    trust: words.includes("untrusted") ? "untrusted" : "trusted",
    confidentiality: words.includes("private") ? "private" : "public",
  };
  return Taint.of(label);
}

async function init(directory: string): Promise<number> {
  const present = findConfig(directory);
  if (present !== undefined) throw new UsageError(`there is a configuration already: ${present}`);
  const path = join(directory, "ztl.config.json");
  // "wx": one that appeared in between is not overwritten.
  writeFileSync(path, `${JSON.stringify(STARTER_CONFIG, null, 2)}\n`, { flag: "wx" });
  await writeAll(process.stdout, `Wrote ${terminalLine(path)}. ztl policy check shows what it allows.\n`);
  return 0;
}
