import { parseArgs } from "node:util";
import { readBounded } from "../base/bounded-file.ts";
import { optionProblem } from "../base/option-problem.ts";
import { terminalJson } from "../base/text/index.ts";
import {
  CALIBRATION_FORMAT,
  Calibration,
  type CalibrationFile,
  calibrationReport,
  parseRuns,
  type RecordedRun,
  RUNS_FILE_BYTES_MAX,
} from "../entropy/index.ts";
import { MONITOR_HELP } from "./monitor-help.ts";
import { calibrationText } from "./monitor-text.ts";
import { writeAll } from "./output.ts";
import { UsageError } from "./usage-error.ts";

const OPTIONS = {
  runs: { type: "string" },
  apart: { type: "string" },
  rate: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `ztl monitor`. */
export async function monitor(args: readonly string[]): Promise<number> {
  if (args[0] === "show") return (await import("./monitor-show.ts")).showActions(args.slice(1));
  const { values, positionals } = parse(args);
  if (values.help === true) {
    await writeAll(process.stdout, MONITOR_HELP);
    return 0;
  }
  if (positionals[0] !== "calibrate" || positionals.length > 1 || values.runs === undefined) {
    throw new UsageError("ztl monitor calibrate --runs FILE, or ztl monitor show RUN; ztl monitor --help explains");
  }
  const calibration = new Calibration(runsOf(values.runs), values.apart === undefined ? [] : runsOf(values.apart));
  const rate = rateOf(values.rate);
  const reports = (["same-job", "other-jobs"] as const).map((one) => calibrationReport(calibration, one, rate));
  await writeAll(
    process.stdout,
    values.json === true
      ? `${terminalJson({ format: CALIBRATION_FORMAT, reports } satisfies CalibrationFile)}\n`
      : reports.map(calibrationText).join("\n"),
  );
  return 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(optionProblem(error, OPTIONS));
  }
}

function runsOf(path: string): RecordedRun[] {
  return parseRuns(fileOf(path));
}

function fileOf(path: string): Uint8Array {
  try {
    return readBounded(path, RUNS_FILE_BYTES_MAX);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : "unknown reason"}`);
  }
}

function rateOf(text = "0.01"): number {
  const rate = Number(text);
  if (text.trim() === "" || !(rate > 0 && rate < 1))
    throw new UsageError(`--rate takes a share between 0 and 1; not ${JSON.stringify(text)}`);
  return rate;
}
