import type { Diagnostics } from "../../result.ts";
import { fieldsOf, misbehaved, textOf, wholeOf } from "./fields.ts";

const DIAGNOSTICS = new Set([
  "unknownSyscalls",
  "egressAttempts",
  "exits",
  "syscalls",
  "peakMemoryBytes",
  "notRepeatable",
]);
/** As many names as the personality keeps (linux/kernel/diagnostics.ts). */
const NAMES_MAX = 64;
/** The longest is an IPv6 address with its port. */
const NAME = /^[\x20-\x7e]{1,80}$/;
/** One sentence. */
const REASON_UNITS_MAX = 500;

export function diagnosticsOf(value: unknown): Diagnostics {
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
  };
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
