import { VANISHED_PATH_BYTES_MAX, VANISHED_PATHS_MAX, VANISHED_VISITED_MAX } from "../../../linux/vfs/index.ts";
import type { RunTrace, WireDiagnostics } from "../protocol.ts";
import { type Fields, fieldsOf, listOf, misbehaved, pathOf, textOf, wholeOf } from "./fields.ts";
import { callCountsOf } from "./trace.ts";

const DIAGNOSTICS = new Set([
  "unknownSyscalls",
  "egressAttempts",
  "exits",
  "syscalls",
  "peakMemoryBytes",
  "notRepeatable",
  "vanished",
  "counts",
  "faults",
  "switches",
  "untraced",
]);
const VANISHED = new Set(["paths", "files"]);
/** As many names as the personality keeps (linux/kernel/diagnostics.ts). */
const NAMES_MAX = 64;
/** The longest is an IPv6 address with its port. */
const NAME = /^[\x20-\x7e]{1,80}$/;
/** One sentence. */
const REASON_UNITS_MAX = 500;

export function diagnosticsOf(value: unknown, trace: RunTrace | null = null): WireDiagnostics {
  const fields = fieldsOf(value, DIAGNOSTICS, "the diagnostics");
  return {
    unknownSyscalls: countsOf(fields.unknownSyscalls, "the unknown system calls"),
    egressAttempts: countsOf(fields.egressAttempts, "the egress attempts"),
    exits: wholeOf(fields.exits, Number.MAX_SAFE_INTEGER, "the number of exits"),
    syscalls: wholeOf(fields.syscalls, Number.MAX_SAFE_INTEGER, "the number of system calls"),
    peakMemoryBytes: wholeOf(fields.peakMemoryBytes, Number.MAX_SAFE_INTEGER, "the peak of memory"),
    ...(fields.notRepeatable !== undefined && {
      notRepeatable: textOf(fields.notRepeatable, REASON_UNITS_MAX, "why a run is not repeatable"),
    }),
    ...(fields.vanished !== undefined && { vanished: vanishedOf(fields.vanished) }),
    ...statsOf(fields, trace),
    ...(fields.untraced !== undefined && { untraced: untracedOf(fields.untraced, trace) }),
  };
}

/** All three or none, as it was asked. */
function statsOf(
  { counts, faults, switches }: Fields,
  trace: RunTrace | null,
): Pick<WireDiagnostics, "counts" | "faults" | "switches"> {
  if (counts === undefined && faults === undefined && switches === undefined) return {};
  if (trace?.isCounted !== true) misbehaved("nobody asked for counts of calls");
  return {
    counts: callCountsOf(counts),
    faults: wholeOf(faults, Number.MAX_SAFE_INTEGER, "the number of faults"),
    switches: wholeOf(switches, Number.MAX_SAFE_INTEGER, "the number of switches"),
  };
}

function untracedOf(value: unknown, trace: RunTrace | null): number {
  if (trace?.isTold !== true) misbehaved("nobody asked for a trace");
  return wholeOf(value, Number.MAX_SAFE_INTEGER, "the number of calls that were not traced");
}

function vanishedOf(value: unknown): NonNullable<WireDiagnostics["vanished"]> {
  const fields = fieldsOf(value, VANISHED, "the vanished files");
  const paths = listOf(fields.paths, "the vanished files").map((path) => pathOf(path, "a vanished file"));
  const files = wholeOf(fields.files, VANISHED_VISITED_MAX, "the number of vanished files");
  if (paths.length > Math.min(files, VANISHED_PATHS_MAX)) misbehaved("more vanished files have names than there are");
  if (paths.some((path) => path.length > VANISHED_PATH_BYTES_MAX)) misbehaved("a vanished file has a long name");
  return { paths, files };
}

function countsOf(value: unknown, what: string): Readonly<Record<string, number>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) misbehaved(`${what} are not an object`);
  const counts = Object.entries(value);
  if (counts.length > NAMES_MAX) misbehaved(`${what} are too many`);
  for (const [name, count] of counts) {
    if (!NAME.test(name)) misbehaved(`${what} have a name that none has`);
    wholeOf(count, Number.MAX_SAFE_INTEGER, what);
  }
  return Object.fromEntries(counts) as Record<string, number>;
}
