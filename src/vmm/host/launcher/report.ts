import { Descriptor } from "./descriptors.ts";
import { REPORT_HEADER_BYTES, reportHeader } from "./report-message.ts";
import { Call } from "./system-calls.ts";
import { type CallTable, RESULTS_ADDRESS, type Target } from "./table.ts";

/** Tells the results so far. */
export function addReport(table: CallTable, onError: Target = "die"): void {
  const length = (): number => REPORT_HEADER_BYTES + 8 * table.length;
  table.call("report", Call.write, [Descriptor.report, RESULTS_ADDRESS, length], { onError });
}

/** Adds `fork`, whose result is the pid, then tells it in the parent, then adds what `afterwards` adds. */
export function addPidReport<T>(table: CallTable, fork: (result: number) => T, afterwards: (made: T) => void): void {
  const message = table.bytes(Buffer.concat([reportHeader("pid", 8), new Uint8Array(8)]));
  const made = fork(message + REPORT_HEADER_BYTES);
  table.call("tell the pid", Call.write, [Descriptor.report, message, REPORT_HEADER_BYTES + 8], { onError: "next" });
  afterwards(made);
}
