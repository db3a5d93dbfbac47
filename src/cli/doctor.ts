import { parseArgs } from "node:util";
import { optionProblem } from "../base/option-problem.ts";
import { terminalJson, terminalLine } from "../base/text/index.ts";
import { diagnoseHost, type HostCheck } from "../sandbox/index.ts";
import { writeAll } from "./output.ts";
import { UsageError } from "./usage-error.ts";

export const DOCTOR_HELP = `ztl doctor [--json]

Looks at all that tool calls need on this host (Node, KVM, Python, a shell, the walls around micro-VMs, a place for templates),
says how to get what is missing, and runs one call. Nothing is changed.

  --json   print one JSON object: usable, and each finding with its state (ok, note, missing) and remedy

Exit status: 0 tool calls can run here; 1 something they need is missing.
`;

const MARKS = { ok: "ok  ", note: "note", missing: "MISS" } as const;

/** `ztl doctor`: 0 when tool calls can run here, 1 when something they need is missing. */
export async function doctor(args: readonly string[]): Promise<number> {
  const { json, help } = parseDoctorArguments(args);
  if (help) {
    await writeAll(process.stdout, DOCTOR_HELP);
    return 0;
  }
  const findings = await diagnoseHost();
  const usable = findings.every((finding) => finding.state !== "missing");
  if (json) await writeAll(process.stdout, `${terminalJson({ usable, findings })}\n`);
  else
    await writeAll(
      process.stdout,
      `${findings.map(format).join("\n")}\n\n${usable ? "ztl can run tool calls here." : "ztl cannot run tool calls here yet."}\n`,
    );
  return usable ? 0 : 1;
}

const OPTIONS = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

function parseDoctorArguments(args: readonly string[]): { readonly json?: boolean; readonly help?: boolean } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(optionProblem(error, OPTIONS));
  }
}

function format(finding: HostCheck): string {
  const remedy = finding.remedy === undefined ? "" : `\n       -> ${terminalLine(finding.remedy)}`;
  return `${MARKS[finding.state]}  ${finding.subject}: ${terminalLine(finding.text)}${remedy}`;
}
