import { parseArgs } from "node:util";
import { terminalJson, terminalLine } from "../base/text/index.ts";
import { diagnoseHost, type Finding } from "../sandbox/index.ts";
import { writeAll } from "./output.ts";
import { UsageError } from "./usage-error.ts";

const MARKS = { ok: "ok  ", note: "note", missing: "MISS" } as const;

/** `ztl doctor`: 0 when tool calls can run here, 1 when something they need is missing. */
export async function doctor(args: readonly string[]): Promise<number> {
  const { json } = parseDoctorArguments(args);
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

function parseDoctorArguments(args: readonly string[]): { json: boolean } {
  try {
    return { json: parseArgs({ args: [...args], options: { json: { type: "boolean" } } }).values.json ?? false };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function format(finding: Finding): string {
  const remedy = finding.remedy === undefined ? "" : `\n       -> ${terminalLine(finding.remedy)}`;
  return `${MARKS[finding.state]}  ${finding.subject}: ${terminalLine(finding.text)}${remedy}`;
}
