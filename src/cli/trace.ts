import { closeSync, openSync, writeSync } from "node:fs";
import { suggestion } from "../base/suggestion.ts";
import { CALL_FAMILIES, type Diagnostics, TRACEABLE, type TraceRequest, traceLine } from "../sandbox/index.ts";
import { writeText } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** What `--trace`, `--trace-calls` and `--stats` ask for. */
export interface TraceCommand {
  /** Where the lines go: a file of this host, or standard error. */
  readonly file: string | undefined;
  readonly isTold: boolean;
  readonly calls: readonly string[] | undefined;
  readonly isCounted: boolean;
}

interface Values {
  readonly trace?: string | undefined;
  readonly "trace-calls"?: string | undefined;
  readonly stats?: boolean | undefined;
}

export function parseTrace({ trace, "trace-calls": calls, stats = false }: Values): TraceCommand {
  const names = calls?.split(",").map((name) => name.trim());
  const wrong = names?.find((name) => !TRACEABLE.has(name));
  if (wrong !== undefined)
    throw new UsageError(
      `--trace-calls takes ${CALL_FAMILIES.join(", ")} or names of system calls, with commas between them, not ${JSON.stringify(wrong)}${suggestion(wrong, [...TRACEABLE])}`,
    );
  return {
    file: trace === undefined || trace === "" ? undefined : trace,
    isTold: trace !== undefined || names !== undefined,
    calls: names,
    isCounted: stats,
  };
}

/** `--trace` may stand alone, which the parser of options has no form for. */
export function withBareTrace(args: readonly string[]): string[] {
  return args.map((arg) => (arg === "--trace" ? "--trace=" : arg));
}

/** Runs something with a trace, whose file is closed behind it. */
export async function withTrace<T>(
  { file, isTold, calls, isCounted }: TraceCommand,
  run: (trace: TraceRequest | undefined) => Promise<T>,
): Promise<T> {
  if (!isTold && !isCounted) return run(undefined);
  const descriptor = file === undefined ? undefined : openFile(file);
  const write = (line: string): void => {
    if (descriptor === undefined) writeText(process.stderr, `${line}\n`);
    else writeSync(descriptor, `${line}\n`);
  };
  try {
    return await run({
      ...(isTold && { onCall: (call) => write(traceLine(call)) }),
      ...(calls !== undefined && { calls }),
      stats: isCounted,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function openFile(file: string): number {
  try {
    return openSync(file, "w");
  } catch (error) {
    throw new UsageError(`--trace cannot write ${file}: ${(error as Error).message}`);
  }
}

/** What `--stats` prints: the calls that took longest first. Empty when nothing was counted. */
export function statsText({ stats, exits }: Diagnostics): string {
  if (stats === undefined) return "";
  const rows = Object.entries(stats.calls).sort(([, a], [, b]) => b.timeMs - a.timeMs || b.count - a.count);
  const total = rows.reduce((sum, [, { count }]) => sum + count, 0);
  const lines = rows.map(
    ([name, { count, errors, timeMs }]) =>
      `${timeMs.toFixed(3).padStart(10)} ${String(count).padStart(9)} ${String(errors || "").padStart(9)} ${name}`,
  );
  const head = `${"ms".padStart(10)} ${"calls".padStart(9)} ${"errors".padStart(9)} system call`;
  const sum = `${total} system calls, ${exits} exits of the micro-VM, ${stats.faults} page faults, ${stats.switches} switches between threads`;
  return `${[head, ...lines, sum].join("\n")}\n`;
}

/** Calls that ztl does not know, for a program that failed: they may be why. Empty when there were none. */
export function unknownText({ unknownSyscalls, untraced }: Diagnostics): string {
  const names = Object.entries(unknownSyscalls).map(([name, count]) =>
    count === 1 ? name : `${name} (${count} times)`,
  );
  const cut = untraced === undefined ? "" : `ztl: ${untraced} more calls were not traced\n`;
  return `${names.length === 0 ? "" : `ztl: it made system calls that ztl does not know: ${names.join(", ")}\n`}${cut}`;
}
