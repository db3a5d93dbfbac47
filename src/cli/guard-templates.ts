import { parseArgs } from "node:util";
import { optionProblem } from "../base/option-problem.ts";
import { terminalJson, terminalLine } from "../base/text/index.ts";
import { probeTemplates, type TemplateProbe } from "../guard/index.ts";
import { writeAll } from "./output.ts";
import { UsageError } from "./usage-error.ts";

export const GUARD_TEMPLATES_HELP = `ztl guard templates check PATH... [--json]

Reads chat templates (tokenizer_config.json, tokenizer.json, Jinja and Go templates, JSON lines with format, system, turn and
separator), or folders of them, and lists each special token and turn opener that the guard would admit. Openers of plain words,
such as User:, are counted and no failure: ordinary texts have them too; guard.templates of the configuration makes rules of those
that your own models have.

  --json   print one JSON object: every token and opener with what the guard makes of it

Exit status: 0 none is admitted; 1 some are.
`;

const OPTIONS = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** `ztl guard templates check`: a release check. */
export async function guardTemplates([command, ...rest]: readonly string[]): Promise<number> {
  const { values, positionals } = parse(rest);
  if (values.help === true || command === "--help" || command === "-h") {
    await writeAll(process.stdout, GUARD_TEMPLATES_HELP);
    return 0;
  }
  if (command !== "check" || positionals.length === 0)
    throw new UsageError("ztl guard templates check PATH...; ztl guard templates --help explains");
  const probes = probeTemplates(positionals);
  const admitted = probes.filter(({ decision, isPlain }) => decision === "admit" && !isPlain);
  await writeAll(process.stdout, values.json === true ? `${terminalJson({ probes })}\n` : reportOf(probes, admitted));
  return admitted.length > 0 ? 1 : 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(optionProblem(error, OPTIONS));
  }
}

function reportOf(probes: readonly TemplateProbe[], admitted: readonly TemplateProbe[]): string {
  const plain = probes.filter(({ decision, isPlain }) => decision === "admit" && isPlain);
  const lines = admitted.map(
    ({ source, what, text }) => `admitted  ${what}  ${terminalLine(JSON.stringify(text))}  ${terminalLine(source)}\n`,
  );
  return `${lines.join("")}${probes.length} tokens and turn openers, ${admitted.length} admitted; beside them ${plain.length} of plain words.\n`;
}
